"""From the profiles of people to the tokens that the multi-view transformer reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from prismrec.core import Bags
from prismrec.core.arrays import Longs
from prismrec.models.sequence.model import Tokens

__all__ = ["People", "Spelling", "tokens_of"]


@dataclass(frozen=True)
class Spelling:
    """The profile tokens that a model knows, in its order; bags that number them otherwise are
    translated, and what it does not know is left out."""

    names: tuple[str, ...] = ()

    def with_more(self, names: Sequence[str]) -> Spelling:
        """These and those of `names` that are new."""
        return Spelling(tuple(dict.fromkeys((*self.names, *names))))

    def read(self, bags: Bags | None, rows: int) -> People:
        """The `bags` of people, of whom there are `rows`; `None` says nothing of anyone."""
        if bags is None:
            bags = Bags.empty(rows)
        places = {name: place for place, name in enumerate(self.names)}
        used = np.unique(bags.indices)
        place_of = np.full(len(bags.names), -1, np.int64)
        place_of[used] = [places.get(bags.names[token], -1) for token in used]
        return People(*kept(bags, place_of[bags.indices]))


@dataclass(frozen=True)
class People:
    """The tokens of n people, as compressed sparse rows."""

    indptr: Longs
    indices: Longs

    def of(self, rows: Longs) -> Tokens:
        """Those of the people at `rows` (b,)."""
        return tokens_of(self.indptr, self.indices, rows)

    def told(self, rows: Longs) -> np.ndarray:
        """Whether anything is known of the people at `rows`."""
        return np.diff(self.indptr)[rows] > 0


def kept(bags: Bags, places: Longs) -> tuple[Longs, Longs]:
    """The rows of `bags` with `places` (tokens,) for their tokens, less those that are negative."""
    there = places >= 0
    before = np.concatenate([[0], np.cumsum(there)])
    return before[bags.indptr], places[there].astype(np.int64)


def tokens_of(indptr: Longs, indices: Longs, rows: Longs) -> Tokens:
    """The bags of `rows` (b,)."""
    lengths = np.diff(indptr)[rows]
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    tokens = indices[np.repeat(indptr[rows], lengths) + within]
    return Tokens(
        torch.from_numpy(tokens), torch.from_numpy(ends - lengths), torch.from_numpy(lengths > 0)
    )
