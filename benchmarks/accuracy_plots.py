"""Two plots of a set as SVG that reads on light and dark pages."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmarks.accuracy_page import Line

__all__ = ["curves_svg", "figures_svg"]

INK, MUTED, OURS, PEER = "#8a8f98", "#8a8f98", "#2f7ed8", "#d9822b"
COLOURS = ("#2f7ed8", "#d9822b", "#3a9d5d", "#a05bc0", "#c0504d", "#7a7a7a")
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "prismrec",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def figures_svg(lines: Sequence[Line], title: str) -> str:
    """nDCG@10 of each model as a dot with its interval, the best on top."""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for y, line in enumerate(reversed(lines)):
            colour = PEER if line.peer else OURS
            axes.plot([line.low, line.high], [y, y], color=colour, linewidth=2)
            axes.plot([line.ndcg], [y], "o", color=colour, markersize=6)
        axes.set_yticks(range(len(lines)), [line.model for line in reversed(lines)])
        axes.set_xlim(left=0)
        axes.set_xlabel(f"nDCG@10 on {title}; peers in orange")

    return _svg(draw, 7.5, 1.0 + 0.27 * len(lines))


def curves_svg(lines: Sequence[Line]) -> str:
    """Validation nDCG@10 against seconds of training; nothing where no model has a curve."""
    drawn = [line for line in lines if len(line.curve) > 1 and line.model != "implicit-als"]
    if not drawn:
        return ""

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        for i, line in enumerate(drawn):
            seconds, figures = zip(*line.curve, strict=True)
            look = "-" if line.peer else "--"
            axes.plot(seconds, figures, look, color=COLOURS[i % len(COLOURS)], label=line.model)
        axes.set_xscale("log")
        axes.set_xlabel("seconds of one thread")
        axes.set_ylabel("validation nDCG@10")
        axes.legend(loc="best")

    return _svg(draw, 7.5, 3.6)


def _svg(draw: Callable[[Figure], None], width: float, height: float) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    out = io.StringIO()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(out, format="svg", transparent=True, metadata=metadata)
    return out.getvalue()
