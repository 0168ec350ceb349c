"""From a dataset to a release: encode, split, fit, measure. `fit` and `refresh` both come here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from prismrec.config import Settings
from prismrec.core import Cases, Interactions, ItemFeatures, Scorer, Storable, generator
from prismrec.data import Dataset, interactions, wants_repeats
from prismrec.data.behaviour import profile_vocabulary
from prismrec.data.catalogue import Catalogue
from prismrec.data.feedback import consumed_names, consumed_types
from prismrec.data.splits import Split, hold_out
from prismrec.data.tokens import TokenVocabulary
from prismrec.descent.clock import Deadline, deadline, until
from prismrec.evaluation.ranks import HistoryFilter
from prismrec.language import contains_han, encoder_reference
from prismrec.language.catalogue import EncodedCatalogue, encode_catalogue
from prismrec.learning.calibration import calibrated
from prismrec.learning.gates import METRIC, ndcg_of
from prismrec.learning.tracking import tracked
from prismrec.models.budget import Plan
from prismrec.models.default import learner_by_name, planned
from prismrec.release import Release
from prismrec.threads import every_core

__all__ = ["Material", "gather", "held_out", "train"]


@dataclass(frozen=True)
class Material:
    """A dataset made ready for learning: its catalogue, and its items as models see them."""

    dataset: Dataset
    catalogue: Catalogue
    encoded: EncodedCatalogue

    @property
    def features(self) -> ItemFeatures:
        """The items as models see them."""
        return self.encoded.features


def gather(
    dataset: Dataset,
    settings: Settings,
    *,
    cache: Path | None = None,
    vocabulary: TokenVocabulary | None = None,
) -> Material:
    """Encode the catalogue's texts and lay out its attributes; see `encode_catalogue`.

    `vocabulary` keeps the tokens of an earlier release at their places.
    """
    catalogue = Catalogue.of(dataset.iter_items(), vocabulary)
    with every_core():
        encoded = encode_catalogue(catalogue, settings.language, cache=cache)
    return Material(dataset, catalogue, encoded)


def held_out(data: Interactions, settings: Settings, seed: int) -> Split:
    """The last event of some people set apart, as the settings say how many. Of the same events and
    `seed` it is the same split, so that an expert trained beforehand has not seen what weighs it.
    """
    people = int(settings.learning.holdout_share * (data.sequences.lengths > 0).sum())
    most = min(settings.learning.holdout_users, people)
    return hold_out(data, most, generator(seed, "holdout"))


def train(
    material: Material,
    settings: Settings,
    seed: int,
    *,
    last_seq: int = 0,
    start: Scorer | None = None,
    event_types: Sequence[str] = (),
) -> Release:
    """Fit the default model and measure it on events it did not see.

    The last event of some users is held out for early stopping and for the mixture's weights.
    `start` is the scorer of an earlier release to continue from, `event_types` that release's.
    """
    began = time.perf_counter()
    data = interactions(
        material.dataset, material.features, settings.feedback, event_types=event_types
    )
    repeats = wants_repeats(data, settings.data.repeats)
    split = held_out(data, settings, seed)
    consumed = consumed_types(data.event_types, settings.data.consumed)
    rule = HistoryFilter(repeats, frozenset(consumed))
    budget = settings.models.budget
    end = deadline() or (Deadline(budget) if budget else None)
    with until(end), every_core():
        scorer, quality = _fitted(split, rule, settings, seed, start, began)
        calibration = calibrated(scorer, split.validation, rule)
    report = {
        **_counts(data),
        "repeats": repeats,
        "encoder": dict(material.encoded.report),
        "validation": quality,
        "fit_seconds": round(time.perf_counter() - began, 2),
        "seed": seed,
    }
    if end is not None:
        plan = planned(settings.models, split.train, split.validation, repeats)
        report["budget"] = _budget(budget, plan, end)
    encoder = material.encoded.encoder
    return Release(
        scorer=cast(Storable, scorer).state(),
        encoder=None if encoder is None else encoder_reference(encoder),
        vocabulary=material.catalogue.vocabulary,
        event_types=data.event_types,
        consumed=consumed_names(data.event_types, settings.data.consumed),
        has_clock=data.has_clock,
        repeats=repeats,
        n_items=data.n_items,
        last_seq=last_seq,
        language=_language(material.catalogue),
        calibration=calibration,
        people=None if data.profiles is None else profile_vocabulary(material.dataset),
        report=report,
    )


def _fitted(
    split: Split,
    rule: HistoryFilter,
    settings: Settings,
    seed: int,
    start: Scorer | None,
    began: float,
) -> tuple[Scorer, dict[str, float]]:
    """The default model and its quality on the events held out, told to who tracks trainings, with
    the seconds since `began`."""
    with tracked(settings.learning.track, settings.models) as tracker:
        learner = learner_by_name(
            "default", settings.models, repeats=rule.repeats, watch=tracker.round
        )
        scorer = learner.fit(
            split.train, generator(seed, "fit"), validation=split.validation, start=start
        )
        quality = _quality(scorer, split.validation, rule)
        tracker.figures({**quality, "seconds": time.perf_counter() - began})
    return scorer, quality


def _counts(data: Interactions) -> dict[str, Any]:
    """What was learned from, for the release's report."""
    return {
        "events": len(data.sequences.items),
        "users": data.n_users,
        "items": data.n_items,
        "event_types": list(data.event_types),
        "has_clock": data.has_clock,
    }


def _budget(seconds: float, plan: Plan, end: Deadline) -> dict[str, Any]:
    """What became of a time budget, for the release's report."""
    return {
        "seconds": seconds,
        "planned_seconds": round(plan.seconds, 1),
        "experts": list(plan.experts),
        "work": plan.work,
        "left_out": dict(plan.left_out),
        "stopped_by_clock": list(end.stopped),
    }


def _quality(scorer: Scorer, validation: Cases, rule: HistoryFilter) -> dict[str, float]:
    """What the weights were chosen by: named validation, and no promise for events to come."""
    if not len(validation):
        return {}
    return {METRIC: float(ndcg_of(scorer, validation, rule).mean()), "cases": len(validation)}


def _language(catalogue: Catalogue) -> str:
    """The language of reasons: that of the catalogue's titles."""
    titles = [catalogue.item(p).title for p in range(min(len(catalogue), 2_000))]
    han = sum(contains_han(title) for title in titles)
    return "zh" if titles and han * 2 > len(titles) else "en"
