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

SOURCE = Path(__file__).parents[3]


class Bench(StrEnum):
    """What can be measured."""

    accuracy = "accuracy"
    search = "search"
    search_latency = "search_latency"
    search_reading = "search_reading"
    search_rules = "search_rules"
    serve = "serve"
    ingest = "ingest"
    durability = "durability"
    vectors = "vectors"
    words = "words"
    encoder = "encoder"
    extraction = "extraction"
    commits = "commits"
    fuzz = "fuzz"
    exploration = "exploration"
    bandits = "bandits"
    policy_speed = "policy_speed"
    ope = "ope"
    gate = "gate"
    people = "people"
    chat_limits = "chat_limits"
    classify = "classify"
    injection = "injection"
    monitoring = "monitoring"
    labelling = "labelling"
    conversation = "conversation"
    bank_answers = "bank_answers"


def bench(
    what: Annotated[Bench, typer.Argument(help="What to measure.")],
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run one of the benchmarks of a source checkout; further options go to the benchmark itself
    (`prismrec bench accuracy -- --help`)."""
    if not (SOURCE / "benchmarks").is_dir():
        raise NotFound(
            f"The benchmark '{what.value}' is not installed.",
            hint="Benchmarks belong to the source: clone the repository and install it with -e.",
        )
    sys.path.insert(0, str(SOURCE))
    sys.argv = [what.value, *context.args, *(["--json"] if json else [])]
    runpy.run_module(f"benchmarks.{what.value}", run_name="__main__")
