"""The trained generator over a catalogue: it scores what it could name, and names the likeliest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import torch

from prismrec.core import Bags, ItemFeatures, QueryBatch, State
from prismrec.core.arrays import Bools, Longs, Positions, Scores, Vectors, with_rows
from prismrec.core.slates import Candidates
from prismrec.models.generative.codes import Codebooks, Space, numbered
from prismrec.models.generative.content import ItemContent
from prismrec.models.generative.decoding import beam_search
from prismrec.models.generative.lesson import Lookup
from prismrec.models.generative.model import GenerativeModel, Shape
from prismrec.models.generative.names import Names
from prismrec.models.generative.tree import PrefixTree
from prismrec.models.scoring.weights import weights_of, with_weights
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer
from prismrec.models.sequence.inputs import batch_of

__all__ = ["Naming", "SemanticIDsScorer"]

WIDTH = 100
"""Prefixes that `generate` keeps at each level."""


@dataclass(frozen=True)
class Naming:
    """How items get their IDs. `codes` (m, levels - 1) are those of the items that the fit saw, and
    stay theirs; `known` (m,) says which of them somebody had taken."""

    content: ItemContent
    space: Space
    books: Codebooks
    codes: Longs
    known: Bools

    def codes_of(self, content: Vectors) -> Longs:
        """(n, levels - 1): the codes of items by their content alone, (n, q)."""
        return self.books.codes(self.space.vectors(content))

    def arrays(self) -> dict[str, np.ndarray]:
        """What `from_arrays` reads."""
        out = self.content.arrays() | self.books.arrays()
        out |= {"slope": self.space.slope, "codes": self.codes, "known": self.known}
        return out

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        return cls(
            ItemContent.from_arrays(arrays),
            Space(arrays["slope"]),
            Codebooks.from_arrays(arrays),
            arrays["codes"],
            arrays["known"],
        )


class SemanticIDsScorer(WholeCatalogueScorer):
    """`score` is the log-probability of an item's semantic ID; a part is that of one token given
    those before it (see `Names` for items that came later). Never above 0.

    `content` (n, q) and `codes` (n, levels - 1) are those of the catalogue's items, as `naming`
    gives them.
    """

    kind: ClassVar[str] = "semantic_ids"
    log_ready: ClassVar[bool] = True

    def __init__(
        self, model: GenerativeModel, naming: Naming, content: Vectors, codes: Longs
    ) -> None:
        self.model, self.naming, self.content, self.codes = model, naming, content, codes
        self.n_items = len(codes)
        self.part_names = tuple(f"token_{i + 1}" for i in range(model.shape.levels))

    @classmethod
    def of(cls, model: GenerativeModel, naming: Naming, features: ItemFeatures) -> Self:
        """Over the items of `features`, at least those that `naming` knows."""
        content = naming.content.vectors(features.text_vectors, features.attributes)
        later = naming.codes_of(content[len(naming.codes) :])
        return cls(model, naming, content, np.concatenate([naming.codes, later]))

    @cached_property
    def ids(self) -> Longs:
        """(n, levels): the semantic ID of each item."""
        return numbered(self.codes)

    @cached_property
    def _named(self) -> tuple[Names, Lookup]:
        known = np.pad(self.naming.known, (0, self.n_items - len(self.naming.known)))
        with torch.inference_mode():
            trained = self.model.answers(torch.arange(self.model.shape.prefixes)).numpy()
        names, paths = Names.of(PrefixTree.of(self.ids), known, trained, self.content)
        return names, Lookup(paths, self.content)

    @property
    def names(self) -> Names:
        """The prefix tree of the catalogue, and the answers of its prefixes."""
        return self._named[0]

    @property
    def lookup(self) -> Lookup:
        """What the model reads of each item."""
        return self._named[1]

    def asked(self, queries: QueryBatch) -> Vectors:
        """(levels, b, w): what each query asks of each level; the state of a history that holds
        nothing readable is zero."""
        histories = queries.histories
        readable = (histories.weights > 0) & (histories.items < self.n_items)
        recent = histories.where(readable).last(self.model.shape.history)
        clock = self.model.time is not None
        batch = batch_of(recent, recent.indptr[:-1], recent.indptr[1:], clock)
        last = torch.from_numpy(np.maximum(batch.lengths - 1, 0))
        with torch.inference_mode():
            if self.n_items:
                states = self.lookup.states(self.model, batch)[torch.arange(len(last)), last]
            else:
                states = torch.zeros(len(last), self.model.shape.dimension)
            states = states * torch.from_numpy(batch.lengths > 0)[:, None]
            levels = [self.model.asked(states, i) for i in range(self.model.shape.levels)]
            out: Vectors = torch.stack(levels).numpy()
        return out

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        asked, tree = self.asked(queries), self.names.tree
        parts = []
        for level in range(tree.levels):
            shares = self.names.level(asked[level], level)
            parts.append(shares[:, tree.paths[:, level] - tree.starts[level]])
        return parts

    def generate(
        self, queries: QueryBatch, n: int, *, allowed: Bools | None = None, width: int = WIDTH
    ) -> Candidates:
        """The n items that the beam names for each query, likeliest first, (b, n).

        `allowed`, (n_items,) or (b, n_items), says which may come out.
        """
        items, scores = beam_search(self.names, self.asked(queries), n, width, allowed)
        return Candidates(items, scores)

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        n, fitted = len(features), len(self.naming.codes)
        texts = features.text_vectors
        some: Bags = features.attributes.take(changed)
        fresh = self.naming.content.vectors(None if texts is None else texts[changed], some)
        later = changed >= fitted
        codes = with_rows(self.codes, n, changed[later], self.naming.codes_of(fresh[later]))
        return type(self)(
            self.model, self.naming, with_rows(self.content, n, changed, fresh), codes
        )

    def state(self) -> State:
        arrays = weights_of(self.model, "model.") | dict(self.naming.arrays())
        return State(self.kind, asdict(self.model.shape), arrays)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        settings: Mapping[str, Any] = state.settings
        model = with_weights(GenerativeModel(Shape(**settings)), state.arrays, "model.")
        return cls.of(model, Naming.from_arrays(state.arrays), features)
