"""The default model on every kind of data that a stranger may bring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import (
    BadSettings,
    Bags,
    Cases,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    generator,
)
from prismrec.models.artifacts import content_hash
from prismrec.models.default import NAMES, Facts, default_learner, experts_for, learner_by_name
from prismrec.models.mixture.scorer import MixtureScorer
from prismrec.models.settings import ModelSettings

TINY = ModelSettings(
    dimension=16, layers=1, heads=1, history=10, dropout=0.1, negatives=30, batch=256,
    learning_rate=0.01, work=0.01,
)  # fmt: skip


def walkers(users: int, n: int, length: int = 8, *, clock: bool = False) -> Interactions:
    rows = [[(3 * u + t) % n for t in range(length)] for u in range(users)]
    sequences = Sequences.of(rows)
    if clock:
        sequences = replace(sequences, times=sequences.times * 3_600_000 + 10**12)
    return Interactions(sequences, ItemFeatures.bare(n), has_clock=clock)


def described(data: Interactions) -> Interactions:
    rng, n = np.random.default_rng(0), data.n_items
    text = rng.normal(size=(n, 8)).astype(np.float32)
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    bags = Bags.of([[i % 3] for i in range(n)], ["brand=a", "brand=b", "brand=c"])
    return replace(data, features=replace(data.features, text_vectors=text, attributes=bags))


def last_ones(data: Interactions) -> tuple[Interactions, Cases]:
    """The last event of each user as a case, the rest to train on."""
    events = data.sequences
    last = events.indptr[1:] - 1
    keep = np.ones(len(events.items), bool)
    keep[last] = False
    train = replace(data, sequences=events.where(keep))
    none = np.zeros(len(last), bool)
    people = np.arange(len(last), dtype=np.int32)
    return train, Cases(train.queries(), events.items[last], people, none, none)


@pytest.mark.parametrize(
    "data",
    [
        walkers(3, 5, 4),
        walkers(1, 1, 1),
        Interactions(Sequences.of([]), ItemFeatures.bare(0)),
        Interactions(Sequences.of([[], []]), ItemFeatures.bare(4)),
        described(Interactions(Sequences.of([]), ItemFeatures.bare(6))),
        walkers(100, 20),
        walkers(100, 20, clock=True),
        described(walkers(100, 20)),
    ],
    ids=["three", "one event", "nothing", "no events", "catalogue", "bare", "clock", "texts"],
)  # fmt: skip
def test_every_kind_of_data_gives_a_working_engine(data: Interactions) -> None:
    scorer = default_learner(TINY).fit(data, generator(1, "fit"))
    histories = [[], [0], [data.n_items - 1, 0]] if data.n_items else [[]]
    queries = QueryBatch.of(histories, at=2 * 10**12)
    scores = scorer.score(queries)
    assert scores.shape == (len(histories), data.n_items)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scorer.parts(queries).sum(-1), scores, atol=1e-4)


def test_an_empty_history_gets_what_is_popular() -> None:
    rows = [[u % 7, 9, (u * 3) % 11 + 10] for u in range(60)]
    data = Interactions(Sequences.of(rows), ItemFeatures.bare(30))
    train, cases = last_ones(data)
    scorer = default_learner(TINY).fit(train, generator(1, "fit"), validation=cases)
    assert scorer.score(QueryBatch.of([[]])).argmax() == 9


def test_it_learns_what_comes_next_and_is_the_same_twice() -> None:
    train, cases = last_ones(described(walkers(120, 24)))
    one = default_learner(TINY).fit(train, generator(1, "fit"), validation=cases)
    scores = one.score(cases.queries)
    scores[cases.queries.histories.rows, cases.queries.histories.items] = -np.inf
    assert (scores.argmax(1) == cases.targets).mean() > 0.9
    two = default_learner(TINY).fit(train, generator(1, "fit"), validation=cases)
    assert content_hash(one.state()) == content_hash(two.state())


def test_where_people_come_back_their_own_history_comes_first() -> None:
    rng = np.random.default_rng(0)
    own = rng.integers(0, 40, (200, 3))
    rows = [own[u][rng.integers(0, 3, 12)].tolist() for u in range(200)]
    data = Interactions(Sequences.of(rows), ItemFeatures.bare(40))
    train, cases = last_ones(data)
    scorer = default_learner(TINY).fit(train, generator(1, "fit"), validation=cases)
    top = np.argsort(-scorer.score(cases.queries), axis=1, kind="stable")[:, :3]
    assert (top == cases.targets[:, None]).any(1).mean() > 0.9


def test_a_warm_start_hands_each_expert_its_predecessor() -> None:
    train, cases = last_ones(walkers(120, 24))
    first = default_learner(TINY).fit(train, generator(1, "fit"), validation=cases)
    again = default_learner(TINY).fit(train, generator(2, "fit"), start=first)
    assert list(again.experts) == list(first.experts)
    assert np.array_equal(again.weighing.weights, first.weighing.weights)


def test_a_query_with_a_text_finds_what_it_says() -> None:
    train, cases = last_ones(described(walkers(120, 24)))
    scorer = default_learner(TINY).fit(train, generator(1, "fit"), validation=cases)
    text = train.features.text_vectors
    assert text is not None
    asked = replace(QueryBatch.of([[]] * 24), text_vectors=text)
    assert (scorer.score(asked).argmax(1) == np.arange(24)).all()


def test_the_experts_follow_from_the_facts() -> None:
    bare = Facts(users=1000, items=500, events=10_000, text=False, attributes=False, repeats=False)
    assert "text_knn" not in experts_for(bare)
    assert "text_knn" in experts_for(replace(bare, text=True))
    assert "repeats" in experts_for(replace(bare, repeats=True))
    assert "user_knn" not in experts_for(replace(bare, users=10**6))
    assert "ease" not in experts_for(replace(bare, items=10**5))
    assert experts_for(Facts(0, 0, 0, False, False, False)) == ("popularity",)


def test_experts_can_be_named() -> None:
    settings = replace(TINY, experts=("popularity", "transitions"))
    scorer = default_learner(settings).fit(walkers(50, 12), generator(1, "fit"))
    assert isinstance(scorer, MixtureScorer)
    assert list(scorer.experts) == ["popularity", "transitions"]


@pytest.mark.parametrize("name", ["prism", "two_tower"])
def test_training_validates_as_the_settings_say(name: str) -> None:
    def rule(setting: str, repeats: bool | None) -> str:
        made = learner_by_name(name, replace(TINY, repeats=setting), repeats=repeats)
        return str(getattr(made, "settings", made).repeats)

    assert [rule("auto", None), rule("no", None), rule("yes", None)] == ["auto", "no", "yes"]
    assert [rule("auto", True), rule("yes", False)] == ["yes", "no"]


def test_learners_by_name() -> None:
    for name in NAMES:
        assert learner_by_name(name).name == name
    assert learner_by_name("item-knn").name == "item_knn"
    assert learner_by_name("mf").name == "matrix_factorisation"
    with pytest.raises(BadSettings, match="no model named 'magic'"):
        learner_by_name("magic")


@pytest.mark.parametrize(
    "wrong", [{"repeats": "maybe"}, {"dimension": 0}, {"dropout": 1.0}, {"heads": 3}, {"work": 0.0}]
)
def test_bad_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSettings, match=r"models|repeats"):
        ModelSettings(**wrong)  # type: ignore[arg-type]
