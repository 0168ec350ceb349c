"""What is known of one field: values that labelled items have, and those that stand in texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core.arrays import Bools, Longs

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Labels", "Mentions"]


@dataclass(frozen=True, eq=False)
class Labels:
    """What the labelled items have of one field: `rows` (l,) their places in the space, `values`
    the values by column, `targets` (l, c) 1 where an item has the value. A row of zeros is an item
    that is described and does not have the field."""

    rows: Longs
    values: tuple[str, ...]
    targets: csr_array[Any, Any]

    @staticmethod
    def of(rows: Longs, given: Sequence[Sequence[str]], values: Sequence[str]) -> Labels:
        """`given` are the values of each of `rows`; those not among `values` are left out."""
        from scipy.sparse import csr_array

        columns = {value: column for column, value in enumerate(values)}
        pairs = [
            (row, columns[value])
            for row, some in enumerate(given)
            for value in dict.fromkeys(some)
            if value in columns
        ]
        places = np.array(pairs, np.int64).reshape(-1, 2).T
        ones = np.ones(len(pairs), np.float32)
        return Labels(rows, tuple(values), csr_array((ones, places), (len(rows), len(values))))


@dataclass(frozen=True, eq=False)
class Mentions:
    """Values that stand in texts: `row` (m,) the text, `column` (m,) the value, each pair once;
    `leads` (m,) whether it is at the start."""

    row: Longs
    column: Longs
    leads: Bools

    def take(self, kept: Bools) -> Mentions:
        """Those that are `kept` (m,)."""
        return Mentions(self.row[kept], self.column[kept], self.leads[kept])

    def of(self, columns: Longs) -> Bools:
        """(r,) whether the value `columns` (r,) stands in each text."""
        there = np.zeros(len(columns), bool)
        there[self.row[self.column == columns[self.row]]] = True
        return there
