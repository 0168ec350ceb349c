"""What a turn of a conversation says, read by rules. English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prismrec.dialogue import chinese, english
from prismrec.dialogue.phrases import Phrases
from prismrec.language.segmentation import contains_han

__all__ = ["ACTS", "Turn", "language_of", "read_turn"]

ACTS = ("wish", "more", "others", "restart", "price", "stock", "hello", "thanks")
"""Something is wished for or changed; more of the same; none of those shown; from the beginning;
what does it cost; is it in stock; a greeting; thanks."""


@dataclass(frozen=True)
class Turn:
    """One turn. `act` is one of `ACTS`.

    `item` is the place among the items shown that it speaks of, from 0, -1 for the last; `None`
    without one. `alike`: such as that item. `refuse` is `item` or `brand` (of that item), or empty.
    `price` is -1 for cheaper, 1 for dearer; `sort` an order that was asked for. `free` are
    attributes that do not matter (`*`: the one asked about). `words` are what remains of the text:
    what is to be searched for, with names, bounds and refusals still in it. `understood` is true
    where a phrase was recognised.
    """

    act: str = "wish"
    item: int | None = None
    alike: bool = False
    refuse: str = ""
    price: int = 0
    sort: str = ""
    free: tuple[str, ...] = ()
    words: str = ""
    understood: bool = False


def language_of(text: str, before: str = "en") -> str:
    """`zh` for a text with Chinese characters, `en` for one with other letters, else as before."""
    if contains_han(text):
        return "zh"
    return "en" if any(letter.isalpha() for letter in text) else before


def read_turn(text: str, language: str) -> Turn:
    """What `text` says. Never raises; what it does not know remains in `words`."""
    phrases = chinese.PHRASES if language == "zh" else english.PHRASES
    rest = " ".join(text.split())[:1_000]
    for act in ("restart", "hello", "thanks", "others", "more"):
        found = phrases.acts[act].search(rest)
        if found:
            words = _bare(_cut(rest, found), phrases)
            if not words or act in ("restart", "others"):
                return Turn(act, words=words, understood=True)
    turn = Turn()
    for read in (_freed, _compared, _spoken_of, _sorted, _asked):
        turn, rest = read(turn, rest, phrases)
    return replace(turn, words=_bare(rest, phrases))


def _freed(turn: Turn, rest: str, phrases: Phrases) -> tuple[Turn, str]:
    """What does not matter."""
    free: list[str] = []
    while found := phrases.free.search(rest):
        named = next((part for part in found.groups() if part), "")
        free.append(phrases.facets.get(named.lower(), named.lower()) or "*")
        rest = _cut(rest, found)
    return (replace(turn, free=tuple(free), understood=True) if free else turn), rest


def _compared(turn: Turn, rest: str, phrases: Phrases) -> tuple[Turn, str]:
    """Cheaper, dearer, than which."""
    for pattern, price in ((phrases.cheaper, -1), (phrases.dearer, 1)):
        while found := pattern.search(rest):
            item = turn.item if turn.item is not None else _place(found, phrases)
            turn = replace(turn, price=price, item=item, understood=True)
            rest = _cut(rest, found)
    spoken_of = phrases.not_item, phrases.not_brand, phrases.alike
    if turn.price and turn.item is None and not any(one.search(rest) for one in spoken_of):
        for named in phrases.reference.finditer(rest):
            if (place := _place(named, phrases)) is not None:
                return replace(turn, item=place), _cut(rest, named)
    return turn, rest


def _spoken_of(turn: Turn, rest: str, phrases: Phrases) -> tuple[Turn, str]:
    """That brand, that item: refused, or taken as an example."""
    found = phrases.not_brand.search(rest)
    if found:
        item = _place(found, phrases)
        turn = replace(turn, refuse="brand", item=turn.item if item is None else item)
        return replace(turn, understood=True), _cut(rest, found)
    found = phrases.not_item.search(rest)
    if found:
        turn = replace(turn, refuse="item", item=_place(found, phrases), understood=True)
        return turn, _cut(rest, found)
    found = phrases.alike.search(rest)
    if found:
        turn = replace(turn, alike=True, item=_place(found, phrases), understood=True)
        return turn, _cut(rest, found)
    return turn, rest


def _sorted(turn: Turn, rest: str, phrases: Phrases) -> tuple[Turn, str]:
    for pattern, sort in ((phrases.cheapest, "price-asc"), (phrases.dearest, "price-desc")):
        found = pattern.search(rest)
        if found:
            return replace(turn, sort=sort, understood=True), _cut(rest, found)
    return turn, rest


def _asked(turn: Turn, rest: str, phrases: Phrases) -> tuple[Turn, str]:
    """Questions about an item that was shown."""
    for act, pattern in (("price", phrases.ask_price), ("stock", phrases.ask_stock)):
        found = pattern.search(rest)
        if not found:
            continue
        reference = phrases.reference.search(rest)
        item = turn.item if reference is None else _place(reference, phrases)
        return replace(turn, act=act, item=item, understood=True, sort=""), ""
    return turn, rest


def _place(found: re.Match[str], phrases: Phrases) -> int | None:
    """The place among the items that a phrase names; `None` for "it" and the like."""
    groups: Sequence[str | None] = [
        found.group(name) for name in found.re.groupindex if name.startswith("place")
    ]
    said = next((group for group in groups if group), "").lower()
    if not said:
        return None
    if said.isdigit():
        return int(said) - 1
    return phrases.ordinals.get(said)


def _bare(text: str, phrases: Phrases) -> str:
    """The text without words that only join, refusals as a search understands them."""
    for pattern, words in phrases.said_as:
        text = pattern.sub(words, text)
    return phrases.joined.sub(" ", text.strip(phrases.edges)).strip(phrases.edges)


def _cut(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
