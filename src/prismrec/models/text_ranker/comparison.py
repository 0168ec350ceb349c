"""What fine-tuning is worth: the same users and candidates before, half-way and after.

Protocol: every case is its target and `m - 1` items drawn as negatives are in training
(`Negatives`), so that popular items are no easier to tell from the target than in training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core import Cases, Interactions
from prismrec.core.arrays import Floats, Positions, Scores
from prismrec.core.metrics import Ranks, auc, f1, ndcg, precision
from prismrec.models.text_ranker.pairs import Negatives, case_pairs
from prismrec.models.text_ranker.ranker import TextRanker
from prismrec.models.text_ranker.settings import TextRankerSettings

__all__ = ["Judged", "Shortlists", "draw_shortlists", "judge_ranker", "judge_zero_shot"]

_K = 10


@dataclass(frozen=True)
class Shortlists:
    """Cases and the candidates (b, m) of each, the target in the first column; `compared` is how
    many candidates after it the log loss looks at, as many as a pair had negatives in training."""

    cases: Cases
    items: Positions
    compared: int


@dataclass(frozen=True)
class Judged:
    """One value a case, (b,) float64: `ndcg@10`, `precision@10`, `f1@10`, `auc` (the share of the
    other candidates below the target) and `log_loss` (of the target and the candidates compared,
    natural logarithm), by name."""

    values: dict[str, Floats]

    def means(self) -> dict[str, float]:
        """The figures."""
        return {name: float(values.mean()) for name, values in self.values.items()}


def draw_shortlists(
    cases: Cases,
    train: Interactions,
    m: int,
    settings: TextRankerSettings,
    rng: np.random.Generator,
) -> Shortlists:
    """Candidates for each case, drawn once for all that are compared."""
    negatives = Negatives(train, settings.popularity)
    pairs = case_pairs(cases, settings.history)
    drawn = negatives.draw(pairs, m - 1, rng)
    items = np.concatenate([pairs.items[:, None], drawn], axis=1)
    return Shortlists(cases, items, settings.negatives)


def judge_ranker(ranker: TextRanker, lists: Shortlists) -> Judged:
    """A trained ranker, head only or fine-tuned."""
    logits = ranker.score(lists.cases.queries, lists.items)
    return _judged(logits, 1 / (1 + np.exp(-logits.astype(np.float64))), lists)


def judge_zero_shot(vectors: Scores, lists: Shortlists, history: int) -> Judged:
    """Without training: the cosine of the item's vector and the mean of those of the last `history`
    items; its probability is (1 + cosine) / 2. `vectors` (n_items, d) are of a `TextEncoder`."""
    read = case_pairs(lists.cases, history).histories
    known = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), np.float32)])  # -1 is nothing
    profile = known[read].sum(axis=1)
    profile /= np.maximum(np.linalg.norm(profile, axis=1, keepdims=True), 1e-9)
    cosine = np.einsum("bd,bmd->bm", profile, vectors[lists.items])
    return _judged(cosine, (1 + cosine.astype(np.float64)) / 2, lists)


def _judged(scores: Scores, probabilities: Floats, lists: Shortlists) -> Judged:
    target, rest = scores[:, :1], scores[:, 1:]
    others = np.full(len(scores), rest.shape[1], np.int64)
    greater = np.count_nonzero(rest > target, axis=1).astype(np.int64)
    equal = np.count_nonzero(rest == target, axis=1).astype(np.int64)
    ranks = Ranks(greater, equal, others)
    p = np.clip(probabilities[:, : 1 + lists.compared], 1e-7, 1 - 1e-7)
    loss = -(np.log(p[:, 0]) + np.log(1 - p[:, 1:]).sum(axis=1)) / p.shape[1]
    return Judged(
        {
            f"ndcg@{_K}": ndcg(ranks, _K),
            f"precision@{_K}": precision(ranks, _K),
            f"f1@{_K}": f1(ranks, _K),
            "auc": auc(ranks),
            "log_loss": loss,
        }
    )
