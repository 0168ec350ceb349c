"""From reviews to what they say of items: counts of praise and complaint by topic, with evidence.

How a sentence is meant is read in the first of three ways that there is something for: by a
classifier that was given; by one that learns from the reviews' own ratings; by words and, where an
encoder reads the language, by likeness to sentences of praise and complaint. What is read stands
apart from what was given: it has its source, and never becomes a text or a field of an item.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import BadInput, TextEncoder
from prismrec.core.arrays import Floats
from prismrec.language.answers.passages import sentences
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.fit import fit_classifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.reviews.lexicon import TOPICS, leaning, topics_of

__all__ = ["Heard", "Review", "Voice", "by_ratings", "by_rules", "of_classifier", "opinions_of"]

FEWEST = 40
"""Rated reviews of praise and of complaint, each, from which a classifier learns."""
RULES_WORTH = 200
"""Ratings that the rules are worth beside a classifier; chosen on reviews that are not reported."""
DOUBT = 0.1
"""A sentence whose chance of praise is nearer to one half than this says neither."""
_PRAISE = ("I love it, it works great.", "Excellent, I am very happy with it.")
_COMPLAINT = ("It is terrible, it broke.", "I am very disappointed, a waste of money.")
_STEEP, _SAYS = 12.0, 0.35

Voice = Callable[[Sequence[str]], Floats]
"""Sentences (n) -> (n,) how likely each is praise; one half where nothing tells."""


@dataclass(frozen=True, slots=True)
class Review:
    """A text about an item, and a rating of it where there is one, higher being better."""

    item_id: str
    text: str
    rating: float | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What reviews say of an item: `topic` (empty: all that is said), how many sentences (reviews,
    where it is empty) praise and complain, and the plainest sentence of each, as it stands.
    `source` is `rated`, `classifier` or `rules`: read, never given."""

    item_id: str
    topic: str
    praise: int
    complaint: int
    praised: str
    complained: str
    source: str

    @property
    def share(self) -> float:
        """The share of praise, towards one half where little was said (Laplace)."""
        return (self.praise + 1) / (self.praise + self.complaint + 2)


def opinions_of(
    reviews: Iterable[Review],
    voice: Voice,
    source: str,
    topics: Mapping[str, tuple[str, ...]] = TOPICS,
) -> list[Heard]:
    """By item and topic, in the order in which items come, all that is said first. There whole
    reviews are counted, which tell more surely than their sentences do; within a topic, the
    sentences that have a word of it."""
    told = [(one, sentences(one.text)) for one in reviews if one.text.strip()]
    if not told:
        return []
    whole = voice([one.text for one, _ in told])
    parts = iter(voice([text for _, cut in told for text in cut]).tolist())
    heard: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for (one, cut), chance in zip(told, whole.tolist(), strict=True):
        read = [(next(parts), text) for text in cut]
        if abs(chance - 0.5) > DOUBT:
            plainest = max(read) if chance > 0.5 else min(read)
            heard[one.item_id, ""].append((chance, plainest[1]))
        for said, text in read:
            if abs(said - 0.5) > DOUBT:
                for topic in topics_of(text, topics):
                    heard[one.item_id, topic].append((said, text))
    return [
        _heard(item_id, topic, heard[item_id, topic], source)
        for item_id in dict.fromkeys(one.item_id for one, _ in told)
        for topic in ("", *topics)
        if (item_id, topic) in heard
    ]


def of_classifier(classifier: TextClassifier, praise: str) -> Voice:
    """The voice of a classifier, one of whose labels means `praise`. Raises `BadInput` else."""
    if praise not in classifier.labels:
        known = ", ".join(classifier.labels[:8])
        raise BadInput(f"There is no label '{praise}'.", hint=f"Known are: {known}.")
    place = classifier.labels.index(praise)
    return lambda texts: classifier.probabilities(texts)[:, place]


def by_ratings(
    reviews: Sequence[Review], settings: ClassifierSettings | None = None, *, seed: int = 0
) -> Voice | None:
    """A classifier that learns praise and complaint from the upper and the lower end of the
    ratings, the middle left out, blended with the rules as far as it had little to learn from;
    `None` where fewer than `FEWEST` are at either end."""
    known = [one.rating for one in reviews if one.rating is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    third = (high - low) / 3
    rows = [
        (one.text, "praise" if one.rating > high - third else "complaint")
        for one in reviews
        if one.rating is not None and not low + third <= one.rating <= high - third
    ]
    counts = [sum(label == each for _, label in rows) for each in ("praise", "complaint")]
    if low == high or min(counts) < FEWEST:
        return None
    texts, labels = zip(*rows, strict=True)
    learned = fit_classifier(texts, labels, settings or ClassifierSettings(), seed=seed)
    own, rules = of_classifier(learned, "praise"), by_rules()
    share = RULES_WORTH / (RULES_WORTH + len(rows))
    return lambda texts: (1 - share) * own(texts) + share * rules(texts)


def by_rules(encoder: TextEncoder | None = None) -> Voice:
    """Words of praise and complaint; where none stands in a sentence and there is an `encoder`,
    whether it is more like praise or like complaint."""
    anchors = None if encoder is None else encoder.encode([*_PRAISE, *_COMPLAINT])

    def voice(texts: Sequence[str]) -> Floats:
        said = np.array([leaning(text) for text in texts], np.float64)
        chances = np.asarray(0.5 + _SAYS * said, np.float64)
        silent = np.flatnonzero(said == 0).tolist()
        if encoder is not None and anchors is not None and len(silent):
            alike = encoder.encode([texts[i] for i in silent]) @ anchors.T
            ahead = alike[:, : len(_PRAISE)].mean(axis=1) - alike[:, len(_PRAISE) :].mean(axis=1)
            chances[silent] = 1 / (1 + np.exp(-_STEEP * ahead))
        return chances

    return voice


def _heard(item_id: str, topic: str, heard: list[tuple[float, str]], source: str) -> Heard:
    good = sorted((row for row in heard if row[0] > 0.5), key=lambda row: (-row[0], row[1]))
    bad = sorted((row for row in heard if row[0] < 0.5), key=lambda row: row)
    best, worst = good[0][1] if good else "", bad[0][1] if bad else ""
    return Heard(item_id, topic, len(good), len(bad), best, worst, source)
