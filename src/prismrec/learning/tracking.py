"""Training reports to TensorBoard, MLflow or Weights & Biases, where `learning.track` names one.

    [learning]
    track = "tensorboard:runs/board"     # a folder
    track = "mlflow:http://localhost:5000"   # a server, or mlflow:sqlite:///mlflow.db
    track = "wandb:my-project"

One run a training: the settings of the models, after each round of a transformer its loss and its
validation nDCG@10, at the end the figures of the whole. TensorBoard comes with the extra `track`;
the other two are heavy and are installed by whoever uses them.
"""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from prismrec.core import BadSettings, MissingExtra
from prismrec.models.settings import ModelSettings

__all__ = ["Log", "Tracker", "tracked"]

logger = logging.getLogger(__name__)


class Log(Protocol):
    """Where figures go."""

    def write(self, figures: Mapping[str, float], step: int) -> None:
        """Keep `figures` by name; `step` counts the rounds of the model that they are of."""
        ...

    def close(self) -> None:
        """No more will come."""
        ...


class Round(Protocol):
    """What a learner tells of one round: see `models.sequence.training.Round`."""

    @property
    def loss(self) -> float: ...

    @property
    def figure(self) -> float: ...


class Tracker:
    """Writes what training tells to a `Log`, or nowhere. A log that fails ends no training: that is
    said once, and the rest goes unlogged."""

    def __init__(self, log: Log | None) -> None:
        self._log = log
        self._rounds: Counter[str] = Counter()

    def round(self, model: str, done: Round) -> None:
        """One round of `model` is over. Models may train side by side."""
        self._rounds[model] += 1
        figures = {f"{model}/loss": done.loss, f"{model}/validation_ndcg@10": done.figure}
        self._write(figures, self._rounds[model])

    def figures(self, found: Mapping[str, float]) -> None:
        """What the whole came to."""
        self._write(found, 0)

    def close(self) -> None:
        if self._log is not None:
            self._log.close()

    def _write(self, figures: Mapping[str, float], step: int) -> None:
        known = {name: value for name, value in figures.items() if math.isfinite(value)}
        if self._log is None or not known:
            return
        try:
            self._log.write(known, step)
        except Exception as error:  # whatever a client of three services may raise
            logger.warning("Training goes on without its log: %s", error)
            self._log = None


@contextmanager
def tracked(where: str, settings: ModelSettings) -> Iterator[Tracker]:
    """A tracker of one training, as `learning.track` says; empty: nothing is written.

    Raises `BadSettings` for a service that is none of the three, `MissingExtra` where its library
    is not installed.
    """
    tracker = Tracker(_log(where, asdict(settings)) if where else None)
    try:
        yield tracker
    finally:
        tracker.close()


def _log(where: str, settings: dict[str, Any]) -> Log:
    service, _, place = where.partition(":")
    if service not in SERVICES or not place:
        raise BadSettings(
            f"learning.track is '{where}'.",
            hint="Write tensorboard:FOLDER, mlflow:ADDRESS or wandb:PROJECT.",
        )
    return SERVICES[service](place, settings)


class TensorBoard:
    """Event files in a folder of their own under `place`."""

    def __init__(self, place: str, settings: dict[str, Any]) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise MissingExtra("tensorboard", "track") from None
        self._writer = SummaryWriter(str(Path(place) / _name()))
        rows = "\n".join(f"| {name} | {value} |" for name, value in settings.items())
        self._writer.add_text("settings", f"| setting | value |\n|---|---|\n{rows}")

    def write(self, figures: Mapping[str, float], step: int) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()


class MLflow:
    """A run in the experiment `prismrec` of the tracking store at `place`. The client is told the
    run each time: MLflow's idea of a current run is one a thread, and models train in several."""

    def __init__(self, place: str, settings: dict[str, Any]) -> None:
        try:
            from mlflow.tracking import MlflowClient
        except ImportError:
            raise _missing("mlflow", "mlflow-skinny") from None
        self._client = MlflowClient(tracking_uri=place)
        experiment = self._client.get_experiment_by_name("prismrec")
        number = (
            self._client.create_experiment("prismrec")
            if experiment is None
            else experiment.experiment_id
        )
        self._run = self._client.create_run(number, run_name=_name()).info.run_id
        for name, value in settings.items():
            self._client.log_param(self._run, name, value)

    def write(self, figures: Mapping[str, float], step: int) -> None:
        for name, value in figures.items():
            plain = name.replace("@", "_at_")  # MLflow allows no @ in a name
            self._client.log_metric(self._run, plain, value, step=step)

    def close(self) -> None:
        self._client.set_terminated(self._run)


class WandB:
    """A run of the project `place`. Steps must never fall there, and models train side by side, so
    that each model's rounds are a figure of their own."""

    def __init__(self, place: str, settings: dict[str, Any]) -> None:
        try:
            import wandb
        except ImportError:
            raise _missing("wandb", "wandb") from None
        self._run = wandb.init(project=place, name=_name(), config=settings)

    def write(self, figures: Mapping[str, float], step: int) -> None:
        models = {name.partition("/")[0] for name in figures if "/" in name}
        self._run.log({**figures, **{f"{model}/round": step for model in models}})

    def close(self) -> None:
        self._run.finish()


def _missing(library: str, package: str) -> MissingExtra:
    """These two have no extra: they bring a score of packages that most people do not want."""
    error = MissingExtra(library, "track")
    error.hint = f"Install it with: pip install {package}"
    return error


def _name() -> str:
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime())


SERVICES: Mapping[str, Callable[[str, dict[str, Any]], Log]] = {
    "tensorboard": TensorBoard,
    "mlflow": MLflow,
    "wandb": WandB,
}
