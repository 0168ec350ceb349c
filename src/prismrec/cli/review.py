"""`prismrec review`: what waits for a person's decision, and what was decided."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import out, print_json
from prismrec.cli.service import reached
from prismrec.core import BadInput

__all__ = ["review"]


def review(
    collection: Prism,
    decide: Annotated[
        str, typer.Option(help="What to decide: ITEM=allowed, ITEM=adult or ITEM=blocked.")
    ] = "",
    undo: Annotated[str, typer.Option(help="The item whose decision is taken back.")] = "",
    export: Annotated[
        Path | None, typer.Option(help="Write decisions as `text`, `label` (.parquet).")
    ] = None,
    limit: Annotated[int, typer.Option(help="How many of those that wait are listed.")] = 50,
    json: AsJson = False,
) -> None:
    """List the items that the content policy leaves to a person, and decide about them.

    What `--export` writes trains the next classifier: `prismrec classify`.
    """
    with reached(collection) as service:
        if decide:
            item_id, _, label = decide.rpartition("=")
            service.post("content/rulings", {"item_id": item_id, "label": label})
        if undo:
            service.delete(f"content/rulings/{quote(undo, safe='')}")
        waiting = service.get("content/queue", limit=limit)
        decided = service.get("content/rulings")
        if export is not None:
            _write(service.get("content/lessons"), export)
    if json:
        print_json({"waiting": waiting, "decided": decided})
        return
    for one in waiting:
        found = ", ".join(f["term"] or f"{f['state']} {f['p']:.2f}" for f in one["findings"])
        out.print(f"{one['item_id']}  {one['title']}  ({found})", markup=False, highlight=False)
    out.print(f"{len(waiting)} wait, {len(decided)} decided.")


def _write(rows: list[dict[str, str]], to: Path) -> None:
    import polars as pl

    if to.suffix != ".parquet":
        raise BadInput("Decisions are written as Parquet.", hint="Name a .parquet file.")
    pl.DataFrame(rows, schema={"text": pl.String, "label": pl.String}).write_parquet(to)
