"""How much may be done for newcomers, so that it costs the others no more than a stated share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import Cases
from prismrec.core.arrays import Floats, Longs, Scores
from prismrec.models.mixture.newcomers import Newcomers
from prismrec.models.mixture.page import Page, held_back
from prismrec.models.mixture.scorer import CONTENT, OWN_SAY, MixtureScorer
from prismrec.models.neighbours.text_knn import TextKNNScorer
from prismrec.models.validation import mask_history, sampled
from prismrec.threads import side_by_side

__all__ = ["welcoming"]

LEAST, MOST = 0.05, 0.3
"""Of the items with events, how many play newcomers: the share that newcomers have, within
these bounds."""
CASES = 6000
"""A price of 1% is the targets of one case in 400: with 2,000 it would be measured on five."""
FEWEST = 200
"""With fewer validation cases the price cannot be measured, and there is no bonus."""
BEST = 12
"""Of the newcomers and of the others, how many can come into the first ten."""
CHUNK = 64
FURTHEST = 30.0
"""No bonus is greater than this either way."""


def welcoming(
    mixture: MixtureScorer,
    events: Longs,
    cases: Cases | None,
    repeats: bool,
    price: float,
    rng: np.random.Generator,
) -> MixtureScorer:
    """`mixture` with newcomers: the items without `events` (n,) at training, and all later ones.

    Their bonus is the greatest for which nDCG@10 of `cases` falls by at most the share `price`:
    measured by letting some of the seen items play newcomers in cases that ask for another item.
    """
    seen, content = events > 0, mixture.experts.get(CONTENT)
    others = mixture.experts.keys() - OWN_SAY
    if not isinstance(content, TextKNNScorer) or not others or not seen.any():
        return mixture
    bonus = 0.0
    if cases is not None and price > 0:
        actors = rng.random(len(seen)) < np.clip(1 - seen.mean(), LEAST, MOST)
        fit = np.flatnonzero(seen[cases.targets] & ~actors[cases.targets])
        asked = sampled(cases.take(fit), CASES, rng)
        if len(asked) >= FEWEST and (actors & seen).any():
            stage = mixture.with_newcomers(Newcomers.of(content, seen & ~actors))
            page = Page.of(np.where(actors, 0, events), repeats)
            bonus = _bonus(*_met(stage, asked, page, actors & seen), price)
    newcomers = Newcomers.of(content, seen)
    return mixture.with_newcomers(replace(newcomers, bonus=bonus, page=Page.of(events, repeats)))


def _met(
    stage: MixtureScorer, cases: Cases, page: Page, actors: np.ndarray
) -> tuple[Floats, Scores, Scores]:
    """For each case how many items that are no newcomers stand before the target (c,), and how much
    better than the target are the best actors (c, k) and the ends of the page (c, 2)."""
    unseen = stage.newcomers.new & ~actors if stage.newcomers else ~actors

    def block(start: int) -> tuple[Floats, Scores, Scores]:
        part = cases.take(np.arange(start, min(start + CHUNK, len(cases))))
        scores = np.array(stage.score(part.queries))
        scores -= scores[np.arange(len(part)), part.targets][:, None]
        ends = page.ends(scores[:, page.head], part.queries)
        scores[:, unseen] = -np.inf
        if not page.repeats:
            mask_history(scores, part.queries)
        playing = scores[:, actors]
        k = min(BEST, playing.shape[1])
        best = -np.sort(np.partition(-playing, k - 1, axis=1)[:, :k], axis=1)
        scores[:, actors] = -np.inf
        return (scores > 0).sum(1).astype(float), best, ends

    blocks = list(side_by_side(block, range(0, len(cases), CHUNK)))
    before, best, ends = zip(*blocks, strict=True)
    return np.concatenate(before), np.concatenate(best), np.concatenate(ends)


def _bonus(before: Floats, best: Scores, ends: Scores, price: float) -> float:
    """The greatest bonus within the price, by bisection: the loss grows with it."""
    whole = _ndcg(before)
    low, high = -FURTHEST, FURTHEST
    for _ in range(30):
        middle = (low + high) / 2
        ahead = (held_back(best + np.float32(middle), ends) > 0).sum(1)
        if _ndcg(before + ahead) < (1 - price) * whole:
            high = middle
        else:
            low = middle
    return low


def _ndcg(before: Floats) -> float:
    """nDCG@10 where so many stand before the target."""
    return float(np.where(before < 10, 1 / np.log2(before + 2), 0).mean())
