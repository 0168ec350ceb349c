"""Gates: a release is promoted when fresh events, or a log of exposures, say that it may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.config import LearningSettings
from prismrec.core import Cases, Scorer, metrics
from prismrec.core.arrays import Floats
from prismrec.evaluation.ranks import HistoryFilter, rank_all
from prismrec.evaluation.significance import Difference, paired
from prismrec.exploration.advantage import Advantage

__all__ = ["METRIC", "REWARD", "Verdict", "compare", "ndcg_of", "verdict_of"]

METRIC = "ndcg@10"
REWARD = "reward a slate"


@dataclass(frozen=True)
class Verdict:
    """Whether the candidate may be promoted, and the figures behind that.

    `difference` is candidate minus serving, `interval` its confidence interval clustered by user;
    `cases` is how many fresh events or logged requests decided.
    """

    promote: bool
    why: str
    metric: str
    serving: float
    candidate: float
    difference: float
    interval: tuple[float, float]
    cases: int


def compare(
    serving: Scorer,
    candidate: Scorer,
    fresh: Cases,
    settings: LearningSettings,
    rng: np.random.Generator,
    *,
    rule: HistoryFilter,
) -> Verdict:
    """Compare two scorers on fresh events that neither was trained on.

    With `gate_threshold` set, the candidate passes when the lower bound of its advantage, with
    `gate_confidence`, reaches that share of the serving release's value. Without, it passes unless
    it is worse by more than `gate_tolerance` (relative too): the whole interval of the difference
    lies below that line. With fewer than `min_gate_cases` events there is then no proof either way,
    and the newer data wins unless the mean is beyond the line.
    """
    if not len(fresh):
        lenient = settings.gate_threshold is None
        return Verdict(lenient, "no fresh events to judge by", METRIC, 0, 0, 0, (0, 0), 0)
    old, new = (ndcg_of(scorer, fresh, rule) for scorer in (serving, candidate))
    gap = paired(new, old, fresh.clusters, rng, confidence=settings.gate_confidence)
    passed, why = _ruled(gap, float(old.mean()), len(fresh), settings)
    return Verdict(
        promote=passed,
        why=why,
        metric=METRIC,
        serving=float(old.mean()),
        candidate=float(new.mean()),
        difference=gap.mean,
        interval=(gap.low, gap.high),
        cases=len(fresh),
    )


def ndcg_of(scorer: Scorer, cases: Cases, rule: HistoryFilter) -> Floats:
    """nDCG@10 of every case, ranked over the whole catalogue, (cases,)."""
    ranked = rank_all(scorer, cases, k=10, rule=rule, batch=512)
    return metrics.ndcg(ranked.ranks, 10)


def verdict_of(found: Advantage, threshold: float) -> Verdict:
    """The verdict on what a log of exposures says of a candidate: it passes when the lower bound of
    its advantage reaches `threshold`, as a share of the serving release's value."""
    passed = found.passes(threshold)
    why = _reached(passed, threshold)
    return Verdict(
        promote=passed,
        why=why if found.honest else "the log does not support what the candidate would show",
        metric=REWARD,
        serving=found.champion,
        candidate=found.challenger,
        difference=found.difference,
        interval=found.interval,
        cases=found.requests,
    )


def _ruled(
    gap: Difference, value: float, cases: int, settings: LearningSettings
) -> tuple[bool, str]:
    """Whether a difference on fresh events lets the candidate pass, and why."""
    if settings.gate_threshold is not None:
        passed = gap.low >= settings.gate_threshold * value
        return passed, _reached(passed, settings.gate_threshold)
    few = cases < settings.min_gate_cases
    passed = (gap.mean if few else gap.high) >= -settings.gate_tolerance * value
    if few:
        return passed, f"{'no ' if passed else ''}worse on the few fresh events"
    return passed, ("not worse" if passed else "worse, beyond the tolerance,") + " on fresh events"


def _reached(passed: bool, threshold: float) -> str:
    return (
        f"the lower bound of its advantage {'reaches' if passed else 'stays below'} "
        f"{100 * threshold:+g}%"
    )
