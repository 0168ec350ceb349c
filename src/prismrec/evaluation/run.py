"""Evaluate models: fit each on the training part, ask it the test cases, compare, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from prismrec.core import BadInput, Cases, Interactions, Learner, Scorer, generator
from prismrec.core.arrays import Floats
from prismrec.evaluation.groups import HISTORY, POPULARITY, groups_of, headline
from prismrec.evaluation.measures import Reference, columns_of, figures
from prismrec.evaluation.predictions import rating_errors
from prismrec.evaluation.protocols import ListTask, System, rank_model, rank_system
from prismrec.evaluation.ranks import HistoryFilter, Ranked
from prismrec.evaluation.resources import peak_rss_mib, reset_peak, timed
from prismrec.evaluation.results import Comparison, Group, ModelReport, Report
from prismrec.evaluation.settings import CUTOFFS, EvaluationSettings
from prismrec.evaluation.significance import pooled, totals

__all__ = ["COMPARED", "Examination", "Progress", "examine"]

COMPARED = ("ndcg@10", "recall@10")
"""The metrics in which the first model is compared with every other."""

Progress = Callable[[str, str, int, int], None]
"""Told (model, stage, done, total); stage is `fit` or `evaluate`."""


@dataclass(frozen=True)
class Examination:
    """What is asked of the models: `train` to learn from, `validation` to choose by, `test`.

    `data` and `split` name them in the report. `rule` says what of a history does not come back.
    `notes` are what a reader of the figures must know about the data.
    """

    data: str
    split: str
    train: Interactions
    test: Cases
    validation: Cases | None = None
    rule: HistoryFilter = field(default_factory=HistoryFilter)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sitting:
    """One model after the test: its report, and its per-case values for the comparison."""

    report: ModelReport
    columns: dict[str, Floats]


def examine(
    exam: Examination,
    learners: Callable[[str], Learner],
    models: Sequence[str],
    *,
    system: Callable[[Scorer], System] | None = None,
    settings: EvaluationSettings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Report:
    """Fit and test every one of `models`, made by `learners` from its name, on the same cases.

    The first model is compared with each other one. Where `system` is given it builds the engine
    around a fitted scorer and the protocol is `system`, else it is `model`. Raises `BadInput` where
    there is no model or no case, or where a name occurs twice.
    """
    settings = settings or EvaluationSettings()
    _check(exam, models)
    made = {name: learners(name) for name in models}  # a wrong name fails before hours of fitting
    exam = _sampled(exam, settings, seed)
    room = _Room(exam, Reference.of(exam.train), settings, seed, progress)
    sittings = [_sit(room, name, learner, system) for name, learner in made.items()]
    return Report(
        data=exam.data,
        split=exam.split,
        protocol="model" if system is None else "system",
        seed=seed,
        repeats=exam.rule.repeats,
        cases=len(exam.test),
        models=tuple(sitting.report for sitting in sittings),
        comparisons=_compared(sittings, exam.test, settings, seed),
        notes=exam.notes,
    )


@dataclass(frozen=True)
class _Room:
    """Where every model sits the same test."""

    exam: Examination
    reference: Reference
    settings: EvaluationSettings
    seed: int
    progress: Progress | None

    def tell(self, name: str, stage: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(name, stage, done, total)


def _sit(
    room: _Room, name: str, learner: Learner, system: Callable[[Scorer], System] | None
) -> _Sitting:
    """Fit one model, test it, and let go of it."""
    exam = room.exam
    reset_peak()
    room.tell(name, "fit", 0, 1)
    rng = generator(room.seed, "fit", name)
    scorer, fit_seconds = timed(lambda: learner.fit(exam.train, rng, validation=exam.validation))
    room.tell(name, "fit", 1, 1)
    ranked, rank_seconds = timed(lambda: _ranked(room, name, scorer, system))
    measured, measure_seconds = timed(lambda: _measured(room, ranked))
    groups, columns = measured
    ratings = rating_errors(scorer, exam.test, batch=room.settings.batch)
    report = ModelReport(
        name=name,
        figures=replace(groups[0].figures, metrics={**groups[0].figures.metrics, **ratings}),
        groups=groups[1:],
        fit_seconds=fit_seconds,
        evaluate_seconds=rank_seconds + measure_seconds,
        peak_rss_mib=peak_rss_mib(),
    )
    return _Sitting(report, columns)


def _ranked(
    room: _Room, name: str, scorer: Scorer, system: Callable[[Scorer], System] | None
) -> Ranked:
    exam, batch, k = room.exam, room.settings.batch, max(CUTOFFS)
    done = 0

    def tick(more: int) -> None:
        nonlocal done
        done += more
        room.tell(name, "evaluate", done, len(exam.test))

    if system is None:
        return rank_model(scorer, exam.test, k=k, rule=exam.rule, batch=batch, tick=tick)
    task = ListTask(k, exam.train.n_items, exam.rule)
    return rank_system(system(scorer), exam.test, task, batch=batch, tick=tick)


def _measured(room: _Room, ranked: Ranked) -> tuple[tuple[Group, ...], dict[str, Floats]]:
    """The headline as the first group, then the others; and the per-case values of COMPARED."""
    test, reference = room.exam.test, room.reference
    columns = columns_of(ranked, reference)
    first = headline(test)
    out = []
    for by, label, inside in [("headline", "", first), *groups_of(test, reference)]:
        rows = np.flatnonzero(inside)
        some = {name: column[rows] for name, column in columns.items()}
        if by in (HISTORY, POPULARITY):
            some = {name: some[name] for name in COMPARED}
        rng = generator(room.seed, "intervals", by, label)
        found = figures(some, ranked.lists[rows], test.take(rows), reference, room.settings, rng)
        out.append(Group(by, label, found))
    return tuple(out), {name: columns[name][first] for name in COMPARED}


def _compared(
    sittings: Sequence[_Sitting], test: Cases, settings: EvaluationSettings, seed: int
) -> tuple[Comparison, ...]:
    """The first model against every other, over the headline cases."""
    clusters = test.clusters[headline(test)]
    if not len(clusters):
        return ()
    first, out = sittings[0], []
    for other in sittings[1:]:
        for metric in COMPARED:
            gaps = totals(first.columns[metric] - other.columns[metric], clusters)
            rng = generator(seed, "compare", metric, other.report.name)
            verdict = pooled(
                [gaps], rng, resamples=settings.resamples, confidence=settings.confidence
            )
            names = first.report.name, other.report.name
            out.append(Comparison(metric, *names, verdict, gaps))
    return tuple(out)


def _check(exam: Examination, models: Sequence[str]) -> None:
    if not models:
        raise BadInput("There is no model to evaluate.", hint="Name one, such as default.")
    if len(set(models)) < len(models):
        raise BadInput("A model is named twice.", hint="Name each model once.")
    if not len(exam.test):
        raise BadInput(
            f"The split '{exam.split}' of {exam.data} leaves no test case.",
            hint="Choose another split, or give more events.",
        )


def _sampled(exam: Examination, settings: EvaluationSettings, seed: int) -> Examination:
    """At most `max_cases` test cases, in their order; every one of them is still fully ranked."""
    total, most = len(exam.test), settings.max_cases
    if not 0 < most < total:
        return exam
    rows = generator(seed, "cases").choice(total, most, replace=False)
    note = f"{most:,} of {total:,} test cases were drawn at random; each is ranked in full."
    return replace(exam, test=exam.test.take(np.sort(rows)), notes=(*exam.notes, note))
