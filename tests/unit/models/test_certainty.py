"""How sure experts are: exact on toy worlds, and worth following where it tells who is right."""

from __future__ import annotations

import numpy as np

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.core.arrays import Floats
from prismrec.models.factors.als import ALS
from prismrec.models.mixture.fit import fit_mixture
from prismrec.models.mixture.scorer import MixtureScorer
from prismrec.models.mixture.weighing import Weighing
from prismrec.models.neighbours.item_knn import ItemKNN
from prismrec.models.scoring.certainty import certainties, spread, strongest_neighbour
from prismrec.models.validation import ndcg_of
from unit.models.fixed import Fixed, N, cases_of


class Sure(Fixed):
    """A `Fixed` that is sure of queries whose last item has `parity`."""

    parity = 0

    def certainty(self, queries: QueryBatch) -> Floats:
        last = queries.histories.padded(1)[:, 0]
        return (last % 2 == self.parity).astype(np.float64)


class SureOfOdd(Sure):
    parity = 1


def liars() -> tuple[dict[str, Fixed], Cases]:
    """After i comes i + 1. Each expert says so where it is sure; elsewhere it is as loud, and names
    another item."""
    rng = np.random.default_rng(3)
    tables = []
    for parity in (0, 1):
        table = rng.random((N, N)) * 0.1
        for i in range(N):
            table[i, (i + (1 if i % 2 == parity else 7)) % N] = 1
        tables.append(table)
    last = rng.permutation(np.tile(np.arange(N), 20))
    cases = cases_of((last + 1) % N, [[int(i)] for i in last])
    return {"even": Sure(tables[0]), "odd": SureOfOdd(tables[1])}, cases


def test_the_mixture_follows_who_is_sure() -> None:
    experts, cases = liars()
    sure = fit_mixture(experts, cases, False, generator(1, "mix"))
    deaf = {name: Fixed(expert.table) for name, expert in experts.items()}
    plain = fit_mixture(deaf, cases, False, generator(1, "mix"))
    assert ndcg_of(sure, cases, False).mean() > 0.95
    assert ndcg_of(plain, cases, False).mean() < 0.85


def test_following_keeps_the_parts_and_the_order_of_candidates() -> None:
    experts, cases = liars()
    mixed = fit_mixture(experts, cases, False, generator(1, "mix"))
    assert mixed.weighing.certainty is not None
    queries = cases.queries.take(np.arange(12))
    items = np.array([3, 9, 1, 27], np.int32)
    full = mixed.score(queries)
    np.testing.assert_allclose(mixed.score(queries, items), full[:, items], rtol=1e-5)
    np.testing.assert_allclose(mixed.parts(queries, items).sum(-1), full[:, items], rtol=1e-5)


def test_a_followed_mixture_comes_back_from_its_state() -> None:
    rng = generator(0, "world")
    rows = [rng.integers(0, 20, rng.integers(3, 8)).tolist() for _ in range(60)]
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(20))
    experts = {
        "item_knn": ItemKNN().fit(train, generator(0, "a")),
        "als": ALS(dimension=4).fit(train, generator(0, "b")),
    }
    queries = QueryBatch.of([[1, 2], [5], []])
    scale = np.array([[0.1, 0.2], [1.5, 0.7]])
    weights = rng.normal(size=(6, 2))
    mixed = MixtureScorer(experts, Weighing(np.array([0.1, 0.0]), np.ones(2), weights, scale))
    again = MixtureScorer.from_state(mixed.state(), train.features)
    np.testing.assert_allclose(again.score(queries), mixed.score(queries), rtol=1e-6)
    assert np.isfinite(mixed.score(queries)).all()


def test_the_strongest_neighbour_of_a_history() -> None:
    histories = Sequences.of([[0, 1], [2], [], [9]])
    found = (
        np.exp(strongest_neighbour(histories, np.array([0.9, 0.5, 0.2], np.float32), 1.0)) - 1e-4
    )
    # The last event weighs 2/3, the one before it 1/3.
    np.testing.assert_allclose(found, [max(0.9 / 3, 0.5 * 2 / 3), 0.2, 0, 0], atol=1e-6)


def test_spread_is_the_deviation_of_the_scores() -> None:
    rng = np.random.default_rng(0)
    items, asked = rng.normal(size=(50, 4)), rng.normal(size=(6, 4))
    covariance = np.cov(items, rowvar=False, bias=True)
    np.testing.assert_allclose(spread(asked, covariance), (asked @ items.T).std(axis=1))


def test_experts_without_an_opinion_of_themselves_count_as_nothing() -> None:
    queries = QueryBatch.of([[0], [1]])
    table = np.ones((N, N))
    np.testing.assert_array_equal(
        certainties([Fixed(table), Sure(table)], queries), [[0, 1], [0, 0]]
    )
