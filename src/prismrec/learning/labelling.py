"""The next texts to judge, from a table of which some rows have a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import generator
from prismrec.language.choice import choose_encoder
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.fit import fit_classifier
from prismrec.language.classifier.querying import doubtful_texts, typical_texts
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.settings import LanguageSettings

__all__ = ["ToJudge", "texts_to_judge"]


@dataclass(frozen=True)
class ToJudge:
    """A text to judge: its row, counted from 1, what the classifier would say (empty where there is
    none yet) and how sure it is."""

    row: int
    text: str
    suggested: str
    probability: float


def texts_to_judge(
    texts: Sequence[str],
    labels: Sequence[str],
    n: int,
    language: LanguageSettings | None = None,
    *,
    classifier: TextClassifier | None = None,
    seed: int = 0,
) -> list[ToJudge]:
    """`n` of the texts whose label in `labels` (n,) is empty, the most useful first.

    A classifier learned from those that have one (or the one given) tells what is in doubt; with
    fewer than two labels so far, texts that are typical of many come first. Every text is offered
    once, however often it is there; blank ones are not.
    """
    judged = {text for text, label in zip(texts, labels, strict=True) if label}
    first: dict[str, int] = {}
    for row, text in enumerate(texts):
        if text.strip() and text not in judged:
            first.setdefault(text, row)
    open_texts = list(first)
    if not open_texts or n < 1:
        return []
    if classifier is None:
        classifier = _learned(texts, labels, language, seed)
    if classifier is None:
        encoder = choose_encoder(open_texts, language or LanguageSettings()).encoder
        vectors = encoder.encode(open_texts)
        chosen = typical_texts(vectors, n, generator(seed, "labelling"))
        return [ToJudge(first[open_texts[i]] + 1, open_texts[i], "", 0.0) for i in chosen]
    found = classifier.probabilities(open_texts)
    return [
        ToJudge(
            first[open_texts[i]] + 1,
            open_texts[i],
            classifier.labels[found[i].argmax()],
            float(found[i].max()),
        )
        for i in doubtful_texts(found, n)
    ]


def _learned(
    texts: Sequence[str], labels: Sequence[str], language: LanguageSettings | None, seed: int
) -> TextClassifier | None:
    """A head on the encoder as it is: quick, so that it can follow each few judgments. `None`
    where there are not two labels with two texts yet."""
    rows = [i for i, label in enumerate(labels) if label and texts[i].strip()]
    own = np.array([labels[i] for i in rows])
    names, counts = np.unique(own, return_counts=True)
    if len(names) < 2 or counts.max() < 2:
        return None
    said = [texts[i] for i in rows]
    return fit_classifier(
        said, own.tolist(), ClassifierSettings(mode="frozen"), language, seed=seed
    )
