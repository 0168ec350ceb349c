"""From text to the words of the index: segmented, stemmed, by field of an item."""

from __future__ import annotations

from collections.abc import Iterator

import tantivy

from prismrec.core import Item
from prismrec.language.segmentation import segment

__all__ = ["Analyzer", "texts_of"]

_LONGEST_WORD = 80


class Analyzer:
    """Cuts text into words and stems those in Latin script (`stemmer`: a language in English, or
    empty for none). Items and queries must go through the same one."""

    def __init__(self, stemmer: str) -> None:
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
        if stemmer:
            builder = builder.filter(tantivy.Filter.stemmer(stemmer))
        self._stems = builder.build()

    def words(self, text: str) -> list[str]:
        """The words of `text`, in order."""
        if not text:
            return []
        found: list[str] = self._stems.analyze(" ".join(w[:_LONGEST_WORD] for w in segment(text)))
        return found

    def stem(self, word: str) -> str:
        """The stem of one word that is cut already."""
        found: list[str] = self._stems.analyze(word[:_LONGEST_WORD])
        return "".join(found)

    def fields(self, item: Item) -> tuple[list[str], ...]:
        """The words of every field of `item`, in the order of `FIELDS`."""
        return tuple(self.words(text) for text in texts_of(item))


def texts_of(item: Item) -> tuple[str, ...]:
    """The text of every field of `item`, in the order of `FIELDS`."""
    return (
        item.title,
        item.brand,
        " ".join(item.categories),
        " ".join(_attribute_words(item)),
        item.description,
        " ".join(item.texts.values()),
    )


def _attribute_words(item: Item) -> Iterator[str]:
    for name, value in item.attributes.items():
        if isinstance(value, bool):
            if value:
                yield name
        elif isinstance(value, float | int):
            yield f"{value:g}"
        elif isinstance(value, str):
            yield value
        else:
            yield from value
