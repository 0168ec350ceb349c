"""A classifier that counts: words, pairs of words and pieces of them, weighed by a linear machine.

It needs no pretrained model, reads every script, learns thousands of texts in seconds, and says
something else than an encoder does, so that the two together are better than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core import State
from prismrec.core.arrays import Longs, Scores
from prismrec.language.segmentation import normalise, segment

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["WordsPart", "fit_words", "pieces"]

_MAX_FEATURES = 60_000
_MAX_CHARACTERS = 2_000
_MAX_WORD = 40
_PENALTY = 0.5
_DENSE = "\u0900"  # scripts from here on say more with one character


def pieces(text: str) -> list[str]:
    """The features of `text`, each as often as it occurs.

    Words (`w`) and pairs of words that follow each other (`p`), none left out: "not" decides a
    sentiment. Pieces (`c`) of 3 to 5 letters with the ends of words marked; of Chinese and the like
    runs of 1 to 3 characters, across words.
    """
    cut = text[:_MAX_CHARACTERS]
    words = [word[:_MAX_WORD] for word in segment(cut)]
    found = ["w" + word for word in words]
    found += [f"p{first} {second}" for first, second in pairwise(words)]
    for word in words:
        if max(word) < _DENSE:
            found += _runs(f"<{word}>", (3, 4, 5))
    dense = "".join(letter for letter in normalise(cut) if letter >= _DENSE)
    return found + _runs(dense, (1, 2, 3))


class WordsPart:
    """Logits as the margins of linear machines, one a class.

    `features` are the known ones in order, `idf` (f,) their weights, `weights` (f, c) and `bias`
    (c,) the machines'.
    """

    kind = "words"

    def __init__(self, features: Sequence[str], idf: Scores, weights: Scores, bias: Scores) -> None:
        self._features = tuple(features)
        self._columns = {feature: column for column, feature in enumerate(features)}
        self._idf, self._weights, self._bias = idf, weights, bias

    def logits(self, texts: Sequence[str]) -> Scores:
        """(n, c) float32."""
        rows = _weighted(texts, self._columns, self._idf)
        return np.asarray(rows @ self._weights + self._bias, np.float32)

    def state(self) -> State:
        """All of it, as arrays of numbers."""
        joined = np.frombuffer("\n".join(self._features).encode("utf-8", "replace"), np.uint8)
        arrays: dict[str, np.ndarray] = {
            "features": joined,
            "idf": self._idf,
            "weights": self._weights,
            "bias": self._bias,
        }
        return State(self.kind, {}, arrays)

    @classmethod
    def from_state(cls, state: State) -> WordsPart:
        """The part that `state` describes."""
        arrays = state.arrays
        features = arrays["features"].tobytes().decode("utf-8").split("\n")
        return cls(features, arrays["idf"], arrays["weights"], arrays["bias"])


def fit_words(texts: Sequence[str], classes: Longs, count: int) -> WordsPart:
    """Learn from `texts` and their `classes` (n,), numbers below `count`, each found at least once.

    TF-IDF with logarithmic counts and a linear support vector machine a class, one against the
    rest: Fan et al., "LIBLINEAR: a library for large linear classification", 2008.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.svm import LinearSVC

    least = 2 if len(texts) >= 1000 else 1
    counter = TfidfVectorizer(
        analyzer=pieces, sublinear_tf=True, min_df=least, max_features=_MAX_FEATURES
    )
    rows = counter.fit_transform(texts)
    machine = LinearSVC(C=_PENALTY, random_state=0).fit(rows, classes)
    weights, bias = machine.coef_.T, machine.intercept_
    if count == 2:  # one machine says how far it is from the first class to the second
        weights, bias = np.hstack([-weights, weights]) / 2, np.array([-bias[0], bias[0]]) / 2
    return WordsPart(
        counter.get_feature_names_out().tolist(),
        counter.idf_.astype(np.float32),
        np.ascontiguousarray(weights, np.float32),
        np.asarray(bias, np.float32),
    )


def _runs(text: str, lengths: Sequence[int]) -> list[str]:
    return ["c" + text[at : at + n] for n in lengths for at in range(len(text) - n + 1)]


def _weighted(texts: Sequence[str], columns: dict[str, int], idf: Scores) -> csr_array[Any, Any]:
    """(n, f): (1 + log tf) * idf, every row of length 1."""
    from scipy.sparse import csr_array

    indptr, indices, values = [0], list[int](), list[float]()
    for text in texts:
        counts: dict[int, int] = {}
        for piece in pieces(text):
            column = columns.get(piece)
            if column is not None:
                counts[column] = counts.get(column, 0) + 1
        places = np.fromiter(counts, np.int64, len(counts))
        row = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * idf[places]
        indices += places.tolist()
        values += (row / max(float(np.linalg.norm(row)), 1e-12)).tolist()
        indptr.append(len(indices))
    shape = (len(texts), len(columns))
    return csr_array((np.array(values, np.float32), indices, indptr), shape=shape)
