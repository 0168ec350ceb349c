"""`prismrec search`: which items fit this text, for this person?"""

from __future__ import annotations

from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Count, Prism, User
from prismrec.cli.output import print_slate
from prismrec.cli.service import reached

__all__ = ["search"]


def search(
    collection: Prism,
    text: Annotated[str, typer.Argument(help="What to look for.")],
    user: User = "",
    n: Count = 10,
    json: AsJson = False,
) -> None:
    """Search by words and by meaning, to a person's taste."""
    with reached(collection) as service:
        slate = service.post("search", {"text": text, "user_id": user, "n": n})
    print_slate(slate, as_json=json, title=f"Found for '{text}'")
