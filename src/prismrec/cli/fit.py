"""`prismrec fit`: from tables to a collection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prismrec.cli.options import AsJson, Config, FilePath, Seed
from prismrec.cli.output import errors, out, print_json, print_table
from prismrec.core import BadInput

__all__ = ["fit", "sources_of"]


def fit(
    data: Annotated[str | None, typer.Argument(help="A folder with items and events.")] = None,
    into: Annotated[Path, typer.Option("--out", help="The collection to make, X.prism.")] = Path(
        "my.prism"
    ),
    items: FilePath = None,
    events: FilePath = None,
    users: FilePath = None,
    judgments: Annotated[
        str | None,
        typer.Option(help="A table of query, item_id and grade: searches learn to rank from it."),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="How long it may take, as in 90s, 10m or 1h.")
    ] = None,
    config: Config = None,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Read a catalogue and a log, learn from them, and make a collection that can be served."""
    from prismrec.learning import fit as learn

    source = sources_of(data, items, events, users)
    with learn(source, into, config=config, budget=budget, judgments=judgments, seed=seed) as made:
        report = made.report
    if json:
        print_json({"collection": str(into), "release": 1, **report})
        return
    _tell(into, report)


def sources_of(data: str | None, items: str | None, events: str | None, users: str | None):  # type: ignore[no-untyped-def]
    """What to read: a folder, or tables named one by one."""
    from prismrec.data import Sources

    if items or events or users:
        if data:
            raise BadInput("Both a folder and single tables are given.", hint="Give one of them.")
        return Sources(items=items, events=events, users=users)
    if not data:
        raise BadInput("There is no data to read.", hint="Name a folder, or --items and --events.")
    return data


def _tell(path: Path, report: dict) -> None:
    encoder = report["encoder"].get("encoder") or "none (no text)"
    rows = [
        ("users", report["users"]),
        ("items", report["items"]),
        ("events", report["events"]),
        ("text encoder", encoder),
        ("people come back for the same item", "yes" if report["repeats"] else "no"),
        *((f"validation {k}", v) for k, v in report["validation"].items()),
        ("seconds to fit", report["fit_seconds"]),
    ]
    print_table(f"Learned: {path}", ["", ""], [*rows, *_of_search(report), *_of_budget(report)])
    bad = report.get("reading", {}).get("quarantined", 0)
    if bad:
        errors.print(
            f"{bad} rows could not be used; see {path / 'quarantine.jsonl'}", style="yellow"
        )
    out.print(f"Serve it with: prismrec serve {path}", markup=False)


def _of_search(report: dict) -> list[tuple[str, object]]:
    """What judgments taught the ranking of searches, by cross-validation."""
    told = report.get("search")
    if told is None:
        return []
    low, high = told["gain"]["interval"]
    gain = f"{told['gain']['mean']:+.4f} ({low:+.4f} to {high:+.4f})"
    return [
        ("judged searches", told["queries"]),
        *((f"search ndcg@10, {name}", value) for name, value in told["ndcg@10"].items()),
        ("gain on queries not seen", gain + ("" if told["kept"] else ": not kept")),
    ]


def _of_budget(report: dict) -> list[tuple[str, str]]:
    """What a time budget came to, where there was one."""
    found = report.get("budget")
    if not found:
        return []
    left_out = [f"{name} (about {seconds:.0f} s)" for name, seconds in found["left_out"].items()]
    return [
        ("planned seconds, of the budget", f"{found['planned_seconds']} of {found['seconds']:g}"),
        ("million predictions of the networks", f"{found['work']:.3g}"),
        ("left out, as too long", ", ".join(left_out) or "nothing"),
        ("stopped by the clock", ", ".join(found["stopped_by_clock"]) or "nothing"),
    ]
