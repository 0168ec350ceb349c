"""From a dataset to a report, over the real rooms: reading, splitting, models, engine."""

from __future__ import annotations

import polars as pl
import pytest

from prismrec.config import Settings
from prismrec.core import BadInput, Event, Item
from prismrec.data import Dataset
from prismrec.evaluation.evaluate import Plan, evaluate, prepare
from prismrec.evaluation.settings import EvaluationSettings
from prismrec.models.registry import learner

START = 1_600_000_000_000
FAST = EvaluationSettings(resamples=50)


def circle(n_items: int = 12, n_users: int = 24, length: int = 5, **more) -> Dataset:
    """Users walk around a circle of items: after item i comes item i + 1."""
    items = [Item(f"i{i}", **more) for i in range(n_items)]
    events = [
        Event(f"i{(u + t) % n_items}", "view", user_id=f"u{u}", timestamp=START + t * 1000 + u)
        for u in range(n_users)
        for t in range(length)
    ]
    return Dataset.of(items, events)


def run(plan: Plan, dataset: Dataset | None = None):
    return evaluate(dataset or circle(), plan, measuring=FAST, learners=learner)


def test_transitions_find_the_circle_and_popularity_does_not() -> None:
    report = run(Plan(models=("transitions", "popularity")))
    assert report.model("transitions").figures.metrics["ndcg@10"] == pytest.approx(1.0)
    assert report.model("popularity").figures.metrics["ndcg@10"] < 0.7
    assert report.comparisons[0].difference.significant
    assert (report.cases, report.repeats) == (24, False)


@pytest.mark.parametrize("name", ["transitions", "popularity", "item_knn"])
def test_the_engine_shows_what_the_model_ranks(name) -> None:
    dataset = circle()
    model = run(Plan(models=(name,)), dataset).models[0].figures.metrics
    system = run(Plan(models=(name,), protocol="system"), dataset).models[0].figures.metrics
    assert "auc" in model
    assert "auc" not in system
    for metric in ("coverage@10", "novelty@10"):
        assert system[metric] == pytest.approx(model[metric]), metric
    if name == "transitions":
        assert system["ndcg@10"] == pytest.approx(model["ndcg@10"])


@pytest.mark.parametrize("split", ["temporal", "by-user"])
def test_other_splits_report_too(split) -> None:
    report = run(Plan(split=split, models=("popularity",), share=0.25))
    assert report.split == split
    assert report.models[0].figures.cases > 0


def test_the_settings_of_repeats_reach_the_filter() -> None:
    again = run(Plan(models=("popularity",), repeats="yes"))
    assert again.repeats
    exam = prepare(circle(), Plan(repeats="no"), Settings()).exam
    assert not exam.rule.repeats
    assert exam.rule.consumed == frozenset({0})


def test_notes_say_what_a_reader_must_know(tmp_path) -> None:
    dataset = circle()
    dataset.events.with_columns(pl.col("timestamp").rank("ordinal").over("user_id")).write_csv(
        tmp_path / "events.csv"
    )
    (tmp_path / "README.md").write_text("# A synthetic marketplace")
    report = evaluate(tmp_path, Plan(models=("popularity",)), measuring=FAST, learners=learner)
    said = " ".join(report.notes)
    assert report.data == tmp_path.name
    assert "synthetic" in said
    assert "positions within a user" in said
    assert "no text" in said


def test_an_unknown_split_or_protocol_is_refused_with_the_choices() -> None:
    with pytest.raises(BadInput, match="split") as error:
        Plan(split="random")
    assert "leave-one-out" in error.value.hint
    with pytest.raises(BadInput, match="protocol"):
        Plan(protocol="guess")
