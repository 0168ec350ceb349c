"""The mixture of experts: one score that is a sum of weighted log-scores, and of exact parts.

`score(q, i) = sum over experts e of w_e(q) z_e(q, i)`. Where an expert gives a log-score or logit,
`z_e` is that times a scale; its normaliser over the items is the same for every item of a query and
so changes no order. Where it gives evidence s that is never negative, `z_e = log(1 + s / floor_e)`
times a scale: the log of the evidence with a smoothed floor, moved so that no evidence is 0. The
weights depend on the query alone, so that the order of some candidates is their order in the full
ranking. Items without events borrow from those like them, see `newcomers`.

A product of experts after Hinton, "Training products of experts by minimizing contrastive
divergence", 2002, with the weights of a log-linear pool.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from prismrec.core import ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Positions, Scores
from prismrec.models.mixture.newcomers import PARTS, Newcomers
from prismrec.models.mixture.page import HEAD, Page, held_back
from prismrec.models.mixture.weighing import Weighing, query_features
from prismrec.models.neighbours.text_knn import TextKNNScorer
from prismrec.models.scoring.certainty import certainties

__all__ = [
    "CONTENT",
    "OWN_SAY",
    "PRIORS",
    "PROFILE",
    "MixtureScorer",
    "experts",
    "prior_of",
    "unplaced",
]

CONTENT = "text_knn"
"""The expert that reads what an item says of itself."""
PROFILE = "profile"
"""The expert that knows something of who has no history."""
PRIORS = (PROFILE, "popularity")
"""The experts that can answer where the history is empty; the first that is there does."""
RELATED = "related"
"""The expert that was told which items go together."""
OWN_SAY = frozenset({CONTENT, RELATED})
"""The experts that know something of an item without events, and so have their own say on
newcomers."""


class MixtureScorer:
    """`experts` by name, how they are weighed, and who borrows."""

    kind: ClassVar[str] = "mixture"
    log_ready: ClassVar[bool] = True

    def __init__(
        self,
        experts: Mapping[str, Scorer],
        weighing: Weighing,
        newcomers: Newcomers | None = None,
    ) -> None:
        self.experts = dict(experts)
        self.weighing, self.newcomers = weighing, newcomers
        self._weights, self._page_ends = _Last(), _Last()
        names = [n for expert, scorer in self.experts.items() for n in part_names(expert, scorer)]
        self.part_names: tuple[str, ...] = (*names, *(PARTS if newcomers else ()))

    def query_weights(self, queries: QueryBatch) -> Scores:
        """(b, e): what each expert weighs for each query."""
        return self._weights.of(queries, lambda: self._weigh(queries))

    def _weigh(self, queries: QueryBatch) -> Scores:
        sure = np.zeros((len(queries), len(self.experts)))
        if self.weighing.certainty is not None:
            sure = certainties(self.experts.values(), queries)
        return self.weighing.by_query(query_features(queries), sure).astype(np.float32)

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32."""
        if self.newcomers is None:
            return self._said(queries, items, self.experts)
        told = self._told(queries, items)
        told += self._said(queries, items, OWN_SAY)
        new = self.newcomers.are(items)
        return np.where(new, self._placed(queries, items, told), told) if new.any() else told

    def _said(self, queries: QueryBatch, items: Positions | None, by: Container[str]) -> Scores:
        """(b, m): what the experts named in `by` add to the score, as far as they know the item."""
        weights = self.query_weights(queries)
        weighted = (
            weights[:, column, None] * self.weighing.z(column, scorer.score(queries, items))
            for column, (name, scorer) in enumerate(self.experts.items())
            if name in by
        )
        return functools.reduce(np.add, weighted)

    def _told(self, queries: QueryBatch, items: Positions | None) -> Scores:
        """(b, m): what the other experts say, of newcomers as told of the items like them."""
        assert self.newcomers is not None
        others = self.experts.keys() - OWN_SAY
        return self.newcomers.lent(lambda asked: self._said(queries, asked, others), items)

    def _placed(self, queries: QueryBatch, items: Positions | None, sums: Scores) -> Scores:
        """(b, m): the scores of newcomers of which the experts' say is `sums`. One that is linked
        to what the person had is no guess, and stands where that puts it."""
        assert self.newcomers is not None
        raised, page = sums + np.float32(self.newcomers.bonus), self.newcomers.page
        if page is None:
            return raised
        placed = held_back(raised, self._ends(queries, items, sums, page))
        linked = self.experts.get(RELATED)
        return (
            placed if linked is None else np.where(linked.score(queries, items) > 0, raised, placed)
        )

    def _ends(
        self, queries: QueryBatch, items: Positions | None, sums: Scores, page: Page
    ) -> Scores:
        """(b, 2): the ends of the page."""

        def looked() -> Scores:
            head = sums[:, page.head] if items is None else self._rivals(queries, page)
            return page.ends(head, queries)

        return self._page_ends.of(queries, looked)

    def _rivals(self, queries: QueryBatch, page: Page) -> Scores:
        """(b, h): the scores of the head of the page. They need the whole catalogue, or its head
        where it is longer than that, so that some items are placed as they are among all."""
        if len(page.head) < HEAD:
            return self._said(queries, None, self.experts)[:, page.head]
        return self._said(queries, page.head, self.experts)

    def parts(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m, p) float32. The log of evidence that has several parts is split between them in
        proportion to the evidence of each."""
        weights = self.query_weights(queries)
        out = []
        for column, scorer in enumerate(self.experts.values()):
            parts = scorer.parts(queries, items)  # (b, m, views)
            scale: Scores = np.full(parts.shape[:2], self.weighing.scales[column], np.float32)
            if self.weighing.floors[column] > 0:
                whole = parts.sum(-1)
                scale = np.divide(self.weighing.z(column, whole), np.where(whole == 0, 1, whole))
            out.append(parts * (scale * weights[:, column, None])[..., None])
        if self.newcomers is not None:
            out = self._with_newcomers(out, queries, items)
        return np.concatenate(out, axis=-1).astype(np.float32)

    def _with_newcomers(
        self, parts: list[Scores], queries: QueryBatch, items: Positions | None
    ) -> list[Scores]:
        """The parts of every expert (b, m, views), and of newcomers in place of most of
        them the likeness and the bonus."""
        assert self.newcomers is not None
        new = np.broadcast_to(self.newcomers.are(items), parts[0].shape[:2])
        likeness, bonus = np.zeros((2, *new.shape), np.float32)
        if new.any():
            told = self._told(queries, items)
            sums = told + self._said(queries, items, OWN_SAY)
            likeness = np.where(new, told, 0)
            bonus = np.where(new, self._placed(queries, items, sums) - sums, 0)
            named = zip(self.experts, parts, strict=True)
            parts = [p if name in OWN_SAY else np.where(new[..., None], 0, p) for name, p in named]
        return [*parts, likeness[..., None], bonus[..., None]]

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        experts = {
            name: scorer.extended(features, changed) for name, scorer in self.experts.items()
        }
        longer = type(self)(experts, self.weighing)
        content = experts.get(CONTENT)
        if self.newcomers is None or not isinstance(content, TextKNNScorer):
            return longer
        return longer.with_newcomers(self.newcomers.extended(content, changed))

    def with_newcomers(self, newcomers: Newcomers | None) -> Self:
        """The same mixture, with these newcomers (`None`: nobody borrows)."""
        return type(self)(self.experts, self.weighing, newcomers)

    def state(self) -> State:
        children = {name: scorer.state() for name, scorer in self.experts.items()}  # type: ignore[attr-defined]
        arrays = self.weighing.arrays()
        if self.newcomers is not None:
            arrays |= self.newcomers.arrays()
        return State(self.kind, {"experts": list(self.experts)}, arrays, children)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        from prismrec.models.registry import scorer_from_state

        names = state.settings["experts"]
        experts = {name: scorer_from_state(state.children[name], features) for name in names}
        opened = cls(experts, Weighing.from_arrays(state.arrays))
        newcomers, content = Newcomers.from_arrays(state.arrays), experts.get(CONTENT)
        if newcomers is None or not isinstance(content, TextKNNScorer):
            return opened
        later = np.arange(len(newcomers.seen), len(features), dtype=np.int32)
        return opened.with_newcomers(newcomers.extended(content, later))


def prior_of(experts: Container[str]) -> str:
    """The expert that answers where the history is empty, empty where none can."""
    return next((name for name in PRIORS if name in experts), "")


def part_names(expert: str, scorer: Scorer) -> tuple[str, ...]:
    """`expert` where the scorer has one part, else `expert.part` for each."""
    if len(scorer.part_names) == 1:
        return (expert,)
    return tuple(f"{expert}.{part}" for part in scorer.part_names)


def unplaced(scorer: Scorer) -> Scorer:
    """The same, without a page that holds newcomers back: for what orders a few items by taste."""
    newcomers = getattr(scorer, "newcomers", None)
    if not isinstance(scorer, MixtureScorer) or newcomers is None:
        return scorer
    return scorer.with_newcomers(replace(newcomers, page=None))


def experts(scorer: Scorer) -> Sequence[tuple[str, Scorer]]:
    """The named scorers inside a mixture, or the scorer itself."""
    return tuple(getattr(scorer, "experts", {scorer.kind: scorer}).items())


class _Last:
    """What was found for the last single query: a request asks for its scores, for those of other
    items, then for the parts of the best, and looks once."""

    def __init__(self) -> None:
        self._last: tuple[QueryBatch, Scores] | None = None

    def of(self, queries: QueryBatch, find: Callable[[], Scores]) -> Scores:
        """What `find` finds for these very `queries`."""
        last = self._last
        if last is not None and last[0] is queries:
            return last[1]
        found = find()
        if len(queries) == 1:
            self._last = queries, found
        return found
