"""Has a rate risen? Sequential detection with a false-alarm rate that is proved, not estimated.

Values x_1, x_2, ... in [0, 1] come in: how far each text speaks for the label. As long as
`E[x_n | x_1 .. x_(n-1)] <= usual`, whatever their distribution and however they depend,
`L_n = 1 + lambda (x_n - usual)` is a bet that gains nothing on average. The Shiryaev-Roberts sum
`M_n = (M_(n-1) + 1) L_n` then has `E[M_n] <= n`, so that the mean number of texts until `M_n`
reaches c is at least c where nothing rose (the average run length): the e-detector of Shin,
Ramdas and Rinaldo, "E-detectors: a nonparametric framework for sequential change detection", 2023.
The mean of such sums for several lambda is one too.

`lambda = (k - 1) / (1 - usual)` makes L the likelihood ratio of "the rate is k times the usual"
where x is the probability of the label, given the text: what the classifier does not know weakens
the bet by itself, and nobody has to say how often it errs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prismrec.core.arrays import Floats

__all__ = ["Rise", "advanced", "stakes"]

_LEAST = 0.02
"""What is left of the evidence, at least, by a text that says nothing of the label."""


def stakes(usual: float, ratios: Sequence[float]) -> Floats:
    """(k,) lambda for each ratio, small enough that L stays above zero."""
    wished = (np.asarray(ratios, np.float64) - 1) / max(1 - usual, 1e-9)
    return np.asarray(np.minimum(wished, (1 - _LEAST) / max(usual, 1e-9)), np.float64)


def advanced(evidence: Floats, value: Floats, usual: Floats, bets: Floats) -> Floats:
    """M (..., k) after one more `value` (..., 1), for `usual` (..., 1) and `bets` (..., k)."""
    return np.asarray((evidence + 1) * (1 + bets * (value - usual)), np.float64)


@dataclass
class Rise:
    """Watches one rate: `usual` before, `ratios` looked for, an alarm at `threshold`, the average
    number of texts between false alarms.

    `seen` texts so far; `began` is where, as far as one can tell, the rise began that the evidence
    speaks of: the last place at which the cumulative sum of log L was at its lowest (Page,
    "Continuous inspection schemes", 1954).
    """

    usual: float
    ratios: tuple[float, ...]
    threshold: float
    evidence: Floats
    sums: Floats
    starts: list[int]
    seen: int = 0

    @classmethod
    def of(cls, usual: float, ratios: Sequence[float], threshold: float) -> Rise:
        """Nothing seen yet."""
        zeros = np.zeros(len(ratios))
        return cls(usual, tuple(ratios), threshold, zeros, zeros.copy(), [0] * len(ratios))

    @property
    def began(self) -> int:
        """The place of the first text of the rise, counted from 0."""
        return self.starts[int(np.argmax(self.evidence))]

    def sees(self, value: float) -> bool:
        """One more value; whether it raises the alarm. After an alarm evidence starts anew."""
        bets = stakes(self.usual, self.ratios)
        told = np.log1p(bets * (value - self.usual))
        for i, gain in enumerate(told):
            if self.sums[i] <= 0:
                self.sums[i], self.starts[i] = 0.0, self.seen
            self.sums[i] += gain
        self.evidence = advanced(self.evidence, np.array([value]), np.array([self.usual]), bets)
        self.seen += 1
        return bool(self.evidence.mean() >= self.threshold)

    def restart(self) -> None:
        """Forget the evidence, as after an alarm."""
        self.evidence = np.zeros(len(self.ratios))
        self.sums = np.zeros(len(self.ratios))
        self.starts = [self.seen] * len(self.ratios)

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes an equal one of, to the last bit."""
        arrays = {"evidence": self.evidence.tolist(), "sums": self.sums.tolist()}
        return {**vars(self), "ratios": list(self.ratios), **arrays}

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> Rise:
        """The one that was told."""
        arrays = {name: np.asarray(told[name], np.float64) for name in ("evidence", "sums")}
        return Rise(**{**told, "ratios": tuple(told["ratios"]), **arrays})
