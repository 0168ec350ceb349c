"""A whole evaluation in a toy world where the right figures can be worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import (
    BadInput,
    Bags,
    Cases,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    generator,
)
from prismrec.evaluation.ranks import HistoryFilter, top
from prismrec.evaluation.run import Examination, examine
from prismrec.evaluation.settings import EvaluationSettings

ITEMS, USERS = 40, 30
FAST = EvaluationSettings(resamples=100, batch=7)


class Next:
    """The oracle of this world: after item i comes item i + 1."""

    kind = "next"

    def score(self, queries, items=None):
        last = queries.histories.items[queries.histories.indptr[1:] - 1]
        distance = (np.arange(ITEMS)[None, :] - last[:, None] - 1) % ITEMS
        return -distance.astype(np.float32)

    def predict_values(self, queries, items=None):
        return np.full(items.shape, 3.0, np.float32)


class Chance:
    """Knows nothing: the same score for everything."""

    kind = "chance"

    def score(self, queries, items=None):
        return np.zeros((len(queries), ITEMS), np.float32)


class Fixed:
    """A learner that has nothing to learn, and remembers how it was asked."""

    def __init__(self, name, scorer):
        self.name, self.scorer, self.asked = name, scorer, []

    def fit(self, train, rng, *, validation=None, start=None):
        self.asked.append((train, rng.integers(1 << 30), validation))
        return self.scorer


def world() -> Examination:
    starts = np.arange(USERS) % (ITEMS - 5)
    histories = [[s, s + 1, s + 2] for s in starts]
    test = Cases(
        QueryBatch.of(histories),
        (starts + 3).astype(np.int32),
        np.arange(USERS, dtype=np.int32),
        np.zeros(USERS, bool),
        np.zeros(USERS, bool),
        np.full(USERS, 4.0, np.float32),
    )
    features = replace(
        ItemFeatures.bare(ITEMS),
        attributes=Bags.of([[i % 4] for i in range(ITEMS)], ["a", "b", "c", "d"]),
    )
    train = Interactions(Sequences.of(histories), features)
    return Examination("toy", "leave-one-out", train, test)


def learners(name):
    return Fixed(name, Next() if name == "default" else Chance())


def test_the_oracle_is_perfect_and_chance_is_chance() -> None:
    report = examine(world(), learners, ["default", "chance"], settings=FAST)
    best, chance = report.model("default").figures, report.model("chance").figures
    assert best.metrics["recall@10"] == 1.0
    assert best.metrics["ndcg@10"] == 1.0
    assert best.intervals["ndcg@10"] == (1.0, 1.0)
    assert best.metrics["auc"] == 1.0
    assert chance.metrics["recall@10"] == pytest.approx(10 / (ITEMS - 3))
    assert chance.metrics["auc"] == pytest.approx(0.5)
    assert best.metrics["coverage@10"] > chance.metrics["coverage@10"]
    assert best.metrics["gini@10"] < chance.metrics["gini@10"]
    assert (best.metrics["rmse"], best.metrics["mae"]) == (1.0, 1.0)
    assert "rmse" not in chance.metrics


def test_the_first_model_is_compared_with_every_other() -> None:
    report = examine(world(), learners, ["default", "chance", "other"], settings=FAST)
    assert {(c.metric, c.against) for c in report.comparisons} == {
        (metric, other) for metric in ("ndcg@10", "recall@10") for other in ("chance", "other")
    }
    found = report.comparisons[0].difference
    assert found.significant
    assert found.p < 0.05


def test_the_json_has_the_shape_that_scripts_rely_on() -> None:
    report = examine(world(), learners, ["default", "chance"], settings=FAST, seed=5)
    said = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert list(said)[:5] == ["data", "split", "protocol", "seed", "models"]
    assert (said["data"], said["split"]) == ("toy", "leave-one-out")
    assert (said["protocol"], said["seed"]) == ("model", 5)
    model = said["models"][0]
    assert model["name"] == "default"
    wanted = {"name", "metrics", "intervals", "fit_seconds", "evaluate_seconds", "peak_rss_mib"}
    assert wanted <= set(model)
    figures = {"recall@5", "recall@10", "ndcg@5", "ndcg@10", "mrr@10", "coverage@10", "novelty@10"}
    assert figures | {"precision@10", "f1@10", "map@10", "hit_rate@10", "diversity@10"} <= set(
        model["metrics"]
    )
    for name, (low, high) in model["intervals"].items():
        assert low <= model["metrics"][name] + 1e-9
        assert high >= model["metrics"][name] - 1e-9
    assert model["peak_rss_mib"] > 10


def test_the_same_seed_gives_the_same_figures() -> None:
    def figures(seed: int):
        said = examine(world(), learners, ["chance"], settings=FAST, seed=seed).to_json()
        return said["models"][0]["metrics"], said["models"][0]["intervals"]

    assert figures(3) == figures(3)


def test_a_learner_gets_its_own_generator_and_the_validation_cases() -> None:
    exam = world()
    exam = replace(exam, validation=exam.test)
    made = {name: Fixed(name, Chance()) for name in ("a", "b")}
    examine(exam, made.__getitem__, ["a", "b"], settings=FAST, seed=9)
    (train, draw, validation), (_, other, _) = made["a"].asked[0], made["b"].asked[0]
    assert train is exam.train
    assert validation is exam.validation
    assert draw == generator(9, "fit", "a").integers(1 << 30)
    assert draw != other


def test_users_that_training_did_not_know_are_reported_apart() -> None:
    exam = world()
    cold = np.arange(USERS) < 10
    targets = exam.test.targets.copy()
    targets[cold] = 39  # what the oracle does not expect
    exam = replace(exam, test=replace(exam.test, cold_user=cold, targets=targets))
    model = examine(exam, learners, ["default"], settings=FAST).model("default")
    users = model.group("users")
    assert {label: figures.cases for label, figures in users.items()} == {
        "all": 30,
        "warm": 20,
        "cold": 10,
    }
    assert users["warm"].metrics["ndcg@10"] == 1.0
    assert users["cold"].metrics["ndcg@10"] < 0.5
    said = model_json(exam)
    assert said["groups"]["users"]["cold"]["cases"] == 10


def model_json(exam: Examination) -> dict:
    return examine(exam, learners, ["default"], settings=FAST).to_json()["models"][0]


def test_cases_without_a_history_are_no_part_of_the_headline() -> None:
    exam = world()
    histories = [[] if i < 6 else [i, i + 1] for i in range(USERS)]
    test = replace(exam.test, queries=QueryBatch.of(histories))
    report = examine(replace(exam, test=test), lambda n: Fixed(n, Chance()), ["a"], settings=FAST)
    assert report.models[0].figures.cases == USERS - 6
    assert report.models[0].group("users")["all"].cases == USERS
    nothing = replace(exam.test, queries=QueryBatch.of([[]] * USERS))
    exam = replace(exam, test=nothing)
    report = examine(exam, lambda n: Fixed(n, Chance()), ["a"], settings=FAST)
    assert report.models[0].figures.cases == USERS


def test_cold_items_have_a_recall_of_their_own() -> None:
    exam = world()
    cold = np.arange(USERS) < 5
    exam = replace(exam, test=replace(exam.test, cold_item=cold))
    metrics = examine(exam, learners, ["default"], settings=FAST).models[0].figures.metrics
    assert metrics["cold_item_recall@10"] == 1.0


def test_groups_by_history_and_popularity_hold_every_case_once() -> None:
    model = examine(world(), learners, ["default"], settings=FAST).models[0]
    for by in ("history length", "popularity of the target"):
        assert sum(figures.cases for figures in model.group(by).values()) == USERS


def test_the_engine_is_asked_under_the_protocol_system() -> None:
    class Engine:
        def __init__(self, scorer):
            self.scorer = scorer

        def rank(self, queries, n, allowed=None):
            return top(np.where(allowed, self.scorer.score(queries), -np.inf), n)

    model = examine(world(), learners, ["default"], settings=FAST)
    system = examine(world(), learners, ["default"], settings=FAST, system=Engine)
    assert system.protocol == "system"
    assert "auc" not in system.models[0].figures.metrics
    for name, value in system.models[0].figures.metrics.items():
        assert value == pytest.approx(model.models[0].figures.metrics[name]), name


def test_fewer_cases_are_drawn_where_there_are_too_many_and_the_report_says_so() -> None:
    few = replace(FAST, max_cases=12)
    report = examine(world(), learners, ["default"], settings=few)
    assert report.cases == 12
    assert "12 of 30" in report.notes[-1]


def test_progress_ends_where_it_should() -> None:
    told = []
    examine(world(), learners, ["default"], settings=FAST, progress=lambda *x: told.append(x))
    assert told[0] == ("default", "fit", 0, 1)
    assert told[-1] == ("default", "evaluate", USERS, USERS)


def test_with_repeats_wanted_the_history_competes() -> None:
    report = examine(
        replace(world(), rule=HistoryFilter(repeats=True)), learners, ["chance"], settings=FAST
    )
    assert report.repeats
    assert report.models[0].figures.metrics["recall@10"] == pytest.approx(10 / ITEMS)


def test_nothing_to_evaluate_is_refused_with_a_hint() -> None:
    exam = world()
    empty = replace(exam, test=exam.test.take(np.zeros(0, int)))
    for bad, models in ((exam, []), (exam, ["a", "a"]), (empty, ["a"])):
        with pytest.raises(BadInput) as error:
            examine(bad, learners, models, settings=FAST)
        assert error.value.hint


def test_an_unknown_model_is_refused_before_anything_is_fitted() -> None:
    told = []

    def strict(name):
        if name != "default":
            raise BadInput(f"There is no model '{name}'.", hint="Name another.")
        return learners(name)

    with pytest.raises(BadInput, match="nonsense"):
        examine(world(), strict, ["default", "nonsense"], progress=lambda *x: told.append(x))
    assert told == []
