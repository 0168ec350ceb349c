"""Products: what they truly are, and how they present themselves in words and attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core import Item, generator
from prismrec.core.arrays import Floats, Longs
from prismrec.evaluation.simulator.settings import SimulatorSettings
from prismrec.evaluation.simulator.words import CATEGORIES, Words, pick

__all__ = ["HIDDEN", "Products", "items_of", "products"]

HIDDEN = 4
"""Dimensions of taste that no text or attribute tells: only behaviour shows them."""
YEAR = 365 * 86_400_000


@dataclass(frozen=True)
class Products:
    """The truth about n products, ordered by arrival.

    `category` and `brand` (n,) are indices (brands within the department); `styles` (n, S) is 1 for
    the main style and 0.4 for a second one; `price` (n,) is in standard deviations of the
    category; `quality` (n,) what everyone likes, `appeal` (n,) what gets shown; `hidden` (n, 4).
    """

    category: Longs
    brand: Longs
    styles: Floats
    price: Floats
    quality: Floats
    appeal: Floats
    hidden: Floats
    created_at: Longs

    def __len__(self) -> int:
        return len(self.category)


def products(settings: SimulatorSettings, said: Words, seed: int) -> Products:
    """Draws the truth about every product."""
    rng, n = generator(seed, "simulator", "products"), settings.items
    new = round(n * settings.new_items)
    span = settings.end - settings.start
    created = np.concatenate(
        [
            settings.start - rng.integers(1, YEAR, n - new),
            settings.start + rng.integers(0, max(1, int(span * 0.95)), new),
        ]
    )
    kinds = len(said.styles)
    main = rng.integers(kinds, size=n)
    second = (main + rng.integers(1, kinds, n)) % kinds
    styles = np.eye(kinds)[main] + 0.4 * np.eye(kinds)[second]
    dear = np.isin(main, [said.styles.index("luxury")]).astype(float)
    cheap = np.isin(main, [said.styles.index("thrifty")]).astype(float)
    return Products(
        category=rng.integers(len(CATEGORIES), size=n),
        brand=rng.integers(6, size=n),
        styles=styles,
        price=rng.normal(0, 0.8, n) + dear - cheap,
        quality=rng.normal(size=n),
        appeal=rng.normal(size=n),
        hidden=rng.normal(0, 0.5, (n, HIDDEN)),
        created_at=np.sort(created),
    )


def items_of(truth: Products, said: Words, seed: int) -> list[Item]:
    """The catalogue: every product described in sentences."""
    rng = generator(seed, "simulator", "sentences")
    return [_item(truth, i, said, rng) for i in range(len(truth))]


def _item(truth: Products, i: int, said: Words, rng: np.random.Generator) -> Item:
    index = int(truth.category[i])
    category, department = said.category(index), said.department(index)
    main, second = np.argsort(-truth.styles[i], kind="stable")[:2]
    facts = {
        "brand": department["brands"][truth.brand[i]],
        "adjective": pick(said.style(int(main))["adjectives"], rng),
        "noun": pick(category["nouns"], rng),
        "colour": pick(said.said["colours"], rng),
        "material": pick(department["materials"], rng),
        "model": "".join(map(chr, 65 + rng.integers(26, size=2))) + f"-{rng.integers(10, 999)}",
        "use": pick(category["uses"], rng),
    }
    title = pick(said.said["titles"], rng).format(**facts)
    sentences = [category["sentences"][j] for j in rng.permutation(4)[:2]]
    sentences.append(pick(said.style(int(main))["sentences"], rng))
    if rng.random() < 0.5:
        sentences.append(pick(said.style(int(second))["sentences"], rng))
    order = rng.permutation(len(sentences))
    closing = pick(said.said["closings"], rng).format(**facts)
    names = said.said["attributes"]
    return Item(
        item_id=f"item-{i}",
        title=title[:1].upper() + title[1:],
        description=said.join([sentences[j] for j in order] + [closing]),
        brand=facts["brand"],
        categories=(department["name"], category["name"]),
        attributes={names["colour"]: facts["colour"], names["material"]: facts["material"]},
        price=round(CATEGORIES[index].price * float(np.exp(0.35 * truth.price[i])), 2),
        created_at=int(truth.created_at[i]),
    )
