"""Ids are strings at the edge and `int32` positions inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from prismrec.core.arrays import Positions

__all__ = ["Ids"]


class Ids:
    """An append-only list of string ids; the position of an id never changes and is never reused.

    >>> ids = Ids(["a", "b"])
    >>> ids.positions(["b", "zebra"]).tolist()
    [1, -1]
    >>> ids.add("c")
    2
    """

    __slots__ = ("_names", "_positions")

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names: list[str] = list(names)
        self._positions = {name: i for i, name in enumerate(self._names)}
        if len(self._positions) != len(self._names):
            raise ValueError("ids must be unique")

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._positions

    def __getitem__(self, position: int) -> str:
        return self._names[position]

    def add(self, name: str) -> int:
        """The position of `name`, appended at the end if it is new."""
        position = self._positions.setdefault(name, len(self._names))
        if position == len(self._names):
            self._names.append(name)
        return position

    def position(self, name: str) -> int:
        """The position of `name`, or -1 if it is unknown."""
        return self._positions.get(name, -1)

    def positions(self, names: Sequence[str]) -> Positions:
        """The positions of `names`, -1 where one is unknown; int32, same length."""
        get = self._positions.get
        return np.fromiter((get(name, -1) for name in names), np.int32, len(names))

    def names(self, positions: Iterable[int]) -> list[str]:
        """The ids at `positions`, in order."""
        return [self._names[p] for p in positions]
