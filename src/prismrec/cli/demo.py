"""`prismrec demo`: a small marketplace, from nothing to a page in the browser."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.options import AsJson
from prismrec.cli.output import errors, out, print_json
from prismrec.models.settings import ModelSettings

__all__ = ["demo"]

MODELS = ("default", "popularity")
WORK = 0.6
"""Million predictions that the transformer trains on: a small marketplace needs no more, and a demo
should not keep people waiting."""


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Stop after figures.")] = True,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    language: Annotated[str, typer.Option(help="Of the products: en or zh.")] = "en",
    folder: Annotated[Path | None, typer.Option(help="Where to build it; kept afterwards.")] = None,
    json: AsJson = False,
) -> None:
    """Build a simulated marketplace, learn from it, measure against popularity, and serve it.

    The people and products are synthetic and come from PrismRec's own simulator.
    """
    from prismrec.config import Settings
    from prismrec.evaluation import Plan, evaluate, table
    from prismrec.evaluation.simulator import SimulatorSettings, simulate
    from prismrec.learning import fit

    place = folder or Path(tempfile.mkdtemp(prefix="prismrec-demo-"))
    errors.print(f"Simulating a marketplace in {place} (synthetic people and products)")
    tables = simulate(SimulatorSettings(language=language), seed=0).write(place / "data")
    errors.print("Measuring: what happens in the last tenth of the time, every product ranked")
    settings = Settings(models=ModelSettings(work=WORK))
    plan = Plan("temporal", models=MODELS, cache=place / "cache")
    report = evaluate(tables, plan, settings=settings)
    if json:
        print_json(report.to_json())
    else:
        out.print(table(report))
    path = place / "demo.prism"
    if path.exists():
        shutil.rmtree(path)
    errors.print("Learning from all of it")
    fit(tables, path, settings=settings).close()
    out.print(f"The collection is at {path}", markup=False)
    if serve:
        from prismrec.folder import settings_of
        from prismrec.serving.run import serve as run

        out.print(f"Open http://127.0.0.1:{port} (Ctrl+C stops it)", markup=False)
        run([path], replace(settings_of(path).serving, port=port))
