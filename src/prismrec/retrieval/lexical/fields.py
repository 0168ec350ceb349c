"""What the words of a query say about given items, field by field: BM25, coverage, phrases.

The lexical index finds candidates; this weighs them. The words of every item stand in one array,
field after field, so that the evidence for a few hundred candidates is a handful of array
operations.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs, Positions, Scores
from prismrec.retrieval.lexical.matches import Matches, Term
from prismrec.retrieval.lexical.rows import Rows, put
from prismrec.retrieval.settings import FIELDS

__all__ = ["COLUMNS", "FieldIndex"]

COLUMNS = (
    *(f"words.{name}" for name in FIELDS),
    "words",
    "coverage",
    "coverage.title",
    "phrase",
    "phrase.title",
    "title.share",
    "title.start",
    "title.whole",
    "query.words",
    "query.known",
    "query.rarest",
    "query.commonest",
)
"""What `FieldIndex.evidence` says of every candidate; see there."""

SATURATION = 1.2
LENGTH_NORM = 0.75
"""BM25's k1 and b, at the values that are usual everywhere."""


class FieldIndex:
    """Words of items by position and field. `upsert` puts words in place of what stood there;
    `remove` forgets them. Readers use an immutable snapshot; writers take turns under a lock."""

    def __init__(self, boosts: Mapping[str, float]) -> None:
        self.boosts = np.array([max(boosts.get(name, 0.0), 0.0) for name in FIELDS])
        self._write = threading.Lock()
        self._tokens: dict[str, int] = {}
        self._names: list[str] = []
        self._now = Rows.none()

    def upsert(self, positions: Positions, items: Sequence[Sequence[Sequence[str]]]) -> None:
        """Put `items`, each a list of words a field, at `positions` (distinct)."""
        with self._write:
            tokens = [[self._token(word) for field in item for word in field] for item in items]
            sizes = np.array([[len(f) for f in item] for item in items], np.int64)
            ends = np.cumsum(sizes.reshape(len(items), len(FIELDS)), axis=1)
            self._now = put(self._now, positions.astype(np.int64), tokens, ends, len(self._names))

    def remove(self, positions: Positions) -> None:
        """Forget the items at `positions`; unknown ones are passed over."""
        known = np.unique(positions[positions < len(self._now.starts)]).astype(np.int64)
        self.upsert(known.astype(np.int32), [[[]] * len(FIELDS)] * len(known))

    def items_with(self, word: str) -> int:
        """How many items have `word` now."""
        token, counts = self._tokens.get(word, -1), self._now.items_with
        return int(counts[token]) if 0 <= token < len(counts) else 0

    def contents(self) -> tuple[Positions, Positions, tuple[str, ...]]:
        """Every word of every item: whose it is, positions ascending, its token, and the names of
        the tokens."""
        now = self._now
        sizes = now.ends[:, -1]
        owners = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        within = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return owners, now.tokens[np.repeat(now.starts, sizes) + within], tuple(self._names)

    def evidence(self, words: Sequence[str], last_open: bool, positions: Positions) -> Scores:
        """(m, len(COLUMNS)) float32: what the `words` of one query say of the items at `positions`
        (m,); zeros where one is -1 or unknown. With `last_open` the last word may be a beginning.

        Every figure lies in [0, 1] but for `query.*`. `words` is BM25F (Robertson, Zaragoza and
        Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004) as a share of what
        an item that repeats all words for ever would get, so that a word no item has costs
        everybody; `words.FIELD` is BM25 of one field on the same scale. `coverage` is the share of
        the query's information (inverse document frequency) that the item has at all, `phrase` of
        its neighbouring words that are neighbours in the item. `title.share` is the part of the
        title that the query says, `title.start` the inverse of the first place where it does,
        `title.whole` whether title and query are the same. `query.words` counts the query's words,
        `query.known` is the share that the catalogue knows, `query.rarest` and `query.commonest`
        their inverse document frequencies.
        """
        real = (positions >= 0) & (positions < len(self._now.starts))
        out = np.zeros((len(positions), len(COLUMNS)), np.float32)
        if words and real.any():
            out[real] = self._columns(*self._matched(words, last_open, positions[real]))
        return out

    def share(self, words: Sequence[str], last_open: bool, positions: Positions) -> Scores:
        """(m,) the column `words` of `evidence` alone, for a part of the work."""
        real = (positions >= 0) & (positions < len(self._now.starts))
        out = np.zeros(len(positions), np.float32)
        if words and real.any():
            now, terms, matches = self._matched(words, last_open, positions[real])
            together = matches.weighed(self.boosts / _norm(now, matches))
            out[real] = together / (together + SATURATION) @ _share(now, terms)
        return out

    def coverage(self, words: Sequence[str], last_open: bool, positions: Positions) -> Scores:
        """(m,) the column `coverage` of `evidence` alone; `positions` are of items."""
        now, terms, matches = self._matched(words, last_open, positions)
        there = matches.weighed(np.ones(matches.ends.shape)) > 0
        return np.asarray(there @ _share(now, terms), np.float32)

    def covers(self, words: Sequence[str], position: int, share: float) -> bool:
        """Whether the item at `position` has at least `share` of the information in the `words`,
        all of which are known; no where one is not. A look at one item without arrays."""
        now = self._now
        tokens = [self._tokens.get(word, -1) for word in dict.fromkeys(words)]
        if not all(0 <= t < len(now.items_with) and now.items_with[t] > 0 for t in tokens):
            return False
        start = now.starts[position]
        own = set(now.tokens[start : start + now.ends[position, -1]].tolist())
        rarity = _rarity(now.items, now.items_with[tokens]).tolist()
        has = sum(told for token, told in zip(tokens, rarity, strict=True) if token in own)
        return bool(np.float32(has / sum(rarity)) >= share)

    def standing(self, words: Sequence[str], positions: Positions) -> Bools:
        """(m,) in which of the items at `positions` the `words` stand side by side in one field."""
        tokens = np.array([self._tokens.get(word, -1) for word in words], np.int32)
        return self._now.standing(tokens, positions)

    def _matched(
        self, words: Sequence[str], last_open: bool, positions: Positions
    ) -> tuple[Rows, list[Term], Matches]:
        """Where the `words` stand in the items at `positions` (m,), all of them known."""
        now, words = self._now, list(dict.fromkeys(words))
        found, ends = now.of(positions)
        terms = [
            self._term(now, word, found, is_open=last_open and word == words[-1]) for word in words
        ]
        return now, terms, Matches.of(terms, found, ends)

    def _columns(self, now: Rows, terms: Sequence[Term], matches: Matches) -> Scores:
        rarity, share = _rarities(now, terms), _share(now, terms)
        by_field = matches.counts / _norm(now, matches)[:, :, None]
        together = np.einsum("mfk,f->mk", by_field, self.boosts)
        known = np.array([term.items > 0 for term in terms])
        title = matches.counts[:, 0] > 0
        query = (len(terms), known.mean(), rarity[known].max(initial=0), _least(rarity[known]))
        columns = [
            *(by_field / (by_field + SATURATION) @ share).T,
            together / (together + SATURATION) @ share,
            matches.counts.any(axis=1) @ share,
            title @ share,
            *matches.phrases(share),
            *matches.title(),
            *(np.full(len(title), value) for value in query),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def _term(self, now: Rows, word: str, found: Positions, *, is_open: bool) -> Term:
        """The tokens that stand for `word`: itself; where it is open or unknown, also what the
        candidates have that starts with it or is one typing error away."""
        token = self._tokens.get(word, -1)
        known = 0 <= token < len(now.items_with) and now.items_with[token] > 0
        tokens = [token] if known else []
        if is_open or not known:
            tokens += self._like(word, found, is_open=is_open)
        items = max((int(now.items_with[t]) for t in tokens), default=0)
        return Term(tuple(tokens), items)

    def _like(self, word: str, found: Positions, *, is_open: bool) -> list[int]:
        near = [(t, self._names[t]) for t in np.unique(found).tolist()]
        begun = [t for t, name in near if is_open and name != word and name.startswith(word)]
        if begun or not (word.isascii() and word.isalpha() and len(word) >= 4):
            return begun
        return [t for t, name in near if _one_slip(word, name)]

    def _token(self, word: str) -> int:
        token = self._tokens.setdefault(word, len(self._names))
        if token == len(self._names):
            self._names.append(word)
        return token


def _norm(now: Rows, matches: Matches) -> Floats:
    """(m, fields): what a word counts less for, because its field is longer than usual."""
    mean = now.lengths / max(now.items, 1)
    return 1.0 - LENGTH_NORM + LENGTH_NORM * matches.lengths / np.maximum(mean, 1e-9)


def _share(now: Rows, terms: Sequence[Term]) -> Floats:
    """(words,): the part that each word has of the information in the query."""
    rarity = _rarities(now, terms)
    return rarity / rarity.sum()


def _rarities(now: Rows, terms: Sequence[Term]) -> Floats:
    """(words,): inverse document frequency as BM25 has it, never negative."""
    return _rarity(now.items, np.array([term.items for term in terms]))


def _rarity(items: int, items_with: Longs) -> Floats:
    return np.asarray(np.log1p((items - items_with + 0.5) / (items_with + 0.5)))


def _least(values: Floats) -> float:
    return float(values.min()) if len(values) else 0.0


def _one_slip(word: str, name: str) -> bool:
    """Whether one letter more, less, other, or two swapped make `word` into `name`."""
    if abs(len(word) - len(name)) > 1 or word == name:
        return False
    start = 0
    while start < min(len(word), len(name)) and word[start] == name[start]:
        start += 1
    left, right = word[start:], name[start:]
    if len(left) == len(right):
        swapped = left[1::-1] == right[:2] and left[2:] == right[2:]
        return swapped or left[1:] == right[1:]
    return left[1:] == right if len(left) > len(right) else left == right[1:]
