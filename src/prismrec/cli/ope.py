"""`prismrec ope`: what would another policy have earned?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prismrec.cli.options import AsJson, Seed
from prismrec.cli.output import errors, print_json, print_table
from prismrec.core import BadInput

if TYPE_CHECKING:
    from prismrec.exploration.report import OpeReport

__all__ = ["ope"]

POLICIES = ("uniform", "greedy")


def ope(
    log: Annotated[
        Path, typer.Argument(help="A collection X.prism, a table of choices, or its folder.")
    ],
    policy: Annotated[
        str, typer.Option(help="uniform, greedy, or a table with item and probability.")
    ] = "uniform",
    reward: Annotated[
        str,
        typer.Option(help="The reward column; for a collection such as click=1,purchase=10."),
    ] = "",
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Estimate what a policy would have earned, from the log of another one.

    A table has a row a choice: item_id, propensity_score, the reward, position if it matters, and
    user_id (or session_id), because rounds of one person are not independent.
    """
    inside = log / "log.parquet"  # as Open Bandit lays its logs out
    table = inside if inside.is_file() else log
    told = _slates if table.is_dir() else _table
    report = told(table, policy, reward, seed)
    if json:
        print_json(report.to_json())
        return
    rows: list[tuple[object, ...]] = [
        (e.name + " (headline)" * (e.name == report.headline), e.value, *e.interval)
        for e in (*report.estimates, report.logged)
    ]
    rows.append(("empirical Bernstein", "", *report.bernstein))
    for name, why in report.refused.items():
        errors.print(f"No {name}: {why}", style="dim", markup=False)
    print_table(f"Value of {report.policy}", ["estimator", "value", "low", "high"], rows)
    print_table("Diagnostics", ["", "value"], list(report.to_json()["diagnostics"].items()))


def _table(log: Path, policy: str, reward: str, seed: int) -> OpeReport:
    from prismrec.exploration.logs import read_log, read_policy
    from prismrec.exploration.ope import evaluate_log

    table = read_log(log, reward)
    if policy in POLICIES:
        return evaluate_log(table, policy, seed=seed)
    return evaluate_log(table, read_policy(Path(policy), table), seed=seed)


def _slates(log: Path, policy: str, reward: str, seed: int) -> OpeReport:
    from prismrec.exploration.ope_slates import evaluate_slates
    from prismrec.exploration.stored import rewards_from, stored_slates
    from prismrec.folder import database_of, key_of, settings_of
    from prismrec.store import Releases, read_store

    if policy not in POLICIES:
        raise BadInput(
            f"The policy '{policy}' cannot be evaluated on a collection.",
            hint=f"Give one of: {', '.join(POLICIES)}.",
        )
    Releases(log).served()  # a folder that is no collection is not made into one
    settings = settings_of(log)
    database = database_of(log, settings)
    with read_store(database, key_of(log, database), settings.store) as store:
        slates, counts = stored_slates(store, rewards_from(reward))
    errors.print("Events by fate:", dict(counts), style="dim")
    return evaluate_slates(slates, policy, seed=seed)
