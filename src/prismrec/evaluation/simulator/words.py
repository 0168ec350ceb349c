"""The words of the marketplace, and how its categories hang together."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

__all__ = ["CATEGORIES", "DEPARTMENTS", "Category", "Words", "pick", "words"]


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of product: its department, typical price, what people turn to after it, and whether
    the same product is bought again."""

    key: str
    department: str
    price: float
    then: tuple[str, ...]
    again: bool = False


CATEGORIES = (
    Category("phones", "electronics", 600, ("phone-cases", "headphones")),
    Category("phone-cases", "electronics", 25, ("headphones",)),
    Category("headphones", "electronics", 120, ("phones",)),
    Category("laptops", "electronics", 1100, ("laptop-bags", "programming-books")),
    Category("laptop-bags", "electronics", 60, ("headphones",)),
    Category("cameras", "electronics", 750, ("laptops", "tents")),
    Category("coffee-makers", "home", 180, ("coffee-beans",)),
    Category("coffee-beans", "home", 16, ("coffee-makers",), again=True),
    Category("cookware", "home", 70, ("cookbooks",)),
    Category("lamps", "home", 80, ("bedding",)),
    Category("bedding", "home", 60, ("lamps",)),
    Category("tents", "outdoor", 250, ("sleeping-bags",)),
    Category("sleeping-bags", "outdoor", 130, ("hiking-boots",)),
    Category("hiking-boots", "outdoor", 160, ("rain-jackets",)),
    Category("rain-jackets", "outdoor", 140, ("tents",)),
    Category("running-shoes", "sport", 120, ("yoga-mats", "headphones")),
    Category("yoga-mats", "sport", 40, ("running-shoes",)),
    Category("bicycles", "sport", 800, ("bike-helmets",)),
    Category("bike-helmets", "sport", 75, ("rain-jackets",)),
    Category("face-creams", "beauty", 35, ("sunscreens",), again=True),
    Category("sunscreens", "beauty", 18, ("face-creams",), again=True),
    Category("science-fiction", "books", 15, ("board-games",)),
    Category("cookbooks", "books", 28, ("cookware",)),
    Category("programming-books", "books", 40, ("laptops",)),
    Category("board-games", "leisure", 45, ("science-fiction",)),
    Category("dog-food", "leisure", 30, ("dog-leashes",), again=True),
    Category("dog-leashes", "leisure", 25, ("dog-food",)),
    Category("plant-pots", "leisure", 20, ("lamps",)),
)
DEPARTMENTS = tuple(dict.fromkeys(category.department for category in CATEGORIES))


@dataclass(frozen=True)
class Words:
    """Everything that is said, in one language; see the TOML file for what each list is."""

    language: str
    said: dict[str, Any]

    @property
    def styles(self) -> tuple[str, ...]:
        """Keys of the styles, in order."""
        return tuple(self.said["styles"])

    def style(self, index: int) -> dict[str, list[str]]:
        """Adjectives and sentences of a style."""
        found: dict[str, list[str]] = self.said["styles"][self.styles[index]]
        return found

    def category(self, index: int) -> dict[str, Any]:
        """Name, nouns, sentences, uses of a category, and how people ask for it."""
        found: dict[str, Any] = self.said["categories"][CATEGORIES[index].key]
        return found

    def department(self, index: int) -> dict[str, Any]:
        """Name, brands and materials of the department of category `index`."""
        found: dict[str, Any] = self.said["departments"][CATEGORIES[index].department]
        return found

    def join(self, sentences: list[str]) -> str:
        """Sentences as one text."""
        return ("" if self.language == "zh" else " ").join(sentences)


@cache
def words(language: str) -> Words:
    """The words of a language that the simulator speaks."""
    text = files("prismrec.evaluation.simulator").joinpath(f"{language}.toml").read_text("utf-8")
    return Words(language, tomllib.loads(text))


def pick(choices: list[str], rng: np.random.Generator) -> str:
    """One of the choices, each as likely."""
    return choices[int(rng.integers(len(choices)))]
