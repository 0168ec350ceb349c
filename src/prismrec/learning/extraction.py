"""The table of what is read from a catalogue's texts: item, field, value, confidence, source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from prismrec.config import Settings
from prismrec.core import BadInput, Item, TextEncoder
from prismrec.data import Dataset, Sources, read
from prismrec.data.sources import Source, find_sources
from prismrec.data.writing import require_table, write_table
from prismrec.language.chat import shared_chat_model
from prismrec.language.choice import choose_encoder
from prismrec.language.knowledge.extract import extract, extract_by_names
from prismrec.language.knowledge.facts import CATEGORY, Fact, own_text, with_extracted
from prismrec.language.knowledge.written import write
from prismrec.threads import every_core

__all__ = [
    "SCHEMA",
    "extract_table",
    "extracted",
    "names_in",
    "with_confidence",
    "with_read_values",
]

SCHEMA = {
    "item_id": pl.String,
    "field": pl.String,
    "value": pl.String,
    "confidence": pl.Float64,
    "source": pl.String,
}


def extract_table(
    data: Source | Sources,
    out: Path,
    settings: Settings,
    *,
    names: Sequence[str] = (),
    written: bool = False,
) -> pl.DataFrame:
    """Read the items of `data`, extract what their fields lack, and write it to `out`; the table.

    `names` are categories for items that no labelled item helps with (`extract_by_names`).
    `written` adds titles, descriptions and tags made of what is given, marked as such. Raises
    `BadInput` where `out` cannot be such a table, or there are no items.
    """
    require_table(out)
    sources = data if isinstance(data, Sources) else find_sources(data)
    if sources.items is None:
        raise BadInput("There is no table of items.", hint="Name one with --items.")
    items = list(read(Sources(items=sources.items), settings.data).iter_items())
    with every_core():
        facts = extracted(items, settings, names=names)
        if written:
            facts += write(items, shared_chat_model(settings.chat))
    table = pl.DataFrame(
        [(f.item_id, f.field, f.value, f.confidence, f.source) for f in facts],
        schema=SCHEMA,
        orient="row",
    )
    write_table(table, out)
    return table


def extracted(
    items: Sequence[Item],
    settings: Settings,
    *,
    names: Sequence[str] = (),
    cache: Path | None = None,
) -> list[Fact]:
    """What is read of `items` with the encoder that the settings choose for their texts, and their
    chat model where they name one."""
    texts = [own_text(item) for item in items]
    if not any(texts):
        return []
    encoder = choose_encoder(texts, settings.language, cache=cache).encoder
    least, chat = settings.language.extract_confidence, shared_chat_model(settings.chat)
    facts = extract(items, encoder, confidence=least, chat=chat)
    return [*facts, *_by_names(items, facts, names, encoder)]


def with_read_values(dataset: Dataset, settings: Settings, cache: Path | None = None) -> Dataset:
    """`dataset` whose items hold, apart from what is given, what was read of their texts."""
    items = list(dataset.iter_items())
    with every_core():
        facts = extracted(items, settings, cache=cache)
    return replace(
        dataset, given=(tuple(with_extracted(items, facts)), tuple(dataset.iter_users()))
    )


def _by_names(
    items: Sequence[Item], facts: Sequence[Fact], names: Sequence[str], encoder: TextEncoder
) -> list[Fact]:
    """Categories by `names` of the items that got none otherwise."""
    done = {fact.item_id for fact in facts if fact.field == CATEGORY}
    left = [item for item in items if item.item_id not in done]
    return extract_by_names(left, names, encoder)


def names_in(path: Path) -> list[str]:
    """The lines of a file of names. Raises `BadInput` where it cannot be read or has none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}.", hint="Check the file.") from None
    names = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not names:
        raise BadInput(f"{path} has no names.", hint="Write one name a line.")
    return names


def with_confidence(settings: Settings, confidence: float | None) -> Settings:
    """The settings with another least confidence, where one is given."""
    if confidence is None:
        return settings
    return replace(settings, language=replace(settings.language, extract_confidence=confidence))
