"""The multi-view transformer on toy worlds in which the right answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import nn

from prismrec.core import (
    Bags,
    Cases,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    TrainingDiverged,
    generator,
)
from prismrec.models.sequence.inputs import Windows
from prismrec.models.sequence.prism import TEXT_SCALE, Prism, PrismScorer, whiten
from prismrec.models.settings import ModelSettings
from prismrec.models.validation import mask_history

N = 12
SMALL = ModelSettings(
    dimension=16, layers=1, heads=1, history=8, dropout=0.0, negatives=12, batch=64,
    learning_rate=0.01, work=0.03, patience=100,
)  # fmt: skip


def circle(users: int = 40, length: int = 7, n: int = N) -> Interactions:
    """Everybody walks round a circle of n items: after i comes i + 1."""
    rows = [[(u + t) % n for t in range(length)] for u in range(users)]
    return Interactions(Sequences.of(rows), ItemFeatures.bare(n))


def with_views(data: Interactions, seed: int = 0) -> Interactions:
    """The same with text vectors and one attribute an item; the last item has neither."""
    n, rng = data.n_items, np.random.default_rng(seed)
    text = rng.normal(size=(n, 8)).astype(np.float32)
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    text[-1] = 0
    bags = Bags.of([[i % 4] for i in range(n - 1)] + [[]], [f"brand={b}" for b in "abcd"])
    return replace(data, features=replace(data.features, text_vectors=text, attributes=bags))


@pytest.fixture(scope="module")
def walker() -> PrismScorer:
    return Prism(SMALL).fit(with_views(circle()), generator(1, "fit"))


def test_learns_what_comes_next(walker: PrismScorer) -> None:
    queries = QueryBatch.of([[(i - 1) % N, i] for i in range(N)])
    assert walker.score(queries).argmax(1).tolist() == [(i + 1) % N for i in range(N)]


def test_order_matters(walker: PrismScorer) -> None:
    forth, back = walker.score(QueryBatch.of([[3, 4], [4, 3]]))
    assert forth.argmax() == 5
    assert not np.allclose(forth, back, atol=0.1)


def test_parts_sum_to_the_score(walker: PrismScorer) -> None:
    queries = QueryBatch.of([[0, 1], [5], []])
    assert walker.part_names == ("identity", "text", "attributes")
    np.testing.assert_allclose(walker.parts(queries).sum(-1), walker.score(queries), atol=1e-5)


def test_candidates_score_as_in_the_full_ranking(walker: PrismScorer) -> None:
    queries = QueryBatch.of([[0, 1], [5, 6, 7]])
    full = walker.score(queries)
    shared = np.array([7, 2, 8], np.int32)
    own = np.array([[1, 2, -1], [8, 0, 3]], np.int32)
    np.testing.assert_allclose(walker.score(queries, shared), full[:, shared], atol=1e-5)
    expected = np.take_along_axis(full, np.maximum(own, 0), 1) * (own >= 0)
    np.testing.assert_allclose(walker.score(queries, own), expected, atol=1e-5)
    np.testing.assert_allclose(walker.parts(queries, own).sum(-1), expected, atol=1e-5)


def test_score_is_a_product_of_vectors(walker: PrismScorer) -> None:
    queries = QueryBatch.of([[0, 1], [5, 6, 7]])
    product = walker.query_vectors(queries) @ walker.item_vectors().T
    np.testing.assert_allclose(product, walker.score(queries), atol=1e-5)


def test_an_empty_history_scores_zero(walker: PrismScorer) -> None:
    assert not walker.score(QueryBatch.of([[]])).any()


def test_refused_events_are_not_read(walker: PrismScorer) -> None:
    plain = QueryBatch.of([[0, 1]])
    refused = QueryBatch.of([[0, 9, 1]])
    weights = np.array([1, -1, 1], np.float32)
    refused = replace(refused, histories=replace(refused.histories, weights=weights))
    np.testing.assert_allclose(walker.score(plain), walker.score(refused), atol=1e-6)


def test_a_batch_scores_as_its_queries_alone(walker: PrismScorer) -> None:
    rows = [[0], [1, 2, 3, 4, 5], [7, 8]]
    alone = np.concatenate([walker.score(QueryBatch.of([row])) for row in rows])
    np.testing.assert_allclose(walker.score(QueryBatch.of(rows)), alone, atol=1e-5)


def test_a_missing_view_has_no_weight_and_no_part(walker: PrismScorer) -> None:
    weights = walker.gate_weights(QueryBatch.of([[0], [N - 1]]))
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert (weights[0] > 0).all()
    assert weights[1].tolist() == [1.0, 0.0, 0.0]
    parts = walker.parts(QueryBatch.of([[0, 1]]))[0]
    assert parts[N - 1, 1:].tolist() == [0.0, 0.0]


def gate_of(items: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Mean weights of the identity and of the behaviour view, learned in a world of (u, l) events
    with 6 items and 6 types."""
    sequences = replace(Sequences.of(items.tolist()), kinds=kinds.ravel().astype(np.int16))
    data = Interactions(sequences, ItemFeatures.bare(6), event_types=tuple("abcdef"))
    scorer = Prism(replace(SMALL, work=0.05)).fit(data, generator(2, "fit"))
    assert scorer.model.event_views == ("identity", "behaviour")
    return scorer.gate_weights(data.queries().take(np.arange(50))).mean(0)


def test_the_gate_turns_from_noise_to_information() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 6, (200, 7))
    walk = (np.arange(200)[:, None] + np.arange(7)) % 6
    assert gate_of(items=walk, kinds=noise)[1] < 0.4  # identity says what comes next
    told = np.roll(noise, -1, axis=1)  # the type of each event names the item after it
    assert gate_of(items=noise, kinds=told)[1] > 0.6


def test_new_items_are_scored_by_their_text_and_old_scores_stay(walker: PrismScorer) -> None:
    features = with_views(circle()).features
    text = features.text_vectors
    assert text is not None
    more = ItemFeatures(
        np.vstack([text, text[4:5]]),
        Bags.of([*(features.attributes.row(i) for i in range(N)), [0]], features.attributes.names),
        np.full(N + 1, np.nan), np.full(N + 1, -1, np.int64), np.ones(N + 1, bool),
    )  # fmt: skip
    queries = QueryBatch.of([[2, 3]])
    larger = walker.extended(more, np.array([N], np.int32))
    np.testing.assert_allclose(larger.score(queries)[:, :N], walker.score(queries), atol=1e-5)
    parts = larger.parts(queries)[0]
    assert parts[N, 0] == 0
    np.testing.assert_allclose(parts[N, 1:], parts[4, 1:], atol=1e-5)
    assert larger.score(QueryBatch.of([[2, N]])).shape == (1, N + 1)
    assert walker.score(QueryBatch.of([[2, N]])).shape == (1, N)


def test_state_gives_back_the_same_scorer(walker: PrismScorer) -> None:
    again = PrismScorer.from_state(walker.state(), walker.features)
    queries = QueryBatch.of([[0, 1], [5]])
    assert np.array_equal(again.score(queries), walker.score(queries))


def test_the_same_seed_gives_the_same_model_whatever_torch_did_before() -> None:
    brief = replace(SMALL, work=0.002, dropout=0.3)
    torch.manual_seed(5)
    one = Prism(brief).fit(circle(), generator(3, "fit"))
    after = torch.rand(1)
    torch.manual_seed(6)
    two = Prism(brief).fit(circle(), generator(3, "fit"))
    assert np.array_equal(one.item_vectors(), two.item_vectors())
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(1))


def test_a_warm_start_keeps_what_was_learned_and_takes_new_items(walker: PrismScorer) -> None:
    data = with_views(circle(n=N + 1))
    bare = replace(SMALL, work=0.0005)
    warm = Prism(bare).fit(data, generator(4, "fit"), start=walker)
    cold = Prism(bare).fit(data, generator(4, "fit"))
    queries = QueryBatch.of([[i, i + 1] for i in range(N - 3)])
    right = np.arange(N - 3) + 2
    assert warm.score(queries).shape == (N - 3, N + 1)
    assert (warm.score(queries).argmax(1) == right).mean() > 0.6
    chances = [softmax(s.score(queries), axis=1)[np.arange(N - 3), right] for s in (warm, cold)]
    assert chances[0].mean() > 0.9 > chances[1].mean()


def test_an_infinite_loss_is_refused() -> None:
    with pytest.raises(TrainingDiverged, match="not a finite number"):
        Prism(replace(SMALL, learning_rate=1e30)).fit(circle(), generator(5, "fit"))


def test_validation_keeps_the_best_weights_and_stops_early() -> None:
    data = circle()
    queries = QueryBatch.of([[i, (i + 1) % N] for i in range(N)])
    targets = ((np.arange(N) + 2) % N).astype(np.int32)
    none = np.zeros(N, bool)
    cases = Cases(queries, targets, np.arange(N, dtype=np.int32), none, none)
    rounds: list[object] = []
    settings = replace(SMALL, patience=3)
    scorer = Prism(settings, report=rounds.append).fit(data, generator(6, "fit"), validation=cases)
    scores = scorer.score(queries)
    mask_history(scores, queries)
    assert (scores.argmax(1) == targets).all()
    assert len(rounds) < settings.work * 1e6 / 240


def test_behaviour_and_time_are_views_where_the_data_has_them() -> None:
    data = circle()
    sequences = data.sequences
    kinds = (np.arange(len(sequences.items)) % 2).astype(np.int16)
    times = sequences.times * 60_000
    timed = replace(sequences, kinds=kinds, times=times)
    data = replace(data, sequences=timed, event_types=("view", "buy"), has_clock=True)
    scorer = Prism(replace(SMALL, work=0.002)).fit(data, generator(7, "fit"))
    assert scorer.model.event_views == ("identity", "behaviour", "time")
    assert np.isfinite(scorer.score(data.queries())).all()


def test_nothing_to_learn_from_is_still_a_scorer() -> None:
    data = Interactions(Sequences.of([[0], []]), ItemFeatures.bare(3))
    scorer = Prism(SMALL).fit(data, generator(8, "fit"))
    assert np.isfinite(scorer.score(QueryBatch.of([[0], [2], []]))).all()


def test_every_event_is_predicted_once_from_an_earlier_time() -> None:
    """Three rows, one of them with baskets larger than a window."""
    times = [[0, 1, 1, 1, 1, 2], [5], [3, 3, 4, 6, 6]]
    rows = [[10, 11, 12, 13, 14, 15], [20], [30, 31, 32, 33, 34]]
    sequences = replace(Sequences.of(rows), times=np.array([t for row in times for t in row]))
    windows = Windows(sequences, 2, clock=True)
    told = set()
    for task in windows.epoch(np.random.default_rng(0), 3):
        read = task.batch.items[task.rows, task.columns]
        told |= {(int(r), int(t)) for r, t in zip(read, task.targets, strict=True)}
    assert told == {(10, 11), (10, 12), (10, 13), (10, 14), (14, 15), (31, 32), (32, 33), (32, 34)}
    assert windows.predictions == len(told)
    without = Windows(sequences, 2, clock=False)
    assert without.predictions == 5 + 0 + 4


def test_the_text_view_starts_from_the_principal_directions_of_the_catalogue() -> None:
    """Before any event: equal variance in every direction, nothing of what all texts share."""
    rng = np.random.default_rng(4)
    texts = (rng.normal(size=(300, 12)) @ rng.normal(size=(12, 12)) + 5).astype(np.float32)
    layer = nn.Linear(12, 4)
    whiten(layer, texts)
    started = layer(torch.from_numpy(texts)).detach().numpy()
    np.testing.assert_allclose(started.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(started.T), TEXT_SCALE**2 * np.eye(4), atol=2e-3)


def test_a_release_from_before_the_bias_opens(walker: PrismScorer) -> None:
    state = walker.state()
    arrays = {k: v for k, v in state.arrays.items() if k != "model.text.bias"}
    opened = PrismScorer.from_state(replace(state, arrays=arrays), walker.features)
    assert not opened.model.text.bias.any()
    assert np.isfinite(opened.score(QueryBatch.of([[1, 2]]))).all()
