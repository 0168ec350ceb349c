"""`prismrec experiment`: how does the challenger do?"""

from __future__ import annotations

from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import out, print_json, print_table

__all__ = ["experiment"]


def experiment(
    collection: Prism,
    name: Annotated[
        str, typer.Option(help="Of a past experiment; else that of the settings.")
    ] = "",
    reward: Annotated[str, typer.Option(help="Such as click=1,purchase=10.")] = "",
    json: AsJson = False,
) -> None:
    """Watch champion and challenger: what a request earned in each arm so far, with bounds that
    hold however often one looks. Set up by [experiment] in prism.toml: challenger, share."""
    from prismrec.learning.experiment import watch_experiment

    found = watch_experiment(collection, name=name, rewards=reward)
    if json:
        print_json(found.to_json())
        return
    rows: list[tuple[object, ...]] = [
        (arm.name, arm.requests, arm.people, arm.mean, *arm.interval) for arm in found.arms
    ]
    rows.append(("difference", "", "", found.difference, *found.interval))
    columns = ["arm", "requests", "people", "reward a request", "low", "high"]
    print_table(f"Experiment {found.experiment}", columns, rows)
    out.print(f"Finding: {found.finding}.")
