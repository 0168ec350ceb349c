"""What the steps after the mixture may change, and by how much; all off by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from prismrec.core import BadSettings

__all__ = ["SIMILARITIES", "RankingSettings"]

SIMILARITIES = ("both", "text", "attributes")


@dataclass(frozen=True, slots=True)
class RankingSettings:
    """Diversity and additive item terms.

    `diversity` is the strength of the diversity step, from 0 (the order of the scores, untouched)
    to 1 (after the first item, the least similar one whatever its score). Scores are rescaled to
    [0, 1] within a query and similarities lie in [0, 1], so 0.5 trades the whole range of scores
    for a perfect double. `similarity` says by what two items are alike: `text` (cosine of text
    vectors), `attributes` (Jaccard index of attribute tokens) or `both` (their mean).

    `freshness` is added to the score of an item created this moment and halves every
    `freshness_days` days. `popularity` is added to the score of the most popular item, in
    proportion log(1 + count) for the others; negative values hold popular items back. `boosts`
    adds an amount to every item with an attribute token, such as `{"brand=Acme": 0.5}`. These
    three are in units of the score, which is a log-score: +0.7 doubles an item's odds.

    `read_top` is how many of the best results of a search are read word against word with the
    query, where judgments taught that (docs/decisions/search-reading.md); 0 for none.

    `listwise_top` is how many of the best candidates a chat model (`[chat]`) puts in order, 0 for
    none; it sees `listwise_orders` orders of them, and adds to a score `listwise_lift` at most.
    """

    diversity: float = 0.0
    similarity: str = "both"
    freshness: float = 0.0
    freshness_days: float = 30.0
    popularity: float = 0.0
    boosts: Mapping[str, float] = field(default_factory=dict)
    read_top: int = 50
    listwise_top: int = 0
    listwise_orders: int = 3
    listwise_lift: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.diversity <= 1.0:
            raise BadSettings(
                f"ranking.diversity is {self.diversity}.", hint="Give a number from 0 to 1."
            )
        if self.similarity not in SIMILARITIES:
            raise BadSettings(
                f"ranking.similarity is '{self.similarity}'.",
                hint=f"Give one of: {', '.join(SIMILARITIES)}.",
            )
        if not (isfinite(self.freshness_days) and self.freshness_days > 0):
            raise BadSettings(
                f"ranking.freshness_days is {self.freshness_days}.",
                hint="Give a number of days above 0.",
            )
        if self.read_top < 0:
            raise BadSettings(
                f"ranking.read_top is {self.read_top}.", hint="Give a number of items, 0 for none."
            )
        if self.listwise_top < 0 or self.listwise_orders < 1 or not self.listwise_lift >= 0:
            raise BadSettings(
                "ranking.listwise_top and listwise_lift are 0 or more, listwise_orders 1 or more.",
                hint="Correct the one that is not.",
            )
        for name, amount in self._amounts().items():
            if not isfinite(amount):
                raise BadSettings(f"ranking.{name} is {amount}.", hint="Give a finite number.")

    def _amounts(self) -> dict[str, float]:
        boosts = {f"boosts.{name}": amount for name, amount in self.boosts.items()}
        amounts = {"freshness": self.freshness, "popularity": self.popularity, **boosts}
        return {**amounts, "listwise_lift": self.listwise_lift}
