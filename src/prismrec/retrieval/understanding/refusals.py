"""What a query wants not to see: "not Acme", "without sugar", 不要苹果.

A refusal takes items out of the answer, so it is read only where it can be meant: what follows is a
name that the catalogue knows or a word that its items use, and no item is called so (No Way Home).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from prismrec.language.segmentation import contains_han, normalise
from prismrec.retrieval.understanding.catalogue_terms import CatalogueTerms, Term
from prismrec.retrieval.understanding.spans import Token

__all__ = ["Refusal", "refusals", "speaks_of"]

_CUE = re.compile(
    r"(?<![\w-])(?:(?:but|and)\s+)?(?P<cue>not|no|non|without|w/o|except(?:\s+for)?|excluding)\b\s*"
    r"|(?<!\S)(?P<minus>-)(?=[^\W\d_])"
    r"|(?P<chinese>不要|不含|不带|不是|(?<!有)没有|除了|非)",
    re.IGNORECASE,
)
_SMALL = frozenset(["a", "an", "the", "any", "from", "by", "of", "made", "in", "be", "with"])
_OR = frozenset(["or", "nor", "或", "和", "跟"])
_NEVER = frozenset(
    ["only", "just", "so", "too", "very", "than", "more", "less", "sure", "know", "no", "not"]
)
"""Words behind "not" that are not refused: not only, no more than."""
_ONLY_KNOWN = frozenset(["not", "no", "non", "非", "不是", "除了"])
"""Cues that say other things too (no pain no gain): they refuse only what has a name here."""
_PARTICLE = "的"
_NEGATORS = "no|non|not|without|zero|never|free of|free from"
_NEGATORS_IN_CHINESE = "不含|不带|没有|无|零|非|不"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`text[start:end]` refuses what the catalogue calls `term`, or, where that is `None`, items
    that speak of `word`, whose stem is `stem`."""

    start: int
    end: int
    word: str
    stem: str
    term: Term | None


def refusals(
    text: str, words: Sequence[Token], terms: CatalogueTerms, used: Callable[[str], int]
) -> list[Refusal]:
    """The refusals in `text`, whose words are `words`; `used` counts the items with a stem."""
    found: list[Refusal] = []
    for cue in _CUE.finditer(text):
        at = next((i for i, t in enumerate(words) if t.start >= cue.end()), len(words))
        while at < len(words) and words[at].said in _SMALL:
            at += 1
        gap = text[cue.end() : words[at].start] if at < len(words) else "."
        if any(not (c.isspace() or c.isalnum()) for c in gap):
            continue
        found += _after(cue, text, words, at, terms, used)
    return found


def _after(
    cue: re.Match[str],
    text: str,
    words: Sequence[Token],
    at: int,
    terms: CatalogueTerms,
    used: Callable[[str], int],
) -> Iterator[Refusal]:
    """What a cue refuses: one thing, and more that the catalogue knows where "or" joins them."""
    said = next(part for part in cue.group("cue", "minus", "chinese") if part).lower()
    start = cue.start()
    following = next((t.said for t in words if t.start >= cue.end()), "")
    if terms.is_name(said, following) or words[at].said in _NEVER:
        return
    while at < len(words):
        matched = terms.match(words, at)
        if matched:
            size, term = matched
            end = _end(text, words[at + size - 1].end)
            yield Refusal(start, end, term.value, "", term)
        else:
            plain = _plain(words, at, used) if start == cue.start() else None
            if plain and said not in _ONLY_KNOWN:
                word, stem, last = plain
                yield Refusal(start, _end(text, last), word, stem, None)
            return
        at += size
        if at >= len(words) or words[at].said not in _OR:
            return
        start, at = words[at].start, at + 1


def _plain(
    words: Sequence[Token], at: int, used: Callable[[str], int]
) -> tuple[str, str, int] | None:
    """The word at `words[at]`, its stem and where it ends, where items use it; a Chinese word is
    put together from its characters."""
    last = at
    while not words[last].closes and last + 1 < len(words):
        last += 1
    word = "".join(t.said for t in words[at : last + 1])
    stem = "".join(t.stem for t in words[at : last + 1])
    if word.isdigit() or (word.isascii() and not used(stem)):
        return None
    return word, stem, words[last].end


def _end(text: str, end: int) -> int:
    return end + 1 if text.startswith(_PARTICLE, end) else end


def speaks_of(text: str, word: str, stem: str) -> bool:
    """Whether `text` has `word`, in any ending of its `stem`, without denying it: "with sugar" has
    sugar, "sugar-free" and "no added sugar" do not."""
    told, denied = _patterns(word, stem)
    plain = normalise(text)
    return len(told.findall(plain)) > len(denied.findall(plain))


@lru_cache(maxsize=256)
def _patterns(word: str, stem: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds `word`, and what finds it denied."""
    if contains_han(word):
        said = re.escape(word)
        return re.compile(said), re.compile(f"(?:{_NEGATORS_IN_CHINESE}){said}")
    said = rf"\b(?:{re.escape(word)}|{re.escape(stem)})[^\W_]{{0,3}}\b"
    before = rf"\b(?:{_NEGATORS})[\s-]+(?:[^\W_]+[\s-]+)?{said}"
    return re.compile(said), re.compile(rf"{before}|{said}[\s-]*(?:free|less)\b")
