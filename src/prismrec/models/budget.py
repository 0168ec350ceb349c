"""A time budget as a plan of counted work: which experts are fitted, and how long networks train.

What an expert costs is told from counts of the data (`counts_of`) by the figures of `COSTS`, in
seconds of one core of the machine on which `python -m benchmarks.costs` took them; never by the
clock or the cores of the machine at hand. So the same data, settings and budget give the same plan
and the same model. Where that takes longer than was planned, the clock stops it between experts and
between rounds of training (`prismrec.descent.clock`), and the release says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from prismrec.core import BadSettings, Cases, Interactions

__all__ = ["Plan", "counts_of", "plan_of", "seconds_in", "seconds_of", "weighing_seconds"]

Counts = Mapping[str, float]
"""Numbers of things, in millions, by the names of `counts_of`."""

NETWORKS: Mapping[str, float] = {"two_tower": 0.75, "prism": 1.0, "sasrec": 1.0, "hstu": 1.0}
"""Experts that train as long as they are told to, and the part of `models.work` that each takes."""
COSTS: Mapping[str, Mapping[str, float]] = {
    "popularity": {"events": 0.2},
    "repeats": {"cells": 0.03},
    "profile": {"events": 2.0, "cells": 0.3},
    "text_knn": {"cells": 0.16},
    "related": {"cells": 0.035},
    "item_knn": {"pairs": 0.035, "cells": 0.035},
    "transitions": {"pairs": 0.04, "cells": 0.04},
    "user_knn": {"pairs": 0.05, "cells": 0.07},
    "ease": {"pairs": 0.025, "cells": 0.05, "cubes": 8.5},
    "text_ease": {"pairs": 0.025, "cells": 0.35, "cubes": 17},
    "als": {"events": 12, "people": 60, "cells": 0.05, "cases": 100},
    "two_tower": {"work": 28},
    "prism": {"work": 50},
    "sasrec": {"work": 45},
    "hstu": {"work": 90},
}
"""Seconds for a million of what each expert's time grows with, see `counts_of`."""
READING: Mapping[str, float] = {"events": 20, "texts": 2500}
"""Reading, encoding and storing, on the way from a file."""
WEIGHING: Mapping[str, float] = {"cases": 500, "wide": 0.015}
"""Choosing the weights of the mixture, for each expert."""
LEAST = 0.25
"""The part of `models.work` below which a network is not worth beginning."""
USED = 0.9
"""The part of a budget that is planned for."""
LONGEST = 500
"""Events of one person that neighbours are counted among."""


@dataclass(frozen=True)
class Plan:
    """What is fitted: `experts`, the networks among them on `work` million predictions.

    `left_out` gives for each expert that the budget does not hold the seconds that it would take.
    Of the `seconds` that all this is taken for, `reserve` come after the experts, for the weights.
    """

    experts: tuple[str, ...]
    work: float
    left_out: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    reserve: float = 0.0


def plan_of(names: Sequence[str], work: float, budget: float, counts: Counts) -> Plan:
    """The plan for `budget` seconds: experts by their cost, the cheapest first, a network at the
    least work that is worth beginning; what is left then lets the networks train longer, up to
    `work`. The first is fitted whatever it costs."""
    before, weighing = _sum(READING, counts), weighing_seconds(counts, 1)
    spare = USED * budget - before
    least = {name: seconds_of(name, counts, LEAST * work) + weighing for name in names}
    taken: set[str] = set()
    for name in sorted(names, key=least.__getitem__):  # stable: of equal ones the earlier
        if least[name] <= spare or not taken:
            taken.add(name)
            spare -= least[name]
    more = sum(seconds_of(name, counts, work) + weighing - least[name] for name in taken)
    share = min(1.0, LEAST + (1 - LEAST) * max(spare, 0.0) / more) if more else 1.0
    experts = tuple(name for name in names if name in taken)
    spent = sum(seconds_of(name, counts, share * work) for name in experts)
    reserve = weighing_seconds(counts, len(experts))
    left_out = {name: round(least[name], 1) for name in names if name not in taken}
    return Plan(experts, share * work, left_out, before + spent + reserve, reserve)


def seconds_of(name: str, counts: Counts, work: float) -> float:
    """What fitting the expert `name` takes, on `work` million predictions where it is a network; 0
    for one of which nothing was measured: it is fitted where a person names it."""
    return _sum(COSTS.get(name, {}), {**counts, "work": work * NETWORKS.get(name, 0.0)})


def weighing_seconds(counts: Counts, experts: int) -> float:
    """What choosing the weights of so many experts takes."""
    return experts * _sum(WEIGHING, counts)


def counts_of(train: Interactions, validation: Cases | None) -> dict[str, float]:
    """What costs depend on, in millions: `events`; `pairs` of events of one person; `people`, users
    and items together; `cells`, cases times items, that half-lives are tried on; `wide`, those that
    the weights are; `cases`; `cubes` of the items (millions of millions); `texts`, items that have
    one."""
    lengths = np.minimum(train.positives.lengths, LONGEST).astype(np.float64)
    items, cases = train.n_items, 0 if validation is None else len(validation)
    texts = train.features.text_vectors
    return {
        "events": lengths.sum() / 1e6,
        "pairs": float((lengths**2).sum()) / 1e6,
        "people": (train.n_users + items) / 1e6,
        "cells": min(cases, 1500) * items / 1e6,
        "cases": min(cases, 10_000) / 1e6,
        "wide": min(cases, 10_000) * items / 1e6,
        "cubes": items**3 / 1e12,
        "texts": 0.0 if texts is None else float(np.any(texts, axis=1).sum()) / 1e6,
    }


def seconds_in(text: str | float) -> float:
    """`"90"`, `"90s"`, `"10m"` or `"1.5h"` as seconds; raises `BadSettings` for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", str(text).strip())
    seconds = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]] if found else 0.0
    if not seconds > 0:
        raise BadSettings(f"{text!r} is no span of time.", hint="Write it as 90s, 10m or 1.5h.")
    return seconds


def _sum(prices: Mapping[str, float], counts: Counts) -> float:
    return float(sum(price * counts[name] for name, price in prices.items()))
