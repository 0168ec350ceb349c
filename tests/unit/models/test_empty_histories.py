"""The mixture where nothing is known of somebody: who answers, and that nobody else notices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import QueryBatch, generator
from prismrec.core.arrays import Positions, Scores
from prismrec.models.mixture.fit import fit_mixture
from prismrec.models.mixture.nobody import answering_nobody
from prismrec.models.mixture.weighing import Weighing
from prismrec.models.scoring.whole_catalogue import choose_items
from unit.models.fixed import Fixed, N, cases_of

POPULAR = np.exp2(-np.arange(N) / 3.0).astype(np.float32)


class Opinionated(Fixed):
    """Says `alone` of the items where the history is empty."""

    def __init__(self, table: np.ndarray, alone: np.ndarray) -> None:
        super().__init__(table)
        self.alone = alone

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        empty = (queries.histories.lengths == 0)[:, None]
        known = super().score(queries)
        return choose_items(np.where(empty, self.alone, known).astype(np.float32), items)


@pytest.fixture(scope="module")
def world():
    """After item i comes i + 1, known to `chain`, which without a history says the opposite of what
    is popular."""
    rng = np.random.default_rng(0)
    target = rng.choice(N, 1000, p=POPULAR / POPULAR.sum())
    histories = [[int((t + 7) % N)] * 8 + [int((t - 1) % N)] for t in target]
    chain = Opinionated(np.eye(N)[(np.arange(N) + 1) % N], 5 * POPULAR[::-1])
    experts = {"popularity": Opinionated(np.tile(POPULAR, (N, 1)), POPULAR), "chain": chain}
    return experts, cases_of(target, histories)


def test_an_expert_that_misleads_where_nothing_is_known_is_not_heard_there(world) -> None:
    experts, cases = world
    plain = fit_mixture(experts, cases, True, generator(1, "mix"))
    mixed = answering_nobody(plain, cases, True, generator(1, "nobody"))
    nobody, known = QueryBatch.of([[]]), QueryBatch.of([[9] * 8 + [4], [3] * 6])
    assert plain.score(nobody)[0].argmax() == N - 1
    assert np.argsort(-mixed.score(nobody)[0])[:10].tolist() == list(range(10))
    assert mixed.score(QueryBatch.of([[4]]))[0].argmax() == 5
    np.testing.assert_array_equal(mixed.query_weights(known), plain.query_weights(known))


def test_factors_come_back_from_a_release(world) -> None:
    experts, cases = world
    plain = fit_mixture(experts, cases, True, generator(1, "mix"))
    weighing = answering_nobody(plain, cases, True, generator(1, "nobody")).weighing
    again = Weighing.from_arrays(weighing.arrays())
    assert again.empty is not None
    np.testing.assert_array_equal(again.empty, weighing.empty)


def test_a_text_is_answered_as_before(world) -> None:
    experts, cases = world
    plain = fit_mixture(experts, cases, True, generator(1, "mix"))
    mixed = answering_nobody(plain, cases, True, generator(1, "nobody"))
    asked = replace(QueryBatch.of([[]]), text_vectors=np.ones((1, 2), np.float32))
    np.testing.assert_array_equal(mixed.query_weights(asked), plain.query_weights(asked))


def test_an_expert_that_is_proven_to_help_is_heard(world) -> None:
    experts, cases = world
    better = Opinionated(experts["chain"].table, np.bincount(cases.targets, minlength=N))
    wrong = Opinionated(np.ones((N, N)), POPULAR[::-1])
    plain = fit_mixture({"popularity": wrong, "chain": better}, cases, True, generator(1, "mix"))
    assert answering_nobody(plain, cases, True, generator(1, "nobody")) is plain
    for few in (cases.take(np.arange(100)), None):
        assert answering_nobody(plain, few, True, generator(1, "nobody")) is plain
