"""What one request sees: one release, one catalogue, their indexes, and nothing half changed.

A snapshot is immutable. An upsert, a new release or another policy makes the next snapshot from
this one; requests under way keep theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from prismrec.config import Settings
from prismrec.core import (
    Bags,
    Candidates,
    Event,
    Ids,
    ItemFeatures,
    Policy,
    Query,
    QueryBatch,
    Ranker,
    Retriever,
    Scorer,
    Sequences,
    TextEncoder,
)
from prismrec.core.arrays import Bools, Positions
from prismrec.core.understood import Understood
from prismrec.data.catalogue import Catalogue
from prismrec.exploration import Greedy, Learned, Pinned
from prismrec.models.calibration import Calibration
from prismrec.models.mixture.scorer import unplaced
from prismrec.profiles import Profiles
from prismrec.ranking.search import SearchRanker
from prismrec.ranking.taste import Trusts, with_taste
from prismrec.retrieval import FilterIndex, reciprocal_rank_fusion
from prismrec.retrieval.arrivals import best_with_arrivals, is_new
from prismrec.retrieval.filters import carrying
from prismrec.retrieval.selection import top_k
from prismrec.retrieval.shop.content import ContentPolicy
from prismrec.retrieval.understanding.reader import Reader
from prismrec.shopfront import Shopfront

__all__ = ["Snapshot"]

NONE = np.zeros(0, np.int32)
AS_SORTED = Greedy()
"""Chooses for a list that the asker sorted: in its order."""
BROUGHT = 300
"""How many candidates for a text each source brings; docs/decisions/search-ranking.md."""
WEIGHED = 400
"""How many of those that words and meaning bring are weighed against each other."""
TASTED = 200
"""How many of the best found for a text are weighed by personal taste: what fits the words and the
meaning less than these stays below them whatever the taste."""


@dataclass(frozen=True)
class Snapshot:
    """One consistent view for a request.

    `recommenders` bring candidates for a history where the catalogue is too large to score whole
    (`whole` false); `searchers` bring candidates for a text, which `search_ranker` weighs.
    `event_types` and `repeats` are those the release was trained with; `consumed` are the event
    types after which an item is had and does not come back, unless `repeats`.
    """

    release: int
    settings: Settings
    catalogue: Catalogue
    features: ItemFeatures
    filters: FilterIndex
    scorer: Scorer
    encoder: TextEncoder | None
    recommenders: tuple[Retriever, ...]
    searchers: tuple[Retriever, ...]
    search_ranker: SearchRanker
    rankers: tuple[Ranker, ...]
    policy: Policy
    greedy: Policy
    event_types: tuple[str, ...]
    consumed: frozenset[str]
    repeats: bool
    front: Shopfront
    reader: Reader
    language: str = "en"
    has_clock: bool = True
    report: Mapping[str, Any] = field(default_factory=dict)
    users: Ids = field(default_factory=Ids)
    people: Profiles = field(default_factory=lambda: Profiles(None))
    calibration: Calibration = field(default_factory=Calibration)
    learned: Learned | None = None
    content: ContentPolicy | None = None
    trusts: Trusts = field(default_factory=Trusts)
    listwise: Ranker | None = None

    # -- what the snapshot is ---------------------------------------------------------------------

    @property
    def alive(self) -> Bools:
        """(n_items,): not removed."""
        return self.catalogue.alive

    def shown_to(self, user_id: str = "") -> Bools:
        """(n_items,): not removed, and of a content that the person may see."""
        if self.content is None:
            return self.alive
        age = self.people.age(user_id)
        adult = age is not None and age >= self.settings.content.adult_age
        return self.alive & self.content.shown(len(self.catalogue), adult=adult)

    @property
    def whole(self) -> bool:
        """Whether every item is scored for every query, which makes retrieval exact."""
        return len(self.catalogue) <= self.settings.retrieval.exact_below

    @property
    def shortlist(self) -> int:
        """How many of the best candidates a policy chooses from."""
        return self.settings.exploration.shortlist

    def policy_for(self, query: Query, pinned: Positions = NONE) -> Policy:
        """Who chooses: nothing is explored in a preview, a sorted list is what it is, and what the
        shop pinned stands first."""
        if query.sort != "relevance":
            return AS_SORTED
        policy = self.policy if query.explore else self.greedy
        return Pinned(policy, pinned) if len(pinned) else policy

    def title_of(self, item_id: str) -> str:
        """The title of an item by id, its id where it is unknown."""
        position = self.catalogue.position(item_id)
        return item_id if position < 0 else self.title(position)

    def title(self, position: int) -> str:
        """What a person would call the item."""
        item = self.catalogue.item(position)
        return item.title or item.item_id

    # -- what a text asks for ---------------------------------------------------------------------

    def read(self, query: Query) -> Query:
        """The query with what its text was understood to ask for, unless that is known."""
        if query.understood is not None or not query.text.strip():
            return query
        found = self.reader.read(query.text, ignore=query.ignore, typing=query.typing)
        met = self.front.met(found, self.catalogue, self.shown_to(query.user_id))
        return replace(query, understood=met)

    def passing(self, query: Query) -> Bools:
        """(n_items,): shown to the person, within what the text of the query sets bounds to, with
        what it quotes, and nothing it refuses."""
        shown = self.shown_to(query.user_id)
        if query.understood is None or not any(f.filter for f in query.understood.findings):
            return shown
        shown = shown & self.front.saying(query.understood, self.catalogue)
        return shown & self.reader.passing(
            query.understood, self.filters, self.front.matching, self.catalogue.text
        )

    # -- from people's events to what models are asked -----------------------------------------

    def sequences(self, histories: Sequence[Sequence[Event]]) -> Sequences:
        """Histories as models read them; events on unknown items are left out."""
        rows: list[list[tuple[int, Event]]] = []
        for history in histories:
            placed = [(self.catalogue.position(event.item_id), event) for event in history]
            rows.append([(place, event) for place, event in placed if place >= 0])
        events = [event for row in rows for _, event in row]
        kinds = {name: i for i, name in enumerate(self.event_types)}
        values = np.array([np.nan if e.value is None else e.value for e in events], np.float32)
        names = [event.event for event in events]
        return Sequences(
            indptr=np.cumsum([0, *map(len, rows)], dtype=np.int64),
            items=np.array([p for row in rows for p, _ in row], np.int32),
            kinds=np.array([kinds.get(name, -1) for name in names], np.int16),
            times=np.array([event.timestamp or 0 for event in events], np.int64),
            weights=self.settings.feedback.weights_of(names, values),
            values=values,
        )

    def user_position(self, user_id: str) -> int:
        """The position of a user known at training, else -1."""
        return self.users.position(user_id)

    def profiles(self, user_ids: Sequence[str]) -> Bags | None:
        """The profile bags of users, empty for unknown ones."""
        return self.people.bags(user_ids)

    def hidden(self, past: Sequence[Event], *, searching: bool) -> set[str]:
        """The items of past events that must not come out again.

        Refused items never come back unasked. What was bought does not, unless the collection
        wants repeats; a search finds it all the same.
        """
        if searching:
            return set()
        kinds = sorted({event.event for event in past})
        refused = self.settings.feedback.weights_of(kinds, None) < 0
        hiding = {kind for kind, no in zip(kinds, refused, strict=True) if no}
        if not self.repeats:
            hiding |= self.consumed
        return {event.item_id for event in past if event.event in hiding}

    # -- candidates and scores ---------------------------------------------------------------------

    def best_of_all(self, asked: QueryBatch, allowed: Bools, k: int) -> Candidates:
        """The k best of the whole catalogue, scored and explained; where the shop gives a place to
        new items, the best of those are among them."""
        scores = np.where(allowed, self.scorer.score(asked), -np.inf)
        k, exploring = min(k, scores.shape[1]), self.settings.exploration
        if exploring.new_chance == 0.0:
            return self.explained(asked, Candidates(*top_k(scores, k)))
        new = is_new(self.features.created_at, asked.at, exploring.new_days)
        return self.explained(asked, best_with_arrivals(scores, new, k))

    def best_of(self, asked: QueryBatch, found: Candidates, k: int) -> Candidates:
        """The k best of the candidates that the retrievers found, scored and explained."""
        scores = self.scorer.score(asked, found.positions)
        scores = np.where(found.positions >= 0, scores, -np.inf).astype(np.float32)
        return self.explained(asked, replace(found, scores=scores, parts=None).best(k))

    def scored(self, asked: QueryBatch, positions: Positions) -> Candidates:
        """The given items (b, m), scored and explained, in the order given."""
        return self.explained(asked, Candidates(positions, self.scorer.score(asked, positions)))

    def explained(self, asked: QueryBatch, candidates: Candidates) -> Candidates:
        """The candidates with the parts of their scores, then the rankers' additive terms."""
        parts = self.scorer.parts(asked, candidates.positions)
        out = replace(candidates, parts=parts, part_names=tuple(self.scorer.part_names))
        for ranker in self.rankers:
            out = ranker.rank(asked, out)
        return out

    def found(self, asked: QueryBatch, allowed: Bools) -> Candidates:
        """Candidates for a history, from every recommender, fused."""
        k = self.settings.retrieval.candidates
        lists = [source.search(asked, k, allowed=allowed) for source in self.recommenders]
        return reciprocal_rank_fusion(lists, k * 2, constant=self.settings.retrieval.rrf_k)

    def found_by_text(self, asked: QueryBatch, allowed: Bools, k: int = 0) -> Candidates:
        """At least k candidates for a text where there are so many, by words and by meaning."""
        depth = max(k, BROUGHT)
        lists = [source.search(asked, depth, allowed=allowed) for source in self.searchers]
        constant = self.settings.retrieval.rrf_k
        return reciprocal_rank_fusion(lists, max(k, WEIGHED), constant=constant)

    def search(
        self, asked: QueryBatch, allowed: Bools, k: int, understood: Understood | None = None
    ) -> Candidates:
        """The k best for a text: candidates by words and by meaning, ranked by all that is known of
        them and by the wishes that were understood, then the person's own taste. Where nothing is
        found by words or meaning, what is popular in the category asked for."""
        found = self.found_by_text(asked, allowed, k)
        if understood is not None and not (found.positions >= 0).any():
            return self._popular_instead(asked, allowed, k, understood)
        best = self.search_ranker.rank(asked, found)
        if understood is not None and understood.boosts:
            best = self._wished(best, understood).best(max(k, TASTED))
        best = best.first(max(k, TASTED))
        weight = self.settings.retrieval.personal_weight
        if weight > 0 and len(asked.histories.items):
            return self._personal(asked, best, weight).best(k)
        return best.first(k)

    def _wished(self, found: Candidates, understood: Understood) -> Candidates:
        """Adds a part for the wishes of the text that each item fulfils."""
        weight = np.float32(self.settings.retrieval.understood_weight)
        part = weight * self.reader.boost(understood, self.filters, found.positions)
        assert found.parts is not None
        return replace(
            found,
            scores=found.scores + part,
            parts=np.concatenate([found.parts, part[:, :, None]], axis=2, dtype=np.float32),
            part_names=(*found.part_names, "understood"),
        )

    def _popular_instead(
        self, asked: QueryBatch, allowed: Bools, k: int, understood: Understood
    ) -> Candidates:
        """The k best for the person without the text, of the categories that it names, if any."""
        named = [token for f in understood.boosts if f.kind == "category" for token in f.tokens]
        within = allowed & carrying(self.filters, named) if named else allowed
        without = replace(asked, texts=None, text_vectors=None)
        return self.best_of_all(without, within if within.any() else allowed, k)

    def _personal(self, asked: QueryBatch, found: Candidates, weight: float) -> Candidates:
        """Adds what the person's own taste says, as far as their history can be believed."""
        past = replace(asked, texts=None, text_vectors=None)
        scorer = unplaced(self.scorer)
        taste = scorer.score(past, found.positions)
        trust = self.trusts.of(scorer, past, len(self.catalogue))
        return with_taste(found, taste, weight * trust)
