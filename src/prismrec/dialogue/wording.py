"""What is said to people: templates, filled from the catalogue alone. English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from prismrec.core import Item
from prismrec.dialogue.questions import Question
from prismrec.dialogue.state import Wish

__all__ = ["NOTES", "Wording"]

NOTES = ("no-such-item", "nothing", "without-wanted", "without-price", "no-more", "not-understood")
"""What an answer may have to say beside its items."""


class Wording:
    """The sentences of one language. Prices and stock are those of the items given, never any
    other, and items are named with their ids in brackets."""

    def __init__(self, language: str) -> None:
        self._words = _CHINESE if language == "zh" else _ENGLISH

    def found(self, wish: Wish, count: int) -> str:
        """What was looked for, as it was understood, before the items."""
        bounds = self._bounds(wish)
        name = "found one" if count == 1 else "found"
        return self._words[name].format(
            n=count, bounds=self._words["for"].format(bounds) if bounds else ""
        )

    def item(self, place: int, item: Item) -> str:
        """One line for an item."""
        words = self._words
        price = words["no price"] if item.price is None else f"{item.price:,.2f}"
        stock = words["in stock" if item.available else "out of stock"]
        title = _title(item)
        return words["item"].format(
            place=place, title=title, id=item.item_id, price=price, stock=stock
        )

    def price(self, item: Item) -> str:
        """The answer to how much an item costs."""
        name = "costs" if item.price is not None else "cost unknown"
        price = "" if item.price is None else f"{item.price:,.2f}"
        return self._words[name].format(title=_title(item), id=item.item_id, price=price)

    def stock(self, item: Item) -> str:
        """The answer to whether an item is in stock."""
        name = "is in stock" if item.available else "is out of stock"
        return self._words[name].format(title=_title(item), id=item.item_id)

    def question(self, question: Question) -> str:
        """A question with its options."""
        options = self._words["or"].join(f"{value} ({count})" for value, count in question.options)
        name = self._words.get(f"name {question.name}", question.name)
        return self._words["question"].format(name=name, options=options)

    def say(self, name: str) -> str:
        """A sentence that needs nothing filled in."""
        return self._words[name]

    def _bounds(self, wish: Wish) -> str:
        told = [self._words["or"].join(values) for values in wish.wanted.values()]
        if wish.low is not None:
            told.append(self._words["from"].format(f"{wish.low:,.2f}"))
        if wish.high is not None:
            told.append(self._words["up to"].format(f"{wish.high:,.2f}"))
        told += [self._words["not"].format(found.value) for found in wish.refused]
        return self._words["list"].join(told)


def _title(item: Item) -> str:
    """The title on one line, so that none can pass for a line of its own."""
    return " ".join(item.title.split())[:_LONGEST] or item.item_id


_LONGEST = 200
"""Characters of a title that are said."""
_ENGLISH: Mapping[str, str] = {
    "found": "Here are {n} items that fit{bounds}:",
    "found one": "Here is one item that fits{bounds}:",
    "for": " ({})",
    "list": ", ",
    "or": " or ",
    "from": "from {}",
    "up to": "up to {}",
    "not": "not {}",
    "item": "{place}. {title} [{id}], {price}, {stock}",
    "no price": "price on request",
    "in stock": "in stock",
    "out of stock": "out of stock",
    "costs": "{title} [{id}] costs {price}.",
    "cost unknown": "The catalogue has no price for {title} [{id}].",
    "is in stock": "Yes, {title} [{id}] is in stock.",
    "is out of stock": "No, {title} [{id}] is out of stock.",
    "question": "Which {name} would you like: {options}?",
    "name color": "colour",
    "hello": "Hello! What are you looking for?",
    "thanks": "You are welcome. Tell me if I can find anything else.",
    "restart": "All right, from the beginning. What are you looking for?",
    "no-such-item": "I am not sure which item you mean. Please say its number.",
    "nothing": "I found nothing that fits. Shall I drop a condition?",
    "without-wanted": "Nothing fits all of that; these come close.",
    "without-price": "Nothing is left at that price; these are the nearest in price.",
    "no-more": "That was all that fits.",
    "not-understood": "I did not understand that. What should be different, or what do you need?",
}
_CHINESE: Mapping[str, str] = {
    "found": "为您找到{n}件合适的商品{bounds}：",
    "found one": "为您找到一件合适的商品{bounds}：",
    "for": "（{}）",
    "list": "，",
    "or": "或",
    "from": "{}以上",
    "up to": "{}以内",
    "not": "不要{}",
    "item": "{place}. {title} [{id}]，{price}，{stock}",
    "no price": "价格待询",
    "in stock": "有货",
    "out of stock": "缺货",
    "costs": "{title} [{id}]的价格是{price}。",
    "cost unknown": "目录中没有{title} [{id}]的价格。",
    "is in stock": "{title} [{id}]有货。",
    "is out of stock": "{title} [{id}]目前缺货。",
    "question": "您想要哪种{name}：{options}？",
    "name color": "颜色",
    "name colour": "颜色",
    "name brand": "品牌",
    "name size": "尺码",
    "name material": "材质",
    "hello": "您好！您想找什么？",
    "thanks": "不客气，还需要什么请告诉我。",
    "restart": "好的，重新开始。您想找什么？",
    "no-such-item": "不确定您指的是哪一件，请说出编号。",
    "nothing": "没有找到合适的商品，要放宽条件吗？",
    "without-wanted": "没有完全符合的，以下比较接近。",
    "without-price": "这个价位没有商品，以下是价格最接近的。",
    "no-more": "合适的都在这里了。",
    "not-understood": "没听明白。您想改什么，或者想找什么？",
}
