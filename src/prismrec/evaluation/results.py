"""What an evaluation found: plain records, and their JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prismrec.evaluation.measures import Figures
from prismrec.evaluation.significance import Difference, Totals

__all__ = ["Comparison", "Group", "ModelReport", "Report"]


@dataclass(frozen=True)
class Group:
    """The figures of some of the cases: `by` what they were grouped, and which group this is."""

    by: str
    label: str
    figures: Figures


@dataclass(frozen=True)
class ModelReport:
    """One model: its headline `figures`, those of `groups` of cases, and what it cost."""

    name: str
    figures: Figures
    groups: tuple[Group, ...]
    fit_seconds: float
    evaluate_seconds: float
    peak_rss_mib: float

    def group(self, by: str) -> dict[str, Figures]:
        """The groups of one kind, by label, in order."""
        return {group.label: group.figures for group in self.groups if group.by == by}


@dataclass(frozen=True)
class Comparison:
    """By how much the first model beats another in `metric`, over the same cases.

    `totals` are the per-user differences, for `significance.pooled` over several reports.
    """

    metric: str
    model: str
    against: str
    difference: Difference
    totals: Totals


@dataclass(frozen=True)
class Report:
    """One evaluation: models over the same cases, in the order in which they were named."""

    data: str
    split: str
    protocol: str
    seed: int
    repeats: bool
    cases: int
    models: tuple[ModelReport, ...]
    comparisons: tuple[Comparison, ...] = ()
    notes: tuple[str, ...] = ()

    def model(self, name: str) -> ModelReport:
        """The model called `name`; KeyError where it was not evaluated."""
        return {model.name: model for model in self.models}[name]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON-able dicts; the first five keys are the contract, the rest extra."""
        return {
            "data": self.data,
            "split": self.split,
            "protocol": self.protocol,
            "seed": self.seed,
            "models": [_model_json(model) for model in self.models],
            "repeats": self.repeats,
            "cases": self.cases,
            "comparisons": [_comparison_json(comparison) for comparison in self.comparisons],
            "notes": list(self.notes),
        }


def _model_json(model: ModelReport) -> dict[str, Any]:
    groups: dict[str, dict[str, Any]] = {}
    for group in model.groups:
        groups.setdefault(group.by, {})[group.label] = _figures_json(group.figures)
    return {
        "name": model.name,
        "metrics": dict(model.figures.metrics),
        "intervals": {name: list(span) for name, span in model.figures.intervals.items()},
        "fit_seconds": round(model.fit_seconds, 3),
        "evaluate_seconds": round(model.evaluate_seconds, 3),
        "peak_rss_mib": round(model.peak_rss_mib, 1),
        "cases": model.figures.cases,
        "groups": groups,
    }


def _figures_json(figures: Figures) -> dict[str, Any]:
    return {
        "cases": figures.cases,
        "metrics": dict(figures.metrics),
        "intervals": {name: list(span) for name, span in figures.intervals.items()},
    }


def _comparison_json(comparison: Comparison) -> dict[str, Any]:
    found = comparison.difference
    return {
        "metric": comparison.metric,
        "model": comparison.model,
        "against": comparison.against,
        "difference": found.mean,
        "interval": [found.low, found.high],
        "p": found.p,
    }
