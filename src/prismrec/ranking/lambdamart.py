"""LambdaMART: trees that correct a search's ranking by what people judged.

Source: C. Burges, "From RankNet to LambdaRank to LambdaMART: an overview", MSR-TR-2010-82, as
LightGBM has it (Ke et al., NeurIPS 2017). The zero-shot score is where boosting starts, so that
few judgments change it little and no judgment not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core import Corrupt, MissingExtra, State
from prismrec.core.arrays import Floats, Longs, Positions, Scores

if TYPE_CHECKING:
    import lightgbm

__all__ = ["Examples", "LambdaMart", "discounted", "fit_lambdamart"]

START = 15.0
"""How many units of the trees' score one unit of the zero-shot score is worth."""
ROUNDS = 250
MOST_GRADES = 31
TREES = {
    "objective": "lambdarank",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambdarank_truncation_level": 10,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
"""Chosen by cross-validation over queries; docs/decisions/search-ranking.md has the figures."""


@dataclass(frozen=True)
class Examples:
    """Candidates of judged queries: `columns` (n, f) of evidence named `names`, `base` (n,) their
    zero-shot scores, `grades` (n,), and `groups` (q,) how many belong to each query, in order.
    `ideals` (q,) are the discounted gains of the best ten there could be, `items` (n,) the
    candidates' positions where they are known."""

    names: tuple[str, ...]
    columns: Scores
    base: Scores
    grades: Scores
    groups: Longs
    ideals: Floats
    items: Positions = field(default_factory=lambda: np.zeros(0, np.int32))

    def take(self, queries: np.ndarray) -> Examples:
        """The examples of the queries at `queries`, in that order."""
        ends = np.cumsum(self.groups)
        spans = [np.arange(ends[q] - self.groups[q], ends[q]) for q in queries]
        rows = np.concatenate(spans) if spans else np.zeros(0, np.int64)
        return Examples(
            self.names,
            self.columns[rows],
            self.base[rows],
            self.grades[rows],
            self.groups[queries],
            self.ideals[queries],
            self.items[rows] if len(self.items) else self.items,
        )

    def ndcg(self, scores: Scores) -> Floats:
        """(q,) nDCG@10 of the candidates ordered by `scores` (n,), ties in the order given; 0 for a
        query without any gain."""
        ends = np.cumsum(self.groups)
        out = np.zeros(len(self.groups))
        for query, (size, end) in enumerate(zip(self.groups, ends, strict=True)):
            rows = slice(end - size, end)
            best = np.argsort(-scores[rows], kind="stable")[:10]
            if self.ideals[query] > 0:
                out[query] = discounted(self.grades[rows][best]) / self.ideals[query]
        return out


def discounted(gains: Scores) -> float:
    """The discounted cumulated gain of at most ten `gains` in their order."""
    return float(gains[:10] @ (1.0 / np.log2(np.arange(2, min(len(gains), 10) + 2))))


@dataclass(frozen=True)
class LambdaMart:
    """A trained correction: trees in LightGBM's text form that read the columns `names`; the
    numeric attributes among them are `numbers`. One unit of the zero-shot score was worth `start`
    units of the trees'."""

    names: tuple[str, ...]
    trees: str
    numbers: tuple[str, ...] = ()
    start: float = START

    def correction(self, columns: Scores) -> Scores:
        """(n,) what to add to the zero-shot scores of candidates with `columns` (n, f)."""
        raw = self._booster.predict(columns, num_threads=1)
        return (np.asarray(raw) / self.start).astype(np.float32)

    @cached_property
    def _booster(self) -> lightgbm.Booster:
        try:
            return _lightgbm().Booster(model_str=self.trees)
        except _lightgbm().basic.LightGBMError as error:
            raise Corrupt(
                f"The trees of the search ranker cannot be read: {error}.",
                hint="Roll back to an earlier release, or fit again.",
            ) from None

    def state(self) -> State:
        """What a release keeps of it."""
        settings = {
            "names": list(self.names),
            "trees": self.trees,
            "numbers": list(self.numbers),
            "start": self.start,
        }
        return State("lambdamart", settings, {})

    @staticmethod
    def from_state(state: State) -> LambdaMart:
        """What `state` described."""
        found = state.settings
        return LambdaMart(
            tuple(found["names"]), found["trees"], tuple(found["numbers"]), found["start"]
        )


def fit_lambdamart(
    examples: Examples,
    seed: int,
    *,
    rounds: int = ROUNDS,
    numbers: tuple[str, ...] = (),
    start: float = START,
    trees: Mapping[str, Any] = TREES,
) -> LambdaMart:
    """Trees that order `examples` by grade, starting from their zero-shot order.

    `numbers` are the numeric attributes among the columns, `start` what a unit of the zero-shot
    score is worth in the trees', `trees` LightGBM's parameters.
    The gain of a candidate is its grade; queries in which all grades are equal teach nothing. The
    same examples and seed give the same trees.
    """
    levels, labels = np.unique(examples.grades, return_inverse=True)
    if len(levels) > MOST_GRADES:
        edges = np.quantile(levels, np.linspace(0, 1, MOST_GRADES))
        labels = np.searchsorted(edges, examples.grades, side="right") - 1
        levels = edges
    data = _lightgbm().Dataset(
        examples.columns,
        labels,
        group=examples.groups,
        init_score=start * examples.base.astype(np.float64),
    )
    settings: dict[str, Any] = {**trees, "seed": seed % 2**31, "label_gain": levels.tolist()}
    booster = _lightgbm().train(settings, data, rounds)
    return LambdaMart(examples.names, booster.model_to_string(), numbers, start)


def _lightgbm() -> Any:
    try:
        import lightgbm
    except ImportError:
        raise MissingExtra("lightgbm", "search") from None
    return lightgbm
