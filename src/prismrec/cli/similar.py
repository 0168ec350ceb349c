"""`prismrec similar`: more like this."""

from __future__ import annotations

from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Count, Prism
from prismrec.cli.output import print_slate
from prismrec.cli.service import reached

__all__ = ["similar"]


def similar(
    collection: Prism,
    item: Annotated[str, typer.Option("--item", "-i", help="Like which item.")],
    n: Count = 10,
    json: AsJson = False,
) -> None:
    """Items like one item."""
    with reached(collection) as service:
        slate = service.post("similar", {"item_id": item, "n": n})
    print_slate(slate, as_json=json, title=f"Like {item}")
