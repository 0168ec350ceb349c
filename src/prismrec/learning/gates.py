"""Gates: a refreshed release is promoted when fresh events say that it is no worse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.config import LearningSettings
from prismrec.core import Cases, Scorer, metrics
from prismrec.core.arrays import Floats
from prismrec.evaluation.ranks import HistoryFilter, rank_all
from prismrec.evaluation.significance import paired

__all__ = ["METRIC", "Verdict", "compare", "ndcg_of"]

METRIC = "ndcg@10"


@dataclass(frozen=True)
class Verdict:
    """Whether the candidate may be promoted, and the figures behind that.

    `difference` is candidate minus serving, `interval` its confidence interval clustered by user;
    `cases` is how many fresh events decided.
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

    The candidate passes unless it is worse by more than `gate_tolerance` (relative to the serving
    release) with `gate_confidence`: the whole interval of the difference lies below that line. With
    fewer than `min_gate_cases` events there is no proof either way, and the newer data wins unless
    the mean is beyond the line.
    """
    if not len(fresh):
        return Verdict(True, "no fresh events to judge by", METRIC, 0, 0, 0, (0, 0), 0)
    old, new = (ndcg_of(scorer, fresh, rule) for scorer in (serving, candidate))
    gap = paired(new, old, fresh.clusters, rng, confidence=settings.gate_confidence)
    line = -settings.gate_tolerance * float(old.mean())
    few = len(fresh) < settings.min_gate_cases
    passed = (gap.mean if few else gap.high) >= line
    return Verdict(
        promote=bool(passed),
        why=_why(bool(passed), few),
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


def _why(passed: bool, few: bool) -> str:
    if few:
        return "no worse on the few fresh events" if passed else "worse on the few fresh events"
    return "not worse on fresh events" if passed else "worse on fresh events, beyond the tolerance"
