"""What people type when they look for something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats
from prismrec.evaluation.simulator.words import Words, pick

__all__ = ["Search", "search_for"]


@dataclass(frozen=True, slots=True)
class Search:
    """A query's text, and which style and brand it names (-1: none)."""

    text: str
    style: int
    brand: int


def search_for(category: int, taste: Floats, said: Words, rng: np.random.Generator) -> Search:
    """A query for a category by someone whose style is `taste` (s,)."""
    told, department = said.category(category), said.department(category)
    template = pick(said.said["queries"], rng)
    style, brand = int(np.argmax(taste)), int(rng.integers(len(department["brands"])))
    text = template.format(
        noun=pick(told["asked"] + told["nouns"], rng),
        adjective=pick(said.style(style)["adjectives"], rng),
        brand=department["brands"][brand],
        use=pick(told["uses"], rng),
        colour=pick(said.said["colours"], rng),
    )
    return Search(
        text,
        style if "{adjective}" in template else -1,
        brand if "{brand}" in template else -1,
    )
