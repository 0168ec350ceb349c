"""The table of what reviews say of items: praise and complaint by topic, with evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from prismrec.config import Settings
from prismrec.core import BadInput
from prismrec.data.reviews import read_reviews
from prismrec.data.sources import Source
from prismrec.data.writing import require_table, write_table
from prismrec.language.choice import choose_encoder
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.reviews.sentiment import (
    Review,
    Voice,
    by_ratings,
    by_rules,
    of_classifier,
    opinions_of,
)

__all__ = ["REVIEWED", "reviewed_table", "voice_for"]

REVIEWED = {
    "item_id": pl.String,
    "topic": pl.String,
    "praise": pl.Int64,
    "complaint": pl.Int64,
    "share": pl.Float64,
    "praised": pl.String,
    "complained": pl.String,
    "source": pl.String,
}


def reviewed_table(
    source: Source,
    out: Path,
    settings: Settings,
    *,
    using: tuple[Path, str] | None = None,
    mode: str = "words",
) -> pl.DataFrame:
    """Read the reviews of `source`, tell by item and topic what they praise and what they complain
    of, and write it to `out`; the table.

    `using` is a kept classifier and its label of praise; without one see `voice_for`. Raises
    `BadInput` where `out` cannot be such a table, or there are no reviews.
    """
    require_table(out)
    reviews = [Review(*row) for row in read_reviews(source, settings.data)]
    if not reviews:
        raise BadInput("There is no review.", hint="Give a table of item_id and text.")
    if using is not None:
        voice: Voice = of_classifier(TextClassifier.load(using[0]), using[1])
        named = "classifier"
    else:
        voice, named = voice_for(reviews, settings, mode=mode)
    rows = [
        (h.item_id, h.topic, h.praise, h.complaint, h.share, h.praised, h.complained, h.source)
        for h in opinions_of(reviews, voice, named)
    ]
    table = pl.DataFrame(rows, schema=REVIEWED, orient="row")
    write_table(table, out)
    return table


def voice_for(
    reviews: Sequence[Review], settings: Settings, *, mode: str = "words"
) -> tuple[Voice, str]:
    """How the sentences of `reviews` are read, and its name: by a classifier that learns from their
    ratings, where there are enough; else by rules and the encoder that reads their language."""
    learned = by_ratings(reviews, ClassifierSettings(mode=mode))
    if learned is not None:
        return learned, "rated"
    choice = choose_encoder([one.text for one in reviews], settings.language)
    pretrained = choice.encoder if choice.encoder.name != "tfidf" else None
    return by_rules(pretrained), "rules"
