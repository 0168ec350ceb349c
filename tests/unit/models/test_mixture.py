"""The mixture: exact parts, weights that follow the evidence, and a guard."""

from __future__ import annotations

import numpy as np
import pytest

from prismrec.core import Cases, ItemFeatures, QueryBatch, generator
from prismrec.models.mixture.fit import KNOWN, fit_mixture, with_shorter
from prismrec.models.mixture.scorer import MixtureScorer
from prismrec.models.validation import ndcg_of
from unit.models.fixed import Fixed, N, cases_of


def half_worlds() -> tuple[np.ndarray, np.ndarray, Cases]:
    """After item i comes i + 1 or i + 2 (mod N); one expert knows the even, one the odd items."""
    rng = np.random.default_rng(0)
    last = np.tile(np.arange(N), 20)
    target = (last + 1 + (np.arange(len(last)) // N) % 2) % N
    even, odd = rng.random((N, N)) * 0.2, rng.random((N, N)) * 0.2
    for i in range(N):
        for step in (1, 2):
            (odd if (i + step) % 2 else even)[i, (i + step) % N] = 1
    return even, odd, cases_of(target, [[int(i)] for i in last])


@pytest.fixture(scope="module")
def mixed() -> MixtureScorer:
    even, odd, cases = half_worlds()
    logits = np.log(odd + 0.01)
    experts = {"even": Fixed(even), "odd": Fixed(logits, log_ready=True)}
    return fit_mixture(experts, cases, False, generator(1, "mix"))


def test_beats_experts_that_know_half_each() -> None:
    even, odd, cases = half_worlds()
    experts = {"even": Fixed(even), "odd": Fixed(odd)}
    scorer = fit_mixture(experts, cases, False, generator(1, "mix"))
    alone = [ndcg_of(expert, cases, False).mean() for expert in experts.values()]
    assert ndcg_of(scorer, cases, False).mean() > max(alone) + 0.1


def test_parts_sum_to_the_score_and_name_the_views(mixed: MixtureScorer) -> None:
    queries = QueryBatch.of([[0], [1, 2], []])
    assert mixed.part_names == ("even.head", "even.tail", "odd.head", "odd.tail")
    parts, score = mixed.parts(queries), mixed.score(queries)
    np.testing.assert_allclose(parts.sum(-1), score, atol=1e-5)
    np.testing.assert_allclose(parts[..., 0] * 3, parts[..., 1], atol=1e-5)


def test_candidates_rank_as_in_the_full_ranking(mixed: MixtureScorer) -> None:
    queries = QueryBatch.of([[0], [7], [3, 4]])
    full = mixed.score(queries)
    shared = np.array([9, 1, 22, 2], np.int32)
    np.testing.assert_allclose(mixed.score(queries, shared), full[:, shared], rtol=1e-6)
    own = np.array([[1, 2, -1], [8, 9, 0], [5, -1, -1]], np.int32)
    expected = np.take_along_axis(full, np.maximum(own, 0), 1) * (own >= 0)
    np.testing.assert_allclose(mixed.score(queries, own), expected, rtol=1e-6)
    np.testing.assert_allclose(mixed.parts(queries, own).sum(-1), expected, atol=1e-5)


def test_no_evidence_is_finite_and_zero(mixed: MixtureScorer) -> None:
    assert mixed.score(QueryBatch.of([[]])).tolist() == [[0.0] * N]


def test_an_expert_of_noise_goes() -> None:
    even, odd, cases = half_worlds()
    noise = np.random.default_rng(9).random((N, N))
    experts = {"both": Fixed(np.maximum(even, odd)), "noise": Fixed(noise)}
    scorer = fit_mixture(experts, cases, False, generator(1, "mix"))
    assert list(scorer.experts) == ["both"]


def test_few_cases_move_the_weights_less_than_many() -> None:
    """`one` is right three times as often as `five`; how far it is trusted grows with the cases."""
    rng = np.random.default_rng(3)
    one, five = (np.eye(N)[(np.arange(N) + step) % N] + rng.random((N, N)) for step in (1, 5))
    trust = [0.5]  # the equal weight
    for copies in (2, 4, 60):
        last = np.tile(np.arange(N), copies)
        target = (last + np.where(rng.random(len(last)) < 0.75, 1, 5)) % N
        cases = cases_of(target, [[int(i)] for i in last])
        experts = {"one": Fixed(one), "five": Fixed(five)}
        mixture = fit_mixture(experts, cases, False, generator(1, "mix"))
        trust.append(float(mixture.query_weights(QueryBatch.of([[3]]))[0, 0]))
    assert trust == sorted(trust)
    assert trust[3] > 2 * trust[1]


def test_weights_depend_on_the_query_where_the_data_does() -> None:
    """Short histories go on by `one`, long ones by `two`."""
    one, two = np.eye(N)[(np.arange(N) + 1) % N], np.eye(N)[(np.arange(N) + 5) % N]
    last = np.tile(np.arange(N), 20)
    long = np.arange(len(last)) // N % 2 == 1
    target = (last + np.where(long, 5, 1)) % N
    histories = [[int(i)] * (32 if is_long else 1) for i, is_long in zip(last, long, strict=True)]
    experts = {"one": Fixed(one), "two": Fixed(two)}
    scorer = fit_mixture(experts, cases_of(target, histories), False, generator(1, "mix"))
    short, lengthy = scorer.query_weights(QueryBatch.of([[3], [3] * 32]))
    assert short[0] > short[1]
    assert lengthy[1] > lengthy[0]


def test_without_cases_every_expert_weighs_the_same_or_as_lent(mixed: MixtureScorer) -> None:
    even, odd, _ = half_worlds()
    experts = {"even": Fixed(even), "odd": Fixed(odd)}
    queries = QueryBatch.of([[3]])
    same = fit_mixture(experts, None, False, generator(1, "mix")).query_weights(queries)
    assert same[0, 0] == same[0, 1] > 0
    lent = fit_mixture(experts, None, False, generator(1, "mix"), lent=mixed)
    assert np.array_equal(lent.query_weights(queries), mixed.query_weights(queries))


def test_extended_keeps_old_scores(mixed: MixtureScorer) -> None:
    queries = QueryBatch.of([[0], [4]])
    larger = mixed.extended(ItemFeatures.bare(N + 2), np.array([N, N + 1], np.int32))
    assert larger.score(queries).shape == (2, N + 2)
    assert np.array_equal(larger.score(queries)[:, :N], mixed.score(queries))


def test_state_holds_weights_and_children(mixed: MixtureScorer) -> None:
    state = mixed.state()
    assert set(state.children) == {"even", "odd"}
    assert np.array_equal(state.arrays["weights"], mixed.weighing.weights)


def test_some_cases_are_asked_again_with_less_of_their_history() -> None:
    cases = cases_of(np.arange(400) % N, [list(range(i % 9)) for i in range(400)])
    asked = with_shorter(cases, generator(1, "cut"))
    again = asked.queries.histories
    assert 400 < len(asked) < 600
    first = again.take(np.arange(400))
    np.testing.assert_array_equal(first.items, cases.queries.histories.items)
    for row in range(400, len(asked)):
        whole = cases.queries.histories.take(np.array([asked.clusters[row]])).items
        left = again.take(np.array([row])).items
        assert len(left) == len(whole) or len(left) in KNOWN
        np.testing.assert_array_equal(left, whole[len(whole) - len(left) :])
        assert asked.targets[row] == cases.targets[asked.clusters[row]]
    assert (again.lengths[400:] < cases.queries.histories.lengths[asked.clusters[400:]]).any()
