"""`prismrec media`: vectors of the pictures, sounds or videos of items."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.options import AsJson
from prismrec.cli.output import out, print_json
from prismrec.core import BadInput

__all__ = ["media"]


def media(
    items: Annotated[Path, typer.Argument(help="The table of items (parquet, csv, jsonl).")],
    model: Annotated[Path, typer.Option(help="The folder of a model such as CLIP or CLAP.")],
    to: Annotated[Path, typer.Option("--out", help="Where the new table goes (.parquet).")],
    column: Annotated[str, typer.Option(help="The column that names a file for each item.")],
    name: Annotated[str, typer.Option(help="What the vectors are called; else the column.")] = "",
    cache: Annotated[
        Path | None, typer.Option(help="Where vectors are kept, so that only new files are read.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Turn files that items name into vectors: a view for `fit`, and what texts can find.

    Names of files are relative to the table's folder. Give the model's folder as
    `language.media.NAME` in prism.toml, so that a search finds items by what they show.
    """
    from prismrec.data.raw import ROW
    from prismrec.data.readers import read_table
    from prismrec.language.media import CachedMedia, MediaEncoder, with_vectors

    if to.suffix != ".parquet":
        raise BadInput("Vectors are written as Parquet.", hint="Name a file that ends in .parquet.")
    encoder = MediaEncoder(model)
    kept = encoder if cache is None else CachedMedia(encoder, cache)
    raw = read_table(items)
    table, refused = with_vectors(raw.frame.drop(ROW), column, items.parent, kept, name=name)
    lost = raw.total - len(table)
    table.write_parquet(to)
    made = len(table) - table[name or column].null_count()
    if json:
        print_json({"items": len(table), "vectors": made, "refused": refused, "lost": lost})
        return
    out.print(f"{made} of {len(table)} items have a vector now: {to}", markup=False)
    if lost:
        out.print(f"{lost} rows of {items.name} could not be read and are left out.", markup=False)
    for file, why in refused[:10]:
        out.print(f"  {file}: {why}", markup=False)
    if len(refused) > 10:
        out.print(f"  and {len(refused) - 10} more", markup=False)
