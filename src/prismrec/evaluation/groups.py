"""Which cases belong together: by who asks, by how much is known of them, by what the answer was.

A mean over all cases hides for whom a model works; these groups show it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from prismrec.core import Cases
from prismrec.core.arrays import Bools
from prismrec.evaluation.measures import Reference

__all__ = ["HISTORY", "POPULARITY", "USERS", "groups_of", "headline"]

USERS = "users"
HISTORY = "history length"
POPULARITY = "popularity of the target"
_HISTORY_EDGES = (0, 1, 3, 5, 10, 20, 50)
_POPULARITY_EDGES = (0, 1, 5, 20, 100, 500)


def headline(cases: Cases) -> Bools:
    """(b,) the cases that the headline figures are of: those with a history to go by.

    Users whom training did not know are among them, as they are among the people served, and are
    reported apart too. A case without any history asks nothing of a model but what is popular; it
    is reported apart only, unless there are no others.
    """
    known = cases.queries.histories.lengths > 0
    return known if known.any() else ~known


def groups_of(cases: Cases, reference: Reference) -> Iterator[tuple[str, str, Bools]]:
    """(by what, label, (b,) which cases) for every group that has any case.

    `warm` users have training events, `cold` users have none.
    """
    yield USERS, "all", np.ones(len(cases), bool)
    for label, inside in (("warm", ~cases.cold_user), ("cold", cases.cold_user)):
        if inside.any():
            yield USERS, label, inside
    yield from _binned(HISTORY, cases.queries.histories.lengths, _HISTORY_EDGES)
    known = (cases.targets >= 0) & (cases.targets < reference.n_items)
    events = np.where(known, reference.events[np.where(known, cases.targets, 0)], 0)
    yield from _binned(POPULARITY, events, _POPULARITY_EDGES)


def _binned(
    by: str, values: np.ndarray, edges: tuple[int, ...]
) -> Iterator[tuple[str, str, Bools]]:
    for low, after in zip(edges, (*edges[1:], None), strict=True):
        inside = values >= low if after is None else (values >= low) & (values < after)
        if inside.any():
            yield by, _label(low, after), inside


def _label(low: int, after: int | None) -> str:
    if after is None:
        return f"{low}+"
    return str(low) if after == low + 1 else f"{low}–{after - 1}"
