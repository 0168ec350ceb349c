"""The encoder of last resort: TF-IDF over words and character n-grams, reduced by an SVD."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core import Corrupt, State
from prismrec.core.arrays import Vectors
from prismrec.language.scripts import sample
from prismrec.language.segmentation import segment

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["TfidfEncoder", "fit_tfidf", "sparse_rows", "text_features"]

KIND = "language.tfidf"
_MAX_TEXTS = 50_000  # as many texts, spread evenly, are read when fitting
_MAX_FEATURES = 50_000
_MAX_CHARACTERS = 2_000  # of one text
_MAX_WORD = 40  # longer words are numbers, codes or noise; their n-grams still count up to here
_ENGLISH = """a an and are as at be by for from has i in is it its like looking my of on or
recently so something that the their this to want was we were which will with you your"""
_CHINESE = """我 你 他 她 它 我们 你们 他们 的 了 和 与 及 或 是 在 有 也 就 都 而 很 不 这 那 个
对 到 为 被 把 让 给 从 上 下 中 想 要 看 想要 喜欢 最近 一个 一些 这个 那个 什么 可以 非常
比较 适合"""
_STOP = frozenset([*_ENGLISH.split(), *_CHINESE.split()])


def text_features(text: str) -> Counter[str]:
    """How often each feature stands in `text`: `w` + a word, `c` + a piece of one.

    Pieces are 3 and 4 letters with the ends of the word marked, or, in scripts that say more with
    one character (Chinese among them), 1 and 2 characters. Function words count for nothing.
    """
    counts: Counter[str] = Counter()
    for word in segment(text[:_MAX_CHARACTERS]):
        if word in _STOP:
            continue
        word = word[:_MAX_WORD]
        counts["w" + word] += 1
        dense = max(word) >= "\u0900"
        marked = word if dense else f"<{word}>"
        for n in (1, 2) if dense else (3, 4):
            for at in range(len(marked) - n + 1):
                counts["c" + marked[at : at + n]] += 1
    return counts


class TfidfEncoder:
    """Latent semantic analysis (Deerwester et al., 1990) of the catalogue's own texts.

    `features` are the known features in order, `idf` (f,) their weights, `components` (f, d) the
    right singular vectors. A text without any known feature is a row of zeros, like an empty one.
    """

    name = "tfidf"

    def __init__(self, features: Sequence[str], idf: Vectors, components: Vectors) -> None:
        self._features = tuple(features)
        self._columns = {feature: column for column, feature in enumerate(self._features)}
        self._idf = np.ascontiguousarray(idf, np.float32)
        self._components = np.ascontiguousarray(components, np.float32)
        self.dimension = int(components.shape[1])
        self.version = self._version()

    def _version(self) -> str:
        digest = hashlib.sha256(b"tfidf 1")
        for part in (_joined(self._features), self._idf, self._components):
            digest.update(part.tobytes())
        return digest.hexdigest()[:24]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32, L2-normalised; a row of zeros where nothing is known."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        counts = [text_features(text) for text in texts]
        vectors = _weighted(counts, self._columns, self._idf, self._features) @ self._components
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.where(norms > 1e-6, vectors / np.maximum(norms, 1e-6), 0).astype(np.float32)

    def state(self) -> State:
        """All of the encoder, as arrays of numbers."""
        arrays = {
            "features": _joined(self._features),
            "idf": self._idf,
            "components": self._components,
        }
        return State(KIND, {"name": self.name, "version": self.version}, arrays)

    @classmethod
    def from_state(cls, state: State) -> TfidfEncoder:
        """The encoder that `state` describes. Raises Corrupt where its version does not match."""
        written = state.arrays["features"].tobytes().decode("utf-8")
        encoder = cls(
            written.split("\n") if written else (), state.arrays["idf"], state.arrays["components"]
        )
        if encoder.version != state.settings["version"]:
            raise Corrupt(
                "The stored TF-IDF encoder is not the one that was written.",
                hint="Roll back to another release, or fit again.",
            )
        return encoder


def fit_tfidf(texts: Sequence[str], dimension: int) -> TfidfEncoder:
    """Fits the encoder on the texts of a catalogue; any number of them, empty ones included.

    Deterministic: the same texts in the same order give the same `version`.
    """
    counts = [text_features(text) for text in sample(texts, _MAX_TEXTS)]
    features, columns, idf = _weights(counts)
    components = np.zeros((len(features), dimension), np.float32)
    if features:
        matrix = _weighted(counts, columns, idf, features)
        basis = _right_singular_vectors(matrix, min(dimension, *matrix.shape))
        components[:, : basis.shape[1]] = basis
    return TfidfEncoder(features, idf, components)


def sparse_rows(texts: Sequence[str]) -> csr_array[Any, Any]:
    """(n, f) the same features, weighted by these texts, before any reduction: rows of length 1, of
    zeros where nothing is known."""
    from scipy.sparse import diags_array

    counts = [text_features(text) for text in texts]
    features, columns, idf = _weights(counts[:: len(counts) // _MAX_TEXTS + 1])
    rows = _weighted(counts, columns, idf, features)
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return (diags_array(scale) @ rows).tocsr()


def _weights(counts: Sequence[Counter[str]]) -> tuple[list[str], dict[str, int], Vectors]:
    """The known features in order, their columns, and how much each weighs."""
    features = _choose_features(counts)
    columns = {feature: column for column, feature in enumerate(features)}
    spread = Counter(f for count in counts for f in count if f in columns)
    found = np.array([spread[feature] for feature in features], np.float64)
    idf = (np.log((1 + len(counts)) / (1 + found)) + 1).astype(np.float32)
    return features, columns, idf


def _choose_features(counts: Sequence[Counter[str]]) -> list[str]:
    """The features found in the most texts; in a catalogue of some size, in two at least."""
    spread: Counter[str] = Counter()
    for count in counts:
        spread.update(count.keys())
    least = 2 if len(counts) >= 1000 else 1
    kept = sorted((-found, feature) for feature, found in spread.items() if found >= least)
    return sorted(feature for _, feature in kept[:_MAX_FEATURES])


def _weighted(
    counts: Sequence[Counter[str]],
    columns: dict[str, int],
    idf: Vectors,
    features: Sequence[str],
) -> csr_array[Any, Any]:
    """(n, f): (1 + log tf) * idf, words and pieces each of length 1 in every row."""
    from scipy.sparse import csr_array

    rows = [{columns[f]: c for f, c in count.items() if f in columns} for count in counts]
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.fromiter((column for row in rows for column in row), np.int64, indptr[-1])
    tf = np.fromiter((c for row in rows for c in row.values()), np.float32, indptr[-1])
    values = (1 + np.log(tf)) * idf[indices]
    row_of = np.repeat(np.arange(len(rows)), np.diff(indptr))
    word = np.fromiter((features[c][0] == "w" for c in indices.tolist()), bool, len(indices))
    for block in (word, ~word):
        squares = np.bincount(row_of[block], weights=values[block] ** 2, minlength=len(rows))
        values[block] /= np.sqrt(squares[row_of[block]])
    shape = (len(rows), len(features))
    return csr_array((values.astype(np.float32), indices, indptr), shape=shape)


def _right_singular_vectors(matrix: csr_array[Any, Any], rank: int) -> Vectors:
    """(f, rank); randomised SVD (Halko et al., 2011) from a fixed start, so that it repeats."""
    from sklearn.utils.extmath import randomized_svd

    _, values, right = randomized_svd(matrix, rank, n_iter=4, random_state=0)
    kept = values > 1e-5 * max(float(values[0]), 1e-12)
    return np.asarray(right[kept].T, np.float32)


def _joined(features: Sequence[str]) -> np.ndarray:
    return np.array(bytearray("\n".join(features).encode("utf-8")), np.uint8)
