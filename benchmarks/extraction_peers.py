"""TF-IDF peers of `benchmarks.extraction`: the nearest item, a linear model, the nearest name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from prismrec.core import Item
from prismrec.language.knowledge.facts import given

__all__ = ["by_name", "fields_of", "linear", "linear_fields", "nearest", "plain_number"]

Value = TypeVar("Value")


def by_name(texts: Sequence[str], names: Sequence[str], kind: str) -> list[int]:
    """The nearest of `names` to each text by TF-IDF of `kind`, `words` or `characters`."""
    ways = {
        "words": TfidfVectorizer(sublinear_tf=True, stop_words="english"),
        "characters": TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
    }
    weigher = ways[kind].fit([*texts, *names])
    near = weigher.transform(texts) @ weigher.transform(names).T
    return [int(i) for i in near.toarray().argmax(axis=1)]


def nearest(train: Sequence[str], values: Sequence[Value], texts: Sequence[str]) -> list[Value]:
    """The value of the nearest training text."""
    weigher = _pairs().fit(train)
    near = weigher.transform(texts) @ weigher.transform(train).T
    return [values[int(i)] for i in np.asarray(near.argmax(axis=1)).ravel()]


def linear(train: Sequence[str], values: Sequence[str], texts: Sequence[str]) -> list[str]:
    """What a linear support vector machine says."""
    weigher = _pairs().fit(train)
    machine = LinearSVC().fit(weigher.transform(train), list(values))
    return [str(value) for value in machine.predict(weigher.transform(texts))]


def linear_fields(
    train: Sequence[str],
    rows: Sequence[dict[str, str]],
    texts: Sequence[str],
    fields: Sequence[str],
) -> list[dict[str, str]]:
    """The same for each of several fields, "has none" being one of the answers."""
    weigher = _pairs().fit(train)
    there, asked = weigher.transform(train), weigher.transform(texts)
    out: list[dict[str, str]] = [{} for _ in texts]
    for field in fields:
        values = [row.get(field, "") for row in rows]
        usual = {value for value, n in Counter(values).items() if n >= 2}
        kept = [value if value in usual else "" for value in values]
        if len(set(kept)) > 1:
            for row, value in zip(out, LinearSVC().fit(there, kept).predict(asked), strict=True):
                row |= {field: str(value)} if value else {}
    return out


def fields_of(item: Item) -> dict[str, str]:
    """The attributes of an item, of several values the first; numbers as `7`, not `7.0`."""
    named = {name: values[0] for name, values in given(item).items()}
    return {k: plain_number(v) for k, v in named.items() if k not in ("brand", "category")}


def plain_number(value: str) -> str:
    """`7` for `7.0`."""
    return value[:-2] if value.endswith(".0") and value[:-2].isdigit() else value


def _pairs() -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
