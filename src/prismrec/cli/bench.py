"""`prismrec bench`: measure on this machine what the README states."""

from __future__ import annotations

import runpy
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from prismrec.core import NotFound

__all__ = ["bench"]

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


class Bench(StrEnum):
    """What can be measured."""

    accuracy = "accuracy"
    serve = "serve"
    ingest = "ingest"
    durability = "durability"
    vectors = "vectors"


def bench(
    what: Annotated[Bench, typer.Argument(help="What to measure.")],
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run one of the benchmarks of a source checkout; further options go to the benchmark itself
    (`prismrec bench accuracy -- --help`)."""
    script = BENCHMARKS / f"{what.value}.py"
    if not script.is_file():
        raise NotFound(
            f"The benchmark '{what.value}' is not installed.",
            hint="Benchmarks belong to the source: clone the repository and install it with -e.",
        )
    sys.argv = [str(script), *context.args, *(["--json"] if json else [])]
    runpy.run_path(str(script), run_name="__main__")
