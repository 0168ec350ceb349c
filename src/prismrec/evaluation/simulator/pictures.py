"""Pictures of the simulated products: a form for the category, the colour that the words name.

They tell what a text tells, and no more, so that a model of pictures and texts has exactly one
right answer. Needs the extra `media`.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from prismrec.core import Item, generator

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["COLOURS", "SIZE", "draw", "write_pictures"]

SIZE = 48
"""Pixels a side."""
COLOURS = {
    "black": (20, 20, 22),
    "white": (245, 245, 245),
    "navy blue": (20, 35, 95),
    "forest green": (30, 95, 45),
    "red": (205, 30, 35),
    "sand": (215, 190, 140),
    "grey": (130, 130, 132),
    "orange": (240, 130, 20),
    "teal": (0, 130, 130),
    "plum": (115, 35, 95),
}
"""The colours of the English marketplace as they look."""
GROUND = (200, 205, 215)


def draw(item: Item, seed: int = 0) -> Image:
    """The product on a plain ground, at a place and of a size of its own.

    Its form, a star of 3 to 9 points or a disc, follows from its last category; its colour is the
    attribute `colour`, grey where it has none that is known.
    """
    from PIL import Image as pil
    from PIL import ImageDraw

    rng = generator(seed, "simulator", "pictures", item.item_id)
    image = pil.new("RGB", (SIZE, SIZE), GROUND)
    colour = COLOURS.get(str(item.attributes.get("colour", "")), (130, 130, 132))
    radius = float(rng.uniform(0.28, 0.42)) * SIZE
    x, y = (float(SIZE / 2 + rng.uniform(-0.08, 0.08) * SIZE) for _ in range(2))
    category = item.categories[-1] if item.categories else ""
    points = int(generator(0, "form", category).integers(2, 10))
    if points == 2:
        ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), colour)
        return image
    corners = []
    for step in range(2 * points):
        reach, angle = radius * (1.0 if step % 2 == 0 else 0.45), math.pi * step / points
        corners.append((x + reach * math.sin(angle), y - reach * math.cos(angle)))
    ImageDraw.Draw(image).polygon(corners, colour)
    return image


def write_pictures(items: list[Item], folder: Path, seed: int = 0) -> list[str]:
    """Draws every item into `folder`; the names of the files, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{item.item_id}.png" for item in items]
    for item, name in zip(items, names, strict=True):
        draw(item, seed).save(folder / name)
    return names
