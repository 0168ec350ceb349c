"""From ranks and lists to named figures: one column of per-case values for each metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from prismrec.core import Cases, Interactions
from prismrec.core import metrics as m
from prismrec.core.arrays import Floats, Longs, Positions, Vectors
from prismrec.core.beyond import (
    coverage,
    exposure_counts,
    gini,
    intra_list_diversity,
    list_mean,
    popularity_percentile,
    self_information,
)
from prismrec.evaluation.ranks import Ranked
from prismrec.evaluation.settings import CUTOFFS, LIST_LENGTH, EvaluationSettings
from prismrec.evaluation.significance import bootstrap_means, interval, totals

__all__ = ["COLD_ITEM_RECALL", "Figures", "Reference", "columns_of", "figures"]

COLD_ITEM_RECALL = f"cold_item_recall@{LIST_LENGTH}"
_DIVERSITY_ROWS = 4096


@dataclass(frozen=True)
class Figures:
    """The `metrics` of some cases by name, and the `intervals` of those that are means."""

    cases: int
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Reference:
    """What lists are held against: how popular each item was in training, and what it is like.

    `events` and `users` (n_items,) count the training events and the distinct users of each item.
    `vectors` (n_items, d) are L2-normalised: the text of the items, else their attributes, else
    `None`, and then diversity is not measured.
    """

    events: Longs
    users: Longs
    n_users: int
    vectors: Vectors | csr_array | None

    @property
    def n_items(self) -> int:
        return len(self.events)

    @staticmethod
    def of(train: Interactions) -> Reference:
        """The reference that the training data gives."""
        sequences, n = train.sequences, train.n_items
        pairs = np.unique(sequences.rows.astype(np.int64) * max(n, 1) + sequences.items)
        return Reference(
            events=np.bincount(sequences.items, minlength=n).astype(np.int64),
            users=np.bincount(pairs % max(n, 1), minlength=n).astype(np.int64),
            n_users=int(np.count_nonzero(sequences.lengths)),
            vectors=_space(train),
        )


def columns_of(ranked: Ranked, reference: Reference) -> dict[str, Floats]:
    """The per-case values (cases,) of every metric that is a mean over cases."""
    out: dict[str, Floats] = {}
    for k in CUTOFFS:
        out[f"recall@{k}"] = m.recall(ranked.ranks, k)
        out[f"ndcg@{k}"] = m.ndcg(ranked.ranks, k)
        out[f"mrr@{k}"] = m.reciprocal_rank(ranked.ranks, k)
        out[f"map@{k}"] = m.average_precision(ranked.ranks, k)
        out[f"precision@{k}"] = m.precision(ranked.ranks, k)
        out[f"f1@{k}"] = m.f1(ranked.ranks, k)
        out[f"hit_rate@{k}"] = m.hit_rate(ranked.ranks, k)
    if ranked.whole:
        out["auc"] = m.auc(ranked.ranks)
    lists, k = ranked.lists[:, :LIST_LENGTH], LIST_LENGTH
    information = self_information(reference.users, reference.n_users)
    out[f"novelty@{k}"] = list_mean(lists, information)
    out[f"popularity@{k}"] = list_mean(lists, popularity_percentile(reference.events))
    out[f"arp@{k}"] = list_mean(lists, reference.events.astype(np.float64))
    if reference.vectors is not None:
        out[f"diversity@{k}"] = _diversity(lists, reference.vectors)
    return out


def figures(
    columns: Mapping[str, Floats],
    lists: Positions,
    cases: Cases,
    reference: Reference,
    settings: EvaluationSettings,
    rng: np.random.Generator,
) -> Figures:
    """The figures of these cases: means with intervals clustered by user, and catalogue measures.

    Coverage and Gini are of the lists as a whole and have no interval: a bootstrap repeats users,
    and repeated users cover less, so it would be centred in the wrong place.
    """
    if not len(cases):
        return Figures(0, {}, {})
    names = list(columns)
    means, spans = _means(np.column_stack([columns[x] for x in names]), cases, settings, rng)
    metrics = dict(zip(names, means, strict=True))
    intervals = dict(zip(names, spans, strict=True))
    shown = lists[:, :LIST_LENGTH]
    metrics[f"coverage@{LIST_LENGTH}"] = coverage(shown, reference.n_items)
    metrics[f"gini@{LIST_LENGTH}"] = gini(exposure_counts(shown, reference.n_items))
    cold = np.flatnonzero(cases.cold_item)
    if len(cold):
        found = columns[f"recall@{LIST_LENGTH}"][cold]
        means, spans = _means(found[:, None], cases.take(cold), settings, rng)
        metrics[COLD_ITEM_RECALL], intervals[COLD_ITEM_RECALL] = means[0], spans[0]
    return Figures(len(cases), metrics, intervals)


def _means(
    values: Floats, cases: Cases, settings: EvaluationSettings, rng: np.random.Generator
) -> tuple[list[float], list[tuple[float, float]]]:
    data = totals(values, cases.clusters)
    draws = bootstrap_means(data, settings.resamples, rng)
    spans = [interval(column, settings.confidence) for column in draws.T]
    return [float(x) for x in data.means], spans


def _diversity(lists: Positions, space: Vectors | csr_array) -> Floats:
    parts = [np.zeros(0)]
    for start in range(0, len(lists), _DIVERSITY_ROWS):
        some = lists[start : start + _DIVERSITY_ROWS]
        if isinstance(space, np.ndarray):
            parts.append(intra_list_diversity(some, space))
        else:
            parts.append(_sparse(some, space))
    return np.concatenate(parts)


def _sparse(lists: Positions, space: csr_array) -> Floats:
    """`intra_list_diversity` where the vectors are sparse rows of length 1 or 0."""
    rows, places = np.nonzero(lists >= 0)
    shape = (len(lists), space.shape[0])
    shown = csr_array((np.ones(len(rows)), (rows, lists[rows, places])), shape=shape)
    sums = shown @ space
    n = shown @ (np.diff(space.indptr) > 0).astype(np.float64)
    similar = (sums.multiply(sums).sum(axis=1) - n) / np.maximum(n * (n - 1), 1)
    return np.asarray(np.where(n > 1, 1.0 - similar, 0.0), np.float64)


def _space(train: Interactions) -> Vectors | csr_array | None:
    """The text of the items, else their attributes as sets: the cosine of two sets of sizes a and b
    with c in common is c / sqrt(a b) (Ochiai 1957)."""
    features = train.features
    if features.text_vectors is not None:
        return features.text_vectors
    bags = features.attributes
    if not len(bags.indices):
        return None
    sizes = np.diff(bags.indptr)
    data = np.repeat(1.0 / np.sqrt(np.maximum(sizes, 1)), sizes)
    return csr_array((data, bags.indices, bags.indptr))
