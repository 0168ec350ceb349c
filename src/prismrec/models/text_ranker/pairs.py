"""What a text ranker learns from: (history, item) pairs, acted on or not; numpy only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from prismrec.core import BadInput, Cases, Interactions, Sequences
from prismrec.core.arrays import Bools, Longs, Positions, Scores

__all__ = ["Negatives", "Pairs", "acted_pairs", "case_pairs", "shown_pairs"]

_TRIES = 20
"""How often a negative that the user has acted on is drawn anew before it is kept."""


@dataclass(frozen=True)
class Pairs:
    """n pairs of a history and an item.

    `histories` (n, h) int32 item positions, oldest first, -1 on the left where there are fewer;
    `items` (n,) int32; `labels` (n,) float32, 1 where the item was acted on, 0 where it was shown
    and was not; `users` (n,) int32 names who it was, -1 for somebody unknown to training.
    """

    histories: Positions
    items: Positions
    labels: Scores
    users: Positions

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: Longs) -> Pairs:
        """The pairs at `rows`, in that order, repeats allowed."""
        return Pairs(self.histories[rows], self.items[rows], self.labels[rows], self.users[rows])

    def joined(self, other: Pairs) -> Pairs:
        """These pairs, then those of `other`; histories must be of one length."""
        return Pairs(
            np.concatenate([self.histories, other.histories]),
            np.concatenate([self.items, other.items]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.users, other.users]),
        )


def acted_pairs(train: Interactions, history: int, most: int, rng: np.random.Generator) -> Pairs:
    """At most `most` positive events, drawn at random, each with the last `history` positive events
    of its user before it; the first event of a user has none before it and is no pair."""
    events = train.positives
    place = np.arange(len(events.items)) - np.repeat(events.indptr[:-1], events.lengths)
    later = np.flatnonzero(place > 0)
    if len(later) > most:
        later = np.sort(rng.choice(later, most, replace=False))
    back = later[:, None] + np.arange(-history, 0)  # (n, h)
    there = np.arange(-history, 0) >= -place[later][:, None]
    histories = np.where(there, events.items[np.maximum(back, 0)], -1).astype(np.int32)
    ones = np.ones(len(later), np.float32)
    return Pairs(histories, events.items[later], ones, events.rows[later])


def case_pairs(cases: Cases, history: int) -> Pairs:
    """Each case as an acted pair; who it was is the case's cluster where training knew them."""
    read = cases.queries.histories.where(cases.queries.histories.weights > 0)
    ones = np.ones(len(cases), np.float32)
    users = cases.queries.users.astype(np.int32)
    return Pairs(read.padded(history), cases.targets.astype(np.int32), ones, users)


def shown_pairs(
    histories: Sequences, slates: Positions, acted: Bools, users: Positions, history: int
) -> Pairs:
    """What was shown, from the log of exposures: one pair an item on a slate.

    Row i of `histories` is what the reader of slate i had done before; `slates` (b, k) are the item
    positions shown, -1 where a row has fewer; `acted` (b, k) says which were acted on. Raises
    `BadInput` where the shapes do not belong together.
    """
    if slates.shape != acted.shape or len(histories) != len(slates) or len(users) != len(slates):
        raise BadInput(
            f"{len(histories)} histories, {len(users)} users, slates {slates.shape} and what was"
            f" acted on {acted.shape} do not belong together.",
            hint="Give one history, one user and one row of both arrays for every slate.",
        )
    rows, columns = np.nonzero(slates >= 0)
    read = histories.where(histories.weights > 0).padded(history)
    labels = acted[rows, columns].astype(np.float32)
    return Pairs(read[rows], slates[rows, columns], labels, users[rows].astype(np.int32))


class Negatives:
    """Draws items that people did not act on, in proportion to count^`power` in training.

    An item that the user has acted on in training, and the pair's own item, are drawn anew; for
    someone who has had every item there is no other.
    """

    def __init__(self, train: Interactions, power: float) -> None:
        events = train.positives
        counts = np.bincount(events.items, minlength=train.n_items).astype(np.float64)
        self.seen = np.flatnonzero(counts > 0).astype(np.int32)
        if len(self.seen) < 2:
            raise BadInput(
                f"Events name {len(self.seen)} items: there is nothing to tell apart.",
                hint="Train on events of at least two items.",
            )
        self.weights = counts[self.seen] ** power
        self.share = np.cumsum(self.weights / self.weights.sum())
        self.n_items = train.n_items
        self.had = np.unique(events.rows.astype(np.int64) * self.n_items + events.items)

    def draw(self, pairs: Pairs, k: int, rng: np.random.Generator) -> Positions:
        """(n, k) int32 item positions for the n pairs; the same one may stand twice in a row."""
        drawn = self._any((len(pairs), k), rng)
        for _ in range(_TRIES):
            bad = self._known(pairs, drawn)
            if not bad.any():
                return drawn
            drawn[bad] = self._any((int(bad.sum()),), rng)
        for row, column in np.argwhere(self._known(pairs, drawn)):  # who has had the popular ones
            free = ~self._known(pairs.take(np.array([row])), self.seen[None])[0]
            if free.any():
                share = self.weights[free] / self.weights[free].sum()
                drawn[row, column] = rng.choice(self.seen[free], p=share)
        return drawn

    def with_negatives(self, pairs: Pairs, k: int, rng: np.random.Generator) -> Pairs:
        """Each pair followed by its k negatives, n * (1 + k) in all."""
        drawn = self.draw(pairs, k, rng)
        repeated = pairs.take(np.repeat(np.arange(len(pairs)), 1 + k))
        items = np.concatenate([pairs.items[:, None], drawn], axis=1).ravel()
        labels = np.zeros((len(pairs), 1 + k), np.float32)
        labels[:, 0] = pairs.labels
        return replace(repeated, items=items, labels=labels.ravel())

    def _any(self, shape: tuple[int, ...], rng: np.random.Generator) -> Positions:
        places = np.searchsorted(self.share, rng.random(shape), side="right")
        return self.seen[np.minimum(places, len(self.seen) - 1)]

    def _known(self, pairs: Pairs, drawn: Positions) -> Bools:
        codes = pairs.users.astype(np.int64)[:, None] * self.n_items + drawn
        acted = np.isin(codes, self.had) & (pairs.users >= 0)[:, None]
        read = (drawn[:, :, None] == pairs.histories[:, None, :]).any(axis=2)
        return np.asarray(acted | read | (drawn == pairs.items[:, None]))
