"""`prismrec uplift`: what did showing an item earn?"""

from __future__ import annotations

from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Prism, Seed
from prismrec.cli.output import print_json, print_table

__all__ = ["uplift"]


def uplift(
    collection: Prism,
    item: Annotated[str, typer.Option(help="The item's id.")],
    reward: Annotated[str, typer.Option(help="Such as click=1,purchase=10.")] = "",
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Estimate what a slate with the item earned more than one without it: the effect of showing
    it, among requests whose shortlist had it, with a 95% interval."""
    from prismrec.learning.uplift import item_uplift

    found = item_uplift(collection, item, rewards=reward, seed=seed)
    if json:
        print_json({"item_id": item, **found.to_json()})
        return
    rows = [
        ("uplift", found.value, *found.interval),
        ("shown", found.shown, "", ""),
        ("not shown", found.hidden, "", ""),
        ("naive difference", found.naive, "", ""),
    ]
    print_table(f"Uplift of {item}, a slate", ["", "value", "low", "high"], rows)
    facts = found.to_json()["diagnostics"]
    print_table("Diagnostics", ["", "value"], list(facts.items()))
