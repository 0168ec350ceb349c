"""`prismrec experiment`: serve a challenger to some of the people, and see how it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from prismrec.cli.options import AsJson, Prism
from prismrec.cli.output import out, print_json, print_table
from prismrec.cli.service import reached
from prismrec.core import BadInput

if TYPE_CHECKING:
    from prismrec.exploration.experiment import Watch

__all__ = ["experiment"]


def experiment(
    collection: Prism,
    start: Annotated[
        int, typer.Option(min=0, help="Serve this release beside the current one.")
    ] = 0,
    share: Annotated[float, typer.Option(help="With --start: to this share of people.")] = 0.1,
    stop: Annotated[bool, typer.Option("--stop", help="End the experiment under way.")] = False,
    name: Annotated[
        str, typer.Option(help="Of the new experiment, or of a past one; else the one under way.")
    ] = "",
    reward: Annotated[str, typer.Option(help="Such as click=1,purchase=10.")] = "",
    json: AsJson = False,
) -> None:
    """Watch champion and challenger: what a request earned in each arm so far, with bounds that
    hold however often one looks. --start and --stop change what is served at once, also while a
    server has the collection; without a server the experiment begins with its next start."""
    if start and stop:
        raise BadInput("Both --start and --stop are given.", hint="Give one of them.")
    if start or stop:
        with reached(collection) as service:
            if start:
                asked = {"release": start, "share": share, "name": name}
                told = service.post("experiments", asked)
            else:
                ended = name or _under_way(service.get)
                told = service.delete(f"experiments/{quote(ended, safe='')}")
        _say(told, "Started" if start else "Stopped", as_json=json)
        return
    from prismrec.learning.experiment import watch_experiment

    found = watch_experiment(collection, name=name, rewards=reward)
    if json:
        print_json(found.to_json())
    else:
        _show(found)


def _under_way(get: Any) -> str:
    running = [one["name"] for one in get("experiments") if one["under_way"]]
    if not running:
        raise BadInput("No experiment is under way.", hint="Start one with --start RELEASE.")
    return str(running[0])


def _say(told: dict[str, Any], done: str, *, as_json: bool) -> None:
    if as_json:
        print_json(told)
        return
    share = f"{100 * told['share']:g}% of the people"
    out.print(f"{done}: {told['name']}, release {told['release']} for {share}.", markup=False)


def _show(found: Watch) -> None:
    rows: list[tuple[object, ...]] = [
        (arm.name, arm.requests, arm.people, arm.mean, *arm.interval) for arm in found.arms
    ]
    rows.append(("difference", "", "", found.difference, *found.interval))
    columns = ["arm", "requests", "people", "reward a request", "low", "high"]
    print_table(f"Experiment {found.experiment}", columns, rows)
    out.print(f"Finding: {found.finding}.")
