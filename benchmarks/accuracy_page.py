"""From the results kept to a page: figures with intervals, differences, costs, curves, plots."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy_plots import curves_svg, figures_svg
from benchmarks.kept import Kept, Result
from prismrec.core import generator
from prismrec.core.arrays import Floats
from prismrec.evaluation.significance import (
    Difference,
    Totals,
    bootstrap_means,
    interval,
    pooled,
    totals,
)

__all__ = ["Line", "SetSummary", "Summary", "summary", "text_table", "write_page"]

FIRST = "default"
METRIC = "ndcg@10"


@dataclass(frozen=True)
class Line:
    """One model on one set: the mean over its seeds, the interval over users, what it cost, and
    `over`, the difference of the default model minus it on the same cases."""

    model: str
    seeds: int
    peer: bool
    recall: float
    ndcg: float
    low: float
    high: float
    spread: tuple[float, float]
    fit_seconds: float
    rank_seconds: float
    peak_mib: float
    converged: bool
    minutes: float
    over: Difference | None
    gaps: Totals | None = field(repr=False)
    curve: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class SetSummary:
    """One set: its lines, best nDCG first; `outdated` names models left out because their cases
    are no longer these."""

    data: str
    split: str
    repeats: bool
    cases: int
    lines: tuple[Line, ...]
    outdated: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """All sets, and for each other model the pooled difference with the sets that it is over."""

    sets: tuple[SetSummary, ...]
    pooled: dict[str, tuple[Difference, tuple[str, ...]]]

    def to_json(self) -> dict[str, Any]:
        """JSON-able."""
        bare = [
            asdict(replace(one, lines=tuple(replace(line, gaps=None) for line in one.lines)))
            for one in self.sets
        ]
        verdicts = {
            model: asdict(difference) | {"sets": list(names)}
            for model, (difference, names) in self.pooled.items()
        }
        return {"sets": bare, "pooled": verdicts}


def summary(kept: Kept, names: Sequence[str]) -> Summary:
    """What the results kept of these sets come to."""
    sets = tuple(found for name in names if (found := _of_set(kept, name)) is not None)
    gaps: dict[str, list[tuple[str, Totals]]] = {}
    for one in sets:
        for line in one.lines:
            if line.gaps is not None:
                gaps.setdefault(line.model, []).append((one.data, line.gaps))
    verdicts = {
        model: (
            pooled([gap for _, gap in parts], generator(0, "pooled", model)),
            tuple(name for name, _ in parts),
        )
        for model, parts in gaps.items()
    }
    return Summary(sets, verdicts)


def _of_set(kept: Kept, name: str) -> SetSummary | None:
    results = list(kept.every(name))
    if not results:
        return None
    lead = kept.find(name, FIRST, 0) or results[0]
    same = [result for result in results if result.cases == lead.cases]
    groups: dict[str, list[Result]] = {}
    for result in same:
        groups.setdefault(result.model, []).append(result)
    first = groups.get(FIRST)
    lines = [_line(group, first) for group in groups.values()]
    return SetSummary(
        name,
        lead.told["split"],
        lead.told["repeats"],
        len(lead.clusters),
        tuple(sorted(lines, key=lambda line: -line.ndcg)),
        tuple(sorted({result.model for result in results} - set(groups))),
    )


def _line(group: Sequence[Result], first: Sequence[Result] | None) -> Line:
    one = group[0]
    values = _mean(group, METRIC)
    data = totals(values, one.clusters)
    low, high = interval(bootstrap_means(data, 1000, generator(0, "intervals", one.data))[:, 0])
    of_seeds = [float(result.columns[METRIC].mean()) for result in group]
    gaps, over = None, None
    if first is not None and one.model != FIRST:
        gaps = totals(_mean(first, METRIC) - values, one.clusters)
        over = pooled([gaps], generator(0, "compare", one.data, one.model))
    told = [result.told for result in group]
    return Line(
        model=one.model,
        seeds=len(group),
        peer=bool(one.told.get("peer")),
        recall=float(_mean(group, "recall@10").mean()),
        ndcg=float(values.mean()),
        low=low,
        high=high,
        spread=(min(of_seeds), max(of_seeds)),
        fit_seconds=float(np.mean([t["fit_seconds"] for t in told])),
        rank_seconds=float(np.mean([t["rank_seconds"] for t in told])),
        peak_mib=max(t["peak_mib"] for t in told),
        converged=all(t["converged"] for t in told),
        minutes=max(t.get("minutes", 0.0) for t in told),
        over=over,
        gaps=gaps,
        curve=[(float(s), float(f)) for s, f in one.told["curve"]],
    )


def _mean(group: Sequence[Result], metric: str) -> Floats:
    """The value of each case, over the seeds."""
    return np.asarray(np.mean([result.columns[metric] for result in group], axis=0))


def text_table(found: Summary) -> str:
    """The same for a terminal."""
    out = []
    for one in found.sets:
        out.append(f"{one.data}: {one.split}, {one.cases:,} cases")
        out += [
            f"  {line.model:<22}{line.recall:>8.4f}{line.ndcg:>8.4f}  "
            f"{line.low:.4f} to {line.high:.4f}  {line.fit_seconds:>8.1f} s"
            f"{line.peak_mib:>8.0f} MiB  {_remark(line)}"
            for line in one.lines
        ]
    for model, (gap, names) in found.pooled.items():
        out.append(f"default - {model:<22}{_gap(gap)}  over {', '.join(names)}")
    return "\n".join(out)


def write_page(found: Summary, path: Path) -> None:
    """The page and its plots, `path` with the suffixes of the sets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [_opening(), *(_set_part(one, path) for one in found.sets), _pooled_part(found)]
    path.write_text("\n".join(parts), encoding="utf-8")


def _opening() -> str:
    return f"""# Accuracy

Written by `prismrec bench accuracy --page docs/benchmarks/accuracy.md`. Every item of the catalogue
is ranked for every test case; settings, weights and training length are chosen on validation cases
and the test is asked once. Intervals are of 95% and resample users; differences are of the default
model minus the other on the same cases, resampling users. With several seeds, the value of a case
is its mean over them.

Peers (`rectools-...`, `implicit-...`) run in an environment of their own, get exactly these
training events, validation cases and test histories, and answer with ranked lists; the metrics are
ours. Their settings are their authors' (see `benchmarks/peers/`), trained until ten epochs bring no
better validation figure. *Not converged* marks a peer whose minutes were over before that: its
figure is a lower bound.

Everything ran on one thread. Seconds are of the processor, so that other work on the machine does
not count; peak memory is that of the process, data included. The machine that wrote this page:
{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}.
"""


def _set_part(one: SetSummary, path: Path) -> str:
    rows = [
        f"## {one.data}",
        "",
        f"{one.split}, {one.cases:,} cases, items {'may' if one.repeats else 'do not'} come again.",
        "",
        "| model | recall@10 | nDCG@10 | 95% interval | default minus it | fit, s | rank, s "
        "| peak, MiB | |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {line.model} | {line.recall:.4f} | {line.ndcg:.4f} | {line.low:.4f} to {line.high:.4f} "
        f"| {'' if line.over is None else _gap(line.over)} | {line.fit_seconds:,.1f} "
        f"| {line.rank_seconds:,.1f} | {line.peak_mib:,.0f} | {_remark(line)} |"
        for line in one.lines
    ]
    if one.outdated:
        rows += ["", f"Left out, measured on other cases: {', '.join(one.outdated)}."]
    plots = [("figures", figures_svg(one.lines, one.data)), ("curves", curves_svg(one.lines))]
    for kind, svg in plots:
        if svg:
            place = path.with_name(f"{path.stem}-{one.data}-{kind}.svg")
            place.write_text(svg, encoding="utf-8")
            rows += ["", f"![{kind} of {one.data}]({place.name})"]
    return "\n".join([*rows, *_speed(one.lines), ""])


def _speed(lines: Sequence[Line]) -> list[str]:
    """How long each peer took to its best validation figure, and our transformer to the same."""
    ours = next((line for line in lines if line.model == "prism" and line.curve), None)
    peers = [line for line in lines if line.peer and len(line.curve) > 1]
    peers = [line for line in peers if line.model.startswith("rectools")]
    if ours is None or not peers:
        return []
    rows = [
        "",
        "Seconds of one thread to a validation nDCG@10 on the same cases. Ours include preparation "
        "and validation, the peers' are of their training steps alone.",
        "",
        "| peer | its best | after, s | prism reaches it after, s | times faster |",
        "|---|---|---|---|---|",
    ]
    for line in peers:
        seconds, best = max(line.curve, key=lambda point: point[1])
        reached = next((s for s, figure in ours.curve if figure >= best), None)
        faster = "not reached" if reached is None else f"{seconds / reached:.1f}"
        after = "" if reached is None else f"{reached:,.0f}"
        mark = "" if line.converged else " (not converged)"
        rows.append(f"| {line.model}{mark} | {best:.4f} | {seconds:,.0f} | {after} | {faster} |")
    return rows


def _pooled_part(found: Summary) -> str:
    rows = [
        "## All sets",
        "",
        "nDCG@10 of the default model minus that of the other, each set with the same say.",
        "",
        "| model | difference | over |",
        "|---|---|---|",
    ]
    rows += [
        f"| {model} | {_gap(gap)} | {', '.join(names)} |"
        for model, (gap, names) in found.pooled.items()
    ]
    return "\n".join([*rows, ""])


def _gap(gap: Difference) -> str:
    return f"{gap.mean:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})"


def _remark(line: Line) -> str:
    seeds = f"{line.seeds} seeds, {line.spread[0]:.4f} to {line.spread[1]:.4f}"
    said = [seeds] if line.seeds > 1 else []
    if not line.converged:
        said.append(f"*not converged* in {line.minutes:g} minutes")
    return "; ".join(said)
