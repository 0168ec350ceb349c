"""Scripted conversations and what must come of every turn.

    # a name
    > what the person says
    ~ {"price": "cheaper"}        what a model that understands it would read in it, where given
    = check; check; ...

Checks of the items of the answer, all of them, and at least one unless said otherwise:
`color=Red`, `brand!=Veldt` (also `category`), `title~waterproof`, `price<50`, `price>50`; `cheaper`
or `dearer` than the middle of those shown before, `dearer:2` than the second; `ascending` or
`descending` by price, nothing of the category in stock being before them; `new` (none shown
before); `n=0` or `n>=2`; `other-brand:1` (not that of the first shown before); `no-item:2` (not the
second shown before); `alike:2` (of its category, but not it).

Checks of the text: `asks:color`, `asks:` (nothing), `says:WORDS`, `price-of:2` and `stock-of:2` (of
the second shown before, as in the catalogue), `note:NAME`.

Always: what the text says of an item is in the catalogue, and no item comes that was declined.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from prismrec.collection import Collection
from prismrec.core import ChatModel, ChatRefused, Item
from prismrec.dialogue.converse import Reply, converse
from prismrec.dialogue.state import State

__all__ = ["Script", "Understanding", "faults", "scripts"]

_LINE = re.compile(r"^(\d+)\. (.*) \[([^\]]+)\](?:, |，)(.*?)(?:, |，)(.*)$")


@dataclass(frozen=True)
class Script:
    """A conversation: its turns, each with its checks, and what some of them mean."""

    name: str
    turns: tuple[tuple[str, tuple[str, ...]], ...]
    meant: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def scripts(path: Path) -> Iterator[Script]:
    """The conversations in a file."""
    for block in re.split(r"^# ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, *lines = [line.strip() for line in block.splitlines() if line.strip()]
        turns: list[tuple[str, tuple[str, ...]]] = []
        meant: dict[str, Mapping[str, Any]] = {}
        for line in lines:
            if line.startswith("> "):
                turns.append((line[2:], ()))
            elif line.startswith("~ "):
                meant[turns[-1][0]] = json.loads(line[2:])
            else:
                checks = tuple(check.strip() for check in line[2:].split(";"))
                turns[-1] = (turns[-1][0], turns[-1][1] + checks)
        yield Script(name, tuple(turns), meant)


class Understanding:
    """A chat model that reads a turn as its script says it is meant, and counts how often."""

    def __init__(self, meant: Mapping[str, Mapping[str, Any]]) -> None:
        self.meant, self.asked = meant, 0

    def complete(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        self.asked += 1
        said = json.loads(messages[1]["content"].splitlines()[1])
        if said not in self.meant:
            raise ChatRefused("invalid", "The script does not say what is meant.")
        plain = {"act": "wish", "item": "none", "alike": False, "refuse": "nothing"}
        return {**plain, "price": "same", "words": "", **self.meant[said]}


def faults(
    shop: Collection, script: Script, chat: ChatModel | None = None, n: int = 4
) -> list[str]:
    """What went otherwise than the script says, a line each."""
    state, found = State(), []
    shown: list[Item] = []
    for place, (said, checks) in enumerate(script.turns, 1):
        before = state
        state, reply = converse(shop, state, said, n=n, chat=chat)
        wrong = [
            check
            for check in checks
            if not (
                _is_sorted(shop, reply, check)
                if check in ("ascending", "descending")
                else _holds(check, reply, shown, before)
            )
        ]
        wrong += list(_untrue(shop, reply, state))
        if not checks and not reply.items:
            wrong.append("no items")
        told = "; ".join(item.title for item in reply.items)
        found += [
            f"{script.name}, turn {place} ({said}): {one} | {told} {reply.notes}" for one in wrong
        ]
        if reply.slate is not None:
            shown = list(reply.items)
    return found


def _is_sorted(shop: Collection, reply: Reply, check: str) -> bool:
    """Whether the items are the first of their category by price."""
    catalogue = shop.snapshot.catalogue
    everything = [catalogue.item(place) for place in range(len(catalogue))]
    alike = [one for one in everything if one.categories == reply.items[0].categories]
    prices = sorted(_price(one) for one in alike if one.available)
    prices = prices if check == "ascending" else prices[::-1]
    return [_price(one) for one in reply.items] == prices[: len(reply.items)]


def _untrue(shop: Collection, reply: Reply, state: State) -> Iterator[str]:
    """Whatever is said of an item must be so in the catalogue."""
    for line in reply.lines:
        told = _LINE.match(line)
        if told is None:
            continue
        item = shop.item(told[3])
        price = "" if item.price is None else f"{item.price:,.2f}"
        stock = ("in stock", "有货") if item.available else ("out of stock", "缺货")
        if told[2] != item.title or told[4] != price or told[5] not in stock:
            yield f"untrue: {line}"
    for item in reply.items if reply.slate is not None else ():
        if item.item_id in state.declined:
            yield f"declined: {item.title}"


def _holds(check: str, reply: Reply, before: Sequence[Item], state: State) -> bool:
    name, _, rest = check.partition(":")
    if name in _OF_TEXT:
        return _OF_TEXT[name](reply, rest, before)
    if check.startswith("n"):
        counted = re.fullmatch(r"n(=|>=|<=)(\d+)", check)
        if counted:
            n, most = len(reply.items), int(counted[2])
            return {"=": n == most, ">=": n >= most, "<=": n <= most}[counted[1]]
    if not reply.items:
        return False
    if name in _OF_ITEMS:
        other = before[int(rest) - 1] if rest else None
        return all(_OF_ITEMS[name](item, other, before, state) for item in reply.items)
    compared = re.fullmatch(r"(\w+)(!=|=|~|<|>)(.*)", check)
    if compared is None:
        raise ValueError(f"unknown check: {check}")
    return all(_compares(item, compared[1], compared[2], compared[3]) for item in reply.items)


def _compares(item: Item, name: str, how: str, value: str) -> bool:
    if name == "price":
        assert item.price is not None
        return item.price < float(value) if how == "<" else item.price > float(value)
    own = {
        "brand": item.brand,
        "category": item.categories[0],
        "title": item.title,
        "color": str(item.attributes.get("color", "")),
    }[name]
    values = value.split("|")
    if how == "~":
        return any(one.lower() in own.lower() for one in values)
    return (own in values) == (how == "=")


def _middle(before: Sequence[Item]) -> float:
    return median(item.price for item in before if item.price is not None)


def _price(item: Item | None) -> float:
    assert item is not None
    assert item.price is not None
    return item.price


Other = Item | None
_OF_ITEMS: dict[str, Callable[[Item, Other, Sequence[Item], State], bool]] = {
    "cheaper": lambda i, o, b, s: _price(i) < (_price(o) if o else _middle(b)),
    "dearer": lambda i, o, b, s: _price(i) > (_price(o) if o else _middle(b)),
    "new": lambda i, o, b, s: i.item_id not in s.seen and i.item_id not in {x.item_id for x in b},
    "other-brand": lambda i, o, b, s: o is not None and i.brand != o.brand,
    "same-brand": lambda i, o, b, s: o is not None and i.brand == o.brand,
    "no-item": lambda i, o, b, s: o is not None and i.item_id != o.item_id,
    "alike": lambda i, o, b, s: (
        o is not None and i.categories == o.categories and i.item_id != o.item_id
    ),
}
_OF_TEXT: dict[str, Callable[[Reply, str, Sequence[Item]], bool]] = {
    "asks": lambda r, rest, b: ("" if r.question is None else r.question.name) == rest,
    "says": lambda r, rest, b: rest in r.text,
    "note": lambda r, rest, b: rest in r.notes if rest else not r.notes,
    "price-of": lambda r, rest, b: (
        f"{_price(b[int(rest) - 1]):,.2f}" in r.text and b[int(rest) - 1].item_id in r.text
    ),
    "stock-of": lambda r, rest, b: (
        [item.item_id for item in r.items] == [b[int(rest) - 1].item_id]
        and ("out of stock" not in r.text and "缺货" not in r.text) == b[int(rest) - 1].available
    ),
}
