"""`tune`: better settings of the transformer for one's own data, within a budget.

The search sees training events and validation cases and nothing later. People are divided: on the
cases of one half trials stop early, are compared and chosen; the other half, which chose nothing,
says what the chosen settings gain over those one began with. Trials that fall behind the median of
the earlier ones after as many rounds are given up (the median stopping rule: Golovin et al.,
"Google Vizier", KDD 2017); where to look next is drawn by a tree-structured Parzen estimator
(Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.config import Settings, write_settings
from prismrec.core import BadInput, Cases, Interactions, TrainingDiverged, generator
from prismrec.data import Dataset, Sources
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.evaluation.significance import Difference, paired
from prismrec.learning.search_space import Space, applied, space_around
from prismrec.learning.trials import (
    best_of,
    importance_of,
    number_of,
    open_study,
)
from prismrec.models.settings import ModelSettings
from prismrec.threads import every_core

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

__all__ = ["Budget", "Material", "Tuned", "search", "tune"]


@dataclass(frozen=True)
class Budget:
    """At most this many `trials` in all, those of an earlier call counted, and at most so many
    `minutes` in this one; the first trial, which others are compared with, is never cut short."""

    trials: int = 30
    minutes: float = 60.0

    def __post_init__(self) -> None:
        for name in ("trials", "minutes"):
            if getattr(self, name) <= 0:
                raise BadInput(f"{name} is {getattr(self, name)}.", hint="Give more than zero.")


@dataclass(frozen=True)
class Material:
    """What the search may know: `train` to learn from, the cases it chooses by, and those that
    `prove` the choice."""

    train: Interactions
    choose: Cases
    prove: Cases
    repeats: bool

    @staticmethod
    def of(train: Interactions, validation: Cases | None, repeats: bool, seed: int) -> Material:
        """Divide the people of `validation` at random. Raises `BadInput` for too few."""
        people = np.unique(validation.clusters) if validation is not None else np.zeros(0)
        if validation is None or len(people) < 4:
            raise BadInput(
                "There are too few validation cases to choose settings by.",
                hint="Give data of more people, or choose another --split.",
            )
        drawn = generator(seed, "tune", "halves").permutation(people)[: len(people) // 2]
        first = np.isin(validation.clusters, drawn)
        halves = [validation.take(np.flatnonzero(half)) for half in (first, ~first)]
        return Material(train, halves[0], halves[1], repeats)


@dataclass(frozen=True)
class Tuned:
    """What came out. `chosen` are the settings that did best on the cases that choose; `gain` is
    their nDCG@10 minus that of the settings one began with, on the others. `importance` is the
    share of the variance between trials that each setting explains (fANOVA; Hutter, Hoos and
    Leyton-Brown, ICML 2014), empty with fewer than three finished trials."""

    chosen: ModelSettings
    changed: dict[str, float]
    before: float
    after: float
    gain: Difference
    importance: dict[str, float]
    finished: int
    given_up: int
    seconds: float = field(compare=False)

    def to_json(self) -> dict[str, Any]:
        """JSON-able."""
        gain = {"mean": self.gain.mean, "interval": [self.gain.low, self.gain.high]}
        return {
            "changed": self.changed,
            "chosen_by": {"before": self.before, "after": self.after},
            "gain": gain | {"p": self.gain.p},
            "importance": self.importance,
            "trials": {"finished": self.finished, "given_up": self.given_up},
            "seconds": round(self.seconds, 1),
        }


def tune(
    data: str | Path | Sources | Dataset,
    out: Path,
    *,
    budget: Budget | None = None,
    vary: Sequence[str] = (),
    split: str = "leave-one-out",
    settings: Settings | None = None,
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Tuned:
    """Search, and write `out/prism.toml` (all settings with the chosen ones) and `out/report.md`.

    `vary` names the settings to search over; empty means all of `SPACE`. A folder that holds an
    interrupted search is gone on with. Raises `BadInput` where the data leave too few validation
    cases or the folder holds another search, `MissingExtra` without optuna.
    """
    settings = settings or Settings()
    out.mkdir(parents=True, exist_ok=True)
    exam = prepare(data, Plan(split=split, seed=seed, cache=out / "texts"), settings).exam
    material = Material.of(exam.train, exam.validation, exam.rule.repeats, seed)
    del exam  # the test stays unseen
    found = search(material, out, settings.models, budget or Budget(), vary, seed=seed, tell=tell)
    write_settings(replace(settings, models=found.chosen), out / "prism.toml")
    (out / "report.md").write_text(_page(found), encoding="utf-8")
    return found


def search(
    material: Material,
    out: Path,
    base: ModelSettings,
    budget: Budget,
    vary: Sequence[str] = (),
    *,
    seed: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Tuned:
    """The search itself, its trials kept in the folder `out`; `base` is the first of them.

    Raises `TrainingDiverged` where `base` does not train, `BadInput` and `MissingExtra` as `tune`.
    """
    began = time.monotonic()
    space = space_around(base, vary)
    study = open_study(out, repr((_fingerprint(material), base, space, seed)), seed)
    first = {name: getattr(base, name) for name in space}
    if number_of(study, first) is None:
        study.enqueue_trial(first)
    job = _Job(material, out, base, space, seed, began + 60 * budget.minutes)
    _try_settings(study, job, budget, tell)
    begun = number_of(study, first)
    if begun is None:
        raise TrainingDiverged(
            "The settings to begin with do not train.", hint="Lower models.learning_rate."
        )
    return _outcome(study, job, begun, began)


def _try_settings(study: Study, job: _Job, budget: Budget, tell: Callable[[str], None]) -> None:
    """Trials until the budget is spent."""
    left = budget.trials - len(_in_state(study, "COMPLETE", "PRUNED"))
    if left <= 0:
        return

    def told(_: Study, trial: FrozenTrial) -> None:
        tell(f"trial {trial.number}: {trial.state.name.lower()}, best so far {best_of(study):.4f}")

    with every_core():
        study.optimize(
            job,
            n_trials=left,
            timeout=60 * budget.minutes,
            callbacks=[told],
            catch=TrainingDiverged,
        )


def _outcome(study: Study, job: _Job, begun: int, began: float) -> Tuned:
    """The best trial beside the one that was begun with, of the number `begun`."""
    best, complete = study.best_trial, len(_in_state(study, "COMPLETE"))
    values = [np.load(_values(job.out, n), allow_pickle=False) for n in (best.number, begun)]
    rng = generator(job.seed, "tune", "gain")
    return Tuned(
        chosen=applied(job.base, best.params),
        changed={k: v for k, v in best.params.items() if v != getattr(job.base, k)},
        before=float(study.trials[begun].value or 0.0),
        after=float(best.value or 0.0),
        gain=paired(values[0], values[1], job.material.prove.clusters, rng),
        importance=importance_of(study, complete),
        finished=complete,
        given_up=len(_in_state(study, "PRUNED")),
        seconds=time.monotonic() - began,
    )


def _in_state(study: Study, *names: str) -> list[FrozenTrial]:
    return [trial for trial in study.trials if trial.state.name in names]


@dataclass(frozen=True)
class _Job:
    """One trial: fit, report after each round, keep what the cases that prove say."""

    material: Material
    out: Path
    base: ModelSettings
    space: Space
    seed: int
    end: float

    def __call__(self, trial: Trial) -> float:
        from optuna import TrialPruned

        from prismrec.descent.loop import Round
        from prismrec.models.sequence.prism import Prism
        from prismrec.models.validation import ndcg_of

        drawn = {name: scale.drawn(name, trial) for name, scale in self.space.items()}
        first = all(value == getattr(self.base, name) for name, value in drawn.items())
        repeats = "yes" if self.material.repeats else "no"
        figures: list[float] = []

        def watch(done: Round) -> None:
            figures.append(done.figure)
            trial.report(done.figure, len(figures))
            if not first and (time.monotonic() > self.end or trial.should_prune()):
                raise TrialPruned

        learner = Prism(replace(applied(self.base, drawn), repeats=repeats), watch)
        # The same draws for every trial, so that settings are what sets them apart.
        rng, cases = generator(self.seed, "tune", "fit"), self.material.choose
        scorer = learner.fit(self.material.train, rng, validation=cases)
        values = ndcg_of(scorer, self.material.prove, self.material.repeats)
        np.save(_values(self.out, trial.number), values, allow_pickle=False)
        return max(figures)


def _fingerprint(material: Material) -> str:
    """Which data these are."""
    whole = hashlib.sha256()
    for cases in (material.choose, material.prove):
        whole.update(cases.targets.tobytes())
    whole.update(material.train.sequences.items.tobytes())
    return whole.hexdigest()[:16]


def _values(out: Path, trial: int) -> Path:
    return out / f"trial-{trial}.npy"


def _page(found: Tuned) -> str:
    clear = "clear of chance" if found.gain.significant else "within chance"
    changed = "".join(f"| {name} | {value:g} |\n" for name, value in found.changed.items())
    weights = "".join(f"| {name} | {share:.2f} |\n" for name, share in found.importance.items())
    return f"""# Tuning

{found.finished} trials finished, {found.given_up} given up, {found.seconds:.0f} s in the last call.

Validation nDCG@10 on the people that chose: {found.before:.4f} before, {found.after:.4f} now. On
the other people, who chose nothing, the gain is {found.gain.mean:+.4f} (95% interval
{found.gain.low:+.4f} to {found.gain.high:+.4f}): {clear}. The test was not read.

| setting that changed | value |
|---|---|
{changed or "| none | |" + chr(10)}
| setting | share of the variance between trials |
|---|---|
{weights or "| too few finished trials | |" + chr(10)}"""
