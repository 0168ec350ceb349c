"""Views beyond the usual ones, profiles and named vectors; and views that are missing or wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from prismrec.core import (
    BadSettings,
    Bags,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    generator,
)
from prismrec.models.artifacts import content_hash
from prismrec.models.sequence.inputs import Windows
from prismrec.models.sequence.model import Hide
from prismrec.models.sequence.people import Spelling
from prismrec.models.sequence.prism import Prism, PrismScorer
from prismrec.models.settings import ModelSettings

N = 12
HALF = N // 2
SMALL = ModelSettings(
    dimension=16, layers=1, heads=1, history=8, dropout=0.0, negatives=12, batch=64,
    learning_rate=0.01, work=0.012, patience=100,
)  # fmt: skip
NAMES = ("team=red", "team=blue", "age=40")


def teams(users: int = 40, length: int = 9) -> Interactions:
    """The red begin at 0 and walk up among the first half, the blue at 6 among the second."""
    rows = [[HALF * (u % 2) + t % HALF for t in range(length)] for u in range(users)]
    profiles = Bags.of([[u % 2, 2] for u in range(users)], NAMES)
    return Interactions(Sequences.of(rows), ItemFeatures.bare(N), profiles=profiles)


def asked_by(profiles: list[list[int]], names: tuple[str, ...] = NAMES) -> QueryBatch:
    """People without any event."""
    return replace(QueryBatch.of([[]] * len(profiles)), profiles=Bags.of(profiles, names))


@pytest.fixture(scope="module", params=["transformer", "hstu"])
def team_player(request: pytest.FixtureRequest) -> PrismScorer:
    return Prism(SMALL, layer=request.param).fit(teams(), generator(0, "fit"))


def test_a_profile_answers_where_there_is_no_event(team_player: PrismScorer) -> None:
    scores = team_player.score(asked_by([[0], [1, 2]]))
    assert scores.argmax(1).tolist() == [0, HALF]
    parts = team_player.parts(asked_by([[0], [1, 2]]))
    np.testing.assert_allclose(parts.sum(-1), scores, atol=1e-5)


def test_whom_nothing_is_known_of_scores_zero(team_player: PrismScorer) -> None:
    assert not team_player.score(asked_by([[]])).any()
    assert not team_player.score(QueryBatch.of([[]])).any()
    assert not team_player.score(asked_by([[0]], ("height=tall",))).any()


def test_events_are_read_without_a_profile_too(team_player: PrismScorer) -> None:
    queries = QueryBatch.of([[0, 1], [HALF, HALF + 1, HALF + 2]])
    assert team_player.score(queries).argmax(1).tolist() == [2, HALF + 3]
    batch = replace(queries, profiles=Bags.of([[0], []], NAMES))
    assert team_player.score(batch).argmax(1).tolist() == [2, HALF + 3]
    np.testing.assert_allclose(team_player.score(batch)[1], team_player.score(queries)[1])


def test_profiles_are_read_by_spelling(team_player: PrismScorer) -> None:
    turned = ("age=40", "hat", "team=blue", "team=red")
    same = team_player.score(asked_by([[3, 1], [0, 2]], turned))
    np.testing.assert_array_equal(same, team_player.score(asked_by([[0], [2, 1]])))


def test_a_warm_start_keeps_what_profiles_mean(team_player: PrismScorer) -> None:
    data = teams()
    turned = ("age=40", "hat", "team=blue", "team=red")
    bags = Bags.of([[3 - u % 2, 0] for u in range(data.n_users)], turned)
    settings = replace(SMALL, work=1e-5, learning_rate=1e-9)
    layer = team_player.model.shape.layer
    warm = Prism(settings, layer=layer).fit(
        replace(data, profiles=bags), generator(1, "fit"), start=team_player
    )
    assert warm.spelling.names == (*NAMES, "hat")
    assert warm.score(asked_by([[0], [1]])).argmax(1).tolist() == [0, HALF]


def test_the_state_of_a_model_with_profiles_gives_it_back(team_player: PrismScorer) -> None:
    again = PrismScorer.from_state(team_player.state(), team_player.features)
    np.testing.assert_array_equal(again.score(asked_by([[1]])), team_player.score(asked_by([[1]])))
    assert content_hash(again.state()) == content_hash(team_player.state())


def test_a_long_history_and_a_profile_fit_together(team_player: PrismScorer) -> None:
    rows = [[t % HALF for t in range(20)]]
    asked = replace(QueryBatch.of(rows), profiles=Bags.of([[0]], NAMES))
    assert team_player.score(asked).argmax() == 20 % HALF


def test_with_profiles_the_first_event_is_predicted_too() -> None:
    """Three people, the second unknown; windows of two events."""
    sequences = Sequences.of([[10, 11, 12, 13, 14], [20, 21], [30], []])
    people = Spelling(("a",)).read(Bags.of([[0], [], [0], [0]], ("a",)), 4)
    windows = Windows(sequences, 2, clock=False, people=people)
    told = set()
    for task in windows.epoch(np.random.default_rng(0), 3):
        read = np.where(task.columns >= 0, task.batch.items[task.rows, task.columns], -1)
        told |= {(int(r), int(t)) for r, t in zip(read, task.targets, strict=True)}
    assert told == {(-1, 10), (10, 11), (11, 12), (12, 13), (13, 14), (20, 21), (-1, 30)}
    assert windows.predictions == len(told)


# -- named vectors --------------------------------------------------------------------------------


def pictured(data: Interactions, seed: int = 0) -> Interactions:
    """Items with pictures of length 30, but for the last, and a sound."""
    rng = np.random.default_rng(seed)
    pictures = (30 * rng.normal(size=(data.n_items, 8))).astype(np.float32)
    pictures[-1] = 0
    sounds = rng.normal(size=(data.n_items, 3)).astype(np.float32)
    vectors = {"v1.image": pictures, "audio": sounds}
    return replace(data, features=replace(data.features, vectors=vectors))


@pytest.fixture(scope="module")
def seer() -> PrismScorer:
    rows = [[(u + t) % N for t in range(7)] for u in range(40)]
    data = Interactions(Sequences.of(rows), ItemFeatures.bare(N))
    return Prism(SMALL).fit(pictured(data), generator(1, "fit"))


def test_each_named_vector_is_a_part_of_the_score(seer: PrismScorer) -> None:
    assert seer.part_names == ("identity", "media:audio", "media:v1.image")
    queries = QueryBatch.of([[0, 1], [5], []])
    scores, parts = seer.score(queries), seer.parts(queries)
    assert scores[:2].argmax(1).tolist() == [2, 6]
    np.testing.assert_allclose(parts.sum(-1), scores, atol=1e-5)
    assert np.abs(parts[:2, :-1]).max(axis=(0, 1)).min() > 0.05  # all three say something
    assert not parts[:, -1, 2].any()  # of the item without a picture


def test_an_item_without_a_named_vector_has_no_weight_for_it(seer: PrismScorer) -> None:
    weights = seer.gate_weights(QueryBatch.of([[0], [N - 1]]))
    assert (weights[0] > 0).all()
    assert weights[1, 2] == 0
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)


def test_named_vectors_may_be_missing_later_or_be_others(seer: PrismScorer) -> None:
    queries = QueryBatch.of([[0, 1]])
    for vectors in ({}, {"audio": np.ones((N, 9), np.float32)}):
        bare = replace(seer.features, vectors=vectors)
        lacking = PrismScorer(seer.model, seer.known, bare)
        assert np.isfinite(lacking.score(queries)).all()
        assert not lacking.parts(queries)[..., 1:].any()


def test_a_new_item_is_scored_by_its_picture(seer: PrismScorer) -> None:
    vectors = {name: np.vstack([v, v[4:5]]) for name, v in seer.features.vectors.items()}
    more = replace(ItemFeatures.bare(N + 1), vectors=vectors)
    parts = seer.extended(more, np.array([N], np.int32)).parts(QueryBatch.of([[2, 3]]))[0]
    assert parts[N, 0] == 0
    np.testing.assert_allclose(parts[N, 1:], parts[4, 1:], atol=1e-5)


def test_the_heads_of_old_views_stay_with_them(seer: PrismScorer) -> None:
    """A third named vector, in the order between the two."""
    rows = [[(u + t) % N for t in range(7)] for u in range(40)]
    data = pictured(Interactions(Sequences.of(rows), ItemFeatures.bare(N)))
    features = data.features
    video = np.random.default_rng(5).normal(size=(N, 4)).astype(np.float32)
    more = replace(features, vectors={**features.vectors, "scent": video})
    bare = replace(SMALL, work=1e-5, learning_rate=1e-9)
    warm = Prism(bare).fit(replace(data, features=more), generator(2, "fit"), start=seer)
    assert warm.part_names == ("identity", "media:audio", "media:scent", "media:v1.image")
    old, new = seer.model.heads, warm.model.heads
    torch.testing.assert_close(new[[0, 1, 3]], old, atol=1e-5, rtol=0)
    torch.testing.assert_close(new[2], torch.eye(16), atol=1e-5, rtol=0)


# -- views that are missing or wrong --------------------------------------------------------------


def test_views_are_hidden_in_training_alone_and_each_as_a_whole() -> None:
    hide = Hide(0.25)
    hide.noise = np.random.default_rng(0)
    present = torch.ones(5, 3, dtype=torch.bool)
    assert hide.eval()(present).all()
    seen = torch.stack([hide.train()(present) for _ in range(400)])
    assert (seen == seen[:, :1]).all()  # all rows alike
    assert 0.2 < 1 - seen[:, 0].float().mean() < 0.3


def test_a_model_trained_with_hidden_views_does_without_them() -> None:
    """People stay in one group of items; only text and attributes tell which it is."""
    groups, each, rng = 6, 6, np.random.default_rng(0)
    rows = [(g * each + rng.permutation(each)[:4]).tolist() for g in np.arange(120) % groups]
    text = np.repeat(np.eye(groups, dtype=np.float32), each, axis=0)
    bags = Bags.of([[i // each] for i in range(groups * each)], [f"g={g}" for g in range(groups)])
    features = replace(ItemFeatures.bare(groups * each), text_vectors=text, attributes=bags)
    data = Interactions(Sequences.of(rows), features)
    scorer = Prism(replace(SMALL, view_dropout=0.3)).fit(data, generator(6, "fit"))
    queries = QueryBatch.of([[g * each, g * each + 1] for g in range(groups)])
    for bare in (replace(features, text_vectors=None), ItemFeatures.bare(groups * each)):
        scores = PrismScorer(scorer.model, scorer.known, bare).score(queries)
        best = np.argsort(-scores, axis=1)[:, :each]
        assert (best // each == np.arange(groups)[:, None]).mean() > 0.9


def test_view_dropout_is_a_share() -> None:
    with pytest.raises(BadSettings, match="view_dropout"):
        ModelSettings(view_dropout=1.0)


def test_of_two_views_that_conflict_the_right_one_is_believed() -> None:
    """People wander in one group of items. One view tells the group; the other calls those items
    alike that never come one after the other. Whichever of the two is right is weighed."""
    groups, each, rng = 20, 10, np.random.default_rng(0)
    rows = [
        (g * each + rng.integers(each, size=8)).tolist() for g in rng.integers(groups, size=200)
    ]
    item = np.arange(groups * each)
    right, wrong = item // each, item % each
    settings = ModelSettings(dimension=16, layers=1, heads=1, history=8, dropout=0.2, work=0.015)
    for in_text, in_attributes in ((right, wrong), (wrong, right)):
        text = np.eye(groups, dtype=np.float32)[in_text]
        bags = Bags.of([[a] for a in in_attributes], [f"a={a}" for a in range(groups)])
        features = replace(ItemFeatures.bare(len(item)), text_vectors=text, attributes=bags)
        data = Interactions(Sequences.of(rows), features)
        scorer = Prism(settings).fit(data, generator(7, "fit"))
        weights = dict(
            zip(scorer.model.event_views, scorer.gate_weights(data.queries()).mean(0), strict=True)
        )
        believed, doubted = ("text", "attributes") if in_text is right else ("attributes", "text")
        assert weights[believed] > 0.3
        assert weights[doubted] < 0.05
