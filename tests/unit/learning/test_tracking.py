"""Training reports: real TensorBoard files; MLflow and Weights & Biases through stand-ins that
refuse what the services refuse."""

from __future__ import annotations

import logging
import sys
import types
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from prismrec.config import Settings
from prismrec.core import BadSettings, Interactions, ItemFeatures, MissingExtra, Sequences
from prismrec.core import generator as rng_of
from prismrec.data.splits import leave_one_out
from prismrec.learning.tracking import Tracker, tracked
from prismrec.models.default import learner_by_name
from prismrec.models.settings import ModelSettings

SMALL = ModelSettings(
    experts=("popularity", "prism"), dimension=8, layers=1, work=0.004, batch=64, negatives=8
)


@dataclass(frozen=True)
class Round:
    loss: float
    figure: float


def test_a_training_is_in_the_event_files(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    walks = [[(s + t) % 12 for t in range(6)] for s in range(40)]
    split = leave_one_out(Interactions(Sequences.of(walks), ItemFeatures.bare(12)))
    told: list[tuple[str, float]] = []
    with tracked(f"tensorboard:{tmp_path / 'board'}", SMALL) as tracker:

        def watch(model: str, done: Any) -> None:
            told.append((model, done.loss))
            tracker.round(model, done)

        learner = learner_by_name("default", SMALL, repeats=False, watch=watch)
        learner.fit(split.train, rng_of(0), validation=split.validation)
        tracker.figures({"ndcg@10": 0.5})
    assert len(told) > 1
    assert {model for model, _ in told} == {"prism"}
    (run,) = (tmp_path / "board").iterdir()
    events = EventAccumulator(str(run)).Reload()
    losses = events.Scalars("prism/loss")
    assert [event.step for event in losses] == list(range(1, len(told) + 1))
    assert [event.value for event in losses] == pytest.approx([loss for _, loss in told])
    assert len(events.Scalars("prism/validation_ndcg@10")) == len(told)
    assert events.Scalars("ndcg@10")[0].value == 0.5
    assert "settings/text_summary" in events.Tags()["tensors"]


def test_without_a_validation_there_is_no_figure() -> None:
    log = Recording()
    tracker = Tracker(log)
    tracker.round("prism", Round(1.0, float("nan")))
    tracker.round("sasrec", Round(2.0, 0.5))
    tracker.round("prism", Round(0.5, float("nan")))
    assert log.written == [
        ({"prism/loss": 1.0}, 1),
        ({"sasrec/loss": 2.0, "sasrec/validation_ndcg@10": 0.5}, 1),
        ({"prism/loss": 0.5}, 2),
    ]


def test_a_log_that_fails_ends_no_training(caplog: pytest.LogCaptureFixture) -> None:
    log = Recording(failing=True)
    tracker = Tracker(log)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            tracker.round("prism", Round(1.0, 0.5))
    assert [record.getMessage() for record in caplog.records] == [
        "Training goes on without its log: the server is gone"
    ]


def test_mlflow_is_told_the_run_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    store: dict[str, Any] = {"params": {}, "metrics": []}

    class MlflowClient:
        def __init__(self, tracking_uri: str) -> None:
            store["uri"] = tracking_uri

        def get_experiment_by_name(self, name: str) -> None:
            return None

        def create_experiment(self, name: str) -> str:
            store["experiment"] = name
            return "7"

        def create_run(self, experiment: str, run_name: str) -> types.SimpleNamespace:
            assert experiment == "7"
            return types.SimpleNamespace(info=types.SimpleNamespace(run_id="r"))

        def log_param(self, run: str, name: str, value: object) -> None:
            store["params"][name] = value

        def log_metric(self, run: str, name: str, value: float, step: int) -> None:
            assert run == "r"
            assert "@" not in name
            store["metrics"].append((name, value, step))

        def set_terminated(self, run: str) -> None:
            store["ended"] = run

    module = types.ModuleType("mlflow.tracking")
    module.MlflowClient = MlflowClient  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlflow", types.ModuleType("mlflow"))
    monkeypatch.setitem(sys.modules, "mlflow.tracking", module)
    with tracked("mlflow:http://localhost:5000", SMALL) as tracker:
        tracker.round("prism", Round(1.0, 0.5))
    assert store["uri"] == "http://localhost:5000"
    assert store["params"]["dimension"] == 8
    assert store["metrics"] == [("prism/loss", 1.0, 1), ("prism/validation_ndcg_at_10", 0.5, 1)]
    assert store["ended"] == "r"


def test_rounds_of_two_models_have_no_common_step_in_wandb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[dict[str, float]] = []
    ended: list[bool] = []
    run = types.SimpleNamespace(log=logged.append, finish=lambda: ended.append(True))
    asked: dict[str, Any] = {}
    module = types.ModuleType("wandb")
    module.init = lambda **given: asked.update(given) or run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wandb", module)
    with tracked("wandb:shop", SMALL) as tracker:
        tracker.round("prism", Round(1.0, 0.5))
        tracker.round("sasrec", Round(2.0, float("nan")))
        tracker.figures({"ndcg@10": 0.4})
    assert asked["project"] == "shop"
    assert asked["config"]["dimension"] == 8
    assert logged == [
        {"prism/loss": 1.0, "prism/validation_ndcg@10": 0.5, "prism/round": 1},
        {"sasrec/loss": 2.0, "sasrec/round": 1},
        {"ndcg@10": 0.4},
    ]
    assert ended == [True]


@pytest.mark.parametrize("wrong", ["comet:x", "tensorboard", "mlflow:"])
def test_an_unknown_service_is_refused(wrong: str) -> None:
    with pytest.raises(BadSettings, match=r"learning\.track is"), tracked(wrong, SMALL):
        raise AssertionError


@pytest.mark.parametrize(
    ("library", "hint"), [("mlflow", "pip install mlflow-skinny"), ("wandb", "pip install wandb")]
)
def test_a_missing_library_is_named(
    library: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, f"{library}.tracking", raising=False)
    with pytest.raises(MissingExtra, match=hint), tracked(f"{library}:x", SMALL):
        raise AssertionError


def test_nothing_is_tracked_by_default() -> None:
    assert Settings().learning.track == ""
    with tracked("", replace(SMALL)) as tracker:
        tracker.round("prism", Round(1.0, 0.5))


class Recording:
    def __init__(self, failing: bool = False) -> None:
        self.written: list[tuple[dict[str, float], int]] = []
        self.failing = failing

    def write(self, figures: Any, step: int) -> None:
        if self.failing:
            raise OSError("the server is gone")
        self.written.append((dict(figures), step))

    def close(self) -> None:
        return None
