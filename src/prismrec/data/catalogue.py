"""The live catalogue by position: immutable snapshots that are cheap to extend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from prismrec.core import BadInput, Bags, Ids, Item, ItemFeatures, NotFound
from prismrec.core.arrays import Bools, Floats, Longs, Positions, Vectors, with_rows
from prismrec.data.tokens import TokenVocabulary, believed_facts, item_facts

__all__ = ["Catalogue", "Columns"]


@dataclass(frozen=True, eq=False)
class Columns:
    """What filters look at, one entry a position.

    `prices` NaN and `created_at` -1 where unknown; `available` as the item says; `attributes` the
    tokens of every item (`"category=Shoes"`, `"color=red"`), whose indices `tokens` knows;
    `brands` the token of the brand, -1 where there is none. `believed` are the attributes with what
    was read from texts, `None` where nothing was.
    """

    prices: Floats
    available: Bools
    created_at: Longs
    brands: Positions
    attributes: Bags
    tokens: Ids
    believed: Bags | None = None

    def having(self, tokens: Iterable[str]) -> Bools:
        """(n,) whether an item has any of the tokens; one that nobody has is no error."""
        wanted = [p for token in tokens if (p := self.tokens.position(token)) >= 0]
        hits = np.isin(self.attributes.indices, wanted)
        counts = np.concatenate([[0], np.cumsum(hits)])
        return np.asarray(np.diff(counts[self.attributes.indptr]) > 0)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All items there ever were, by position. A removed item keeps its position and is not `alive`.

    A snapshot never changes: `upserted` and `removed` give a new one and leave the old one valid.
    `ids` is shared between snapshots and may know later items; a snapshot counts `len(self)`.
    """

    ids: Ids
    alive: Bools
    columns: Columns
    vocabulary: TokenVocabulary
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    _items: tuple[Item, ...] = ()

    @staticmethod
    def of(items: Iterable[Item], vocabulary: TokenVocabulary | None = None) -> Catalogue:
        """A catalogue of `items` in their order. `vocabulary` is that of an earlier catalogue whose
        tokens must keep their indices; without it one is made from these items."""
        things = tuple(items)
        words = vocabulary or TokenVocabulary.learned(map(believed_facts, things))
        nothing = Columns(
            np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64), np.zeros(0, np.int32),
            Bags.empty(0), words.tokens,
        )  # fmt: skip
        return Catalogue(Ids(), np.zeros(0, bool), nothing, words).upserted(things)

    def __len__(self) -> int:
        return len(self.alive)

    def item(self, position: int) -> Item:
        """The item at `position`, removed or not."""
        return self._items[position]

    def title(self, position: int) -> str:
        """The title of an item, empty where it has none."""
        return self.item(position).title

    def text(self, position: int) -> str:
        """What a text encoder reads of the item at `position`."""
        return self._items[position].text()

    def texts(self) -> list[str]:
        """The text of every item, in order of position."""
        return [item.text() for item in self._items]

    def position(self, item_id: str) -> int:
        """The position of an item, removed or not; -1 if this snapshot does not know it."""
        position = self.ids.position(item_id)
        return position if position < len(self) else -1

    def get(self, item_id: str) -> Item:
        """The living item with this id; raises `NotFound`."""
        position = self.position(item_id)
        if position < 0 or not self.alive[position]:
            raise NotFound(f"There is no item {item_id!r}.", hint="Check the item id.")
        return self._items[position]

    def upserted(self, items: Iterable[Item]) -> Catalogue:
        """A snapshot with `items` added, or replaced where their ids are known (also a removed
        one's, which lives again at its old position). Of one id twice, the last one stays."""
        changed = {item.item_id: item for item in items}
        if not changed:
            return self
        things = list(self._items)
        vectors = _checked_vectors(self.vectors, changed.values())
        # Another snapshot may have grown from this one already: then the ids part ways.
        ids = self.ids if len(self.ids) == len(self) else Ids(item.item_id for item in things)
        places = []
        for item_id, item in changed.items():
            position = ids.add(item_id)
            if position == len(things):
                things.append(item)
            else:
                things[position] = item
            places.append(position)
        at, given = np.array(places, np.int64), list(changed.values())
        alive = _grown(self.alive, len(things), False)
        alive[at] = True
        return Catalogue(
            ids=ids,
            alive=alive,
            columns=_updated(self.columns, self.vocabulary, len(things), at, given),
            vocabulary=self.vocabulary,
            vectors=_with_vectors(vectors, len(things), at, given),
            _items=tuple(things),
        )

    def removed(self, item_ids: Iterable[str]) -> Catalogue:
        """A snapshot in which these items are not alive; unknown ids are no error."""
        places = [p for item_id in item_ids if (p := self.position(item_id)) >= 0]
        alive = self.alive.copy()
        alive[places] = False
        return replace(self, alive=alive)

    def features(self, text_vectors: Vectors | None = None) -> ItemFeatures:
        """The catalogue as learners see it; `text_vectors` (n, d) or `None` where there are none.

        Removed items are not available. Items older than 1970 count as made in 1970.
        """
        if text_vectors is not None and len(text_vectors) != len(self):
            raise ValueError(f"{len(text_vectors)} text vectors for {len(self)} items")
        columns = self.columns
        return ItemFeatures(
            text_vectors=text_vectors,
            attributes=columns.attributes if columns.believed is None else columns.believed,
            prices=columns.prices,
            created_at=columns.created_at,
            available=columns.available & self.alive,
            vectors=self.vectors,
            titles=tuple(item.title for item in self._items),
            given=None if columns.believed is None else columns.attributes,
        )


def _updated(
    old: Columns, vocabulary: TokenVocabulary, n: int, at: Longs, items: Sequence[Item]
) -> Columns:
    """The columns with `items` at the positions `at`, grown to `n`."""
    prices = _grown(old.prices, n, np.nan)
    prices[at] = [np.nan if item.price is None else item.price for item in items]
    available = _grown(old.available, n, False)
    available[at] = [item.available for item in items]
    created = _grown(old.created_at, n, -1)
    created[at] = [-1 if i.created_at is None else max(i.created_at, 0) for i in items]
    rows = [vocabulary.row(item_facts(item)) for item in items]
    brands = _grown(old.brands, n, -1)
    brands[at] = vocabulary.tokens.positions([f"brand={item.brand.strip()}" for item in items])
    attributes = _spliced(old.attributes, n, at, rows, vocabulary.tokens)
    more = None
    if old.believed is not None or any(item.extracted for item in items):
        both = [
            vocabulary.row(believed_facts(item)) if item.extracted else row
            for item, row in zip(items, rows, strict=True)
        ]
        base = old.attributes if old.believed is None else old.believed
        more = _spliced(base, n, at, both, vocabulary.tokens)
    return Columns(prices, available, created, brands, attributes, vocabulary.tokens, more)


def _grown(array: np.ndarray, n: int, fill: float) -> np.ndarray:
    """A copy with `n` entries."""
    out = np.full(n, fill, array.dtype)
    out[: len(array)] = array
    return out


def _spliced(bags: Bags, n: int, at: Longs, rows: Sequence[Sequence[int]], tokens: Ids) -> Bags:
    """`bags` with `rows` at the positions `at`, grown to `n`; a gather, no loop over all rows."""
    fresh = [len(row) for row in rows]
    pool = np.concatenate([bags.indices, np.array([t for row in rows for t in row], np.int32)])
    lengths = _grown(np.diff(bags.indptr), n, 0)
    starts = _grown(bags.indptr[:-1], n, 0)
    lengths[at] = fresh
    starts[at] = len(bags.indices) + np.cumsum([0, *fresh], dtype=np.int64)[:-1]
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    within = np.arange(indptr[-1]) - np.repeat(indptr[:-1] - starts, lengths)
    names = bags.names if len(bags.names) == len(tokens) else tuple(tokens)
    return Bags(indptr, pool[within], names)


def _checked_vectors(known: Mapping[str, Vectors], items: Iterable[Item]) -> dict[str, Vectors]:
    """The known vectors, with an empty table for every new name."""
    tables = dict(known)
    for item in items:
        for name, vector in item.vectors.items():
            table = tables.setdefault(name, np.zeros((0, len(vector)), np.float32))
            if len(vector) != table.shape[1] or not np.isfinite(vector).all():
                raise BadInput(
                    f"The {name} vector of item {item.item_id!r} has {len(vector)} numbers"
                    f"{'' if np.isfinite(vector).all() else ', not all finite'}.",
                    hint=f"Give {table.shape[1]} finite numbers, as the other items do.",
                )
    return tables


def _with_vectors(
    tables: Mapping[str, Vectors], n: int, at: Longs, items: Sequence[Item]
) -> dict[str, Vectors]:
    out = {}
    for name, table in tables.items():
        rows = np.zeros((len(items), table.shape[1]), np.float32)
        for i, item in enumerate(items):
            rows[i] = item.vectors.get(name, 0.0)
        out[name] = with_rows(table, n, at, rows)
    return out
