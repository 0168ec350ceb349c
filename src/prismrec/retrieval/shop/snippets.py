"""The part of an item that answers the query, with what matched marked by offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from prismrec.core import Item
from prismrec.language.segmentation import HAN, normalise
from prismrec.retrieval.shop.matching import Term

__all__ = ["Snippet", "Span", "marks", "snippet"]

LONGEST = 180
"""Characters of a snippet."""
READ = 4_000
"""Characters of a text that are looked through."""
_TOKEN = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+(?:['\u2019][^\\W_{HAN}]+)*")
_HAN = re.compile(f"[{HAN}]")
_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])|\n+")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of the field `field`, and in it the spans [start, end) that match, counted in Unicode
    characters. `text` has an ellipsis where it was cut."""

    field: str
    text: str
    marks: tuple[Span, ...]


def marks(text: str, terms: Sequence[Term], stem: Callable[[str], str]) -> tuple[Span, ...]:
    """The spans of `text` that match a word of the query, in order, never overlapping."""
    return tuple(_joined([span for span, _ in _matches(text, terms, stem)]))


def snippet(item: Item, terms: Sequence[Term], stem: Callable[[str], str]) -> Snippet | None:
    """The sentence of the item's longer texts that matches the query best: that tells most of its
    words, each counted once; the first of equals. A long one is cut around its matches.

    `None` where no text but the title has a word of the query.
    """
    best: tuple[float, str, str] | None = None
    for field, whole in {"description": item.description, **item.texts}.items():
        for sentence in _sentences(whole[:READ]):
            weight = sum({id(t): t.weight for _, t in _matches(sentence, terms, stem)}.values())
            if weight > (best[0] if best else 0.0):
                best = weight, field, sentence
    if best is None:
        return None
    _, field, sentence = best
    text = _cut(sentence, marks(sentence, terms, stem))
    return Snippet(field, text, marks(text, terms, stem))


def _sentences(text: str) -> Iterator[str]:
    for piece in _END.split(text):
        if piece and not piece.isspace():
            yield piece.strip()


def _matches(
    text: str, terms: Sequence[Term], stem: Callable[[str], str]
) -> Iterator[tuple[Span, Term]]:
    """Every span that matches a term. Words in Latin script match whole, by their stem; Chinese
    ones wherever they stand, whatever the words around them."""
    han = [term for term in terms if _HAN.match(term.stem)]
    told_by = _words_of([term for term in terms if not _HAN.match(term.stem)], stem)
    for token in _TOKEN.finditer(text):
        piece = token.group()
        if _HAN.match(piece):
            for term in han:
                yield from ((span, term) for span in _places(term.stem, piece, token.start()))
        elif (found := told_by(_plain(piece))) is not None:
            yield token.span(), found


def _words_of(terms: Sequence[Term], stem: Callable[[str], str]) -> Callable[[str], Term | None]:
    """The first of `terms` that a word matches, if any."""
    if not any(term.prefix for term in terms):
        by_stem = {term.stem: term for term in reversed(terms)}
        return lambda word: by_stem.get(stem(word))

    def begun(word: str) -> Term | None:
        for term in terms:
            begins = term.prefix and word.startswith(term.prefix)
            if begins or (stem(word) == term.stem and len(word) >= len(term.prefix)):
                return term
        return None

    return begun


@lru_cache(maxsize=100_000)
def _plain(piece: str) -> str:
    """A word as it is compared: normalised, apostrophes gone."""
    return normalise(piece).replace("'", "").replace("\u2019", "")


def _places(word: str, run: str, start: int) -> Iterator[Span]:
    at = run.find(word)
    while at >= 0:
        yield start + at, start + at + len(word)
        at = run.find(word, at + 1)


def _joined(spans: list[Span]) -> list[Span]:
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out


def _cut(text: str, spans: Sequence[Span]) -> str:
    """At most LONGEST characters of `text`, those with the most matched characters, cut at words
    where there are spaces."""
    if len(text) <= LONGEST:
        return text
    starts = [max(0, start - LONGEST // 4) for start, _ in spans]
    shown = lambda s: sum(e - b for b, e in spans if b >= s and e <= s + LONGEST)  # noqa: E731
    start = max(starts, key=lambda s: (shown(s), -s))
    start = min(start, len(text) - LONGEST)
    end = start + LONGEST
    if start and (space := text.find(" ", start, start + 25)) >= 0:
        start = space + 1
    if end < len(text) and (space := text.rfind(" ", end - 25, end)) >= 0:
        end = space
    return ("…" if start else "") + text[start:end].strip() + ("…" if end < len(text) else "")
