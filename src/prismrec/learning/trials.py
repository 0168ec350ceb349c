"""The trials of a search as they lie on disk: opened again, counted, and what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from prismrec.core import BadInput, MissingExtra

if TYPE_CHECKING:
    from optuna import Study

__all__ = ["best_of", "importance_of", "number_of", "open_study"]

DATABASE = "trials.db"
STARTUP = 5
"""Trials that run to their end before any is given up."""


def open_study(out: Path, about: str, seed: int) -> Study:
    """The search in this folder, new or begun before. A trial that was running when the search was
    interrupted counts for nothing. Raises `MissingExtra` without optuna."""
    optuna = _optuna()
    out.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{(out / DATABASE).resolve()}"
    study = optuna.create_study(
        storage=url, study_name="tune", direction="maximize", load_if_exists=True
    )
    known = study.user_attrs.get("about")
    if known not in (None, about):
        raise BadInput(
            f"{out} holds another search: other data, settings or seed.",
            hint="Choose another --out, or remove that folder.",
        )
    study.set_user_attr("about", about)
    for trial in study.get_trials(states=[optuna.trial.TrialState.RUNNING]):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    # Going on must not repeat the draws of the trials that are there.
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials))
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=1)
    return study


def number_of(study: Study, first: dict[str, float]) -> int | None:
    """The number of the finished trial of what one began with, if there is one."""
    for trial in study.trials:
        if trial.state.name == "COMPLETE" and trial.params == first:
            return trial.number
    return None


def best_of(study: Study) -> float:
    try:
        return float(study.best_value)
    except ValueError:
        return float("nan")


def importance_of(study: Study, complete: int) -> dict[str, float]:
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    if complete < 3:
        return {}
    evaluator = FanovaImportanceEvaluator(seed=0)
    try:
        return dict(get_param_importances(study, evaluator=evaluator))
    except (RuntimeError, ValueError):  # all trials came to the same figure
        return {}


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise MissingExtra("optuna", "tune") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
