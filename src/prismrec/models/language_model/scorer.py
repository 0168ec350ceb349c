"""The trained language model over a catalogue: it names what comes next, and scores all it could
have named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch

from prismrec.core import ItemFeatures, QueryBatch, State
from prismrec.core.arrays import Bools, Longs, Positions, Scores
from prismrec.core.slates import Candidates
from prismrec.models.generative.decoding import best_of_rows
from prismrec.models.language_model.decoding import Said, followed
from prismrec.models.language_model.lesson import Lines, windows_back
from prismrec.models.language_model.network import CausalModel
from prismrec.models.language_model.spelling import Spelling, Vocabulary
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer

__all__ = ["NAMES", "LanguageModelScorer", "Reading"]

NAMES = "names.json"
"""In the folder of a model: how it makes names."""

TOGETHER = 64
"""Queries that are answered at a time."""


@dataclass(frozen=True)
class Reading:
    """How a history is read and an answer sought: the last names that together have about
    `history` tokens; `width` prefixes are followed at every token."""

    history: int
    width: int


class LanguageModelScorer(WholeCatalogueScorer):
    """`score` is the log-probability of an item's name, so far as the beam followed it: items below
    a prefix that was not followed share its probability evenly. Never above 0.

    `vocabulary` names the items that the fit saw; items that came later have no name until the next
    fit: they score as the least likely of the others, cannot be named, and are not read.
    """

    kind: ClassVar[str] = "language_model"
    log_ready: ClassVar[bool] = True

    def __init__(
        self,
        model: CausalModel,
        spelling: Spelling,
        vocabulary: Vocabulary,
        reading: Reading,
        n_items: int,
    ) -> None:
        self.model, self.spelling, self.vocabulary = model, spelling, vocabulary
        self.reading, self.n_items = reading, n_items
        self.part_names = ("named",)

    def lines(self, queries: QueryBatch) -> Lines:
        """What is read of each query."""
        histories = queries.histories
        read = histories.where((histories.weights > 0) & (histories.items < len(self.spelling)))
        recent = read.where(windows_back(read, self.reading.history, self.spelling) == 0)
        return Lines.of(self.spelling, recent.items.astype(np.int64), recent.lengths)

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        out = np.zeros((len(queries), self.n_items), np.float32)
        trained = len(self.spelling)
        if trained:
            for start, said in self._answers(queries, self.reading.width):
                rows = out[start : start + TOGETHER]
                rows[:, :trained] = self._shared(said, len(rows))
                rows[:, trained:] = rows[:, :trained].min(axis=1, keepdims=True)
        return [out]

    def generate(
        self,
        queries: QueryBatch,
        n: int,
        *,
        allowed: Bools | None = None,
        width: int | None = None,
    ) -> Candidates:
        """The n items that the beam names for each query, likeliest first, (b, n); -1 where it
        found fewer. `allowed`, (n_items,) or (b, n_items), says which may come out."""
        items = np.full((len(queries), n), -1, np.int32)
        scores = np.full((len(queries), n), -np.inf, np.float32)
        if not len(self.spelling):
            return Candidates(items, scores)
        for start, said in self._answers(queries, width or max(self.reading.width, n), allowed):
            whole = _joined(level.take(self.spelling.alone[level.nodes]) for level in said)
            best, place = best_of_rows(whole.rows, whole.nodes, whole.scores, n)
            found = whole.take(best)
            tree = self.spelling.tree
            items[start + found.rows, place] = tree.items[tree.low[found.nodes]]
            scores[start + found.rows, place] = found.scores
        return Candidates(items, scores)

    def _answers(
        self, queries: QueryBatch, width: int, allowed: Bools | None = None
    ) -> Iterator[tuple[int, list[Said]]]:
        """What was weighed for `TOGETHER` queries at a time, level after level, and the first of
        the queries."""
        for start in range(0, len(queries), TOGETHER):
            rows = np.arange(start, min(start + TOGETHER, len(queries)))
            living = None if allowed is None else self._living(allowed, rows)
            with torch.inference_mode():
                lines = self.lines(queries.take(rows))
                yield start, list(followed(self.model, self.spelling, lines, width, living))

    def _living(self, allowed: Bools, rows: Longs) -> Bools:
        """(b, N): the prefixes that lead each of the queries `rows` to an allowed item."""
        tree, trained = self.spelling.tree, len(self.spelling)
        if allowed.ndim == 1:
            return np.broadcast_to(tree.living(allowed[:trained]), (len(rows), len(tree)))
        return np.stack([tree.living(row[:trained]) for row in allowed[rows]])

    def _shared(self, said: list[Said], b: int) -> Scores:
        """(b, trained): from what was weighed, the log-probability of every name."""
        tree = self.spelling.tree
        ordered = np.zeros((b, len(self.spelling)), np.float32)
        for level in said:  # what stands deeper overwrites what stands above
            sizes = tree.high[level.nodes] - tree.low[level.nodes]
            share = level.scores - np.log(sizes).astype(np.float32)
            within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
            columns = np.repeat(tree.low[level.nodes], sizes) + within
            ordered[np.repeat(level.rows, sizes), columns] = np.repeat(share, sizes)
        out = np.empty_like(ordered)
        out[:, tree.items] = ordered
        return out

    def save(self, folder: Path) -> None:
        """Write the language model and its tokenizer into `folder`, in transformers' form, and how
        it makes names of titles."""
        self.model.core.save_pretrained(folder)
        (folder / "tokenizer.json").write_text(self.vocabulary.tokenizer, "utf-8")
        (folder / NAMES).write_text(json.dumps({"words": self.vocabulary.words}) + "\n", "utf-8")

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return type(self)(self.model, self.spelling, self.vocabulary, self.reading, len(features))

    def state(self) -> State:
        settings: dict[str, Any] = {
            "model": self.model.config(),
            "history": self.reading.history,
            "width": self.reading.width,
            "end": self.spelling.end,
            "tokenizer": self.vocabulary.tokenizer,
            "words": self.vocabulary.words,
        }
        arrays = self.model.arrays("model.") | {
            "indptr": self.spelling.indptr,
            "tokens": self.spelling.tokens,
            "names": np.array(self.vocabulary.names, dtype=np.str_),
        }
        return State(self.kind, settings, arrays)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        told, arrays = state.settings, state.arrays
        return cls(
            CausalModel.from_parts(told["model"], arrays, "model."),
            Spelling(arrays["indptr"], arrays["tokens"], told["end"]),
            Vocabulary(told["tokenizer"], tuple(map(str, arrays["names"])), told["words"]),
            Reading(told["history"], told["width"]),
            len(features),
        )


def _joined(levels: Iterator[Said]) -> Said:
    parts = list(levels)
    return Said(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.nodes for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )
