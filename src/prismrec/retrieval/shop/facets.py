"""Facets: how many of the matching items each filter would leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from prismrec.core import BadInput, Bags, Filters
from prismrec.core.arrays import Bools, Floats, Longs
from prismrec.retrieval.filters import FilterIndex, filter_masks

__all__ = ["Facets", "PriceRange", "facet_counts", "facets"]

ALWAYS = ("category", "brand")
MOST_NAMES = 8
LIMIT = 20
RANGES = 5


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Prices from `low` to `high`, both included, and how many items cost that."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What narrows a result: `total` items pass all filters; for each facet its commonest values,
    and the ranges of prices, with how many items ticking it would show.

    A facet does not count its own filter (several values of it are alternatives), all others it
    does. A value that is filtered on is always there, also where nothing has it any more.
    """

    total: int
    values: dict[str, dict[str, int]]
    prices: tuple[PriceRange, ...]


def facets(
    index: FilterIndex,
    filters: Filters,
    matching: Bools | None = None,
    names: Sequence[str] | None = None,
    *,
    limit: int = LIMIT,
) -> Facets:
    """The facets of the items that pass `filters` and are `matching` (n,) (`None`: all).

    `names` are the facets wanted (`price` among them for ranges of prices); without, these are
    category, brand, the attributes that are filtered on, and those that tell most about this
    result: for which the values shown carry the most information in bits, so neither what all
    items have nor what hardly two share. At most 8 in all. Raises `BadInput` as `filter_mask` does,
    and for a name that no item has.
    """
    rest, narrowed = filter_masks(filters, index)
    if matching is not None:
        rest &= matching
    among: dict[str | None, Bools] = {None: rest, **dict.fromkeys(narrowed, rest)}
    for facet in among:
        others = [mask for name, mask in narrowed.items() if name != facet]
        among[facet] = np.logical_and.reduce([rest, *others])
    wanted = None if names is None else _known(index, names)
    chosen = {name: tuple(values) for name, values in filters.attributes.items()}
    if filters.categories:
        chosen["category"] = filters.categories
    values = _values(index, among, wanted, chosen, limit)
    priced = wanted is None or "price" in wanted
    prices = index.features.prices[among.get("price", among[None])]
    return Facets(int(among[None].sum()), values, price_ranges(prices) if priced else ())


def facet_counts(
    index: FilterIndex, mask: Bools, *, limit: int = LIMIT
) -> dict[str, dict[str, int]]:
    """For each attribute, its commonest values among the items of `mask` (n,), with their counts.

    At most `limit` values each, most frequent first, equal counts in order of value; values that
    no item of `mask` has are left out.
    """
    counts = token_counts(index.features.attributes, mask)
    return {name: index_values(index, counts, name, limit) for name in _present(index, counts)}


def token_counts(bags: Bags, mask: Bools) -> Longs:
    """How many rows of `mask` (n,) carry each token."""
    if mask.sum() * 4 < len(mask):
        tokens = bags.take(np.flatnonzero(mask).astype(np.int32)).indices
    else:
        tokens = bags.indices[np.repeat(mask, np.diff(bags.indptr))]
    return np.bincount(tokens, minlength=len(bags.names)).astype(np.int64)


def price_ranges(prices: Floats, most: int = RANGES) -> tuple[PriceRange, ...]:
    """Up to `most` neighbouring ranges with round bounds that share out `prices` (m,) about evenly;
    none where prices are unknown (NaN) or all alike."""
    known = np.sort(prices[np.isfinite(prices)])
    if not len(known) or known[0] == known[-1]:
        return ()
    cuts = np.quantile(known, np.arange(1, most) / most)
    inner = sorted({rounded for cut in cuts if known[0] < (rounded := _round(cut)) < known[-1]})
    bounds = [_round(known[0], np.floor), *inner, _round(known[-1], np.ceil)]
    found = []
    for low, high in pairwise(bounds):
        count = np.searchsorted(known, high, "right") - np.searchsorted(known, low, "left")
        if count and low < high:
            found.append(PriceRange(low, high, int(count)))
    return tuple(found)


def _values(
    index: FilterIndex,
    among: dict[str | None, Bools],
    wanted: Sequence[str] | None,
    chosen: dict[str, tuple[str, ...]],
    limit: int,
) -> dict[str, dict[str, int]]:
    bags = index.features.attributes
    counted = {name: token_counts(bags, mask) for name, mask in among.items()}
    total = int(among[None].sum())
    found = {}
    for name in _present(index, counted[None]) if wanted is None else wanted:
        if name != "price":
            found[name] = index_values(index, counted.get(name, counted[None]), name, limit)
    for name, picked in chosen.items():
        if wanted is not None and name not in wanted:
            continue
        counts = counted[name]
        values = found[name] = index_values(index, counts, name, limit)
        for value in picked:
            token = index.tokens.get(f"{name}={value}", -1)
            values.setdefault(value, int(counts[token]) if token >= 0 else 0)
    if wanted is not None:
        return {name: found[name] for name in wanted if name in found}
    first = [name for name in ALWAYS if name in found]
    rest = sorted(
        set(found) - set(first), key=lambda n: (n not in chosen, -_tells(found[n], total), n)
    )
    telling = [name for name in rest if name in chosen or _tells(found[name], total) > 0]
    return {name: found[name] for name in [*first, *telling][: max(MOST_NAMES, len(chosen) + 2)]}


def _tells(counts: dict[str, int], total: int) -> float:
    """Bits that knowing one of these values tells of an item, summed over the values."""
    shares = np.array([count for count in counts.values() if count], np.float64) / max(total, 1)
    return float(-(shares * np.log2(np.minimum(shares, 1.0))).sum())


def _present(index: FilterIndex, counts: Longs) -> list[str]:
    """The attributes that have a counted token."""
    owners = index.attribute_of[np.flatnonzero(counts)]
    return [index.names[i] for i in np.unique(owners[owners >= 0])]


def index_values(index: FilterIndex, counts: Longs, name: str, limit: int) -> dict[str, int]:
    """The commonest values of one attribute with their counts."""
    tokens = index.tokens_of(name)
    tokens = tokens[counts[tokens] > 0]
    if len(tokens) > limit:
        least = np.partition(counts[tokens], len(tokens) - limit)[len(tokens) - limit]
        tokens = tokens[counts[tokens] >= least]
    names, cut = index.features.attributes.names, len(name) + 1
    pairs = [(names[token][cut:], int(counts[token])) for token in tokens]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:limit])


def _known(index: FilterIndex, names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in index.names and name not in (*ALWAYS, "price") and index.names:
            known = ", ".join([*index.names[:50], "price"])
            raise BadInput(f"There is no facet '{name}'.", hint=f"Those there are: {known}.")
    return list(dict.fromkeys(names))


def _round(value: float, how: np.ufunc = np.rint) -> float:
    """To two leading digits, the second of them 0 or 5."""
    if value <= 0:
        return 0.0
    unit = 10.0 ** (np.floor(np.log10(value)) - 1) * 5
    return float(f"{how(value / unit) * unit:.12g}")  # 12 digits: 0.15, not 0.15000000000000002
