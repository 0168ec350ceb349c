"""How fast a history fades: chosen on validation, because it differs from data to data by a lot."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prismrec.core import Cases, Interactions, Scorer
from prismrec.data import wants_repeats
from prismrec.models.validation import ndcg_of, sampled

__all__ = ["HALF_LIVES", "faded"]

HALF_LIVES = (1.0, 2.0, 4.0, 8.0, 16.0, 64.0)
"""Half-lives tried, in events."""
USUAL = 4.0
"""Where there is nothing to choose by."""
CASES = 1500
FEWEST = 20


def faded(
    make: Callable[[float], Scorer],
    half_life: float | None,
    train: Interactions,
    validation: Cases | None,
    start: Scorer | None,
    rng: np.random.Generator,
) -> Scorer:
    """The scorer `make(half_life)`; with `half_life` None the one of `HALF_LIVES` with the highest
    nDCG@10 on at most 1,500 validation cases (the shorter of equal ones), or without validation
    that of `start`, or 4."""
    if half_life is not None:
        return make(half_life)
    if validation is None or len(validation) < FEWEST:
        return make(getattr(start, "half_life", USUAL))
    cases, repeats = sampled(validation, CASES, rng), wants_repeats(train)
    made = [make(choice) for choice in HALF_LIVES]
    figures = [float(ndcg_of(scorer, cases, repeats).mean()) for scorer in made]
    return made[int(np.argmax(figures))]
