"""What the search benchmark shows: tables with intervals and differences, and the worst queries."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy_plots import STYLE
from prismrec.core import Judgments, generator
from prismrec.core.arrays import Floats, Positions
from prismrec.evaluation.search import METRICS, summarised
from prismrec.evaluation.significance import Difference, paired

__all__ = ["Line", "SetResult", "text_table", "write_page"]

WORST = 8
SHOWN = 5
COMPARED = "RRF of bm25s and MiniLM"
"""The peer with which the worst queries are shown side by side."""


@dataclass(frozen=True)
class Line:
    """One system: `values` (q, metrics), `seconds` (q,) a query, `lists` (q, 100) positions."""

    name: str
    peer: bool
    values: Floats
    seconds: Floats
    lists: Positions


@dataclass(frozen=True)
class SetResult:
    """All systems on one set, ours first."""

    name: str
    items: int
    judgments: Judgments
    only_judged: bool
    lines: list[Line]
    titles: list[str]

    def over(self, ours: Line, other: Line) -> Difference:
        """The paired difference in nDCG@10 of `ours` minus `other`."""
        queries = np.arange(len(ours.values), dtype=np.int32)
        rng = generator(0, "search", "difference", ours.name, other.name)
        return paired(ours.values[:, 0], other.values[:, 0], queries, rng)

    @property
    def ours(self) -> list[Line]:
        """The lines of this engine, which the others are compared with."""
        return [line for line in self.lines if not line.peer]

    @property
    def answerable(self) -> int:
        """Queries with a relevant item."""
        count = range(len(self.judgments))
        return sum(bool((self.judgments.row(i)[1] > 0).any()) for i in count)

    def to_json(self) -> dict[str, Any]:
        """All figures."""
        rows = []
        for line in self.lines:
            p50, p99 = np.percentile(line.seconds, [50, 99]) * 1e3
            gains = {
                ours.name: [round(gain.mean, 4), round(gain.low, 4), round(gain.high, 4)]
                for ours in self.ours
                if ours is not line
                for gain in [self.over(ours, line)]
            }
            latency = {"p50": round(float(p50), 2), "p99": round(float(p99), 2)}
            rows.append(
                {"system": line.name, "peer": line.peer, **summarised(line.values),
                 "latency_ms": latency, "ours_minus_this": gains}
            )  # fmt: skip
        return {
            "set": self.name, "items": self.items, "queries": len(self.judgments),
            "queries_with_relevant": self.answerable, "only_judged": self.only_judged, "rows": rows,
        }  # fmt: skip


def text_table(found: SetResult) -> str:
    """The set as a table for a terminal."""
    told = found.to_json()
    out = [f"{found.name}: {found.items} items, {told['queries']} queries, "
           f"{told['queries_with_relevant']} with a relevant item"]  # fmt: skip
    for row in told["rows"]:
        low, high = row["intervals"]["ndcg@10"]
        figures = "  ".join(f"{name} {row['metrics'][name]:.4f}" for name in METRICS)
        ms = row["latency_ms"]
        out.append(
            f"  {row['system']:26} {figures}  [{low:.4f}, {high:.4f}]  "
            f"p50 {ms['p50']:.1f} ms  p99 {ms['p99']:.1f} ms"
        )
        out += [f"    {ours} minus this: {gain[0]:+.4f} [{gain[1]:+.4f}, {gain[2]:+.4f}]"
                for ours, gain in row["ours_minus_this"].items()]  # fmt: skip
    return "\n".join(out)


def write_page(results: Sequence[SetResult], path: Path) -> None:
    """The page in Markdown, and a plot for each set beside it."""
    parts = [HEAD.format(machine=_machine())]
    for found in results:
        plot = path.with_name(f"search-{found.name}.svg")
        plot.write_text(_plot(found), encoding="utf-8")
        parts += [_section(found, plot.name), _worst(found)]
    path.write_text("\n".join(parts), encoding="utf-8")


HEAD = """# Search against judgments

Written by `prismrec bench search --page docs/benchmarks/search.md`; `benchmarks/search.py` says how
everything is measured. Means are over all judged queries, those without any relevant item counting
0. The gain of an item is its grade and an unjudged one has none; *judged nDCG* ranks the judged
items alone, *judged* is the share of the first ten that anybody judged. The trained figures are out
of fold: no query was ranked by trees that saw its judgments. Brackets are 95% intervals, queries
resampled; differences are paired by query. Milliseconds are on the clock, one query at a time on
one thread, the encoding of the query included, and other work may have run beside it: {machine}.
"""


def _section(found: SetResult, plot: str) -> str:
    told = found.to_json()
    ranked = "each query's own rows are ranked" if found.only_judged else "the whole catalogue"
    out = [
        f"\n## {found.name}\n",
        f"{found.items:,} items, {told['queries']:,} queries, {told['queries_with_relevant']:,} "
        f"with a relevant item; {ranked}.\n",
        f"![nDCG@10 of every system]({plot})\n",
        "| system | nDCG@10 | MRR@10 | recall@100 | judged nDCG | judged "
        + "".join(f"| {line.name} minus this " for line in found.ours)
        + "| p50 ms | p99 ms |",
        "|---" * (8 + len(found.ours)) + "|",
    ]
    names = [line.name for line in found.ours]
    for row in told["rows"]:
        metrics, (low, high) = row["metrics"], row["intervals"]["ndcg@10"]
        gains = [_gain(row["ours_minus_this"].get(name)) for name in names]
        cells = [
            row["system"], f"{metrics['ndcg@10']:.4f} [{low:.4f}, {high:.4f}]",
            *(f"{metrics[name]:.4f}" for name in METRICS[1:]), *gains,
            f"{row['latency_ms']['p50']:.1f}", f"{row['latency_ms']['p99']:.1f}",
        ]  # fmt: skip
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out)


def _gain(gain: list[float] | None) -> str:
    return "" if gain is None else f"{gain[0]:+.4f} [{gain[1]:+.4f}, {gain[2]:+.4f}]"


def _worst(found: SetResult) -> str:
    """The queries on which ours lose most against the fused peer, with the answers of both."""
    other = next((line for line in found.lines if line.name == COMPARED), None)
    if other is None:
        return ""
    ours = found.lines[0]
    gap = ours.values[:, 0] - other.values[:, 0]
    worst = np.argsort(gap, kind="stable")[:WORST]
    out = [f"\n### Where {ours.name} loses most against {other.name}\n"]
    for i in worst[gap[worst] < 0].tolist():
        out += [
            f"**{_cell(found.judgments.texts[i])}**: {ours.values[i, 0]:.2f} against "
            f"{other.values[i, 0]:.2f}\n",
            f"| {ours.name} | grade | {other.name} | grade |",
            "|---|---|---|---|",
            *(_pair(found, i, ours.lists[i, n], other.lists[i, n]) for n in range(SHOWN)),
            "",
        ]
    return "\n".join(out)


def _pair(found: SetResult, i: int, left: int, right: int) -> str:
    return (
        "| "
        + " | ".join(f"{_title(found, p)} | {_grade(found, i, p)}" for p in (left, right))
        + " |"
    )


def _title(found: SetResult, position: int) -> str:
    return _cell(found.titles[position])[:70] if position >= 0 else ""


def _grade(found: SetResult, i: int, position: int) -> str:
    if position < 0:
        return ""
    grade = found.judgments.grades_of(i, np.array([position], np.int32))[0]
    return "not judged" if np.isnan(grade) else f"{grade:g}"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _plot(found: SetResult) -> str:
    """nDCG@10 of each system with its interval, the best on top."""
    import io

    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows = sorted(found.to_json()["rows"], key=lambda row: row["metrics"]["ndcg@10"])
    with rc_context(STYLE):
        figure = Figure(figsize=(7, 0.45 * len(rows) + 0.9), layout="constrained")
        axes = figure.add_subplot()
        for y, row in enumerate(rows):
            mean, (low, high) = row["metrics"]["ndcg@10"], row["intervals"]["ndcg@10"]
            colour = "#d9822b" if row["peer"] else "#2f7ed8"
            axes.plot([low, high], [y, y], color=colour, linewidth=2)
            axes.plot(mean, y, "o", color=colour)
        axes.set_yticks(range(len(rows)), [row["system"] for row in rows])
        axes.set_xlabel("nDCG@10, with 95% intervals")
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return out.getvalue()
