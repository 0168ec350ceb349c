"""Candidates that a language model brings: it names them, or says what to look for.

All three ways find what exists and nothing else: a name is spelt down the prefix tree of the
catalogue, and what a chat model writes is only ever the text of a search by meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np

from prismrec.core import Candidates, ChatModel, ChatRefused, Item, QueryBatch, TextEncoder
from prismrec.core.arrays import Bools, Positions, Vectors, with_rows
from prismrec.language.chat import prompt
from prismrec.models.neighbours.whitening import Whitening
from prismrec.models.scoring.histories import history_matrix
from prismrec.retrieval.selection import brought
from prismrec.retrieval.settings import RetrievalSettings
from prismrec.retrieval.vectors.retrievers import vector_index

__all__ = ["WAYS", "LikeHistory", "Named", "Namer", "Wished"]

RIDGE = 0.003
"""Of the whitening, as text neighbours have it."""
_PAST = 20
"""Titles of a history that a chat model is shown."""
_LONGEST = 160
"""Characters of a title that it is shown."""
_ANSWER = 400
"""Characters that it may answer with."""

_TOLD = "The data hold titles of what one customer of a shop took (`history`, newest last). "
WAYS = {
    "profile": _TOLD + "Give `text`: what this customer likes and looks for, in two sentences.",
    "ideal": _TOLD + "Give `text`: the title and a short description of the item that this "
    "customer would like best next, which need not exist.",
}
"""What a chat model is asked for, by the name of the way: a profile, or the ideal next item."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": _ANSWER}},
    "required": ["text"],
    "additionalProperties": False,
}
"""What a chat model answers with."""


@runtime_checkable
class Namer(Protocol):
    """A model that names items, such as `LanguageModelScorer`."""

    def generate(
        self, queries: QueryBatch, n: int, *, allowed: Bools | None = None
    ) -> Candidates: ...


class Named:
    """The items that a generative model names, likeliest first."""

    def __init__(self, name: str, model: Namer) -> None:
        self.name, self.model = name, model

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items a query; see `core.Retriever`."""
        found = self.model.generate(queries, k, allowed=allowed)
        return brought(self.name, found.positions, found.scores)


class LikeHistory:
    """Items whose text means what the texts of the history mean: nothing is learned from events.

    A query is the mean of its history's vectors, an event of age a weighing `2^(-a / half_life)`,
    in events; it is zero, and finds what it may, where the history has no text. `text_vectors`
    (n, d) are zeros where an item has none. All are whitened by what these have in common, so that
    what sets an item apart counts.
    """

    name = "like_history"

    def __init__(
        self,
        text_vectors: Vectors,
        settings: RetrievalSettings | None = None,
        half_life: float = 4.0,
    ) -> None:
        self.whitening, self.half_life = Whitening.of(text_vectors, RIDGE), half_life
        self.vectors = self.whitening.apply(text_vectors)
        self.index = vector_index(self.vectors, settings)

    def extended(self, text_vectors: Vectors, changed: Positions) -> Self:
        """The same over a catalogue with these vectors, of which those at `changed` are new."""
        after = copy(self)
        fresh = self.whitening.apply(text_vectors[changed])
        after.vectors = with_rows(self.vectors, len(text_vectors), changed, fresh)
        after.index.add(changed, fresh)
        return after

    def asked(self, queries: QueryBatch) -> Vectors:
        """(b, d): what each history means."""
        histories = history_matrix(queries.histories, len(self.vectors), self.half_life)
        means: Vectors = histories @ self.vectors
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        return (means / np.maximum(lengths, 1e-9)).astype(np.float32)

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items a query by cosine; see `core.Retriever`."""
        return brought(self.name, *self.index.nearest(self.asked(queries), k, allowed=allowed))


class Wished:
    """Items that mean what a chat model says of a history, by one of `WAYS`.

    `plain` is asked where there is no answer: a history that is empty, a model that refuses. Titles
    go to the model as data; its answer becomes the text of a search and nothing more. What was
    asked before is kept by the chat model and by the encoder, by content.
    """

    def __init__(
        self,
        way: str,
        chat: ChatModel,
        encoder: TextEncoder,
        item: Callable[[int], Item],
        plain: LikeHistory,
    ) -> None:
        self.name, self.task = way, WAYS[way]
        self.chat, self.encoder, self.plain = chat, encoder, plain
        self._item = item

    def extended(
        self, item: Callable[[int], Item], text_vectors: Vectors, changed: Positions
    ) -> Self:
        """The same over a catalogue in which the items at `changed` are new."""
        after = copy(self)
        after._item, after.plain = item, self.plain.extended(text_vectors, changed)
        return after

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items a query by cosine; see `core.Retriever`."""
        asked = self.plain.asked(queries)
        said = [self._said(past) for past in _taken(queries, len(self.plain.vectors))]
        answered = [row for row, text in enumerate(said) if text]
        if answered:
            vectors = self.encoder.encode([said[row] for row in answered])
            asked[answered] = self.plain.whitening.apply(vectors)
        return brought(self.name, *self.plain.index.nearest(asked, k, allowed=allowed))

    def _said(self, past: Sequence[int]) -> str:
        """What the model says of a history, empty where it says nothing."""
        titles = [item.title[:_LONGEST] for item in map(self._item, past[-_PAST:]) if item.title]
        if not titles:
            return ""
        try:
            answer = self.chat.complete(prompt(self.task, {"history": titles}, SCHEMA), SCHEMA)
        except ChatRefused:
            return ""
        return str(answer["text"]).strip()


def _taken(queries: QueryBatch, n: int) -> list[list[int]]:
    """The items below n that each history holds with a positive weight, newest last."""
    events = queries.histories
    known = events.where((events.items < n) & (events.weights > 0))
    return [row.tolist() for row in np.split(known.items, known.indptr[1:-1])][: len(queries)]
