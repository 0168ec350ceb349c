"""Reads brand, category and attributes of items that have none, from what other items have.

Every value that comes out is one that the catalogue knows for that field, or a number that stands
in the item's own text: whatever a text says, it cannot make up a brand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import ChatModel, Item, TextEncoder
from prismrec.core.arrays import Bools, Longs, Scores
from prismrec.language.knowledge.asked import Judge
from prismrec.language.knowledge.facts import BRAND, CATEGORY, Fact, given, own_text
from prismrec.language.knowledge.labels import Labels
from prismrec.language.knowledge.measures import MeasureReader
from prismrec.language.knowledge.names import near_names, self_taught
from prismrec.language.knowledge.reader import FieldReader, Reading
from prismrec.language.knowledge.ridge import Ridge
from prismrec.language.knowledge.space import TextSpace

__all__ = ["extract", "extract_by_names"]

PENALTY = 1.0
MOST_ROWS = 10_000
"""Labelled items that teach a field; more are thinned out evenly. The time goes with their cube,
the memory with their square: about a minute of one core and a gigabyte."""
FEWEST_ROWS = 20
"""Items that must have a field before it can be read."""
MOST_FIELDS = 60
MOST_VALUES, MOST_CATEGORIES = 2000, 600
"""Of a field, and of the categories, whose names are held against every text: the commonest."""
PROBED = 100
"""Labelled items set aside to measure a chat model on, where there is one."""
_BATCH = 1024
PATH = " > "
"""Between the categories of a path, as names are read."""
_Given = Sequence[Mapping[str, tuple[str, ...]]]


def extract(
    items: Sequence[Item],
    encoder: TextEncoder | None,
    *,
    confidence: float = 0.5,
    chat: ChatModel | None = None,
) -> list[Fact]:
    """What can be read of items that lack a brand, categories, or all attributes, at least as sure
    as `confidence` (0 to 1). In order of items; the categories of an item in order of their path.

    `encoder` adds meaning to words; `None` reads by words alone. `chat` is asked where the reading
    is less sure than that, and believed in fields in which it is right often enough. Deterministic
    where `chat` is.
    """
    texts = [own_text(item) for item in items]
    if not any(texts):
        return []
    filled = np.array([bool(item.brand.strip()) for item in items])
    catalogue = _Catalogue(texts, _known(items), filled, _paths(items))
    space = TextSpace.of([*texts, *map(PATH.join, catalogue.paths.values())], encoder)
    surest: dict[tuple[int, str], _Found] = {}
    for found in (*_measured(catalogue), *_read(space, catalogue, chat, confidence)):
        place = found.row, found.field
        if found.sure >= max(confidence, surest[place].sure if place in surest else 0.0):
            surest[place] = found
    return [
        Fact(items[row].item_id, field, value, found.sure, found.source)
        for (row, field), found in sorted(surest.items())
        for value in found.values
    ]


def extract_by_names(
    items: Sequence[Item], names: Sequence[str], encoder: TextEncoder | None
) -> list[Fact]:
    """The category of every item without one, of the `names` alone: no item needs to have one.

    A name may be a path, such as `Makeup > Nails > Nail Polish`. The confidence is 0, since nothing
    is there to measure it on; an item without text gets none.
    """
    asked = [item for item in items if not item.categories and own_text(item)]
    if not asked or not names:
        return []
    n, space = len(asked), TextSpace.of([*map(own_text, asked), *names], encoder)
    scores = self_taught(space, near_names(space, np.arange(n), n + np.arange(len(names))))
    return [
        Fact(item.item_id, CATEGORY, part.strip(), 0.0, "name")
        for item, column in zip(asked, scores.argmax(axis=1).tolist(), strict=True)
        for part in names[column].split(">")
    ]


def _known(items: Sequence[Item]) -> _Given:
    """What the items have. A brand that is called as a category is a gap that was filled, not a
    brand."""
    categories = {category.casefold() for item in items for category in item.categories}
    found = [given(item) for item in items]
    for fields in found:
        if fields.get(BRAND, ("",))[0].casefold() in categories:
            del fields[BRAND]
    return found


def _paths(items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    """The path by which most items have a category, by its last name."""
    counts = Counter(item.categories for item in items if item.categories)
    paths: dict[str, tuple[str, ...]] = {}
    for path, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        paths.setdefault(path[-1], path)
    return paths


@dataclass(frozen=True)
class _Catalogue:
    """What is known before anything is read: the texts of the items, what they have, whether some
    brand is `filled` in, and the paths of categories by their last names, whose texts follow those
    of the items in the space."""

    texts: Sequence[str]
    known: _Given
    filled: Bools
    paths: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of the field of the item at `row`."""

    row: int
    field: str
    values: tuple[str, ...]
    sure: float
    source: str


def _measured(catalogue: _Catalogue) -> Iterator[_Found]:
    """Numbers with a unit, of items without attributes."""
    described = _described(catalogue.known)
    rows = np.flatnonzero(described).tolist()
    reader = MeasureReader.learned(
        [catalogue.texts[row] for row in rows], [catalogue.known[row] for row in rows]
    )
    for row in np.flatnonzero(~described).tolist():
        for field, (value, sure) in reader.read(catalogue.texts[row]).items():
            yield _Found(row, field, (value,), sure, "measure")


def _read(
    space: TextSpace, catalogue: _Catalogue, chat: ChatModel | None, least: float
) -> Iterator[_Found]:
    """Values that other items have."""
    written = np.array([bool(text) for text in catalogue.texts])
    ways: dict[tuple[str, ...], Bools] = {
        (field,): np.array([field in fields for fields in catalogue.known])
        for field in (BRAND, CATEGORY)
    }
    ways[_attributes(catalogue.known)] = _described(catalogue.known)
    for fields, there in ways.items():
        rows = _thinned(np.flatnonzero(there & written))
        lacking = ~catalogue.filled if fields == (BRAND,) else ~there
        asked = np.flatnonzero(lacking & written)
        if not fields or len(rows) < FEWEST_ROWS or not len(asked):
            continue
        probes = rows[:: max(2, len(rows) // PROBED)] if chat else rows[:0]
        rows = np.setdiff1d(rows, probes)
        taught = _taught(space, catalogue, fields, rows)
        judge = None
        if chat:
            read = taught.read(probes)
            told = [(catalogue.texts[row], r, catalogue.known[row]) for row, r in read]
            judge = Judge.measured(chat, least, told)
        for row, readings in taught.read(asked):
            yield from _told(row, readings, catalogue, judge)


@dataclass(frozen=True, eq=False)
class _Taught:
    """What the items at `rows` teach: a reader of each field. `spread` is whether those read what
    the `ridge` spreads, or the kernel itself; the fewer columns of the two are cheaper."""

    space: TextSpace
    rows: Longs
    ridge: Ridge
    spread: bool
    readers: Mapping[str, FieldReader]

    def read(self, asked: Longs) -> Iterator[tuple[int, dict[str, Reading]]]:
        """What each of the items at `asked` says of every field."""
        for some in np.split(asked, range(_BATCH, len(asked), _BATCH)):
            alike = self.space.kernel(some, self.rows)
            alike = self.ridge.spread(alike) if self.spread else alike
            read = {field: reader.read(some, alike) for field, reader in self.readers.items()}
            for place, row in enumerate(some.tolist()):
                yield row, {field: readings[place] for field, readings in read.items()}


def _taught(space: TextSpace, catalogue: _Catalogue, fields: Sequence[str], rows: Longs) -> _Taught:
    """The readers of `fields` that the items at `rows` teach."""
    labels = {}
    for field in fields:
        have = [catalogue.known[row].get(field, ()) for row in rows.tolist()]
        if values := _values(have, MOST_CATEGORIES if field == CATEGORY else MOST_VALUES):
            labels[field] = Labels.of(rows, have, values)
    spread = sum(len(one.values) for one in labels.values()) > len(rows)
    ridge = Ridge(space.kernel(rows, rows), PENALTY)
    readers = {}
    for field, own in labels.items():
        near = _nearness(space, catalogue, own.values) if field == CATEGORY else None
        readers[field] = FieldReader.learned(space, own, ridge, spread=spread, near=near)
    return _Taught(space, rows, ridge, spread, readers)


def _nearness(space: TextSpace, catalogue: _Catalogue, categories: Sequence[str]) -> Scores:
    """(n, c) how near each text is to the name of each category."""
    at = {name: len(catalogue.texts) + i for i, name in enumerate(catalogue.paths)}
    names = np.array([at[name] for name in categories])
    return near_names(space, np.arange(len(catalogue.texts)), names)


def _told(
    row: int, readings: Mapping[str, Reading], catalogue: _Catalogue, judge: Judge | None
) -> Iterator[_Found]:
    """What was read of an item, and what the `judge` says of it."""

    def values(field: str, value: str) -> tuple[str, ...]:
        return catalogue.paths[value] if field == CATEGORY else (value,)

    for field, reading in readings.items():
        source = "text" if reading.stands else "similar"
        yield _Found(row, field, values(field, reading.value), reading.confidence, source)
    judged = judge.judged(catalogue.texts[row], readings) if judge else {}
    for field, (value, sure) in judged.items():
        yield _Found(row, field, values(field, value), sure, "chat")


def _described(known: _Given) -> Bools:
    """(n,) whether an item has any attribute."""
    return np.array([bool(fields.keys() - {BRAND, CATEGORY}) for fields in known], bool)


def _attributes(known: _Given) -> tuple[str, ...]:
    """The attributes to read: those that most items have."""
    counts = Counter(field for fields in known for field in fields.keys() - {BRAND, CATEGORY})
    commonest = sorted((-n, field) for field, n in counts.items() if n >= FEWEST_ROWS)
    return tuple(field for _, field in commonest[:MOST_FIELDS])


def _values(have: Sequence[Sequence[str]], most: int) -> list[str]:
    counts = Counter(value for some in have for value in some)
    commonest = sorted((-n, value) for value, n in counts.items())
    return sorted(value for _, value in commonest[:most])


def _thinned(rows: Longs) -> Longs:
    """At most `MOST_ROWS` of the rows, evenly spread."""
    if len(rows) <= MOST_ROWS:
        return rows
    return rows[np.arange(MOST_ROWS) * len(rows) // MOST_ROWS]
