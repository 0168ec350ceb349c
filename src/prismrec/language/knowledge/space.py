"""The texts of a catalogue as they are compared: by words, by pairs of words, and by meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core import TextEncoder
from prismrec.core.arrays import Longs, Scores, Vectors
from prismrec.language.segmentation import segment
from prismrec.language.tfidf import sparse_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["TextSpace"]

NARROW = 4.0
"""How fast likeness of meaning falls: vectors of a distance r are alike by exp(-NARROW r^2 / 2)."""
_BLOCK = 1024  # rows whose sparse products are held at once


@dataclass(frozen=True, eq=False)
class TextSpace:
    """`words` (n, f) TF-IDF rows of words and their pieces, `pairs` (n, g) of words and pairs of
    neighbours, all of length 1; `meaning` (n, d) vectors of the encoder (d = 0 without one);
    `cut` the words of every text in order."""

    words: csr_array[Any, Any]
    pairs: csr_array[Any, Any]
    meaning: Vectors
    cut: tuple[tuple[str, ...], ...]

    @staticmethod
    def of(texts: Sequence[str], encoder: TextEncoder | None) -> TextSpace:
        """Texts, of which some are not empty; the weights of words are those of these texts."""
        vectors = np.zeros((len(texts), 0), np.float32)
        if encoder is not None and texts:
            vectors = encoder.encode(texts)
        cut = tuple(tuple(segment(text)) for text in texts)
        return TextSpace(sparse_rows(texts), _pairs(cut), vectors, cut)

    def kernel(self, rows: Longs, columns: Longs) -> Scores:
        """(r, c) how alike the texts are, 3 for the same ones (2 without an encoder). Positive
        semi-definite."""
        words, pairs = self.words[columns].T.tocsr(), self.pairs[columns].T.tocsr()
        meaning = self.meaning[columns].T
        alike = np.empty((len(rows), len(columns)), np.float32)
        for at in range(0, len(rows), _BLOCK):
            some, out = rows[at : at + _BLOCK], alike[at : at + _BLOCK]
            out[:] = (self.words[some] @ words).toarray()
            out += (self.pairs[some] @ pairs).toarray()
            if self.meaning.shape[1]:
                out += np.exp(NARROW * (self.meaning[some] @ meaning - 1))
        return alike


def _pairs(cut: Sequence[Sequence[str]]) -> csr_array[Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    def units(words: Sequence[str]) -> list[str]:
        return [*words, *map(" ".join, pairwise(words))]

    weigher = TfidfVectorizer(analyzer=units, sublinear_tf=True, dtype=np.float32)
    return weigher.fit_transform([words or ("",) for words in cut])
