"""A report for people: a Rich table for the terminal, and one self-contained page of HTML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from prismrec.evaluation.page import page
from prismrec.evaluation.results import Report
from prismrec.evaluation.words import TABLE

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["table", "write_html", "write_json"]


def table(report: Report) -> Table:
    """One row a model; the best of each accuracy is bold, the interval stands beside the first."""
    from rich.markup import escape
    from rich.table import Table

    shown = [name for name in TABLE if _present(report, name)]
    title = f"{report.data}, {report.split}, protocol {report.protocol}, {report.cases:,} cases"
    out = Table(title=escape(title), caption=escape(" ".join(report.notes)) or None)
    out.add_column("model", no_wrap=True)
    for name in [*shown, "fit s", "eval s", "MiB"]:
        out.add_column(name, justify="right", no_wrap=True)
    for model in report.models:
        cells = [_cell(report, model.name, name, with_interval=name == shown[0]) for name in shown]
        cells += [f"{model.fit_seconds:.1f}", f"{model.evaluate_seconds:.1f}"]
        out.add_row(escape(model.name), *cells, f"{model.peak_rss_mib:,.0f}")
    return out


def write_html(report: Report, path: Path) -> None:
    """Write the report as one page that needs nothing else: no script, no request, no font."""
    path.write_text(page(report), encoding="utf-8")


def write_json(report: Report, path: Path) -> None:
    """Write `Report.to_json`."""
    text = json.dumps(report.to_json(), ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _present(report: Report, name: str) -> bool:
    return any(name in model.figures.metrics for model in report.models)


def _cell(report: Report, model: str, name: str, *, with_interval: bool) -> str:
    figures = report.model(model).figures
    if name not in figures.metrics:
        return "-"
    value = figures.metrics[name]
    text = f"{value:.2f}" if name.startswith("novelty") else f"{value:.4f}"
    if with_interval and name in figures.intervals:
        low, high = figures.intervals[name]
        text += f" ({low:.4f} to {high:.4f})"
    best = max(other.figures.metrics.get(name, value) for other in report.models)
    is_accuracy = name.startswith(("ndcg", "recall", "mrr"))
    return f"[bold]{text}[/bold]" if is_accuracy and value == best else text
