"""`prismrec extract`: what the texts of a catalogue say that its fields do not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.fit import sources_of
from prismrec.cli.options import AsJson, Config, FilePath
from prismrec.cli.output import print_json, print_table

__all__ = ["extract"]


def extract(
    data: Annotated[str | None, typer.Argument(help="A folder with a table of items.")] = None,
    into: Annotated[
        Path, typer.Option("--out", help="The table to write: .parquet, .csv or .jsonl.")
    ] = Path("extracted.parquet"),
    items: FilePath = None,
    categories: Annotated[
        Path | None,
        typer.Option(
            help="Names of categories, one a line, paths as in 'Makeup > Nails': an item that no "
            "other helps with gets one of them by its name alone."
        ),
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(min=0, max=1, help="Leave out what is less sure.")
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Also titles, descriptions and tags made of what is given, marked so."
        ),
    ] = False,
    reviews: Annotated[
        str,
        typer.Option(
            help="A table of reviews (item_id, text, perhaps rating): tell what they praise and "
            "complain of, by topic, with a sentence of each, in place of the fields."
        ),
    ] = "",
    using: Annotated[
        Path | None, typer.Option(help="With --reviews: a classifier kept by prismrec classify.")
    ] = None,
    praise: Annotated[str, typer.Option(help="Its label of praise.")] = "positive",
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Read brand, categories and attributes of items that have none from their texts; or, with
    --reviews, what reviews say of items."""
    from prismrec.config import read_settings

    if reviews:
        _reviews(reviews, into, (using, praise) if using else None, config, json)
        return
    from prismrec.learning.extraction import extract_table, names_in, with_confidence

    settings = with_confidence(read_settings(config), confidence)
    names = names_in(categories) if categories else ()
    source = sources_of(data, items, None, None)
    table = extract_table(source, into, settings, names=names, written=write)
    counted = table.group_by("field", "source").len().sort("field", "source")
    if json:
        print_json({"table": str(into), "rows": len(table), "fields": counted.to_dicts()})
        return
    print_table(f"Read: {into}", ["field", "source", "values"], counted.rows())


def _reviews(
    source: str, into: Path, using: tuple[Path, str] | None, config: Path | None, json: bool
) -> None:
    from prismrec.config import read_settings
    from prismrec.learning.reviewed import reviewed_table

    table = reviewed_table(source, into, read_settings(config), using=using)
    shown = table.select("topic", "source", "praise", "complaint")
    shown = shown.group_by("topic", "source").sum().sort("topic")
    if json:
        print_json({"table": str(into), "rows": len(table), "topics": shown.to_dicts()})
        return
    print_table(f"Read: {into}", shown.columns, shown.rows())
