"""`prismrec`: one command a file, each a thin layer over the Python API.

Exit codes that scripts can trust: 0 done, 1 an unexpected failure, 2 bad input or settings, 3 not
found, 4 the collection is in use, 5 busy, 6 corrupt or newer artifact, 7 a missing extra, 8 a gate
kept the release back, 130 interrupted.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings

import typer

from prismrec.cli.output import fail
from prismrec.core import PrismError

__all__ = ["app", "main"]

COMMANDS = (
    "demo",
    "fit",
    "media",
    "extract",
    "evaluate",
    "evaluate_search",
    "train_llm",
    "tune",
    "ope",
    "compare",
    "uplift",
    "experiment",
    "classify",
    "answer",
    "label",
    "monitor",
    "recommend",
    "search",
    "similar",
    "chat",
    "explain",
    "serve",
    "refresh",
    "promote",
    "rollback",
    "review",
    "erase",
    "keys",
    "bench",
    "doctor",
)

app = typer.Typer(
    name="prismrec",
    help="Search and recommendation on language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback(invoke_without_command=True)
def version(
    show: bool = typer.Option(False, "--version", help="Print the version and stop."),
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what happens to stderr."),
) -> None:
    """Search and recommendation on language models."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )
    if show:
        from prismrec import __version__

        typer.echo(f"prismrec {__version__}")
        raise typer.Exit


for name in COMMANDS:
    command = importlib.import_module(f"prismrec.cli.{name}")
    if hasattr(command, "app"):
        app.add_typer(command.app, name=name)
    else:
        passing = {"allow_extra_args": True, "ignore_unknown_options": True}
        app.command(name.replace("_", "-"), context_settings=passing if name == "bench" else None)(
            getattr(command, name)
        )


def main() -> None:
    """Run the command line: errors made on purpose are printed plainly, with what to change."""
    warnings.showwarning = _warn
    try:
        app()
    except PrismError as error:
        fail(error)
    except BrokenPipeError:
        sys.exit(0)


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    typer.secho(f"warning: {message}", fg="yellow", err=True)
