"""Splits of interactions into training and cases. None leaks: what a case may not know, neither its
history nor the training holds. Training never sees the validation event; the history of a test
case does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from prismrec.core import BadInput, Cases, Interactions, QueryBatch, Sequences
from prismrec.core.arrays import Bools, Longs
from prismrec.data.feedback import RATINGS

__all__ = [
    "LONGEST_HISTORY",
    "Split",
    "by_user",
    "hold_out",
    "leave_one_out",
    "set_apart",
    "temporal",
]

LONGEST_HISTORY = 200
"""Events of history that a case of the temporal split keeps."""
STRAY = 0.001
"""Share of events that may be strays in time."""


@dataclass(frozen=True)
class Split:
    """What to train on, what to choose by, what to report on. `report` is JSON-able.

    `train` keeps every user and item of the whole, so that positions mean the same; users without
    training events have empty rows. In cases of such users `queries.users` is -1.
    """

    train: Interactions
    validation: Cases
    test: Cases
    report: dict[str, Any] = field(default_factory=dict)


def leave_one_out(interactions: Interactions) -> Split:
    """For every user the last positive event is the test target, the last but one the validation
    target; what came before each is its history. Users with fewer than three only train.
    """
    events, rows = interactions.sequences, interactions.sequences.rows
    positive = np.flatnonzero(events.weights > 0)
    counts = np.bincount(rows[positive], minlength=len(events))
    ends = np.cumsum(counts)[counts >= 3]
    test, validation = positive[ends - 1], positive[ends - 2]
    cut = np.full(len(events), len(events.items))
    cut[rows[validation]] = validation
    train = _training(interactions, np.arange(len(events.items)) < cut[rows])
    return _split(interactions, train, validation, test, "leave-one-out", {})


def temporal(interactions: Interactions, share: float = 0.1) -> Split:
    """The last `share` of the time span is test, the last `share` of the rest validation.

    Where a few stray events stretch the span so far that a last share holds hardly any events, the
    span is taken without the outermost 0.1% of the events, and the report says `trimmed`.
    Every positive event after a cut is a case whose history is all of the user's events strictly
    before its time, the last 200 of them. Needs times; raises `BadInput` without.
    """
    _check_share(share)
    events = interactions.sequences
    if not interactions.has_clock or len(events.items) == 0:
        raise BadInput(
            "A temporal split needs times, and these events have only an order.",
            hint="Use the leave-one-out split.",
        )
    validation_cut, test_cut, trimmed = _cuts(events.times, share)
    positive = events.weights > 0
    test = np.flatnonzero(positive & (events.times > test_cut))
    is_validation = (events.times > validation_cut) & (events.times <= test_cut)
    validation = np.flatnonzero(positive & is_validation)
    train = _training(interactions, events.times <= validation_cut)
    cuts = {"validation_after": validation_cut, "test_after": test_cut, "share": share}
    more = {**cuts, "trimmed": trimmed}
    return _split(interactions, train, validation, test, "temporal", more, tied=True)


def hold_out(interactions: Interactions, users: int, rng: np.random.Generator) -> Split:
    """For training what will be served: the last positive event of at most `users` users, drawn at
    random among those with three or more, is the validation target; all else trains, no test.
    """
    events, rows = interactions.sequences, interactions.sequences.rows
    positive = np.flatnonzero(events.weights > 0)
    counts = np.bincount(rows[positive], minlength=len(events))
    able = np.flatnonzero(counts >= 3)
    drawn = np.sort(rng.choice(able, min(users, len(able)), replace=False))
    return set_apart(interactions, positive[np.cumsum(counts)[drawn] - 1])


def set_apart(interactions: Interactions, targets: Longs) -> Split:
    """The events at indices `targets`, at most one a user, are validation targets, with all that
    the user did before as history; the events before them train. There is no test.
    """
    events, rows = interactions.sequences, interactions.sequences.rows
    cut = np.full(len(events), len(events.items))
    cut[rows[targets]] = targets
    train = _training(interactions, np.arange(len(events.items)) < cut[rows])
    nothing = np.zeros(0, np.int64)
    return _split(interactions, train, targets, nothing, "hold-out", {})


def by_user(interactions: Interactions, share: float, rng: np.random.Generator) -> Split:
    """A `share` of the users is held out for the test, as many again for validation: none of their
    events train, and the last positive event of each is the target after what came before it.
    """
    _check_share(share)
    events, rows = interactions.sequences, interactions.sequences.rows
    positive = np.flatnonzero(events.weights > 0)
    counts = np.bincount(rows[positive], minlength=len(events))
    able = rng.permutation(np.flatnonzero(counts >= 2))
    held = max(1, round(share * len(able)))
    if 3 * held > len(able):
        raise BadInput(
            f"{len(able)} users with two events or more cannot be split by {share}.",
            hint="Take a smaller share, or more users.",
        )
    last = positive[np.maximum(np.cumsum(counts) - 1, 0)]
    test, validation = (np.sort(able[:held]), np.sort(able[held : 2 * held]))
    is_held = np.zeros(len(events), bool)
    is_held[able[: 2 * held]] = True
    train = _training(interactions, ~is_held[rows])
    return _split(interactions, train, last[validation], last[test], "by-user", {"share": share})


def _cuts(times: Longs, share: float) -> tuple[int, int, bool]:
    """The times after which validation and test begin, and whether the span was trimmed."""
    spans = [(int(times.min()), int(times.max()))]
    spans.append(tuple(np.quantile(times, [STRAY, 1 - STRAY]).astype(np.int64).tolist()))
    for trimmed, (start, end) in enumerate(spans):
        test_cut = start + int((1 - share) * (end - start))
        validation_cut = start + int((1 - share) * (test_cut - start))
        late = int((times > test_cut).sum())
        middle = int((times > validation_cut).sum()) - late
        if min(late, middle) > STRAY * len(times):
            return validation_cut, test_cut, bool(trimmed)
    raise BadInput(
        f"The last {share:.0%} of the time holds hardly any events: it cannot be split.",
        hint="Use the leave-one-out split, or a larger share.",
    )


def _split(
    whole: Interactions,
    train: Interactions,
    validation: Longs,
    test: Longs,
    name: str,
    more: dict[str, Any],
    *,
    tied: bool = False,
) -> Split:
    """A split whose targets are the events `validation` and `test` (indices) of the whole."""
    known_users = train.sequences.lengths > 0
    known_items = np.zeros(whole.n_items, bool)
    known_items[train.sequences.items] = True
    cases = [_cases(whole, events, known_users, known_items, tied) for events in (validation, test)]
    report = {
        "split": name,
        "users": whole.n_users,
        "items": whole.n_items,
        "events": len(whole.sequences.items),
        "train_events": len(train.sequences.items),
        "validation": _counts(cases[0]),
        "test": _counts(cases[1]),
    }
    return Split(train, cases[0], cases[1], report | more)


def _cases(
    whole: Interactions, targets: Longs, known_users: Bools, known_items: Bools, tied: bool
) -> Cases:
    events, rows = whole.sequences, whole.sequences.rows[targets]
    starts, stops = events.indptr[:-1][rows], targets
    if tied:
        stops = _first_of_time(events)[targets]
        starts = np.maximum(starts, stops - LONGEST_HISTORY)
    cold_user = ~known_users[rows]
    queries = QueryBatch(
        histories=_slices(events, starts, stops),
        at=events.times[targets],
        users=np.where(cold_user, -1, rows).astype(np.int32),
        profiles=None if whole.profiles is None else whole.profiles.take(rows),
    )
    items = events.items[targets]
    rated = [kind for kind, name in enumerate(whole.event_types) if name in RATINGS]
    grades = np.where(np.isin(events.kinds[targets], rated), events.values[targets], np.nan)
    return Cases(queries, items, rows, cold_user, ~known_items[items], grades.astype(np.float32))


def _first_of_time(events: Sequences) -> Longs:
    """For each event, the index of the first event of its row with the same time."""
    n = len(events.items)
    first = np.ones(n, bool)
    first[1:] = events.times[1:] != events.times[:-1]
    first[events.indptr[:-1][events.lengths > 0]] = True
    return np.maximum.accumulate(np.where(first, np.arange(n), 0))


def _slices(events: Sequences, starts: Longs, stops: Longs) -> Sequences:
    """One row for each range of events."""
    lengths = stops - starts
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    return events.select(np.repeat(starts, lengths) + within, lengths)


def _training(whole: Interactions, keep: Bools) -> Interactions:
    return replace(whole, sequences=whole.sequences.where(keep))


def _counts(cases: Cases) -> dict[str, int]:
    return {
        "cases": len(cases),
        "people": len(np.unique(cases.clusters)),
        "cold_users": int(cases.cold_user.sum()),
        "cold_items": int(cases.cold_item.sum()),
    }


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise BadInput(f"The share {share} is not between 0 and 1.", hint="Give one such as 0.1.")
