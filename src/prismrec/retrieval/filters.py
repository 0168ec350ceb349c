"""Which items a query may see: filters over the catalogue's columns, and counts for facets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import BadInput, Bags, Filters, Ids, ItemFeatures
from prismrec.core.arrays import Bools, Longs, Positions

__all__ = ["FilterIndex", "facet_counts", "filter_mask"]

_REBUILD_SHARE = 0.1
"""The share of changed rows from which building anew costs less than going round them."""


@dataclass(frozen=True)
class _Postings:
    """For each token, the sorted rows that carry it: `rows[starts[t]:starts[t + 1]]`."""

    rows: Positions
    starts: Longs

    @staticmethod
    def of(bags: Bags, owners: Positions) -> _Postings:
        """The postings of `bags`, whose row i is item `owners[i]`; `owners` is ascending."""
        order = np.argsort(bags.indices, kind="stable")
        counts = np.bincount(bags.indices, minlength=len(bags.names))
        rows = np.repeat(owners, np.diff(bags.indptr))[order]
        return _Postings(rows, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))

    def of_token(self, token: int) -> Positions:
        """The rows with `token`; none for a token that is newer than the postings."""
        if token + 1 >= len(self.starts):
            return self.rows[:0]
        return self.rows[self.starts[token] : self.starts[token + 1]]


@dataclass(frozen=True)
class FilterIndex:
    """The filter columns of one snapshot of a catalogue, with attributes inverted.

    Attributes are the tokens `name=value` of `features.attributes`, categories the tokens
    `category=...`; tokens of another form (buckets of numbers) are passed over. Immutable, so any
    number of threads may ask; `extended` makes the next one and costs only the rows that changed.
    """

    features: ItemFeatures
    ids: Ids
    alive: Bools
    tokens: Mapping[str, int]
    names: tuple[str, ...]
    base: _Postings
    changed: Positions
    fresh: _Postings

    @staticmethod
    def of(features: ItemFeatures, ids: Ids, alive: Bools) -> FilterIndex:
        """The index of a whole catalogue; `alive` (n,) is false for removed items."""
        bags = features.attributes
        everyone = np.arange(len(bags), dtype=np.int32)
        none = np.zeros(0, np.int32)
        return FilterIndex(
            features=features,
            ids=ids,
            alive=alive,
            tokens={token: i for i, token in enumerate(bags.names)},
            names=_attribute_names(bags.names),
            base=_Postings.of(bags, everyone),
            changed=none,
            fresh=_Postings.of(bags.take(none), none),
        )

    def extended(
        self, features: ItemFeatures, ids: Ids, alive: Bools, changed: Positions
    ) -> FilterIndex:
        """The index after items arrived, or those at `changed` were replaced or removed.

        `features` and `alive` cover at least the items of this one, with the same tokens at the
        same places; items beyond are taken as new without being named.
        """
        arrived = np.arange(len(self.alive), len(alive), dtype=np.int32)
        stale = np.union1d(self.changed, np.concatenate([changed, arrived])).astype(np.int32)
        if len(stale) > _REBUILD_SHARE * len(alive):
            return FilterIndex.of(features, ids, alive)
        bags = features.attributes
        known = len(self.tokens)
        tokens, names = self.tokens, self.names
        if len(bags.names) > known:
            tokens = {token: i for i, token in enumerate(bags.names)}
            names = _attribute_names(bags.names)
        return FilterIndex(
            features=features,
            ids=ids,
            alive=alive,
            tokens=tokens,
            names=names,
            base=self.base,
            changed=stale,
            fresh=_Postings.of(bags.take(stale), stale),
        )


def filter_mask(filters: Filters, index: FilterIndex) -> Bools:
    """Which items are alive and pass all of `filters`, (n,) bool.

    Values and ids that no item has match nothing (an unknown `exclude` excludes nothing).
    Raises `BadInput` for an attribute that no item has (naming those there are; in a catalogue
    without any, nothing matches), for one without values, and for price bounds that cross.
    """
    out = index.alive.copy()
    _by_column(filters, index.features, out)
    for name, values in filters.attributes.items():
        out &= _any_of(index, _tokens_of(index, name, values))
    if filters.categories:
        out &= _any_of(index, [f"category={value}" for value in filters.categories])
    if filters.only:
        out &= _named(index, filters.only)
    if filters.exclude:
        out &= ~_named(index, filters.exclude)
    return out


def facet_counts(index: FilterIndex, mask: Bools, *, limit: int = 20) -> dict[str, dict[str, int]]:
    """For each attribute, its commonest values among the items of `mask` (n,), with their counts.

    At most `limit` values each, most frequent first, equal counts in order of value; values that
    no item of `mask` has are left out.
    """
    bags = index.features.attributes
    carried = np.repeat(mask, np.diff(bags.indptr))
    counts = np.bincount(bags.indices[carried], minlength=len(bags.names))
    found: dict[str, list[tuple[str, int]]] = {}
    for token in np.flatnonzero(counts):
        name, equals, value = bags.names[token].partition("=")
        if equals:
            found.setdefault(name, []).append((value, int(counts[token])))
    return {
        name: dict(sorted(values, key=lambda pair: (-pair[1], pair[0]))[:limit])
        for name, values in sorted(found.items())
    }


def _by_column(filters: Filters, features: ItemFeatures, out: Bools) -> None:
    low, high = filters.min_price, filters.max_price
    if low is not None and high is not None and low > high:
        raise BadInput(f"min_price {low} is above max_price {high}.", hint="Swap them or drop one.")
    if filters.available:
        out &= features.available
    if low is not None:
        out &= features.prices >= low  # false where the price is NaN
    if high is not None:
        out &= features.prices <= high
    if filters.created_after is not None:
        out &= (features.created_at >= 0) & (features.created_at > filters.created_after)


def _tokens_of(index: FilterIndex, name: str, values: Sequence[str]) -> list[str]:
    if index.names and name not in index.names:
        known = ", ".join(index.names[:50])
        raise BadInput(
            f"There is no attribute '{name}' to filter on.", hint=f"Those there are: {known}."
        )
    if not values:
        raise BadInput(
            f"The filter on '{name}' has no values.", hint="Give at least one, or leave it out."
        )
    return [f"{name}={value}" for value in values]


def _any_of(index: FilterIndex, tokens: Sequence[str]) -> Bools:
    """The items that carry any of `tokens`."""
    known = [index.tokens[token] for token in tokens if token in index.tokens]
    out = np.zeros(len(index.alive), bool)
    for token in known:
        out[index.base.of_token(token)] = True
    out[index.changed] = False  # the base remembers what they were
    for token in known:
        out[index.fresh.of_token(token)] = True
    return out


def _named(index: FilterIndex, ids: Sequence[str]) -> Bools:
    positions = index.ids.positions(ids)
    out = np.zeros(len(index.alive), bool)
    out[positions[(positions >= 0) & (positions < len(out))]] = True
    return out


def _attribute_names(tokens: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({token.partition("=")[0] for token in tokens if "=" in token}))
