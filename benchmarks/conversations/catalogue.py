"""Two small made-up shops to talk to, one in English and one in Chinese."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

from prismrec.core import Item

__all__ = ["chinese", "english", "fitted"]

_ENGLISH = {
    # category: noun, brands, colours, kinds, lowest price, step
    "Jackets": ("jacket", "Northpeak Veldt Orsa", "Red Blue Black", "waterproof warm", 40, 9),
    "Backpacks": ("backpack", "Northpeak Kimaru Veldt", "Black Green Grey", "hiking laptop", 25, 6),
    "Shoes": ("running shoes", "Kimaru Orsa Swift", "White Black Blue", "trail road", 55, 7),
    "Headphones": ("headphones", "Tonal Akustika Swift", "Black White", "wireless wired", 20, 15),
    "Lamps": ("desk lamp", "Lumen Tonal", "White Black Silver", "dimmable foldable", 12, 5),
}
_CHINESE = {
    "手机壳": ("手机壳", "星河 青木 云雀", "黑色 红色 透明", "防摔 磁吸", 15, 4),
    "耳机": ("蓝牙耳机", "云雀 青木 声海", "黑色 白色", "降噪 运动", 99, 30),
    "背包": ("双肩背包", "远山 青木 星河", "黑色 灰色 蓝色", "防水 电脑", 79, 12),
    "台灯": ("台灯", "明光 声海", "白色 黑色", "护眼 折叠", 49, 15),
}  # fmt: skip


def english() -> list[Item]:
    """78 products."""
    return _items(_ENGLISH, "{brand} {kind} {colour} {noun}", "e")


def chinese() -> list[Item]:
    """55 products or so."""
    return _items(_CHINESE, "{brand}{kind}{noun} {colour}", "z")


def _items(
    shops: dict[str, tuple[str, str, str, str, int, int]], title: str, mark: str
) -> list[Item]:
    """Every brand, colour and kind of each category once; every seventh is out of stock."""
    out: list[Item] = []
    for category, (noun, brands, colours, kinds, lowest, step) in shops.items():
        every = product(brands.split(), colours.split(), kinds.split())
        for place, (brand, colour, kind) in enumerate(every):
            words = {"brand": brand, "kind": kind, "colour": colour, "noun": noun}
            number = len(out) + 1
            out.append(
                Item(
                    f"{mark}{number}",
                    title=title.format(**words),
                    brand=brand,
                    categories=(category,),
                    attributes={"color": colour},
                    price=float(lowest + step * (place * 5 % 18)) + 0.9,
                    available=number % 7 != 0,
                )
            )
    return out


def fitted(items: list[Item], folder: Path) -> Path:
    """A collection of `items` in `folder`, read by TF-IDF so that it starts quickly; some people
    took each item once or twice."""
    import prismrec as pr
    from prismrec.config import Settings

    data = folder / "data"
    data.mkdir(parents=True)
    with (data / "items.jsonl").open("w", encoding="utf-8") as file:
        for item in items:
            row = {
                "item_id": item.item_id,
                "title": item.title,
                "brand": item.brand,
                "categories": list(item.categories),
                "price": item.price,
                "available": item.available,
                **item.attributes,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    with (data / "events.csv").open("w", encoding="utf-8") as file:
        file.write("user_id,item_id,event,timestamp\n")
        for person, step in product(range(12), range(0, len(items), 3)):
            place = (step + person * 7) % len(items)
            when = 1_700_000_000_000 + person * 1_000_000 + step * 1_000
            file.write(f"u{person},{items[place].item_id},view,{when}\n")
    plain = Settings()
    settings = replace(
        plain,
        language=replace(plain.language, encoder="tfidf", tfidf_dimension=16, hub=False),
        models=replace(plain.models, experts=("popularity", "item_knn")),
    )
    path = folder / "shop.prism"
    pr.fit(data, path, settings=settings).close()
    return path
