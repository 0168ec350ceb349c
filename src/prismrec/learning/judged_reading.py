"""Training the reader of queries and titles on judgments: pairs of one query's items in their
right order, by counted work.

The loss of a query is `sum_ij (g_i - g_j)+ log(1 + exp(s_j - s_i)) / sum_ij (g_i - g_j)+`: RankNet
(Burges et al., "Learning to rank using gradient descent", 2005), each pair weighed by how far its
grades differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.core.arrays import Longs, Scores
from prismrec.descent.randomness import seeded
from prismrec.descent.step import backward, gradient_step
from prismrec.language.folder import ModelFolder
from prismrec.language.late_interaction import LateInteraction
from prismrec.language.trainable import warm_up_then_linear
from prismrec.ranking.lambdamart import Examples
from prismrec.ranking.reading import LIKENESS, Learned, read_correction
from prismrec.ranking.search import WEIGHTS

__all__ = ["Course", "Lessons", "fit_reader", "reading_of"]

BESIDE = {"words": -0.8, "meaning": -0.3}
"""The evidence whose weights are learned beside the layers, and what is added to the rule's at
first: a fifth of the words and of the meaning, where the likeness counts 1."""
SHARPNESS = 20.0
"""How many units of the loss one unit of likeness is worth."""
_REMEMBERED = 30_000
"""Texts whose lower layers are kept, at most 17 kB each."""


@dataclass(frozen=True)
class Course:
    """How much is read: `passes` over the queries, of each at most `most_rows` items drawn anew,
    and at most `most_readings` items in all; `queries` of them a step. The learning rates are those
    of the layers and of the weights. docs/decisions/search-reading.md has the figures."""

    passes: int = 2
    most_rows: int = 30
    most_readings: int = 12_000
    queries: int = 4
    learning_rate: float = 8e-5
    weight_rate: float = 0.03
    warm_up: float = 0.1


class Lessons:
    """Judged queries with the titles of their candidates, tokenised and read by the lower layers
    once, whatever is trained above. `titles` are by row of `examples`."""

    def __init__(
        self, folder: ModelFolder, examples: Examples, texts: Sequence[str], titles: Sequence[str]
    ) -> None:
        self.folder, self.examples = folder, examples
        self.texts, self.titles = tuple(texts), tuple(titles)
        self._ends = np.cumsum(examples.groups)
        self._reader = LateInteraction(folder)
        self._lower: dict[str, Tensor] = {}

    def rows(self, query: int) -> Longs:
        """The rows of the candidates of `query`."""
        return np.arange(self._ends[query] - self.examples.groups[query], self._ends[query])

    def likeness(self, model: LateInteraction, query: int, rows: Longs) -> Tensor:
        """(n,) of the query and the titles of `rows`."""
        asked = model.upper(self._read([self.texts[query]]))
        return model.likeness(asked, model.upper(self._read([self.titles[i] for i in rows])))

    def columns(self, names: Sequence[str], rows: Longs) -> Scores:
        """(n, f) the evidence called `names`."""
        return self.examples.columns[rows][:, [self.examples.names.index(n) for n in names]]

    def _read(self, texts: list[str]) -> list[Tensor]:
        if len(self._lower) > _REMEMBERED:
            self._lower.clear()
        missing = [text for text in dict.fromkeys(texts) if text not in self._lower]
        if missing:
            self._lower.update(zip(missing, self._reader.lower(missing), strict=True))
        return [self._lower[text] for text in texts]


def fit_reader(
    lessons: Lessons, queries: Longs, rng: np.random.Generator, course: Course | None = None
) -> Learned:
    """What the judgments of `queries` teach: the trained layers and weights. The same lessons and
    generator give the same. Raises `TrainingDiverged` where a loss is no number."""
    chosen = course or Course()
    model = LateInteraction(lessons.folder)
    names = [name for name in BESIDE if name in lessons.examples.names]
    weights = nn.Parameter(torch.tensor([BESIDE[name] for name in names]))
    groups: list[dict[str, Any]] = [
        {"params": list(model.above.parameters()), "rate": chosen.learning_rate},
        {"params": [weights], "rate": chosen.weight_rate},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.0)
    steps = list(_steps(lessons, queries, rng, chosen))
    spreads: list[tuple[float, float]] = []  # of one query's items, by the rule and as read
    model.train()
    with seeded(rng):
        for done, step in enumerate(steps):
            share = warm_up_then_linear(done, len(steps), chosen.warm_up)
            for group in optimiser.param_groups:
                group["lr"] = group["rate"] * share
            for query, rows in step:
                scores = _scores(lessons, model, (names, weights), query, rows)
                grades = torch.from_numpy(lessons.examples.grades[rows])
                backward(graded_pairs(SHARPNESS * scores, grades) / len(step), "the reader")
                if 2 * done >= len(steps):
                    base = lessons.examples.base[rows]
                    spreads.append((float(base.std()), float(scores.detach().std(correction=0))))
            gradient_step(optimiser)
    told = {**dict(zip(names, weights.detach().tolist(), strict=True)), LIKENESS: 1.0}
    return Learned(_in_units_of_the_rule(told, spreads), model.learned())


def reading_of(lessons: Lessons, learned: Learned, queries: Longs) -> Scores:
    """(n,) what reading adds to the scores of the examples of `queries`, in their order."""
    model = LateInteraction(lessons.folder, learned.layers).eval()
    out = []
    with torch.inference_mode():
        for query in queries:
            rows = lessons.rows(int(query))
            likeness = lessons.likeness(model, int(query), rows).numpy()
            names = lessons.examples.names
            columns = lessons.examples.columns[rows]
            out.append(read_correction(learned.weights, likeness, columns, names))
    return np.concatenate(out) if out else np.zeros(0, np.float32)


def _steps(
    lessons: Lessons, queries: Longs, rng: np.random.Generator, course: Course
) -> Iterator[list[tuple[int, Longs]]]:
    """The queries of each step with the rows that are read, until the work is done."""
    grades = lessons.examples.grades
    telling = [int(q) for q in queries if np.ptp(grades[lessons.rows(int(q))]) > 0]
    left = course.most_readings
    for _ in range(course.passes):
        order = rng.permutation(np.array(telling, np.int64))
        for at in range(0, len(order), course.queries):
            step = []
            for query in order[at : at + course.queries]:
                rows = lessons.rows(int(query))
                if len(rows) > course.most_rows:
                    rows = np.sort(rng.choice(rows, course.most_rows, replace=False))
                step.append((int(query), rows))
            left -= sum(len(rows) for _, rows in step)
            yield step
            if left <= 0:
                return


def _scores(
    lessons: Lessons,
    model: LateInteraction,
    weighed: tuple[list[str], Tensor],
    query: int,
    rows: Longs,
) -> Tensor:
    names, weights = weighed
    likeness = lessons.likeness(model, query, rows)
    known = torch.from_numpy(lessons.columns(names, rows))  # (n, f)
    return torch.from_numpy(lessons.examples.base[rows]) + likeness + known @ weights


def _in_units_of_the_rule(
    weights: dict[str, float], spreads: Sequence[tuple[float, float]]
) -> dict[str, float]:
    """The weights with which scores differ as much within a query as the rule's do: the order is
    the same, and what is added to a search's score later counts as much as before."""
    by_rule, as_read = np.mean(spreads, axis=0) if spreads else (0.0, 0.0)
    factor = float(by_rule / as_read) if min(by_rule, as_read) > 1e-6 else 1.0
    rule = {name: WEIGHTS.get(name, 0.0) for name in weights}
    return {name: factor * (weights[name] + rule[name]) - rule[name] for name in weights}


def graded_pairs(scores: Tensor, grades: Tensor) -> Tensor:
    """The loss of one query's items with `scores` (n,) and `grades` (n,); 0 where no two grades
    differ."""
    ahead = (grades[:, None] - grades[None, :]).clamp(min=0)  # (n, n)
    wrong = functional.softplus(scores[None, :] - scores[:, None])
    return (ahead * wrong).sum() / ahead.sum().clamp(min=1e-9)
