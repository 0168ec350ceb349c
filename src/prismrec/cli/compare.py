"""`prismrec compare`: would another release earn more?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from prismrec.cli.options import AsJson, Prism, Seed
from prismrec.cli.output import out, print_json
from prismrec.cli.service import reached
from prismrec.core import BadInput

__all__ = ["compare"]

KEPT_BACK = 8


def compare(
    collection: Prism,
    candidate: Annotated[str, typer.Argument(help="A release's number, or another X.prism.")],
    log: Annotated[
        Path | None, typer.Option(help="The collection whose exposures decide; else the first.")
    ] = None,
    reward: Annotated[str, typer.Option(help="Such as click=1,purchase=10.")] = "",
    threshold: Annotated[
        float | None,
        typer.Option(help="Least advantage, as a share (else learning.gate_threshold, else 0)."),
    ] = None,
    promote: Annotated[bool, typer.Option("--promote", help="Promote it if it passes.")] = False,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Judge a release against the served one on recommendations that were logged with exploration.

    It passes when the lower bound of its advantage reaches the threshold. The verdict on a release
    of the collection is kept beside it, where the console shows it. Exit code 8: it does not pass.
    """
    from prismrec.learning.compare import Contender, compare_releases
    from prismrec.store import Releases

    number = int(candidate) if candidate.isdigit() else 0
    if promote and not number:
        raise BadInput(
            "Only a release of the collection itself can be promoted.", hint="Give its number."
        )
    other = Contender(collection, number) if number else Contender(Path(candidate))
    verdict = compare_releases(
        Contender(collection),
        other,
        log or collection,
        rewards=reward,
        threshold=threshold,
        seed=seed,
    )
    if number:
        Releases(collection).judge(
            number, asdict(verdict) | {"against": Releases(collection).served()}
        )
    promoted = promote and verdict.promote
    if promoted:
        with reached(collection) as service:
            service.post("releases/promote", {"release": number})
    _tell({**asdict(verdict), "promoted": promoted}, as_json=json)
    if not verdict.promote:
        raise typer.Exit(KEPT_BACK)


def _tell(verdict: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(verdict)
        return
    low, high = verdict["interval"]
    passed = "Promoted" if verdict["promoted"] else "Passes" if verdict["promote"] else "Kept back"
    out.print(
        f"{passed}: {verdict['why']}. {verdict['metric']} on {verdict['cases']} logged requests: "
        f"{verdict['serving']:.4f} served, {verdict['candidate']:.4f} candidate "
        f"({verdict['difference']:+.4f}, interval {low:+.4f} to {high:+.4f}).",
        markup=False,
        highlight=False,
    )
