"""`prismrec erase`: forget a user."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import print_json, print_table
from prismrec.cli.service import reached

__all__ = ["erase"]


def erase(
    collection: Prism,
    user: Annotated[str, typer.Option("--user", "-u", help="Whom to forget.")],
    json: AsJson = False,
) -> None:
    """Remove a user's profile, events, exposures and linked sessions for good."""
    with reached(collection) as service:
        removed = service.delete(f"users/{quote(user, safe='')}")
    if json:
        print_json(removed)
    else:
        print_table("Removed", ["what", "rows"], list(removed.items()))
