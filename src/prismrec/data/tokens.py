"""Attributes as tokens: `"brand=Acme"`, `"category=Shoes"`, `"price~3"`, in an append-only list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prismrec.core import Bags, Ids, Item, User
from prismrec.core.catalogue import AttributeValue

__all__ = ["TokenVocabulary", "believed_facts", "item_facts", "user_facts"]

BUCKETS = 10
MOST_EXACT = 200
LONGEST_VALUE = 200

Facts = Mapping[str, AttributeValue | None]


def item_facts(item: Item) -> dict[str, AttributeValue | None]:
    """What an item says of itself: its attributes, and brand, category and price by these names."""
    return {
        **item.attributes,
        "brand": item.brand.strip() or None,
        "category": tuple(item.categories),
        "price": item.price,
    }


def believed_facts(item: Item) -> dict[str, AttributeValue | None]:
    """What an item says of itself, and where it says nothing what was read from its texts."""
    said = item_facts(item)
    more = {name: value for name, value in item.extracted.items() if not said.get(name)}
    return {**said, **more}


def user_facts(user: User) -> dict[str, AttributeValue | None]:
    """What is known of a user: the attributes, and the tags by the name `tag`."""
    return {**user.attributes, "tag": tuple(user.tags)}


@dataclass(frozen=True, eq=False)
class TokenVocabulary:
    """Which token a fact becomes. Tokens are appended and never change; the rest is fixed.

    A text becomes `"name=value"`, a flag `"name=yes"` or `"name=no"`, several values a token each.
    A number becomes its bucket `"name~i"` between the quantiles `edges[name]`, chosen when the
    vocabulary was made; a number whose name takes few whole values (`exact`: years, sizes), or was
    not seen then, becomes `"name=1995"` (too).
    """

    tokens: Ids = field(default_factory=Ids)
    edges: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    exact: frozenset[str] = frozenset()

    @staticmethod
    def learned(things: Iterable[Facts]) -> TokenVocabulary:
        """A vocabulary without tokens yet, its buckets chosen from the numbers in `things`."""
        numbers: dict[str, list[float]] = {}
        for facts in things:
            for name, value in facts.items():
                if _is_number(value):
                    numbers.setdefault(name, []).append(float(value))  # type: ignore[arg-type]
        edges, exact = {}, set()
        for name, values in numbers.items():
            distinct = np.unique(values)
            if len(distinct) > 1:
                cuts = np.unique(np.quantile(values, np.arange(1, BUCKETS) / BUCKETS))
                edges[name] = tuple(float(cut) for cut in cuts if cut > distinct[0])
            if len(distinct) <= MOST_EXACT and (distinct == np.round(distinct)).all():
                exact.add(name)
        return TokenVocabulary(Ids(), edges, frozenset(exact - {"price"}))

    def row(self, facts: Facts) -> list[int]:
        """The tokens of one thing; new ones are appended."""
        spelled = [token for name, value in facts.items() for token in self.spell(name, value)]
        return [self.tokens.add(token) for token in dict.fromkeys(spelled)]

    def spell(self, name: str, value: AttributeValue | None) -> list[str]:
        """The tokens of one fact as text."""
        if value is None or value == "":
            return []
        if isinstance(value, bool):
            return [f"{name}={'yes' if value else 'no'}"]
        if isinstance(value, int | float):
            return self._numeric(name, float(value))
        if isinstance(value, str):
            return [f"{name}={value[:LONGEST_VALUE]}"]
        return [f"{name}={part[:LONGEST_VALUE]}" for part in value]

    def bags(self, things: Iterable[Facts]) -> Bags:
        """A bag of tokens for each thing."""
        rows = [self.row(facts) for facts in things]
        return Bags.of(rows, tuple(self.tokens))

    def state(self) -> dict[str, Any]:
        """JSON-able; `from_state` gives an equal vocabulary."""
        return {
            "tokens": list(self.tokens),
            "edges": {name: list(cuts) for name, cuts in self.edges.items()},
            "exact": sorted(self.exact),
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> TokenVocabulary:
        """The vocabulary that `state` described."""
        edges = {name: tuple(cuts) for name, cuts in state["edges"].items()}
        return TokenVocabulary(Ids(state["tokens"]), edges, frozenset(state["exact"]))

    def _numeric(self, name: str, value: float) -> list[str]:
        if not math.isfinite(value):
            return []
        cuts: Sequence[float] = self.edges.get(name, ())
        found = [f"{name}~{int(np.searchsorted(cuts, value, side='right'))}"] if cuts else []
        if name in self.exact or not cuts:
            found.append(f"{name}={value:.10g}")
        return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
