"""What is remembered of questions asked before: which answers solved them, and which did not.

What the curve says of an answer (see `confidence`) is the mean of a Beta distribution that is
worth `WORTH` verdicts; each verdict on the answer to a question like this one moves it, by how
alike the two questions are: the posterior mean of a Beta-Bernoulli model with weighted
observations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prismrec.core import AnswerVerdict
from prismrec.core.arrays import Floats
from prismrec.language.answers.passages import Reader

__all__ = ["Remembered", "moved"]

WORTH = 1.0
"""The verdicts that the curve's probability is worth."""
FAR = 0.6
"""The likeness of two questions at which a verdict on one says nothing of the other yet."""
NEAREST = 50
"""The verdicts, on the questions most alike, that are looked at."""


class Remembered:
    """Verdicts as a new question sees them. `reader` compares questions."""

    def __init__(self, reader: Reader, verdicts: Sequence[AnswerVerdict]) -> None:
        self._reader, self._verdicts = reader, tuple(verdicts)
        self._questions = reader.ready([one.question for one in verdicts])

    def of(self, question: str) -> dict[str, tuple[float, float]]:
        """By item, how much says that it solves `question`, and how much that it does not."""
        if not self._verdicts:
            return {}
        alike = np.asarray(self._questions(question), np.float64)
        weights = np.clip((alike - FAR) / (1 - FAR), 0.0, 1.0)
        found: dict[str, tuple[float, float]] = {}
        for place in np.argsort(-weights, kind="stable")[:NEAREST]:
            if weights[place] <= 0:
                break
            one, weight = self._verdicts[place], float(weights[place])
            yes, no = found.get(one.item_id, (0.0, 0.0))
            found[one.item_id] = (yes + weight, no) if one.solved else (yes, no + weight)
        return found


def moved(chances: Floats, told: Sequence[tuple[float, float]]) -> Floats:
    """(n,) the chances of answers after what was `told` of each (n): for and against."""
    said = np.asarray(told, np.float64).reshape(-1, 2)
    return np.asarray((WORTH * chances + said[:, 0]) / (WORTH + said.sum(axis=1)), np.float64)
