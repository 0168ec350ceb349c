"""Whose round it was: what the same person did is not independent, so intervals draw people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from prismrec.core import Exposure
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.diagnostics import NoSupport

__all__ = ["grouped", "people_of", "person_of", "require_people", "sums_by"]


def person_of(user_id: str, session_id: str) -> str:
    """The user, else the session, else nobody: the empty text."""
    return user_id or (f"session:{session_id}" if session_id else "")


def grouped(names: Iterable[str]) -> Longs:
    """(n,) a number for each name, from 0 in the order in which they first came; every nameless
    round is a person of its own."""
    known: dict[str | int, int] = {}
    numbers = [known.setdefault(name or row, len(known)) for row, name in enumerate(names)]
    return np.array(numbers, np.int64)


def people_of(exposures: Sequence[Exposure]) -> Longs:
    """(n,) who saw each of them, as `grouped` numbers people."""
    return grouped(person_of(shown.user_id, shown.session_id) for shown in exposures)


def require_people(people: Longs) -> None:
    """Raise `NoSupport` where all of several rounds are one person's: nothing then tells how much
    people differ."""
    if len(people) > 1 and people.max() == 0:
        raise NoSupport(
            f"All {len(people)} rounds of the log are of one person.",
            hint="Log more people; an interval comes from how much they differ.",
        )


def sums_by(people: Longs, values: Floats) -> Floats:
    """(people, k) the sums of `values` (n, k) over the rounds of each person."""
    out = np.zeros((int(people.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(out, people, values)
    return out
