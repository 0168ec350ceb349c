"""`evaluate`: from tables to a report, the same road for every model and both protocols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prismrec.config import Settings
from prismrec.core import BadInput, Interactions, Learner, TextEncoder, generator
from prismrec.data import Dataset, Sources, interactions, read, wants_repeats
from prismrec.data.catalogue import Catalogue
from prismrec.data.feedback import consumed_types
from prismrec.data.splits import Split, by_user, leave_one_out, temporal
from prismrec.evaluation.ranks import HistoryFilter
from prismrec.evaluation.results import Report
from prismrec.evaluation.run import Examination, Progress, examine
from prismrec.evaluation.settings import EvaluationSettings
from prismrec.evaluation.system import engine_around
from prismrec.language.catalogue import EncodedCatalogue, encode_catalogue
from prismrec.threads import every_core

__all__ = ["PROTOCOLS", "SPLITS", "Plan", "Prepared", "evaluate", "is_synthetic", "prepare"]

SPLITS = ("leave-one-out", "temporal", "by-user")
PROTOCOLS = ("model", "system")


@dataclass(frozen=True)
class Plan:
    """What to evaluate and how.

    `models` are named as in `prismrec.models`; the first, `default`, is compared with the others.
    `repeats` (`auto`, `yes`, `no`; empty: as `[data]` of the settings says) is whether items that
    people had before may come again. `share` is the part of the time (temporal) or of the users
    (by-user) that is held out. `cache` is a folder that keeps encoded texts.
    """

    split: str = "leave-one-out"
    models: tuple[str, ...] = ("default", "popularity")
    protocol: str = "model"
    repeats: str = ""
    seed: int = 0
    share: float = 0.1
    cache: Path | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("split", SPLITS), ("protocol", PROTOCOLS)):
            value = getattr(self, name)
            if value not in allowed:
                raise BadInput(
                    f"There is no {name} '{value}'.", hint="Choose one of: " + ", ".join(allowed)
                )


@dataclass(frozen=True)
class Prepared:
    """A dataset ready to be examined: the examination, and what an engine around a model needs."""

    exam: Examination
    catalogue: Catalogue
    encoder: TextEncoder | None
    consumed: tuple[str, ...]


def evaluate(
    data: str | Path | Sources | Dataset,
    plan: Plan | None = None,
    *,
    settings: Settings | None = None,
    measuring: EvaluationSettings | None = None,
    learners: Callable[[str], Learner] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Fit and test the models of `plan` on `data`, and report.

    `learners` makes a learner from a name; without it names are those of `prismrec.models`.
    Raises `BadInput` where the data cannot be split so, or a name is unknown.
    """
    plan, settings = plan or Plan(), settings or Settings()
    with every_core():
        ready = prepare(data, plan, settings)
        exam = ready.exam
        if learners is None:
            learners = _learners(settings, repeats=exam.rule.repeats)
        system = engine_around(ready, settings, plan.cache) if plan.protocol == "system" else None
        return examine(
            exam,
            learners,
            plan.models,
            system=system,
            settings=measuring,
            seed=plan.seed,
            progress=progress,
        )


def prepare(data: str | Path | Sources | Dataset, plan: Plan, settings: Settings) -> Prepared:
    """Read, encode and split `data`. The texts of all items are read, those of new ones too; of
    what people did, training sees its own part only."""
    dataset = data if isinstance(data, Dataset) else read(data, settings.data)
    catalogue = Catalogue.of(dataset.iter_items())
    encoded = encode_catalogue(catalogue, settings.language, cache=plan.cache)
    whole = interactions(dataset, encoded.features, settings.feedback)
    split = _split(whole, plan)
    kinds = consumed_types(whole.event_types, settings.data.consumed)
    repeats = wants_repeats(split.train, plan.repeats or settings.data.repeats)
    exam = Examination(
        data=_name(data),
        split=plan.split,
        train=split.train,
        test=split.test,
        validation=split.validation,
        rule=HistoryFilter(repeats, frozenset(kinds)),
        notes=(*_told(encoded), *_notes(data, whole, split, dataset)),
    )
    return Prepared(
        exam, catalogue, encoded.encoder, tuple(whole.event_types[kind] for kind in kinds)
    )


def _told(encoded: EncodedCatalogue) -> list[str]:
    """What a reader of the figures must know about the encoder."""
    report = encoded.report
    if encoded.encoder is None:
        return ["The items have no text, so no text model takes part."]
    read_by = f"Item text is read by {report['encoder']} ({report['source']})."
    return [read_by, *report.get("warnings", ())]


def _split(whole: Interactions, plan: Plan) -> Split:
    if plan.split == "temporal":
        return temporal(whole, plan.share)
    if plan.split == "by-user":
        return by_user(whole, plan.share, generator(plan.seed, "split"))
    return leave_one_out(whole)


def _learners(settings: Settings, *, repeats: bool) -> Callable[[str], Learner]:
    from prismrec.models.default import learner_by_name

    return lambda name: learner_by_name(name, settings.models, repeats=repeats)


def _notes(data: object, whole: Interactions, split: Split, dataset: Dataset) -> Sequence[str]:
    notes = []
    if is_synthetic(data):
        notes.append("These data are synthetic: they come from a simulator, not from people.")
    if not whole.has_clock:
        notes.append(
            "Timestamps are positions within a user: time views, decay and temporal splits are off."
        )
    if split.report.get("trimmed"):
        notes.append("A few stray events in time were left aside when the span was divided.")
    cold = int(split.test.cold_user.sum())
    if cold:
        notes.append(
            f"{cold:,} of {len(split.test):,} test cases are of users without training events "
            "(cold users): part of the headline where they have a history, and reported apart."
        )
    if dataset.report.quarantined:
        notes.append(f"{dataset.report.quarantined:,} rows could not be used.")
    return notes


def _name(data: object) -> str:
    return Path(data).name if isinstance(data, str | Path) else "data"


def is_synthetic(data: object) -> bool:
    """Whether the README beside the tables says so, as the simulator's does."""
    if not isinstance(data, str | Path):
        return False
    readme = Path(data) / "README.md"
    return readme.is_file() and "synthetic" in readme.read_text("utf-8", "replace")[:400].lower()
