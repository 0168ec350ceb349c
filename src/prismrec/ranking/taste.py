"""What a person's own taste adds to a search, as far as their past says that it can be known.

A taste that moves nobody else's words out of the way: it orders those items that fit the text, by
how far each stands out among them, and it is heard as far as the person's history is one that the
models can read. That is asked of the history itself: were its last events likelier than chance
after those before them?
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import Candidates, QueryBatch, Scorer
from prismrec.core.arrays import Floats, Scores

__all__ = ["Trusts", "trust", "with_taste"]

FITS = 0.4
"""The share of the best score for the text from which an item is among those that taste orders."""
MOST = 2.5
"""Standard deviations; how far an item can stand out."""
ASKED = 8
"""The newest events of a history that are guessed from those before them."""
RIVALS = 64
"""Items, at equal distances in the catalogue, that each of these is compared with."""
DOUBT = 1.64 / np.sqrt(3.0)
"""What is taken off, divided by the root of the events: 1.64 standard errors of a history of chance
(places uniform from -1 to 1), so that one in twenty of these is believed at all."""
SURE = 0.5
"""Evidence, after the doubt, from which a taste is heard in full; chance gives 0, certainty 1."""
REMEMBERED = 20_000
"""Histories of which it is remembered how far they can be believed."""
ANEW = 4
"""After so many more events of a person it is looked at anew."""


def with_taste(found: Candidates, taste: Scores, weights: Floats) -> Candidates:
    """`found` with one more part, `personal`: `weights` (b,) for each standard deviation that the
    `taste` (b, k) of an item stands above the mean of the items that fit the text; those that do
    not fit are the furthest below."""
    real = found.positions >= 0
    scores = np.where(real, found.scores, -np.inf)
    best = scores.max(axis=1, keepdims=True, initial=-np.inf)
    fits = real & (scores >= best - (1.0 - FITS) * np.abs(best))
    count = np.maximum(fits.sum(axis=1, keepdims=True), 1)
    mean = np.where(fits, taste, 0.0).sum(axis=1, keepdims=True) / count
    apart = np.where(fits, taste - mean, 0.0)
    spread = np.sqrt((apart**2).sum(axis=1, keepdims=True) / count)
    apart = np.where(fits, np.clip(apart / np.maximum(spread, 1e-6), -MOST, MOST), -MOST)
    part = np.where(real, np.asarray(weights)[:, None] * apart, 0.0).astype(np.float32)
    assert found.parts is not None
    return replace(
        found,
        scores=found.scores + part,
        parts=np.concatenate([found.parts, part[:, :, None]], axis=2),
        part_names=(*found.part_names, "personal"),
    )


def trust(scorer: Scorer, asked: QueryBatch, n_items: int) -> Floats:
    """(b,) from 0 to 1: how well `scorer` guesses the last events of each history from those before
    them, among items that stand for the `n_items` of the catalogue.

    Of up to eight events on items that were new to the person, the mean place among the rivals,
    from -1 (below all) to 1 (above all), less what chance may give: a history of random items, or
    one too short to tell, is not believed.
    """
    rows, targets = _targets(asked)
    out = np.zeros(len(asked))
    if not len(rows):
        return out
    before = asked.take(rows)
    events = before.histories
    place = np.arange(len(events.items)) - np.repeat(events.indptr[:-1], events.lengths)
    kept = events.where(place < np.repeat(targets, events.lengths))
    goals = events.items[events.indptr[:-1] + targets]
    rivals = np.linspace(0, n_items - 1, RIVALS).astype(np.int32)
    items = np.concatenate([goals[:, None], np.tile(rivals, (len(goals), 1))], axis=1)
    scores = scorer.score(replace(before, histories=kept, texts=None, text_vectors=None), items)
    ahead = np.sign(scores[:, :1] - scores[:, 1:]).mean(axis=1)
    counts = np.bincount(rows, minlength=len(out))
    mean = np.bincount(rows, ahead, minlength=len(out)) / np.maximum(counts, 1)
    sure = mean - DOUBT / np.sqrt(np.maximum(counts, 1))
    return np.where(counts > 0, np.clip(sure / SURE, 0.0, 1.0), out)


class Trusts:
    """Remembers what `trust` said of single histories."""

    def __init__(self) -> None:
        self._known: dict[bytes, float] = {}

    def of(self, scorer: Scorer, asked: QueryBatch, n_items: int) -> Floats:
        """(b,) as `trust`; of a single history without the events since the last fourth one."""
        events = asked.histories
        if len(asked) > 1:
            return trust(scorer, asked, n_items)
        kept = len(events.items) // ANEW * ANEW or len(events.items)
        key = events.items[:kept].tobytes()
        found = self._known.get(key)
        if found is None:
            early = replace(asked, histories=events.where(np.arange(len(events.items)) < kept))
            found = float(trust(scorer, early, n_items)[0])
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = found
        return np.array([found])


def _targets(asked: QueryBatch) -> tuple[np.ndarray, np.ndarray]:
    """The rows and places within them of the events to guess: the first on their item, not the
    first of all, the newest of each history."""
    rows, places = [], []
    for row in range(len(asked)):
        events = asked.histories
        items = events.items[events.indptr[row] : events.indptr[row + 1]]
        first = np.unique(items, return_index=True)[1]
        newest = np.sort(first[first > 0])[-ASKED:]
        rows += [row] * len(newest)
        places += newest.tolist()
    return np.array(rows, np.int64), np.array(places, np.int64)
