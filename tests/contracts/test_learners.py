"""What every learner and the scorer it makes must do, whatever the maths inside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prismrec.core import Bags, Cases, Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models import validation
from prismrec.models.artifacts import content_hash, read_state, write_state
from prismrec.models.default import learner_by_name
from prismrec.models.registry import LEARNERS, SCORERS, learner, scorer_from_state
from prismrec.models.settings import ModelSettings

N_ITEMS = 30
NAMES = [*sorted(LEARNERS), "hstu", "prism", "sasrec"]
BRIEF = ModelSettings(dimension=16, layers=1, heads=1, history=8, work=0.002)
UNTRIED = ("popularity", "profile", "matrix_factorisation")
"""Learners that have nothing to choose by what validation ranks."""
PROFILE = tuple(f"p={t}" for t in range(5))


def catalogue(n_items: int, *, seed: int = 3) -> ItemFeatures:
    """Items with a text vector and two tokens each; longer catalogues begin with shorter ones."""
    vectors = np.stack([np.random.default_rng([seed, i]).normal(size=8) for i in range(n_items)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    bags = Bags.of([[i % 4, 4 + i % 3] for i in range(n_items)], [f"t={t}" for t in range(7)])
    bare = ItemFeatures.bare(n_items)
    return replace(bare, text_vectors=vectors.astype(np.float32), attributes=bags)


def world(n_users: int = 40, n_items: int = N_ITEMS) -> Interactions:
    rng = np.random.default_rng(11)
    rows = [rng.choice(n_items, rng.integers(1, 9), replace=True).tolist() for _ in range(n_users)]
    sequences = Sequences.of(rows)
    stars = rng.integers(1, 6, len(sequences.items)).astype(np.float32)
    rated = replace(sequences, values=stars)
    profiles = Bags.of([[u % 3, 3 + u % 2] for u in range(n_users)], PROFILE)
    return Interactions(rated, catalogue(n_items), event_types=("rating",), profiles=profiles)


def queries() -> QueryBatch:
    batch = QueryBatch.of([[1, 2, 3], [], [7], [5, 5, 9, 11, 2], [29, 0]])
    weights = batch.histories.weights.copy()
    weights[1] = -1.0
    texts = np.zeros((5, 8), np.float32)
    texts[1, 2] = 1.0
    histories = replace(batch.histories, weights=weights)
    profiles = Bags.of([[0], [1, 4], [], [2, 3], [4]], PROFILE)
    return replace(batch, histories=histories, text_vectors=texts, profiles=profiles)


def fitted(name: str, train: Interactions | None = None, seed: int = 0):
    made = learner(name) if name in LEARNERS else learner_by_name(name, BRIEF)
    return made.fit(train or world(), generator(seed, "fit", name))


@pytest.fixture(params=NAMES, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def scorer(name: str):
    return fitted(name)


def test_the_kind_is_registered_and_equals_the_learner(name, scorer):
    assert scorer.kind in SCORERS
    if name in LEARNERS:
        assert scorer.kind == name
        assert learner(name).name == name


def test_scores_are_finite_float32_of_every_known_item(scorer):
    scores = scorer.score(queries())
    assert scores.shape == (5, N_ITEMS)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_evidence_is_never_negative(scorer):
    if not scorer.log_ready:
        assert (scorer.score(queries()) >= 0).all()
        assert (scorer.parts(queries()) >= 0).all()


def test_parts_sum_to_the_score(scorer):
    parts = scorer.parts(queries())
    assert parts.shape == (5, N_ITEMS, len(scorer.part_names))
    np.testing.assert_allclose(parts.sum(-1), scorer.score(queries()), rtol=1e-5, atol=1e-6)


def test_two_fits_learn_the_same_bytes(name, scorer):
    assert content_hash(fitted(name).state()) == content_hash(scorer.state())


def test_other_data_gives_another_hash(name, scorer):
    if not scorer.state().arrays:
        pytest.skip("learns no arrays")
    other = fitted(name, world(n_users=25, n_items=20))
    assert content_hash(other.state()) != content_hash(scorer.state())


def test_a_written_state_scores_the_same(tmp_path: Path, scorer):
    write_state(scorer.state(), tmp_path)
    again = scorer_from_state(read_state(tmp_path), catalogue(N_ITEMS))
    np.testing.assert_array_equal(again.score(queries()), scorer.score(queries()))
    assert content_hash(again.state()) == content_hash(scorer.state())


def test_a_batch_scores_as_its_queries_do_alone(scorer):
    batch = queries()
    alone = [scorer.score(batch.take(np.array([i])))[0] for i in range(len(batch))]
    np.testing.assert_allclose(np.stack(alone), scorer.score(batch), rtol=1e-4, atol=1e-5)


def test_items_shared_by_all_queries_are_gathered(scorer):
    items = np.array([4, 0, 29, -1], np.int32)
    full = scorer.score(queries())
    want = np.concatenate([full[:, [4, 0, 29]], np.zeros((5, 1), np.float32)], axis=1)
    np.testing.assert_allclose(scorer.score(queries(), items), want, rtol=1e-4, atol=1e-5)


def test_items_by_query_are_gathered_and_padding_scores_zero(scorer):
    items = np.array([[0, 1], [2, -1], [-1, -1], [29, 3], [5, 5]], np.int32)
    full = scorer.score(queries())
    want = np.where(items >= 0, np.take_along_axis(full, np.maximum(items, 0), axis=1), 0)
    np.testing.assert_allclose(scorer.score(queries(), items), want, rtol=1e-4, atol=1e-5)
    parts = scorer.parts(queries(), items)
    assert parts.shape == (5, 2, len(scorer.part_names))
    np.testing.assert_allclose(parts.sum(-1), want, rtol=1e-4, atol=1e-5)


def places(first, last):
    return np.arange(first, last, dtype=np.int32)


def test_only_what_changed_is_computed_anew_and_equals_computing_all(scorer):
    """An item that got another text and bag, and one that came: as a scorer that knew no better."""
    before = catalogue(N_ITEMS + 1)
    texts = before.text_vectors.copy()
    texts[2] = texts[5]
    rows = [before.attributes.row(i) for i in range(N_ITEMS + 1)]
    rows[2] = rows[5]
    after = replace(before, text_vectors=texts, attributes=Bags.of(rows, before.attributes.names))
    scorer.score(queries())
    grown = scorer.extended(after, np.array([2, N_ITEMS], np.int32))
    want = scorer_from_state(scorer.state(), after)
    for items in (None, np.array([2, 5, N_ITEMS], np.int32)):
        np.testing.assert_allclose(
            grown.parts(queries(), items), want.parts(queries(), items), rtol=1e-5, atol=1e-6
        )


def test_new_items_leave_the_old_scores_alone(scorer):
    longer = scorer.extended(catalogue(N_ITEMS + 6), places(N_ITEMS, N_ITEMS + 6))
    scores = longer.score(queries())
    assert scores.shape == (5, N_ITEMS + 6)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores[:, :N_ITEMS], scorer.score(queries()), rtol=1e-5, atol=1e-6)
    assert scorer.score(queries()).shape == (5, N_ITEMS)


def test_a_release_opens_on_a_catalogue_that_has_grown(scorer):
    grown = catalogue(N_ITEMS + 6)
    opened = scorer_from_state(scorer.state(), grown)
    want = scorer.extended(grown, places(N_ITEMS, N_ITEMS + 6)).score(queries())
    np.testing.assert_allclose(opened.score(queries()), want, rtol=1e-6)


def test_a_history_of_items_that_came_later_is_no_error(scorer):
    longer = scorer.extended(catalogue(N_ITEMS + 6), places(N_ITEMS, N_ITEMS + 6))
    scores = longer.score(QueryBatch.of([[N_ITEMS + 2], [3, N_ITEMS + 5]]))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    "rows",
    [[[0, 1, 2]], [[0], [0], [0]], [[]], [[], [1, 2], []], []],
    ids=["one-user", "one-item", "no-events", "empty-rows", "no-users"],
)
def test_small_worlds_still_give_a_scorer(name, rows):
    n_items = max((item for row in rows for item in row), default=0) + 1
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(n_items))
    scorer = fitted(name, train)
    scores = scorer.score(QueryBatch.of([[0], []]))
    assert scores.shape == (2, n_items)
    assert np.isfinite(scores).all()


def test_an_empty_catalogue_scores_nothing(name):
    scorer = fitted(name, Interactions(Sequences.of([[]]), ItemFeatures.bare(0)))
    assert scorer.score(QueryBatch.of([[]])).shape == (1, 0)
    assert scorer.extended(catalogue(3), places(0, 3)).score(QueryBatch.of([[1]])).shape == (1, 3)


def test_no_queries_give_no_rows(scorer):
    assert scorer.score(QueryBatch.of([])).shape == (0, N_ITEMS)
    assert scorer.parts(QueryBatch.of([])).shape == (0, N_ITEMS, len(scorer.part_names))


def test_text_that_arrives_later_is_used_or_ignored_but_never_fatal(name):
    train = replace(world(), features=ItemFeatures.bare(N_ITEMS))
    scorer = fitted(name, train)
    assert np.isfinite(scorer.score(queries())).all()
    assert np.isfinite(
        scorer.extended(catalogue(N_ITEMS + 1), places(0, N_ITEMS + 1)).score(queries())
    ).all()


@pytest.mark.parametrize("wanted", [True, False])
def test_validation_asks_for_what_was_had_only_where_it_may_come_again(name, wanted, monkeypatch):
    """Nobody in the training data takes anything twice, so the data alone says no."""
    asked, score = set(), validation.ranks_of
    monkeypatch.setattr(validation, "ranks_of", lambda *told: asked.add(told[2]) or score(*told))
    rows = [np.random.default_rng(u).permutation(N_ITEMS)[:8].tolist() for u in range(40)]
    train = replace(world(), sequences=Sequences.of(rows), event_types=("event",))
    again = Cases(
        train.queries(),
        np.array([row[0] for row in rows], np.int32),
        np.arange(40, dtype=np.int32),
        np.zeros(40, bool),
        np.zeros(40, bool),
    )
    made = learner_by_name(name, BRIEF, repeats=wanted)
    scorer = made.fit(train, generator(0, "fit"), validation=again)
    assert asked == (set() if name in UNTRIED else {wanted})
    assert np.isfinite(scorer.score(again.queries)).all()
