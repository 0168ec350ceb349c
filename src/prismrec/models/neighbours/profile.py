"""What people of the same kind take: answers who is new by age, place, interests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from prismrec.core import Bags, Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Positions, Scores
from prismrec.models.popularity import Popularity
from prismrec.models.scoring.sparse_matrices import arrays_of, matrix_of, user_item_matrix
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer
from prismrec.models.validation import sampled

__all__ = ["Profile", "ProfileScorer"]

SHRINKAGES = (5.0, 20.0, 80.0, 320.0)
STRENGTHS = (0.0, 0.25, 0.5, 1.0)
"""Tried where they are not set; a strength of 0 is popularity alone."""
USUAL = (20.0, 0.5)
"""Shrinkage and strength where there is nothing to choose by."""
CASES = 2000
CHUNK = 128
FEWEST = 20
FEWEST_PEOPLE = 5
"""A token that fewer people have says nothing of anyone else."""


@dataclass(frozen=True)
class Profile:
    """`score(q, i) = log p_i + strength * sum_t log((n_ti + k) / (e_ti + k))` over the tokens t of
    the person's profile: how much more often those who share it take i than everyone does.

    `p_i` is the count of `popularity`; `n_ti` how many people with t took i, `e_ti` how many would
    if they took it as everyone does; k, the `shrinkage`, is how many of these it takes to be
    believed. Where they are not set, shrinkage and strength are those of the greatest likelihood
    of the validation targets. The naive Bayes rule with dependent tokens damped: Hand and Yu 2001,
    "Idiot's Bayes: not so stupid after all?".
    """

    shrinkage: float | None = None
    strength: float | None = None
    name: str = "profile"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> ProfileScorer:
        """Count, then choose what is not set; without validation that of `start`, or usual ones."""
        prior = Popularity().fit(train, rng, validation=validation)
        taken, names = _taken(train)
        first = USUAL
        if isinstance(start, ProfileScorer):
            first = (start.shrinkage, start.strength)
        k, strength = self.shrinkage or first[0], self.strength
        usual = first[1] if strength is None else strength
        scorer = ProfileScorer(
            prior.counts, prior.floor, taken, _shares(train), names, k, usual, train.n_items
        )
        if validation is None or len(validation) < FEWEST or not names:
            return scorer
        cases = sampled(validation, CASES, rng)
        trials = [
            replace(scorer, shrinkage=k, strength=s)
            for k in ([self.shrinkage] if self.shrinkage else SHRINKAGES)
            for s in (STRENGTHS if strength is None else [strength])
        ]
        return max(trials, key=lambda trial: _likelihood(trial, cases))


def _taken(train: Interactions) -> tuple[sparse.csr_array, tuple[str, ...]]:
    """(tokens, items): how many people with the token took the item; and the tokens that enough
    people share."""
    bags, n = train.profiles, train.n_items
    if bags is None or not len(bags.names):
        none: Any = sparse.csr_array((0, n), dtype=np.float32)
        return none, ()
    has = _membership(bags, np.arange(len(bags.names), dtype=np.int32), len(bags.names))
    took = _took(train)
    active = np.diff(took.indptr) > 0
    people = np.asarray(has[active].sum(axis=0)).ravel()
    kept = np.flatnonzero(people >= FEWEST_PEOPLE)
    counts: Any = (has[:, kept].T @ took).tocsr().astype(np.float32)
    counts.sort_indices()
    return counts, tuple(bags.names[token] for token in kept)


def _shares(train: Interactions) -> Scores:
    """(items,) float32: of all that was taken, counted once a person, the share of each item."""
    counts = np.diff(_took(train).tocsc().indptr).astype(np.float32)
    return np.asarray(counts / max(counts.sum(), 1), np.float32)


def _took(train: Interactions) -> sparse.csr_array:
    """(users, items) of ones."""
    took = user_item_matrix(train.positives, train.n_items)
    took.data[:] = 1
    return took


def _membership(bags: Bags, column_of: Positions, columns: int) -> sparse.csr_array:
    """(rows, columns) of ones: which of the columns that `column_of` gives to tokens (-1: none)
    each row has."""
    at = column_of[bags.indices]
    rows = np.repeat(np.arange(len(bags)), np.diff(bags.indptr))[at >= 0]
    shape = (len(bags), columns)
    has: Any = sparse.csr_array((np.ones(len(rows), np.float32), (rows, at[at >= 0])), shape=shape)
    has.data[:] = 1
    return sparse.csr_array(has)


def _likelihood(scorer: ProfileScorer, cases: Cases) -> float:
    """Mean log probability of the targets, the scores taken as logits over the whole catalogue."""
    total = 0.0
    for start in range(0, len(cases), CHUNK):
        part = cases.take(np.arange(start, min(start + CHUNK, len(cases))))
        logits = scorer.score(part.queries).astype(np.float64)
        top = logits.max(axis=1)
        mass = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
        total += float((logits[np.arange(len(part)), part.targets] - mass).sum())
    return total / len(cases)


@dataclass(frozen=True)
class ProfileScorer(WholeCatalogueScorer):
    """`log(counts + floor)` and what the tokens of the profile add to it; `counts` (trained items,)
    as popularity has them, `taken` (tokens, trained items), `shares` (trained items,), `tokens` the
    spelling of each token. Later items are known by nobody yet."""

    kind: ClassVar[str] = "profile"
    log_ready: ClassVar[bool] = True
    part_names = ("popularity", "profile")

    counts: Scores
    floor: float
    taken: sparse.csr_array
    shares: Scores
    tokens: tuple[str, ...]
    shrinkage: float
    strength: float
    n_items: int

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        logs = np.full((len(queries), self.n_items), np.log(self.floor), np.float32)
        logs[:, : len(self.counts)] = np.log(self.counts + self.floor)
        lifts = np.zeros_like(logs)
        lifts[:, : len(self.counts)] = self._lifts(queries)
        return [logs, lifts]

    def _lifts(self, queries: QueryBatch) -> Scores:
        """(b, trained items): the strength times the sum of the log lifts of the profile."""
        bags = queries.profiles
        if bags is None or not self.strength:
            return np.zeros((len(queries), len(self.counts)), np.float32)
        used = np.unique(bags.indices)
        known = np.array([self._places.get(bags.names[token], -1) for token in used], np.int32)
        asked, places = used[known >= 0], known[known >= 0]
        column_of = np.full(len(bags.names), -1, np.int32)
        column_of[asked] = np.arange(len(asked))
        has = _membership(bags, column_of, len(asked))
        lifts: Scores = has @ (np.float32(self.strength) * self._log_lifts(places))
        return lifts

    def _log_lifts(self, places: Positions) -> Scores:
        """(m, trained items) float32: the log lifts of the tokens at `places`."""
        k = np.float32(self.shrinkage)
        taken = self.taken[places].toarray()
        expected = taken.sum(axis=1, keepdims=True) * self.shares
        return np.asarray(np.log((taken + k) / (expected + k)), np.float32)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {token: place for place, token in enumerate(self.tokens)}

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return self.keeping(replace(self, n_items=len(features)), "_places")

    def state(self) -> State:
        settings = {
            "floor": self.floor,
            "shrinkage": self.shrinkage,
            "strength": self.strength,
            "tokens": list(self.tokens),
        }
        arrays = {"counts": self.counts, "shares": self.shares, **arrays_of("taken", self.taken)}
        return State(self.kind, settings, arrays)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        settings, arrays = dict(state.settings), state.arrays
        return cls(
            counts=arrays["counts"],
            shares=arrays["shares"],
            taken=matrix_of("taken", arrays),
            tokens=tuple(settings.pop("tokens")),
            n_items=len(features),
            **settings,
        )
