"""The ranking of a search: words and meaning weighed by a fixed rule, then by what was learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from prismrec.core import Candidates, Evidence, QueryBatch
from prismrec.core.arrays import Positions, Scores
from prismrec.ranking.lambdamart import LambdaMart
from prismrec.ranking.reading import TitleReader

__all__ = ["SHOWN", "WEIGHTS", "SearchRanker", "zero_shot"]

CORRECTED = 100
"""How many of the best by the fixed rule are ranked anew by what was learned."""
WEIGHTS = {"words": 1.0, "meaning": 0.5}
"""What a cosine of 1 counts, where an item that says all words of the query for ever counts 1."""

SHOWN = "shown:"
"""How evidence about what an item shows (pictures, sounds) is named: `shown:image`."""
SHOWN_WEIGHT = 0.5
"""What standing out among all items, by what it shows, counts at most."""

Correct = Callable[[int, Positions, Scores], Scores]
"""`(row, positions (n,), columns (n, f)) -> (n,)` what is added to the scores of these items."""


class SearchRanker:
    """Ranks the candidates of a text query by evidence, without training or with.

    `score = words + 0.5 * meaning`, and `+ 0.5 * shown:NAME` for each kind of vectors that a text
    can be compared with (`retrieval.vectors.shown`): `words` is BM25F as a share of the information
    in the query, `meaning` the cosine of the encoded texts. Both are absolute, so an item's score
    does not depend on what else was found, and where the catalogue does not know the words of a
    query their share falls for all items alike and meaning decides. The weights are the same for
    every catalogue; what was measured stands in docs/decisions/search-ranking.md. Where judgments
    taught a reader, what it changes about the best `read_top` is the part `read`
    (docs/decisions/search-reading.md); where they taught trees, their correction of the best of
    that is the part `learned`.
    """

    def __init__(
        self,
        evidence: Sequence[Evidence],
        learned: LambdaMart | None = None,
        reader: TitleReader | None = None,
        read_top: int = CORRECTED,
    ) -> None:
        self.evidence = tuple(evidence)
        self.reader, self.read_top = reader, read_top
        self.names = tuple(name for source in self.evidence for name in source.names)
        self.learned = learned
        self._read = [] if learned is None else [self.names.index(name) for name in learned.names]

    def rank(self, queries: QueryBatch, candidates: Candidates) -> Candidates:
        """The same items with their new scores and parts, best first."""
        columns = self.columns(queries, candidates.positions)
        weighed = _weighed(self.names)
        names = tuple(weighed)
        weights = np.array([*weighed.values()], np.float32)
        parts = columns[:, :, [self.names.index(name) for name in names]] * weights
        ranked = _ranked(candidates, parts, names)
        for name, correct, top in self._steps(queries):
            more = _of_the_best(ranked, columns, correct, top)
            parts = np.concatenate([parts, more[:, :, None]], axis=-1)
            names = (*names, name)
            ranked = _ranked(candidates, parts, names)
        return ranked.best(candidates.positions.shape[1])

    def columns(self, queries: QueryBatch, positions: Positions) -> Scores:
        """(b, m, f) all evidence about `positions` (b, m), side by side; see `names`."""
        told = [source.evidence(queries, positions) for source in self.evidence]
        return np.concatenate(told, axis=-1)

    def _steps(self, queries: QueryBatch) -> Iterator[tuple[str, Correct, int]]:
        """What was learned, in the order it was learned in: the name of its part, what it says of
        some items of a row, and of how many of the best it is asked."""
        reader, trees, texts = self.reader, self.learned, queries.texts
        if reader is not None and texts is not None and self.read_top > 0:

            def read(row: int, places: Positions, columns: Scores) -> Scores:
                return reader.corrections(texts[row], places, columns, self.names)

            yield "read", read, self.read_top
        if trees is not None:

            def correct(row: int, places: Positions, columns: Scores) -> Scores:
                return trees.correction(columns[:, self._read])

            yield "learned", correct, CORRECTED


def _of_the_best(ranked: Candidates, columns: Scores, correct: Correct, top: int) -> Scores:
    """(b, m) what `correct` says of the `top` best candidates of each row; those below them get
    what the worst of these does, since they are unlike what it was learned from."""
    out = np.zeros(ranked.positions.shape, np.float32)
    order = np.lexsort((ranked.positions, -ranked.scores), axis=1)[:, :top]
    for row, best in enumerate(order):
        best = best[ranked.positions[row, best] >= 0]
        if len(best):
            found = correct(row, ranked.positions[row, best], columns[row][best])
            out[row] = found.min()
            out[row, best] = found
    return out


def _ranked(candidates: Candidates, parts: Scores, names: tuple[str, ...]) -> Candidates:
    """The candidates with `parts` (b, m, p) and the scores they sum to, in the order given."""
    padding = candidates.positions < 0
    parts = np.where(padding[:, :, None], np.float32(0), parts)
    scores = np.where(padding, np.float32(-np.inf), parts.sum(axis=-1, dtype=np.float32))
    return replace(candidates, scores=scores, parts=parts, part_names=names)


def zero_shot(columns: Scores, names: Sequence[str]) -> Scores:
    """(...) the score without training, from evidence (..., f) whose columns are `names`."""
    known = [(names.index(name), weight) for name, weight in _weighed(names).items()]
    return np.asarray(sum(np.float32(weight) * columns[..., place] for place, weight in known))


def _weighed(names: Sequence[str]) -> dict[str, float]:
    """The evidence that the fixed rule reads, with its weights."""
    fixed = {name: weight for name, weight in WEIGHTS.items() if name in names}
    return fixed | {name: SHOWN_WEIGHT for name in names if name.startswith(SHOWN)}
