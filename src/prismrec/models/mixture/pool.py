"""The candidates of validation cases, with what every expert says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from prismrec.core import Cases, Scorer
from prismrec.core.arrays import Bools, Floats, Positions, Scores
from prismrec.core.metrics import Ranks, ndcg
from prismrec.models.mixture.weighing import Weighing, query_features
from prismrec.models.scoring.certainty import certainties
from prismrec.models.validation import mask_history
from prismrec.threads import side_by_side

__all__ = ["Pool", "pool_of"]

BEST = 50
"""Items that each expert brings into the candidates of a case."""
DRAWN = 100
"""Items drawn at random into the candidates of a case."""
CHUNK = 128


@dataclass(frozen=True)
class Pool:
    """c cases with k candidates each, the target first, and e experts.

    `scores` (c, k, e) as the experts give them, `logs` (c, k) the log of how many items a candidate
    stands for (-inf where it does not count), `features` (c, f) of the queries, `sure` (c, e) the
    experts' certainties, `people` (c,) who asked; all float32 but the last two.
    """

    scores: Scores
    logs: Scores
    features: Scores
    sure: Floats
    people: Positions

    def take(self, rows: Bools) -> Pool:
        """The cases where `rows` (c,) is true."""
        return Pool(
            self.scores[rows],
            self.logs[rows],
            self.features[rows],
            self.sure[rows],
            self.people[rows],
        )

    def halves(self) -> tuple[Bools, Bools]:
        """Two halves of the people: the cases (c,) of each."""
        odd = self.people % 2 == 1
        if not 0 < odd.sum() < len(odd):
            odd = np.arange(len(odd)) % 2 == 1
        return odd, ~odd

    def experts(self, kept: Bools) -> Pool:
        """Only the experts where `kept` (e,) is true."""
        if kept.all():
            return self
        scores = np.ascontiguousarray(self.scores[:, :, kept])
        return replace(self, scores=scores, sure=self.sure[:, kept])

    def z(self, weighing: Weighing) -> Scores:
        """The experts' log-scores of every candidate without their scales, (c, k, e)."""
        floors = weighing.floors
        out = np.empty(self.scores.shape, np.float32)
        for start in range(0, len(out), CHUNK):  # all at once, twice the pool would be needed
            scores = self.scores[start : start + CHUNK]
            evidence = np.log1p(np.maximum(scores, 0) / np.where(floors > 0, floors, 1))
            out[start : start + CHUNK] = np.where(floors > 0, evidence, scores)
        return out

    def terms(self, weighing: Weighing) -> Scores:
        """What each expert adds to the score of every candidate, (c, k, e)."""
        mixed = weighing.by_query(self.features, self.sure) * weighing.scales
        out = self.z(weighing)
        return np.multiply(out, mixed[:, None, :], out=out, casting="same_kind")

    def ndcg(self, scores: np.ndarray) -> Floats:
        """nDCG@10 of each target among its candidates by `scores` (c, k), (c,)."""
        rivals = np.where(np.isfinite(self.logs), scores, -np.inf)[:, 1:]
        target = scores[:, :1]
        greater, equal = (rivals > target).sum(1), (rivals == target).sum(1)
        others = np.full(len(scores), scores.shape[1] - 1, np.int64)
        return ndcg(Ranks(greater, equal, others), 10)


def pool_of(
    experts: Mapping[str, Scorer], cases: Cases, repeats: bool, rng: np.random.Generator
) -> Pool:
    """The candidates of `cases`. Cases whose target cannot come out, because it stands in a history
    that is filtered, are left out."""
    seed = int(rng.integers(2**63))

    def block(start: int) -> Pool:
        part = cases.take(np.arange(start, min(start + CHUNK, len(cases))))
        full = [np.asarray(scorer.score(part.queries)) for scorer in experts.values()]
        eligible = np.zeros(full[0].shape, np.float32)
        if not repeats:
            mask_history(eligible, part.queries)
        own = np.random.default_rng([seed, start])
        picked, logs = candidates(full, eligible, part.targets, own)
        fit = np.isfinite(logs[:, 0])
        scores = np.stack([np.take_along_axis(f, picked, 1) for f in full], axis=-1)
        features = query_features(part.queries).astype(np.float32)
        sure = certainties(experts.values(), part.queries)
        return Pool(scores[fit], logs[fit], features[fit], sure[fit], part.clusters[fit])

    blocks = list(side_by_side(block, range(0, len(cases), CHUNK)))
    rows = ((b.scores, b.logs, b.features, b.sure, b.people) for b in blocks)
    columns = zip(*rows, strict=True)
    return Pool(*(np.concatenate(column) for column in columns))


def candidates(
    full: list[Scores], eligible: Scores, targets: Positions, rng: np.random.Generator
) -> tuple[Positions, Scores]:
    """For each case the target, the best eligible items of each expert, some at random: (b, k).

    With them the log of how many items each stands for: 0 for the target and the best, the log of
    (items not among those / items drawn) for the drawn, -inf for what is not eligible or stands
    there twice.
    """
    b, n = eligible.shape
    best, drawn = min(BEST, n), min(DRAWN, n)
    tops = [np.argpartition(-(scores + eligible), best - 1, axis=1)[:, :best] for scores in full]
    random = rng.integers(0, n, (b, drawn))
    picked = np.concatenate([targets[:, None], *tops, random], axis=1).astype(np.int32)
    logs = np.take_along_axis(eligible, picked, axis=1)  # 0, or -inf where not eligible
    order = np.argsort(picked, axis=1, kind="stable")
    ordered = np.take_along_axis(picked, order, axis=1)
    again = np.zeros(picked.shape, bool)
    np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    logs = np.where(again, np.float32(-np.inf), logs)
    named = np.isfinite(logs[:, :-drawn]).sum(1)
    fresh = np.maximum(np.isfinite(logs[:, -drawn:]).sum(1), 1)
    stands_for = np.maximum((np.isfinite(eligible).sum(1) - named) / fresh, 1)
    logs[:, -drawn:] += np.log(stands_for).astype(np.float32)[:, None]
    return picked, logs
