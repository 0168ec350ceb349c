"""`prismrec promote`: serve a release."""

from __future__ import annotations

from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import out, print_json
from prismrec.cli.service import reached

__all__ = ["promote"]


def promote(
    collection: Prism,
    release: Annotated[int, typer.Argument(min=1, help="The release's number.")],
    json: AsJson = False,
) -> None:
    """Serve release N from the next request on."""
    with reached(collection) as service:
        answer = service.post("releases/promote", {"release": release})
    if json:
        print_json(answer)
    else:
        out.print(f"Serving release {answer['release']}.")
