"""From candidates to what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from prismrec.core.arrays import Bools, Floats, Positions, Scores
from prismrec.core.understood import Understood

__all__ = ["Candidates", "Choice", "Slate", "SlateItem"]


@dataclass(frozen=True)
class Candidates:
    """For each of b queries, up to k items that may be shown, best first.

    `positions` (b, k) int32, -1 where a row has fewer; `scores` (b, k) float32, -inf there.
    `parts` (b, k, p) float32 sums to `scores` over its last axis, one column a `part_names`;
    `None` before anything was scored. `sources` (b, k) uint32 has bit s set where retriever
    `source_names[s]` brought the item. `features` (b, k, d) float32, one column a `feature_names`,
    is what a policy that learns goes by; `None` where the policy makes do with the scores.
    """

    positions: Positions
    scores: Scores
    parts: Scores | None = None
    part_names: tuple[str, ...] = ()
    sources: np.ndarray | None = None
    source_names: tuple[str, ...] = ()
    features: Scores | None = None
    feature_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.positions)

    def gather(self, columns: np.ndarray) -> Candidates:
        """For each row, the candidates at `columns` (b, j), in that order."""

        return self._at((np.arange(len(columns))[:, None], columns))

    def first(self, k: int) -> Candidates:
        """The first k of every row, in the order given."""
        return self._at((slice(None), slice(k)))

    def best(self, k: int) -> Candidates:
        """The k best of every row, best first; equal scores in order of position."""
        order = np.lexsort((self.positions, -self.scores), axis=1)[:, :k]
        return self.gather(order)

    def _at(self, places: tuple[Any, Any]) -> Candidates:
        """What stands at `places`, an index of rows and columns."""
        return replace(
            self,
            positions=self.positions[places],
            scores=self.scores[places],
            parts=None if self.parts is None else self.parts[places],
            sources=None if self.sources is None else self.sources[places],
            features=None if self.features is None else self.features[places],
        )


@dataclass(frozen=True)
class Choice:
    """What a policy picked: `columns` (b, n) into the candidates, -1 where a row ran out.

    `propensities[b, k]` is P(a_k | query, a_<k), without replacement, 1.0 at padding; a slate's
    propensity is the product of its row. `draws` is 0 where they are exact, else the number of
    simulations behind the estimate. `explored` (b, n) is true where the pick was not the greedy one
    for its place, `None` where the policy does not say.
    """

    columns: Positions
    propensities: Floats
    draws: int = 0
    explored: Bools | None = None

    @property
    def exact(self) -> bool:
        return self.draws == 0


@dataclass(frozen=True, slots=True)
class SlateItem:
    """One item of a slate: what it scored, why, and how likely it was to be chosen here.

    `parts` sums to `score`; `reason` is a sentence made from it; `sources` are the retrievers that
    brought it; `explored` is true where it was not the greedy choice for its place, `pinned` where
    a rule of the shop put it there.
    """

    item_id: str
    score: float
    parts: dict[str, float]
    reason: str
    propensity: float
    sources: tuple[str, ...] = ()
    explored: bool = False
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Slate:
    """The ordered items that go out, and under which exposure, release and policy; `understood` is
    what was read in the text of a search."""

    items: tuple[SlateItem, ...]
    exposure_id: str
    release: int
    policy: str
    seed: int
    at: int
    notes: tuple[str, ...] = ()
    understood: Understood | None = None

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[SlateItem]:
        return iter(self.items)

    def __getitem__(self, place: int) -> SlateItem:
        return self.items[place]

    @property
    def ids(self) -> list[str]:
        """The item ids, in order."""
        return [item.item_id for item in self.items]
