"""From what a turn says to what is wished for now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from prismrec.core import Finding, Item, Understood
from prismrec.dialogue.state import State, Wish
from prismrec.dialogue.turns import Turn
from prismrec.retrieval.understanding.requests import without_request
from prismrec.snapshot import Snapshot

__all__ = ["CENT", "bare_of", "content_of", "spoken_of", "wished"]

CENT = 0.01
"""What is cheaper is cheaper by at least so much."""
_SMALL_WORDS = """
    a an and any are at be but by can could do does for from get give good got have i i'd i'm im
    in is it its just like looking made make maybe me my need nice of on one ones only or please
    rather really show so some something that the them then these they this those to too very want
    what which with would you your prefer preferably now about how also anything stuff thing things
    的 了 我 想 要 买 给 请 有 吗 呢 吧 个 款 双 件 那 这 是 来 换 找 看 看看 一个 一款 一双 一件
    有没有 什么 想要 需要 推荐 最好 但 但是 只 只要 还 也 和 或 带 一点 一些 有点 东西"""
_SMALL = frozenset(_SMALL_WORDS.split())
"""Words that say nothing of what is looked for."""
_ALIASES = {
    "color": ("color", "colour", "颜色"),
    "size": ("size", "尺码", "尺寸"),
    "material": ("material", "fabric", "材质"),
    "style": ("style", "款式"),
}


def spoken_of(state: State, turn: Turn) -> str:
    """The id of the item that the turn speaks of: by its place, else the one spoken of last, else
    the first shown; empty where there is none."""
    if turn.item is not None:
        inside = -1 <= turn.item < len(state.shown) and state.shown
        return state.shown[turn.item] if inside else ""
    return state.about or (state.shown[0] if state.shown else "")


def wished(seen: Snapshot, state: State, turn: Turn) -> State:
    """The state after a turn that wishes for something or changes what is wished for."""
    state = _declined(seen, state, turn)
    state = _freed(state, turn)
    wish = state.wish
    if turn.alike and (item_id := spoken_of(state, turn)):
        wish = Wish(refused=wish.refused, low=wish.low, high=wish.high, like=item_id)
    wish = _priced(seen, state, turn, wish)
    if turn.sort:
        wish = replace(wish, sort=turn.sort)
    option = _chosen(state, turn)
    words = turn.words
    if option:
        wish = replace(wish, wanted={**wish.wanted, state.pending: (option,)})
        words = re.sub(re.escape(option), " ", words, count=1, flags=re.IGNORECASE).strip()
    if words:
        wish = _worded(seen, wish, words, steered=turn.understood or bool(option))
    same = wish.text == state.wish.text and wish.like == state.wish.like
    return replace(state, wish=wish, seen=state.seen if same else ())


def content_of(text: str, seen: Snapshot) -> list[str]:
    """The words of `text` that say what is looked for, as the index compares them."""
    analyzer = seen.reader.words.analyzer
    small = {analyzer.stem(word) for word in _SMALL} | _SMALL
    return [word for word in analyzer.words(text) if word not in small]


def _declined(seen: Snapshot, state: State, turn: Turn) -> State:
    """Without the items that were refused, or anything of a brand that was."""
    if turn.act == "others":
        return replace(state, declined=_more(state.declined, state.shown))
    item_id = spoken_of(state, turn) if turn.refuse else ""
    if not item_id:
        return state
    if turn.refuse == "item":
        return replace(state, declined=_more(state.declined, (item_id,)))
    brand = _item(seen, item_id).brand
    if not brand:
        return replace(state, declined=_more(state.declined, (item_id,)))
    token = f"brand={brand}"
    refusal = Finding("without", True, "brand", brand, "", 0, 0, tokens=(token,))
    wanted = {name: values for name, values in state.wish.wanted.items() if name != "brand"}
    refused = (*state.wish.refused, refusal)
    return replace(state, wish=replace(state.wish, refused=refused, wanted=wanted))


def _freed(state: State, turn: Turn) -> State:
    """Without the bounds that no longer matter; what does not matter is not asked about."""
    for name in turn.free:
        names = (state.pending,) if name == "*" else _ALIASES.get(name, (name,))
        known = [one for one in names if one]
        wish = state.wish
        wanted = {k: v for k, v in wish.wanted.items() if k not in known}
        refused = tuple(one for one in wish.refused if one.name not in known)
        wish = replace(wish, wanted=wanted, refused=refused)
        if "price" in known:
            wish = replace(wish, low=None, high=None)
        state = replace(state, wish=wish, asked=_more(state.asked, known))
    return state


def _priced(seen: Snapshot, state: State, turn: Turn, wish: Wish) -> Wish:
    """Cheaper or dearer than the item that the turn names or that was spoken of last, else than
    the middle one of those shown."""
    if not turn.price:
        return wish
    named = spoken_of(state, turn) if turn.item is not None or state.about else ""
    ids = (named,) if named else state.shown
    prices = [price for one in ids if (price := _item(seen, one).price) is not None]
    if not prices:
        return replace(wish, sort="price-asc" if turn.price < 0 else "price-desc")
    price = median(prices)
    if turn.price < 0:
        high = round(price - CENT, 2)
        return replace(wish, high=high, low=None if (wish.low or 0) > high else wish.low)
    low = round(price + CENT, 2)
    over = wish.high is not None and wish.high < low
    return replace(wish, low=low, high=None if over else wish.high)


def _chosen(state: State, turn: Turn) -> str:
    """The offered option that a turn answers with, if it does."""
    said = turn.words.casefold()
    if not (state.pending and said) or len(said) > 60:
        return ""
    fits = [option for option in state.options if option.casefold() in said]
    refused = re.search(r"\b(?:not?|without|except)\b|不|别|非", said)
    return "" if refused else max(fits, key=len, default="")


def _worded(seen: Snapshot, wish: Wish, words: str, *, steered: bool) -> Wish:
    """With the names, bounds and refusals in the words of a turn, and what else they look for.

    Where a phrase or a name was understood (`steered`), words that go with nothing are manners.
    """
    read = seen.reader.read(words)
    text = bare_of(read, seen)
    topic = _topic(seen, wish, text)
    named = any(found.kind == "category" for found in read.findings)
    fresh = topic.text != wish.text and not topic.text.startswith(wish.text)
    used = seen.reader.words.fields.items_with
    known = any(used(word) > 0 for word in content_of(text, seen))
    manners = steered or (bool(read.findings) and not known)
    wish = wish if fresh and manners and not named else topic
    wanted = {**wish.wanted, **_values(read.findings)}
    refused = [one for one in wish.refused if not _is_wanted(one, wanted)]
    refused += [found for found in read.findings if found.kind == "without"]
    for found in refused:
        for name, values in _of_tokens(found.tokens).items():
            left = tuple(value for value in wanted.get(name, ()) if value not in values)
            wanted.pop(name, None)
            wanted |= {name: left} if left else {}
    bounded = read.low is not None or read.high is not None
    low, high = (read.low, read.high) if bounded else (wish.low, wish.high)
    return replace(wish, wanted=wanted, refused=tuple(refused), low=low, high=high)


def _topic(seen: Snapshot, wish: Wish, text: str) -> Wish:
    """The wish with `text` added to its words, or a new wish where no item has both."""
    new = content_of(text, seen)
    if not new:
        return wish
    text = text if any(word > "\u2e80" for word in new) else _said(text)
    if wish.is_empty or not (wish.text or wish.like):
        return replace(wish, text=text)
    if wish.like or _together(seen, [*content_of(wish.text, seen), *new]):
        return replace(wish, text=f"{wish.text} {text}".strip())
    kept = tuple(found for found in wish.refused if found.name == "brand")
    return Wish(text=text, refused=kept)


def _together(seen: Snapshot, words: Sequence[str]) -> bool:
    """Whether some living item has all the words."""
    both = seen.alive.copy()
    for word in words:
        both &= seen.front.matching.find([[word]], len(both)).items[: len(both)]
    return bool(both.any())


def bare_of(read: Understood, seen: Snapshot) -> str:
    """The text without what was understood of it (categories stay) and what only asks."""
    pieces, at = [], 0
    for found in read.findings:
        if found.kind != "category":
            pieces.append(read.text[at : found.start])
            at = found.end
    pieces.append(read.text[at:])
    text = " ".join(" ".join(pieces).split())
    return without_request(text, seen.reader.terms).strip(" ,.;:!?，。；：！？、")


def _said(text: str) -> str:
    """An English text without small words."""
    return " ".join(word for word in text.split() if word.lower().strip(",.!?") not in _SMALL)


def _values(findings: Sequence[Finding]) -> Mapping[str, tuple[str, ...]]:
    """The values wished for, by attribute; several of one attribute are alternatives."""
    out: dict[str, tuple[str, ...]] = {}
    for found in findings:
        if found.kind in ("brand", "attribute"):
            for name, values in list(_of_tokens(found.tokens).items())[:1]:
                out[name] = (*out.get(name, ()), *values)
    return out


def _of_tokens(tokens: Sequence[str]) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for token in tokens:
        name, _, value = token.partition("=")
        out[name] = (*out.get(name, ()), value)
    return out


def _is_wanted(refusal: Finding, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether what was refused once is wished for now."""
    tokens = {f"{name}={value}" for name, values in wanted.items() for value in values}
    return bool(tokens & set(refusal.tokens))


def _item(seen: Snapshot, item_id: str) -> Item:
    position = seen.catalogue.position(item_id)
    return Item(item_id) if position < 0 else seen.catalogue.item(position)


def _more(before: tuple[str, ...], new: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*before, *new)))
