"""From a dataset to a release: encode, split, fit, measure. `fit` and `refresh` both come here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from prismrec.config import Settings
from prismrec.core import Cases, ItemFeatures, Scorer, Storable, TextEncoder, generator
from prismrec.data import Dataset, interactions, wants_repeats
from prismrec.data.catalogue import Catalogue
from prismrec.data.feedback import consumed_types
from prismrec.data.splits import hold_out
from prismrec.data.tokens import TokenVocabulary
from prismrec.evaluation.ranks import HistoryFilter
from prismrec.language import choose_encoder, contains_han, encoder_reference
from prismrec.learning.gates import METRIC, ndcg_of
from prismrec.models.default import learner_by_name
from prismrec.release import Release

__all__ = ["Material", "gather", "train"]


@dataclass(frozen=True)
class Material:
    """A dataset made ready for learning: its catalogue, and its items as models see them."""

    dataset: Dataset
    catalogue: Catalogue
    features: ItemFeatures
    encoder: TextEncoder | None
    encoder_report: Mapping[str, Any]


def gather(
    dataset: Dataset,
    settings: Settings,
    *,
    cache: Path | None = None,
    vocabulary: TokenVocabulary | None = None,
) -> Material:
    """Encode the catalogue's texts and lay out its attributes.

    The encoder is chosen by what the texts are written in; `cache` keeps vectors on disk, so that
    a second run encodes only what changed. `vocabulary` keeps the tokens of an earlier release at
    their places. A catalogue with items but without any text gets no encoder.
    """
    catalogue = Catalogue.of(dataset.iter_items(), vocabulary)
    texts = catalogue.texts()
    if texts and not any(texts):
        return Material(dataset, catalogue, catalogue.features(), None, {"encoder": None})
    chosen = choose_encoder(texts, settings.language, cache=cache)
    features = catalogue.features(chosen.encoder.encode(texts))
    return Material(dataset, catalogue, features, chosen.encoder, chosen.report)


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
    people = int(settings.learning.holdout_share * (data.sequences.lengths > 0).sum())
    most = min(settings.learning.holdout_users, people)
    split = hold_out(data, most, generator(seed, "holdout"))
    learner = learner_by_name("default", settings.models, repeats=repeats)
    scorer = learner.fit(
        split.train, generator(seed, "fit"), validation=split.validation, start=start
    )
    consumed = consumed_types(data.event_types, settings.data.consumed)
    rule = HistoryFilter(repeats, frozenset(consumed))
    report = {
        "events": len(data.sequences.items),
        "users": data.n_users,
        "items": data.n_items,
        "event_types": list(data.event_types),
        "has_clock": data.has_clock,
        "repeats": repeats,
        "encoder": dict(material.encoder_report),
        "validation": _quality(scorer, split.validation, rule),
        "fit_seconds": round(time.perf_counter() - began, 2),
        "seed": seed,
    }
    return Release(
        scorer=cast(Storable, scorer).state(),
        encoder=None if material.encoder is None else encoder_reference(material.encoder),
        vocabulary=material.catalogue.vocabulary,
        event_types=data.event_types,
        consumed=tuple(sorted(data.event_types[kind] for kind in consumed)),
        has_clock=data.has_clock,
        repeats=repeats,
        n_items=data.n_items,
        last_seq=last_seq,
        language=_language(material.catalogue),
        report=report,
    )


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
