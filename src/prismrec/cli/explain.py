"""`prismrec explain`: why this item for this user?"""

from __future__ import annotations

from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Prism, User
from prismrec.cli.output import out, print_json, print_table
from prismrec.cli.service import reached

__all__ = ["explain"]


def explain(
    collection: Prism,
    item: Annotated[str, typer.Option("--item", "-i", help="Which item.")],
    user: User = "",
    json: AsJson = False,
) -> None:
    """The parts of an item's score, the past events behind it, and a sentence."""
    with reached(collection) as service:
        why = service.get("explain", item_id=item, user_id=user)
    if json:
        print_json(why)
        return
    out.print(why["sentence"], markup=False)
    rows = [(part["name"], part["value"], part["share"]) for part in why["contributions"]]
    print_table("What sets it apart from the others", ["part", "contribution", "share"], rows)
    causes = [(row["item_id"], row["title"], row["drop"]) for row in why["influences"]]
    print_table("Past events behind it", ["item", "title", "score without it falls by"], causes)
