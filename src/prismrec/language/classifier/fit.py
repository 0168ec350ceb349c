"""Fitting a classifier: parts learn on some texts, are weighed on others, then learn from all."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prismrec.core import BadInput, generator
from prismrec.core.arrays import Longs
from prismrec.language.classifier.classifier import Part, TextClassifier
from prismrec.language.classifier.settings import ClassifierSettings, Course, course_for
from prismrec.language.classifier.weighing import held_out_loss, pooled, weights_of
from prismrec.language.classifier.words import fit_words
from prismrec.language.find import Located, find_encoder
from prismrec.language.folder import ModelFolder
from prismrec.language.scripts import sample
from prismrec.language.settings import DEFAULT_ENCODER, LanguageSettings
from prismrec.threads import side_by_side

__all__ = ["Examples", "fit_classifier", "split_by_class"]


@dataclass(frozen=True)
class Examples:
    """Texts and the number of each one's label, (n,)."""

    texts: tuple[str, ...]
    classes: Longs

    def take(self, rows: Longs) -> Examples:
        """Those at `rows`."""
        return Examples(tuple(self.texts[i] for i in rows), self.classes[rows])

    def joined(self, other: Examples) -> Examples:
        """These and then the others."""
        return Examples(self.texts + other.texts, np.concatenate([self.classes, other.classes]))


@dataclass(frozen=True)
class _Way:
    """How one part is learned."""

    kind: str
    fit: Callable[[Examples], Part]
    again: Callable[[Part, Examples], Part]


def fit_classifier(
    texts: Sequence[str],
    labels: Sequence[str],
    settings: ClassifierSettings | None = None,
    language: LanguageSettings | None = None,
    *,
    valid: tuple[Sequence[str], Sequence[str]] | None = None,
    seed: int = 0,
) -> TextClassifier:
    """Learn which of `labels` (n,) a text has.

    Each part learns on most of the texts and is weighed on the rest (`valid`, where given); then it
    learns from all of them: words anew, an encoder by going on for a few passes. Inside
    `threads.every_core` parts learn side by side. The same texts, settings and seed give the same
    classifier. Raises `BadInput` where there are not two
    labels with two texts each, `TrainingDiverged` where a loss is no number.
    """
    chosen, language = settings or ClassifierSettings(), language or LanguageSettings()
    known = tuple(sorted({*labels, *(valid[1] if valid else ())}))
    train = _examples(texts, labels, known)
    if valid:
        held = _examples(*valid, known)
    else:
        rows = split_by_class(train.classes, chosen.held_out, generator(seed, "held out"))
        train, held = train.take(np.flatnonzero(~rows)), train.take(np.flatnonzero(rows))
    every = train.joined(held)
    _check(known, train, held)
    begun = time.perf_counter()
    ways, told = _ways(every, len(known), chosen, language, seed)
    trial = list(side_by_side(lambda way: way.fit(train), ways))
    logits = [part.logits(held.texts) for part in trial]
    weights = weights_of(logits, held.classes)
    kept = [i for i, weight in enumerate(weights) if weight > 0]
    final = list(side_by_side(lambda i: ways[i].again(trial[i], every), kept))
    best = np.sort(pooled(logits, weights).max(axis=1))
    facts = {
        **told,
        "shares": (np.bincount(every.classes, minlength=len(known)) / len(every.texts)).tolist(),
        "held_out": {
            "texts": len(held.texts),
            "log_loss": held_out_loss(logits, weights, held.classes),
            "accuracy": _accuracy(pooled(logits, weights), held.classes),
            "alone": {
                way.kind: _accuracy(one.astype(np.float64), held.classes)
                for way, one in zip(ways, logits, strict=True)
            },
        },
        "fit_seconds": round(time.perf_counter() - begun, 1),
    }
    return TextClassifier(
        known,
        tuple(final),
        tuple(weights[i] for i in kept),
        tuple(best.tolist()),
        facts,
    )


def split_by_class(classes: Longs, share: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) bool: a `share` of each class, drawn at random, at least one text and never all."""
    out = np.zeros(len(classes), bool)
    for one in np.unique(classes):
        rows = rng.permutation(np.flatnonzero(classes == one))
        if len(rows) > 1:
            out[rows[: min(max(1, round(share * len(rows))), len(rows) - 1)]] = True
    return out


def _ways(
    every: Examples,
    count: int,
    settings: ClassifierSettings,
    language: LanguageSettings,
    seed: int,
) -> tuple[list[_Way], dict[str, Any]]:
    """The ways that are tried, and what is to be told of them."""

    def count_words(some: Examples) -> Part:
        return fit_words(some.texts, some.classes, count)

    words = _Way("words", count_words, lambda _, some: count_words(some))
    course = course_for(len(every.texts), count, settings)
    located, why = _encoder(every.texts, language) if course else (None, "")
    told: dict[str, Any] = {"texts": len(every.texts), "encoder": "words", "course": None}
    if course is None or located is None:
        return [words], told | ({"why": why} if why else {})
    told |= {"encoder": located.name, "course": vars(course).copy(), "why": why}
    return [_reading(located.path, count, course, settings.max_tokens, seed), words], told


def _reading(path: Path, count: int, course: Course, max_tokens: int, seed: int) -> _Way:
    def fit(some: Examples) -> Part:
        from prismrec.language.classifier.reading import fit_reading

        rng = generator(seed, "classifier", course.mode)
        return fit_reading(path, (some.texts, some.classes), count, course, max_tokens, rng)

    def again(part: Part, some: Examples) -> Part:
        from prismrec.language.classifier.reading import ReadingPart

        assert isinstance(part, ReadingPart)
        rng = generator(seed, "classifier", course.mode, "further")
        return part.goes_on((some.texts, some.classes), course.further(), rng)

    return _Way("reading", fit, again)


def _encoder(texts: Sequence[str], language: LanguageSettings) -> tuple[Located | None, str]:
    """The encoder that reads these texts, if one does, and why or why not."""
    if language.encoder == "tfidf":
        return None, "language.encoder asks for TF-IDF"
    names = [DEFAULT_ENCODER] if language.encoder == "auto" else [language.encoder]
    if language.encoder == "auto" and language.multilingual:
        names.append(language.multilingual)
    told: list[str] = []
    for name in names:
        located = find_encoder(name, language, told)
        if located is None:
            continue
        rate = ModelFolder.read(located.path).unknown_rate(sample(texts))
        told.append(f"{rate:.1%} of the tokens are unknown to '{located.name}'")
        if rate <= language.unknown_limit or language.encoder != "auto":
            return located, told[-1]
    return None, "; ".join(told)


def _examples(texts: Sequence[str], labels: Sequence[str], known: Sequence[str]) -> Examples:
    numbers = {label: place for place, label in enumerate(known)}
    classes = np.array([numbers[label] for label in labels], np.int64)
    return Examples(tuple(texts), classes)


def _check(known: Sequence[str], train: Examples, held: Examples) -> None:
    counts = np.bincount(train.classes, minlength=len(known))
    if len(known) < 2:
        raise BadInput(
            "There are not two different labels to tell apart.", hint="Give texts of two labels."
        )
    if not counts.all() or not len(held.texts):
        lacking = ", ".join(known[i] for i in np.flatnonzero(counts == 0)[:5]) or "every label"
        raise BadInput(
            f"There are too few training texts of: {lacking}.",
            hint="Give at least one of each label, and two of some.",
        )


def _accuracy(scores: Any, classes: Longs) -> float:
    return float((scores.argmax(axis=1) == classes).mean())
