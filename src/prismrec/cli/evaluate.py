"""`prismrec evaluate`: how good is it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.fit import sources_of
from prismrec.cli.options import AsJson, Config, FilePath, Seed
from prismrec.cli.output import errors, out, print_json

__all__ = ["evaluate"]


def evaluate(
    data: Annotated[str | None, typer.Argument(help="A folder with items and events.")] = None,
    split: Annotated[
        str, typer.Option(help="leave-one-out, temporal or by-user.")
    ] = "leave-one-out",
    models: Annotated[
        str, typer.Option(help="Names with commas between; the first is compared with the others.")
    ] = "default,popularity",
    protocol: Annotated[str, typer.Option(help="model or system.")] = "model",
    repeats: Annotated[str, typer.Option(help="May an item come again: auto, yes, no.")] = "",
    items: FilePath = None,
    events: FilePath = None,
    users: FilePath = None,
    html: Annotated[Path | None, typer.Option(help="Write a report with plots here.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Keep encoded texts here.")] = None,
    config: Config = None,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Fit models on one part of the data and test them on the rest, ranking the whole catalogue."""
    from prismrec.config import read_settings
    from prismrec.evaluation import Plan, table, write_html
    from prismrec.evaluation import evaluate as measure

    plan = Plan(
        split=split,
        models=tuple(name.strip() for name in models.split(",") if name.strip()),
        protocol=protocol,
        repeats=repeats,
        seed=seed,
        cache=cache,
    )
    settings = read_settings(config)
    source = sources_of(data, items, events, users)
    report = measure(source, plan, settings=settings, progress=_progress)
    if html is not None:
        write_html(report, html)
        errors.print(f"Wrote {html}")
    if json:
        print_json(report.to_json())
    else:
        out.print(table(report))


def _progress(model: str, stage: str, done: int, total: int) -> None:
    if done == 0:
        errors.print(f"{stage}: {model}", style="dim")
