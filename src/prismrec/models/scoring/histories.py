"""The history of a query as weights over items: the latest event counts most."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from prismrec.core import Sequences
from prismrec.core.arrays import Scores

__all__ = ["decayed_weights", "history_evidence", "history_matrix", "recency_weights"]


def decayed_weights(histories: Sequences, half_life: float) -> np.ndarray:
    """(events,) float32: the feedback weight of each event times 2^(-age / half_life), where the
    age of the last event of a row is 0, of the one before it 1, and so on."""
    ages = np.repeat(histories.indptr[1:], histories.lengths) - 1 - np.arange(len(histories.items))
    return (histories.weights * np.exp2(-ages / half_life)).astype(np.float32)


def recency_weights(histories: Sequences, half_life: float) -> np.ndarray:
    """`decayed_weights` divided so that the absolute weights of a row sum to 1: evidence then means
    the same for short and for long histories."""
    weights = decayed_weights(histories, half_life)
    totals = np.bincount(histories.rows, np.abs(weights), minlength=len(histories))
    shares = weights / np.maximum(totals, np.finfo(np.float32).tiny)[histories.rows]
    return shares.astype(np.float32)


def history_matrix(histories: Sequences, n_items: int, half_life: float) -> sparse.csr_array:
    """(b, n_items) float32: `recency_weights` at the items of each history; events of items beyond
    `n_items` are left out after weighing, so that they only dilute."""
    weights = recency_weights(histories, half_life)
    known = histories.items < n_items
    if not known.all():
        histories, weights = histories.where(known), weights[known]
    shape = (len(histories), n_items)
    return sparse.csr_array((weights, histories.items, histories.indptr), shape=shape)


def history_evidence(
    histories: Sequences, neighbours: sparse.csr_array, half_life: float, n_items: int
) -> Scores:
    """(b, n_items) float32: the rows of `neighbours` (trained items, trained items) averaged over
    each history, never below zero (an event of negative weight takes evidence away), and zero for
    items that came later."""
    trained = neighbours.shape[0]
    if len(histories) == 1:
        return _one_history(histories, neighbours, half_life, n_items)
    product = history_matrix(histories, trained, half_life) @ neighbours
    product.resize((len(histories), n_items))
    evidence: Scores = product.toarray()
    return np.maximum(evidence, 0, out=evidence)


def _one_history(
    histories: Sequences, neighbours: sparse.csr_array, half_life: float, n_items: int
) -> Scores:
    """The same for the one query of a request, without making a matrix of it."""
    weights = recency_weights(histories, half_life)
    known = histories.items < neighbours.shape[0]
    items, weights = histories.items[known], weights[known]
    starts = neighbours.indptr[items]
    lengths = neighbours.indptr[items + 1] - starts
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    places = np.repeat(starts, lengths) + within
    terms = neighbours.data[places] * np.repeat(weights, lengths)
    evidence = np.bincount(neighbours.indices[places], terms, minlength=n_items)
    return np.maximum(evidence, 0).astype(np.float32)[None, :]
