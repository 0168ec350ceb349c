"""The best candidates put in order by a language model that sees them as a list.

Sun et al., "Is ChatGPT good at search?" (2023). A model favours some places of a list over others,
so it sees several orders of the same list and its answers are averaged (Tang et al., "Found in the
middle: permutation self-consistency improves listwise ranking", 2024).

Candidates are named by labels of the place they are shown at. An answer can only be an order of
labels, so nothing that was not a candidate can come out, whatever the texts or the model say; and
an item gains at most `lift`, so no text can talk itself further up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from prismrec.core import Candidates, ChatModel, ChatRefused, Item, QueryBatch, generator
from prismrec.core.arrays import Positions, Scores
from prismrec.language.chat import ChatSettings, prompt, shared_chat_model
from prismrec.ranking.settings import RankingSettings

__all__ = ["PART", "TASK", "ListwiseRanker", "described", "listwise_from"]

PART = "listwise"
TASK = (
    "You rank the candidates of a shop for one customer. The data hold what the customer looks for "
    "(`query`, may be empty), what they took before (`history`, newest last), and `candidates` by "
    "label. Give `order`: labels of candidates, the one that fits best first, every label once."
)
_PAST = 10
"""Titles of the history that a model is shown."""
_LONGEST = 160
"""Characters of any one text of an item that it is shown."""


def listwise_from(
    settings: RankingSettings, chat_settings: ChatSettings, item: Callable[[int], Item]
) -> ListwiseRanker | None:
    """The ranker of the settings; `None` where they ask for none, or name no chat model."""
    chat = shared_chat_model(chat_settings) if settings.listwise_top else None
    return None if chat is None else ListwiseRanker(chat, settings, item)


class ListwiseRanker:
    """Adds the part `listwise` to the `listwise_top` best candidates of each row: `listwise_lift`
    times the mean share of the other candidates that each was put before, over `listwise_orders`
    orders. What is below them gets none. Where the model refuses, nothing changes.

    `item` gives the item at a position.
    """

    def __init__(
        self, chat: ChatModel, settings: RankingSettings, item: Callable[[int], Item]
    ) -> None:
        self.chat, self.settings = chat, settings
        self._item = item

    def rank(self, queries: QueryBatch, candidates: Candidates) -> Candidates:
        """The same items with their new scores and parts, best first."""
        part = np.zeros(candidates.scores.shape, np.float32)
        for row in range(len(candidates)):
            real = np.flatnonzero(candidates.positions[row] >= 0)
            best = real[np.argsort(-candidates.scores[row, real], kind="stable")]
            best = best[: self.settings.listwise_top]
            if len(best) > 1:
                said = self._shares(_asked(queries, row, self._item), candidates, row, best)
                part[row, best] = np.float32(self.settings.listwise_lift) * said
        return _with_part(candidates, part) if part.any() else candidates

    def _shares(
        self, asked: dict[str, Any], candidates: Candidates, row: int, best: np.ndarray
    ) -> Scores:
        """(k,) from 0 to 1: the mean share of the others that each of `best` was put before."""
        texts = [described(self._item(int(p))) for p in candidates.positions[row, best]]
        orders = _orders(len(best), self.settings.listwise_orders, repr((asked, texts)))
        with ThreadPoolExecutor(len(orders)) as side_by_side:  # together, within one deadline
            found = side_by_side.map(lambda order: self._one(asked, texts, order), orders)
            heard = [shares for shares in found if shares is not None]
        return np.mean(heard, axis=0) if heard else np.zeros(len(best), np.float32)

    def _one(
        self, asked: dict[str, Any], texts: Sequence[dict[str, Any]], order: Positions
    ) -> Scores | None:
        """(k,) the shares by one order of the list, `None` where the model refused."""
        labels = [f"c{place + 1}" for place in range(len(order))]
        listed = {label: texts[int(one)] for label, one in zip(labels, order, strict=True)}
        schema = _schema(labels)
        try:
            answer = self.chat.complete(
                prompt(TASK, {**asked, "candidates": listed}, schema), schema
            )
        except ChatRefused:
            return None
        places = {label: place for place, label in enumerate(answer["order"])}
        last = (len(places) + len(labels) - 1) / 2  # those not named share the places that remain
        ranks = np.array([places.get(label, last) for label in labels], np.float32)
        shares = np.empty(len(order), np.float32)
        shares[order] = 1.0 - ranks / (len(labels) - 1)
        return shares


def described(item: Item) -> dict[str, Any]:
    """What a language model is told of an item."""
    told = {
        "title": (item.title or item.item_id)[:_LONGEST],
        "brand": item.brand[:_LONGEST],
        "categories": [name[:_LONGEST] for name in item.categories[:3]],
        "price": item.price,
        "about": item.description[:_LONGEST],
    }
    return {name: value for name, value in told.items() if value not in ("", [], None)}


def _asked(queries: QueryBatch, row: int, item: Callable[[int], Item]) -> dict[str, Any]:
    """The query and the history of a row, as data."""
    events = queries.histories
    past = events.items[events.indptr[row] : events.indptr[row + 1]][-_PAST:]
    titles = [(found.title or found.item_id)[:_LONGEST] for found in map(item, past.tolist())]
    text = "" if queries.texts is None else queries.texts[row][: 4 * _LONGEST]
    return {"query": text, "history": titles}


def _orders(size: int, count: int, about: str) -> list[Positions]:
    """`count` orders of the list: as it is, the other way round, then drawn by what it is about, so
    that the same question is always asked in the same orders."""
    as_it_is = np.arange(size, dtype=np.int32)
    seed = int.from_bytes(hashlib.blake2b(about.encode("utf-8", "replace"), digest_size=6).digest())
    rng = generator(seed, "listwise")
    drawn = [rng.permutation(as_it_is).astype(np.int32) for _ in range(max(count - 2, 0))]
    return [as_it_is, as_it_is[::-1], *drawn][:count]


def _schema(labels: Sequence[str]) -> dict[str, Any]:
    order = {
        "type": "array",
        "items": {"type": "string", "enum": list(labels)},
        "minItems": 1,
        "maxItems": len(labels),
        "uniqueItems": True,
    }
    return {
        "type": "object",
        "properties": {"order": order},
        "required": ["order"],
        "additionalProperties": False,
    }


def _with_part(candidates: Candidates, part: Scores) -> Candidates:
    real = candidates.positions >= 0
    old, names = candidates.parts, candidates.part_names
    if old is None:
        old, names = np.where(real, candidates.scores, 0)[:, :, None], ("score",)
    ranked = replace(
        candidates,
        scores=np.where(real, candidates.scores + part, candidates.scores).astype(np.float32),
        parts=np.concatenate([old, part[:, :, None]], axis=-1, dtype=np.float32),
        part_names=(*names, PART),
    )
    return ranked.best(candidates.positions.shape[1])
