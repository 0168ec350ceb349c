"""`prismrec refresh`: learn from what came since."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from prismrec.cli.options import AsJson, Prism, Seed
from prismrec.cli.output import errors, out, print_json
from prismrec.cli.service import reached

__all__ = ["refresh"]

KEPT_BACK = 8


def refresh(
    collection: Prism,
    watch: Annotated[bool, typer.Option("--watch", help="Go on, as events come.")] = False,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Train on what came since, judge the result on the newest events, and promote it if it passes.

    Runs beside a server without stopping it. Exit code 8: the gate kept the release back.
    """
    from prismrec.learning import refresh as learn
    from prismrec.learning import watch as look

    os.nice(10)  # whoever serves on this machine comes first
    if watch:
        errors.print("Watching for new events (Ctrl+C stops it).")
        for done in look(collection, lambda number: _promote(collection, number), seed=seed):
            _tell(asdict(done), as_json=json)
        return
    done = learn(collection, seed=seed)
    passed = done.verdict is not None and done.verdict.promote
    if passed:
        _promote(collection, done.release)
    _tell(asdict(done), as_json=json)
    if done.verdict is not None and not passed:
        raise typer.Exit(KEPT_BACK)


def _promote(collection: Path, number: int) -> None:
    with reached(collection) as service:
        service.post("releases/promote", {"release": number})


def _tell(done: dict[str, Any], *, as_json: bool) -> None:
    verdict = done["verdict"]
    if as_json:
        print_json({**done, "promoted": bool(verdict and verdict["promote"])})
        return
    if verdict is None:
        out.print("Nothing new to learn from.")
        return
    low, high = verdict["interval"]
    out.print(
        f"Release {done['release']} from {done['new_events']} new events in "
        f"{done['seconds']:.0f} s: {verdict['why']}. {verdict['metric']} on {verdict['cases']} "
        f"newest events: {verdict['serving']:.4f} before, {verdict['candidate']:.4f} now "
        f"({verdict['difference']:+.4f}, 95% interval {low:+.4f} to {high:+.4f}). "
        + ("Promoted." if verdict["promote"] else "Kept back."),
        markup=False,
        highlight=False,
    )
