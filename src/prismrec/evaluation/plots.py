"""The plots of a report as inline SVG that takes its colours from the page, light or dark.

Matplotlib draws with placeholder colours, and they become CSS variables afterwards. Text stays
text, so that it can be selected, searched and read aloud.
"""

from __future__ import annotations

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from prismrec.evaluation.groups import HISTORY, POPULARITY
from prismrec.evaluation.results import ModelReport, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["SERIES", "accuracy", "costs", "groups", "trade_off"]

SERIES = 8
"""How many series colours (`--s0` ... ) the page must define."""
_INK, _MUTED, _GRID, _PAGE = "#010101", "#020202", "#030303", "#040404"
_VARIABLES = {
    _INK: "var(--ink)",
    _MUTED: "var(--muted)",
    _GRID: "var(--grid)",
    _PAGE: "var(--card)",
    **{f"#0500{i:02x}": f"var(--s{i})" for i in range(SERIES)},
}
_MARKERS = "osD^vPX*"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "prismrec",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _MUTED,
    "axes.titlecolor": _INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": _GRID,
    "grid.linewidth": 0.8,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
}


def accuracy(report: Report, metrics: Sequence[str] = ("ndcg@10", "recall@10")) -> str:
    """Each model's accuracy as a dot with its interval, the best on top."""
    models = sorted(report.models, key=lambda model: model.figures.metrics.get(metrics[0], 0.0))

    def draw(figure: Figure) -> None:
        for place, metric in enumerate(metrics):
            axes = figure.add_subplot(1, len(metrics), place + 1)
            for y, model in enumerate(models):
                _dot(axes, report, model, metric, y)
            axes.set_yticks(range(len(models)), [model.name for model in models])
            axes.set_ylim(-0.6, len(models) - 0.4)
            axes.set_xlim(left=0)
            axes.margins(x=0.12)
            axes.grid(axis="y", visible=False)
            axes.locator_params(axis="x", nbins=5)
            axes.set_title(metric)
            axes.tick_params(axis="y", labelleft=place == 0, labelcolor=_INK)

    told = ", ".join(f"{m.name} {m.figures.metrics.get(metrics[0], 0):.4f}" for m in models[::-1])
    return _svg(draw, 9.2, 1.3 + 0.34 * len(models), f"{metrics[0]} by model: {told}", "accuracy")


def trade_off(report: Report) -> str:
    """What accuracy costs in breadth: nDCG against coverage and against novelty."""
    others = [("coverage@10", "share of the catalogue shown"), ("novelty@10", "bits of surprise")]

    def draw(figure: Figure) -> None:
        for place, (metric, unit) in enumerate(others):
            axes = figure.add_subplot(1, 2, place + 1)
            for i, model in enumerate(report.models):
                found = model.figures.metrics
                if metric in found:
                    x, y = found[metric], found["ndcg@10"]
                    axes.scatter(
                        x,
                        y,
                        s=62,
                        marker=_MARKERS[i % 8],
                        color=_colour(i),
                        zorder=3,
                        clip_on=False,
                    )
            axes.margins(0.16)
            axes.set_ylim(bottom=0)
            axes.set_title(metric)
            axes.set_xlabel(unit)
            axes.set_ylabel("ndcg@10" if place == 0 else "")
        _legend(figure, report)

    label = "nDCG at 10 of each model against the coverage and the novelty of its lists"
    return _svg(draw, 9.2, 3.9, label, "trade")


def groups(report: Report, metric: str = "ndcg@10") -> str:
    """Accuracy by how long the history is and by how popular the right item was in training."""

    def draw(figure: Figure) -> None:
        for place, by in enumerate((HISTORY, POPULARITY)):
            axes = figure.add_subplot(1, 2, place + 1)
            for i, model in reversed(list(enumerate(report.models))):
                _line(axes, model, by, metric, i)
            axes.set_ylim(bottom=0)
            axes.set_title(f"by {by}")
            axes.set_xlabel("events in the history" if by == HISTORY else "training events")
            axes.set_ylabel(metric if place == 0 else "")
            axes.grid(axis="x", visible=False)
        _legend(figure, report)

    label = f"{metric} of each model by {HISTORY} and by {POPULARITY}, with intervals"
    return _svg(draw, 9.2, 3.9, label, "groups")


def costs(report: Report) -> str:
    """Seconds to fit and to evaluate, and the peak of memory, for each model."""
    models = report.models[::-1]
    bars: list[tuple[str, Callable[[ModelReport], float]]] = [
        ("fit, seconds", lambda model: model.fit_seconds),
        ("evaluate, seconds", lambda model: model.evaluate_seconds),
        ("peak memory, MiB", lambda model: model.peak_rss_mib),
    ]

    def draw(figure: Figure) -> None:
        for place, (title, value) in enumerate(bars):
            axes = figure.add_subplot(1, len(bars), place + 1)
            values = [value(model) for model in models]
            colours = [_colour(0 if m is report.models[0] else None) for m in models]
            axes.barh(range(len(models)), values, height=0.52, color=colours)
            for y, x in enumerate(values):
                axes.annotate(_short(x), (x, y), (4, 0), textcoords="offset points", va="center")
            axes.set_yticks(range(len(models)), [model.name for model in models])
            axes.set_xlim(0, max([*values, 1e-9]) * 1.3)
            axes.tick_params(axis="y", labelleft=place == 0, labelcolor=_INK)
            axes.tick_params(axis="x", labelbottom=False)
            axes.grid(visible=False)
            axes.set_title(title)

    return _svg(draw, 9.2, 1.0 + 0.34 * len(models), "Time and memory of each model", "costs")


def _dot(axes: Axes, report: Report, model: ModelReport, metric: str, y: int) -> None:
    value = model.figures.metrics.get(metric)
    if value is None:
        return
    colour = _colour(0 if model is report.models[0] else None)
    low, high = model.figures.intervals.get(metric, (value, value))
    axes.plot([low, high], [y, y], color=colour, linewidth=2.4, solid_capstyle="round")
    axes.plot([value], [y], "o", color=colour, markersize=8, markeredgecolor=_PAGE)
    axes.annotate(
        f"{value:.4f}", (value, y), (0, 8), textcoords="offset points", ha="center", fontsize=8.5
    )


def _line(axes: Axes, model: ModelReport, by: str, metric: str, i: int) -> None:
    there = {label: found for label, found in model.group(by).items() if metric in found.metrics}
    if not there:
        return
    places = range(len(there))
    lows, highs = zip(*(found.intervals[metric] for found in there.values()), strict=True)
    means = [found.metrics[metric] for found in there.values()]
    width = 2.6 if i == 0 else 1.6
    if i == 0:
        axes.fill_between(places, lows, highs, color=_colour(i), alpha=0.16, linewidth=0)
    look: dict[str, Any] = {"marker": _MARKERS[i % 8], "color": _colour(i), "linewidth": width}
    axes.plot(places, means, clip_on=False, zorder=3 if i else 4, **look)
    ticks = [f"{label}\n{_short(found.cases)}" for label, found in there.items()]
    axes.set_xticks(places, ticks)


def _legend(figure: Figure, report: Report) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=_colour(i), marker=_MARKERS[i % 8], linewidth=0, label=model.name)
        for i, model in enumerate(report.models)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 6))


def _colour(i: int | None) -> str:
    return _MUTED if i is None else f"#0500{i % SERIES:02x}"


def _short(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value:,.0f}" if value >= 100 or value == math.floor(value) else f"{value:.2g}"


def _svg(draw: Callable[[Figure], None], width: float, height: float, label: str, name: str) -> str:
    """What `draw` draws as an SVG element, `width` by `height` inches before it is scaled."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    out = io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Fonts are the reader's; the one that measures the text here need not have every letter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", transparent=True, metadata=metadata)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    # Ids must be unique on a page that holds several drawings.
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\1{name}-", text)
    for placeholder, variable in _VARIABLES.items():
        text = text.replace(placeholder, variable)
    opening = f'<svg role="img" aria-label="{escape(label, quote=True)}" viewBox="'
    return re.sub(r'<svg .*?viewBox="([^"]*)".*?>', rf'{opening}\1">', text, count=1, flags=re.S)
