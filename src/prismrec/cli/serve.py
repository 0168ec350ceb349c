"""`prismrec serve`: the API and the console."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.output import errors

__all__ = ["serve"]


def serve(
    collections: Annotated[list[Path], typer.Argument(help="One or more X.prism folders.")],
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port.")] = None,
    store: Annotated[str | None, typer.Option(help="Database URL of the durable state.")] = None,
) -> None:
    """Serve collections over HTTP, with the console at /."""
    from prismrec.folder import settings_of
    from prismrec.serving.run import serve as run

    settings = settings_of(collections[0]).serving
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    errors.print(f"PrismRec on http://{settings.host}:{settings.port} (Ctrl+C stops it)")
    run(collections, settings, store_url=store)
