"""The faces between rooms. Batches always: (b, k), even for b = 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np

from prismrec.core.arrays import Bools, Floats, Positions, Scores, Vectors
from prismrec.core.catalogue import Item, Relation, StoredCatalogue, User
from prismrec.core.events import Event, Exposure, Outcome, StoredEvent
from prismrec.core.features import ItemFeatures
from prismrec.core.interactions import Cases, Interactions, QueryBatch
from prismrec.core.slates import Candidates, Choice

__all__ = [
    "CatalogueStore",
    "ChatModel",
    "Diversity",
    "EventLog",
    "Evidence",
    "Learner",
    "Policy",
    "Ranker",
    "ReleaseStore",
    "Retriever",
    "Scorer",
    "State",
    "Storable",
    "TextEncoder",
    "VectorScorer",
]


@runtime_checkable
class TextEncoder(Protocol):
    """Turns texts into vectors.

    `name` and `version` identify the weights: vectors of different versions are never mixed.
    """

    name: str
    version: str
    dimension: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32, L2-normalised; a row of zeros for an empty text."""
        ...


class ChatModel(Protocol):
    """A language model that answers in a given shape."""

    def complete(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        """An answer that validates against the JSON `schema`, within the limits of the settings.

        Raises `ChatRefused` where there is none: the caller then does without a language model.
        """
        ...


@dataclass(frozen=True)
class State:
    """All that a trained scorer must remember: JSON-able settings and named arrays.

    Children are the states of scorers inside it (the experts of a mixture).
    """

    kind: str
    settings: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray]
    children: Mapping[str, State] = field(default_factory=dict)


@runtime_checkable
class Scorer(Protocol):
    """A trained model: scores items for queries, and says from which parts the score is made.

    `items` is (m,) item positions shared by all queries, (b, m) a row for each query (-1 padding
    scores 0), or `None` for every item the scorer knows, in order of position. Scores are float32,
    finite, higher is better, comparable within a query only. Items later than the ones trained on
    have no identity view and are scored by what is known of them.
    """

    kind: ClassVar[str]

    @property
    def part_names(self) -> tuple[str, ...]:
        """What the parts of a score are called, (p,)."""
        ...

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32."""
        ...

    def parts(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m, p) float32 that sums to `score` over the last axis."""
        ...

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        """The same scorer knowing the items of `features` (at least those it knew).

        `changed` (c,) are the items that arrived or whose text or attributes are others now; all
        others are as they were, and only the changed ones are computed anew. The old scorer stays
        valid.
        """
        ...


class Storable(Protocol):
    """A scorer that can be written into a release and read back, without pickle."""

    def state(self) -> State: ...

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self: ...


@runtime_checkable
class VectorScorer(Protocol):
    """A scorer whose score is `query_vectors @ item_vectors.T` (so that an index can search it)."""

    def query_vectors(self, queries: QueryBatch) -> Vectors: ...

    def item_vectors(self, items: Positions | None = None) -> Vectors: ...


class Learner(Protocol):
    """Makes a scorer from interactions. Holds settings only; fitting twice gives the same scorer.

    `validation` are cases for early stopping and choice, never trained on; `start` is an earlier
    scorer of the same learner to warm-start from, where the learner can.
    """

    @property
    def name(self) -> str: ...

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer: ...


class Retriever(Protocol):
    """Finds candidates. `name` becomes their source."""

    @property
    def name(self) -> str: ...

    def search(self, queries: QueryBatch, k: int, *, allowed: Bools | None = None) -> Candidates:
        """Up to k items a query, best first; `allowed` (n_items,) or (b, n_items) says which may
        come out."""
        ...


class Evidence(Protocol):
    """What a source knows of given candidates of a search: retrieval provides it, ranking weighs
    it."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are called, (f,)."""
        ...

    def evidence(self, queries: QueryBatch, positions: Positions) -> Scores:
        """(b, m, f) float32 about the items at `positions` (b, m); zeros at padding (-1)."""
        ...


class Ranker(Protocol):
    """Re-scores candidates after the mixture; adds parts, never items."""

    def rank(self, queries: QueryBatch, candidates: Candidates) -> Candidates: ...


class Diversity(Protocol):
    """The sequential step inside a policy: what each candidate is worth, given those chosen."""

    def worth(self, positions: Positions, scores: Scores, chosen: Sequence[int]) -> Scores:
        """(k,) marginal worth of one query's candidates `positions` (k,) with `scores` (k,), when
        the candidates at columns `chosen` stand already; chosen ones need not be masked."""
        ...


class Policy(Protocol):
    """Chooses from scored candidates: the only place where randomness enters."""

    @property
    def name(self) -> str:
        """What the policy is called."""
        ...

    @property
    def version(self) -> str:
        """Its settings and what it has learned: exposures of one release and one version share
        one distribution."""
        ...

    def choose(
        self, queries: QueryBatch, candidates: Candidates, n: int, rng: np.random.Generator
    ) -> Choice: ...

    def update(self, exposures: Sequence[Exposure], rewards: Floats) -> None:
        """Learn from logged exposures and what each of their places earned, `rewards`
        (exposures, places). An exposure that comes again corrects what it was said to earn, so the
        state depends on the log alone, however it arrived."""
        ...


class EventLog(Protocol):
    """What people did, durable before it is acknowledged."""

    def append(self, events: Sequence[Event], received_at: int) -> list[Outcome]:
        """One outcome a row, once they are on disk. Appending the same batch again changes nothing
        where its events carry ids."""
        ...

    def history(
        self, person: str, limit: int, *, before: int | None = None
    ) -> Sequence[StoredEvent]:
        """The last `limit` events of a user, or of `session:ID`, oldest first; only those with a
        timestamp below `before` where it is given."""
        ...

    def since(self, seq: int, limit: int) -> Any:
        """Up to `limit` events after `seq` in order of seq, as a polars frame of columns."""
        ...


class CatalogueStore(Protocol):
    """Items, users and relations, durable; positions are append-only and never reused."""

    def upsert(
        self,
        items: Sequence[Item] = (),
        users: Sequence[User] = (),
        relations: Sequence[Relation] = (),
    ) -> list[int]:
        """Add or replace; the positions of `items`, in order."""
        ...

    def remove(self, item_ids: Sequence[str]) -> int:
        """Take items out, keeping their positions; how many were there."""
        ...

    def load(self) -> StoredCatalogue:
        """All of it."""
        ...


class ReleaseStore(Protocol):
    """Immutable releases and which of them is served."""

    def create(self, write: Callable[[Path], Mapping[str, Any]]) -> int:
        """Add the release that `write` puts into the folder given to it; its number."""
        ...

    def open(self, number: int) -> Path:
        """The folder of a release, every file of it verified."""
        ...

    def current(self) -> int | None:
        """The number of the release that is served, if any."""
        ...
