"""Items that nobody has acted on yet borrow from the items most like them.

What follows what, who goes with whom, how popular: of an item without events these say nothing, and
nothing is what a mixture would then read as evidence against it. So a newcomer is given the mean of
what they say of its `NEIGHBOURS` most alike items with events, by text and attributes, beside what
its own text says; and a bonus, one number for all newcomers, that is set on validation so that the
others lose no more than a stated share of their accuracy (see `welcome`). What the bonus
brings onto the first page stands at its end (see `page`).

Neighbours by content stand in for missing behaviour after Gantner et al., "Learning attribute-to-
feature mappings for cold-start recommendations", ICDM 2010 (their kNN mapping).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from prismrec.core.arrays import Bools, Positions, Scores, with_rows
from prismrec.models.mixture.page import Page
from prismrec.models.neighbours.text_knn import TextKNNScorer

__all__ = ["PARTS", "Newcomers"]

PARTS = ("likeness", "newcomer")
"""The parts of a newcomer's score: what is said of the items like it, and the bonus, less what
holds it back to the end of the page."""
NEIGHBOURS = 8
SHARPNESS = 3
"""The weight of a neighbour grows with this power of its likeness."""
ATTRIBUTES = 0.3
"""What shared attributes count beside the text, both cosines."""
CHUNK = 256


@dataclass(frozen=True)
class Newcomers:
    """`seen` (n,) says which items had events at training; `near` (n, k) are the most alike seen
    items of each other one and `shares` (n, k) their weights, which sum to 1. Rows of -1: a seen
    item, or one of which nothing is known. `bonus` is added to the score of every newcomer; `page`
    holds it back to the end of the first one (`None`: nothing does)."""

    seen: Bools
    near: Positions
    shares: Scores
    bonus: float = 0.0
    page: Page | None = None

    @classmethod
    def of(cls, content: TextKNNScorer, seen: Bools) -> Self:
        """All unseen items that `content` knows something of."""
        near, shares = most_alike(content, seen, np.flatnonzero(~seen))
        nobody = np.full((len(seen), near.shape[1]), -1, np.int32)
        fresh = np.flatnonzero(~seen)
        return cls(
            seen,
            with_rows(nobody, len(seen), fresh, near),
            with_rows(np.zeros(nobody.shape, np.float32), len(seen), fresh, shares),
        )

    @cached_property
    def new(self) -> Bools:
        """(n,) which items are newcomers."""
        out: Bools = self.near[:, 0] >= 0
        return out

    def are(self, items: Positions | None) -> Bools:
        """Which of `items` (any shape; `None`: all) are newcomers."""
        return self.new if items is None else self.new[np.maximum(items, 0)] & (items >= 0)

    def lent(
        self, ask: Callable[[Positions | None], Scores], items: Positions | None = None
    ) -> Scores:
        """`ask(items)` (b, m), but for newcomers what it says of the items like them.

        `items` is as in `Scorer.score`. `ask` is called once; its answer may be changed.
        """
        if not self.are(items).any():
            return ask(items)
        if items is None:
            said, new = ask(None), np.flatnonzero(self.new)
            said[:, new] = sum(
                said[:, near] * share
                for near, share in zip(self.near[new].T, self.shares[new].T, strict=True)
            )
            return said
        if items.ndim == 1:
            return self._lent(ask, items, np.flatnonzero(self.are(items)))
        return self._lent_by_row(ask, items)

    def _lent(
        self, ask: Callable[[Positions | None], Scores], items: Positions, new: np.ndarray
    ) -> Scores:
        """For items (m,) shared by all queries; `new` are the columns of newcomers."""
        near, m = self.near[items[new]], len(items)
        said = ask(np.concatenate([items, near.ravel()]))
        lent = said[:, m:].reshape(len(said), *near.shape)
        said[:, new] = (lent * self.shares[items[new]]).sum(-1)
        return said[:, :m]

    def _lent_by_row(self, ask: Callable[[Positions | None], Scores], items: Positions) -> Scores:
        """For items (b, m), a row for each query."""
        new, (b, m) = self.are(items), items.shape
        columns = np.argsort(~new, axis=1, kind="stable")[:, : new.sum(1).max()]  # newcomers first
        real = np.take_along_axis(new, columns, 1)
        places = np.where(real, np.take_along_axis(items, columns, 1), 0)
        near = np.where(real[..., None], self.near[places], -1)  # (b, f, k)
        said = ask(np.concatenate([items, near.reshape(b, -1)], axis=1).astype(np.int32))
        lent = (said[:, m:].reshape(near.shape) * self.shares[places]).sum(-1)
        own = np.take_along_axis(said, columns, 1)
        np.put_along_axis(said, columns, np.where(real, lent, own), 1)
        return said[:, :m]

    def extended(self, content: TextKNNScorer, changed: Positions) -> Self:
        """The same for the catalogue that `content` knows; `changed` are as in
        `Scorer.extended`. Items that came after training are newcomers."""
        n = content.n_items
        seen = np.zeros(n, bool)
        seen[: len(self.seen)] = self.seen
        fresh = changed[~seen[changed]]
        near, shares = most_alike(content, seen, fresh)
        grown = np.full((n, self.near.shape[1]), -1, np.int32)
        grown[: len(self.near)] = self.near
        return replace(
            self,
            seen=seen,
            near=with_rows(grown, n, fresh, near),
            shares=with_rows(self.shares, n, fresh, shares),
        )

    def arrays(self) -> dict[str, Any]:
        """What a release stores."""
        stored: dict[str, Any] = {"seen": self.seen, "near": self.near, "shares": self.shares}
        stored["bonus"] = np.array([self.bonus])
        if self.page is not None:
            stored |= {"head": self.page.head, "repeats": np.array([self.page.repeats])}
        return {f"newcomers.{name}": array for name, array in stored.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self | None:
        """`None` where a release has none; no page where an older one knew of none."""
        if "newcomers.seen" not in arrays:
            return None
        page = None
        if "newcomers.head" in arrays:
            page = Page(arrays["newcomers.head"], bool(arrays["newcomers.repeats"][0]))
        seen, near, shares, bonus = (
            arrays[f"newcomers.{name}"] for name in ("seen", "near", "shares", "bonus")
        )
        return cls(seen, near, shares, float(bonus[0]), page)


def most_alike(content: TextKNNScorer, seen: Bools, items: np.ndarray) -> tuple[Positions, Scores]:
    """The most alike `seen` items of each of `items` (f,) and their shares, both (f, k)."""
    k = min(NEIGHBOURS, int(seen.sum()))
    near = np.full((len(items), max(k, 1)), -1, np.int32)
    shares = np.zeros(near.shape, np.float32)
    for start in range(0, len(items) if k else 0, CHUNK):
        rows = slice(start, start + CHUNK)
        alike = content.likeness(items[rows], ATTRIBUTES)
        alike[:, ~seen] = -np.inf
        best = np.argpartition(-alike, k - 1, axis=1)[:, :k]
        weights = np.maximum(np.take_along_axis(alike, best, 1), 0) ** SHARPNESS
        total = weights.sum(1, keepdims=True)
        near[rows] = np.where(total > 0, best, -1)
        shares[rows] = weights / np.where(total > 0, total, 1)
    return near, shares
