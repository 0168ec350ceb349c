"""Which items a query may see: filters over the catalogue's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prismrec.core import BadInput, Filters, Ids, ItemFeatures
from prismrec.core.arrays import Bools, Positions
from prismrec.retrieval.lexical.postings import REBUILT_SHARE, Postings

__all__ = ["FilterIndex", "carrying", "filter_mask", "filter_masks"]


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
    base: Postings
    changed: Positions
    fresh: Postings

    @cached_property
    def attribute_of(self) -> Positions:
        """(tokens,) which of `names` a token is a value of, -1 for tokens of another form."""
        places = {name: i for i, name in enumerate(self.names)}
        heads = (token.partition("=") for token in self.features.attributes.names)
        found = [places[name] if equals else -1 for name, equals, _ in heads]
        return np.array(found, np.int32)

    def tokens_of(self, name: str) -> Positions:
        """The tokens that are values of an attribute; none of an unknown one."""
        place = self.names.index(name) if name in self.names else -2
        return np.flatnonzero(self.attribute_of == place).astype(np.int32)

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
            base=Postings.of(bags, everyone),
            changed=none,
            fresh=Postings.of(bags.take(none), none),
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
        if len(stale) > REBUILT_SHARE * len(alive):
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
            fresh=Postings.of(bags.take(stale), stale),
        )


def filter_mask(filters: Filters, index: FilterIndex) -> Bools:
    """Which items are alive and pass all of `filters`, (n,) bool.

    Values and ids that no item has match nothing (an unknown `exclude` excludes nothing).
    Raises `BadInput` for an attribute that no item has (naming those there are; in a catalogue
    without any, nothing matches), for one without values, and for price bounds that cross.
    """
    rest, narrowed = filter_masks(filters, index)
    for mask in narrowed.values():
        rest &= mask
    return rest


def filter_masks(filters: Filters, index: FilterIndex) -> tuple[Bools, dict[str, Bools]]:
    """The filters apart: what passes those that are no facets, and for each facet that narrows
    (`category`, `price`, attributes by name) what passes it alone. All (n,) bool.

    `filter_mask` is all of them together. Raises `BadInput` as it does.
    """
    rest, facets = index.alive.copy(), {}
    _by_column(filters, index.features, rest)
    for name, values in filters.attributes.items():
        facets[name] = carrying(index, _tokens_of(index, name, values))
    if filters.categories:
        named = carrying(index, [f"category={value}" for value in filters.categories])
        facets["category"] = named & facets.get("category", True)
    prices = _by_price(filters, index.features)
    if prices is not None:
        facets["price"] = prices
    if filters.only:
        rest &= _named(index, filters.only)
    if filters.exclude:
        rest &= ~_named(index, filters.exclude)
    return rest, facets


def _by_column(filters: Filters, features: ItemFeatures, out: Bools) -> None:
    if filters.available:
        out &= features.available
    if filters.created_after is not None:
        out &= (features.created_at >= 0) & (features.created_at > filters.created_after)


def _by_price(filters: Filters, features: ItemFeatures) -> Bools | None:
    """What lies within the bounds, `None` without any; an unknown price (NaN) lies in none."""
    low, high = filters.min_price, filters.max_price
    if low is None and high is None:
        return None
    if low is not None and high is not None and low > high:
        raise BadInput(f"min_price {low} is above max_price {high}.", hint="Swap them or drop one.")
    out: Bools = features.prices >= (-np.inf if low is None else low)
    out &= features.prices <= (np.inf if high is None else high)
    return out


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


def carrying(index: FilterIndex, tokens: Sequence[str]) -> Bools:
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
