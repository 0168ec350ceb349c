"""`prismrec evaluate-search`: how good are the answers to searches that people judged?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from prismrec.cli.options import AsJson, Prism, Seed
from prismrec.cli.output import errors, print_json, print_table

__all__ = ["evaluate_search"]


def evaluate_search(
    path: Prism,
    judgments: Annotated[str, typer.Option(help="A table of query, item_id and grade.")],
    only_judged: Annotated[
        bool, typer.Option(help="Let only a query's judged items come out: reranking alone.")
    ] = False,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Search every judged query, without a user, and compare the answers with the judgments."""
    from prismrec.collection import Collection
    from prismrec.data.judgments import read_judgments
    from prismrec.evaluation.search import evaluate_search as measure

    with Collection.open(path) as collection:
        ids = collection.snapshot.catalogue.ids
        read = read_judgments(judgments, ids, collection.settings.data)
        if read.quarantined:
            errors.print(f"{read.quarantined} of {read.rows} rows could not be used.")
        report = measure(
            collection.engine, read.judgments, only_judged=only_judged, progress=_progress
        ).to_json(seed=seed)
    if json:
        print_json({**report, "judgments": read.rows, "quarantined": read.quarantined})
        return
    _tell(path, report)


def _progress(done: int, total: int) -> None:
    errors.print(f"searched {done} of {total}", style="dim")


def _tell(path: Path, report: dict[str, Any]) -> None:
    rows = [
        (name, f"{mean:.4f}", f"{low:.4f} to {high:.4f}")
        for (name, mean), (low, high) in zip(
            report["metrics"].items(), report["intervals"].values(), strict=True
        )
    ]
    rows += [
        (f"milliseconds, {name}", f"{ms:.2f}", "") for name, ms in report["latency_ms"].items()
    ]
    count = f"{report['queries']} queries, {report['queries_with_relevant']} with a relevant item"
    print_table(f"Search: {path} ({count})", ["", "mean", "95% interval"], rows)
