"""Do the chances of the calibrated head come true? On a synthetic marketplace with known pages.

    python -m benchmarks.calibration [--items 2000] [--users 3000] [--events 80000] [--seed 0]
                                     [--work 0.5]

The default model learns from the first 60% of the time. The pages of the next 20% teach the head
what scores and places mean, those of the last 20% test it: pages that the marketplace chose, with
clicks that depend on place and on true liking, and purchases that follow within a day. Beside the
head stand simpler promises: the mean rate, the place alone, the score alone, isotonic regression
on the head's own order (scikit-learn). ECE has 15 bins; intervals are not given, differences in the
fourth digit mean nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prismrec.config import Settings
from prismrec.core import Interactions, QueryBatch, Scorer, generator
from prismrec.core.arrays import Bools, Floats, Longs
from prismrec.core.probabilities import area_under_roc, expected_calibration_error, log_loss
from prismrec.data import Dataset, interactions
from prismrec.data.catalogue import Catalogue
from prismrec.data.splits import hold_out
from prismrec.evaluation.simulator import SimulatorSettings, simulate
from prismrec.evaluation.simulator.marketplace import Marketplace
from prismrec.language.catalogue import encode_catalogue
from prismrec.models.calibration import FEATURES, Calibration
from prismrec.models.default import learner_by_name
from prismrec.threads import every_core

__all__ = ["main"]

DAY = 86_400_000
CHUNK = 256


def main(argv: Sequence[str] | None = None) -> int:
    """A table for clicks and one for purchases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, size in (("items", 2000), ("users", 3000), ("events", 80_000), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--work", type=float, default=0.5)
    asked = parser.parse_args(argv)
    sizes = SimulatorSettings(items=asked.items, users=asked.users, events=asked.events)
    made = simulate(sizes, seed=asked.seed)
    with every_core():
        pages = shown(made, asked.work, asked.seed)
    print(f"synthetic marketplace, {len(pages.at):,} pages after the model's time")
    for outcome, happened in (("click", pages.clicked), ("purchase", pages.bought)):
        table(outcome, pages, happened)
    return 0


@dataclass(frozen=True)
class Pages:
    """`scores` (p, k), NaN beyond a page's end, what was `clicked` and `bought` (p, k), and when a
    page was shown, `at` (p,)."""

    scores: Floats
    clicked: Bools
    bought: Bools
    at: Longs


def shown(made: Marketplace, work: float, seed: int) -> Pages:
    """The pages after the time that the model learns from, with its scores."""
    dataset = Dataset.of(made.items, made.events, made.users)
    settings = Settings()
    language = replace(settings.language, encoder="tfidf", hub=False)
    encoded = encode_catalogue(Catalogue.of(dataset.iter_items()), language)
    data = interactions(dataset, encoded.features)
    log = made.impressions
    end = int(np.quantile(log.at, 0.6))
    past = replace(data, sequences=data.sequences.where(data.sequences.times < end))
    split = hold_out(past, 1000, generator(seed, "holdout"))
    learner = learner_by_name("default", replace(settings.models, work=work), repeats=True)
    scorer = learner.fit(split.train, generator(seed, "fit"), validation=split.validation)

    starts = np.flatnonzero(log.places == 0)
    lengths = np.diff(np.append(starts, len(log.places)))
    later = log.at[starts] >= end
    starts, lengths = starts[later], lengths[later]
    columns = starts[:, None] + np.arange(made.settings.page)
    there = columns < (starts + lengths)[:, None]
    columns = np.where(there, columns, 0)
    items = np.where(there, log.items[columns], -1).astype(np.int32)
    people = dataset.user_ids.positions([made.truth.users[u] for u in log.users[starts]])
    queries = asked_at(data, people.astype(np.int64), log.at[starts])
    scores = scored(scorer, queries, items)
    bought = purchases(made, log.users[starts], items, log.at[starts])
    scores[~there] = np.nan
    return Pages(scores, there & log.clicked[columns], there & bought, log.at[starts])


def asked_at(data: Interactions, people: Longs, at: Longs) -> QueryBatch:
    """What was known of each person (-1: nothing) when a page was shown."""
    whole = data.sequences.take(np.maximum(people, 0))
    before = (whole.times < at[whole.rows]) & (people[whole.rows] >= 0)
    profiles = None if data.profiles is None else data.profiles.take(people.astype(np.int32))
    nobody = np.full(len(at), -1, np.int32)
    return QueryBatch(whole.where(before).last(200), at, nobody, profiles=profiles)


def scored(scorer: Scorer, queries: QueryBatch, items: Any) -> Floats:
    """(p, k) the scores of `items` (p, k)."""
    blocks = [np.arange(s, min(s + CHUNK, len(items))) for s in range(0, len(items), CHUNK)]
    found = [scorer.score(queries.take(rows), items[rows]) for rows in blocks]
    return np.concatenate(found).astype(np.float64)


def purchases(made: Marketplace, users: Longs, items: Any, at: Longs) -> Bools:
    """(p, k) whether the person bought the item within a day of seeing it."""
    when: dict[tuple[int, int], list[int]] = {}
    for event in made.events:
        if event.event == "purchase" and event.timestamp is not None:
            pair = (
                made.truth.users.position(event.user_id),
                made.truth.items.position(event.item_id),
            )
            when.setdefault(pair, []).append(event.timestamp)
    rows = zip(users.tolist(), items.tolist(), at.tolist(), strict=True)
    return np.array(
        [[any(0 <= t - a < DAY for t in when.get((u, i), ())) for i in row] for u, row, a in rows],
        bool,
    )


def table(outcome: str, pages: Pages, happened: Bools) -> None:
    """Promises of an outcome beside what came."""
    first = pages.at < np.quantile(pages.at, 0.5)
    teach, test = pages.scores[first], pages.scores[~first]
    came, on = happened[~first][np.isfinite(test)], np.isfinite(test)
    head = Calibration.of(teach).learned(outcome, teach, happened[first])
    rate = float(happened[first][np.isfinite(teach)].mean())
    promises = {"the mean rate": np.full(len(came), rate)}
    for name, used in (("place alone", ("place",)), ("score alone", ("page", "ahead"))):
        promises[name] = only(used, teach, happened[first], test)[on]
    promises["head"] = head.chances(outcome, test)[on]
    promises["head, isotonic"] = isotonic(head, outcome, teach, happened[first], test)[on]
    print(f"{outcome}: {came.mean():.4f} of {len(came):,} shown items")
    for name, told in promises.items():
        error, loss = expected_calibration_error(told, came), log_loss(told, came)
        area = area_under_roc(told, came)
        print(f"  {name:15} log loss {loss:.4f}  ECE {error:.4f}  AUC {area:.4f}")


def only(used: Sequence[str], teach: Floats, happened: Bools, test: Floats) -> Floats:
    """The chances by a head that sees but some of its features, by logistic regression."""
    from sklearn.linear_model import LogisticRegression

    head = Calibration.of(teach)
    columns = [FEATURES.index(name) for name in used]
    known, asked = head.features(teach)[..., columns], head.features(test)[..., columns]
    on, out = np.isfinite(teach), np.full(test.shape, np.nan)
    model = LogisticRegression(C=1e4).fit(known[on], happened[on])
    out[np.isfinite(test)] = model.predict_proba(asked[np.isfinite(test)])[:, 1]
    return out


def isotonic(
    head: Calibration, outcome: str, teach: Floats, happened: Bools, test: Floats
) -> Floats:
    """The head's chances bent by isotonic regression on the pages that taught it."""
    from sklearn.isotonic import IsotonicRegression

    on, out = np.isfinite(teach), np.full(test.shape, np.nan)
    bent = IsotonicRegression(out_of_bounds="clip")
    bent.fit(head.chances(outcome, teach)[on], happened[on])
    out[np.isfinite(test)] = bent.predict(head.chances(outcome, test)[np.isfinite(test)])
    return out


if __name__ == "__main__":
    sys.exit(main())
