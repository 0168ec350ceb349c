"""Words of a text for lexical analysis, Chinese and English mixed.

segment("USB-C, 14 inch")    -> ["usb", "c", "14", "14in"]
cut("USB-C, 14 inch").others -> ["usbc"]
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from prismrec.language.units import MEASURE, measure_word, number_word

__all__ = ["HAN", "Alternative", "Cut", "contains_han", "cut", "normalise", "segment"]

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3005\u3007"
_HAN = re.compile(f"[{HAN}]")
_LETTERS = rf"[^\W_{HAN}]++(?:['\u2019][^\W_{HAN}]++)*"
_CHUNK = rf"{_LETTERS}(?:(?<=\d)[.,](?=\d){_LETTERS})*"
# Groups are greedy, not possessive: Python 3.11.2 forgets what a possessive group in a named one
# has matched. Each round begins with a sign that nothing else matches, so none is tried twice.
_JOINTS = "[-\u2010\u2011]"
_PIECE = re.compile(
    rf"(?P<word>(?=\D){_CHUNK}(?:{_JOINTS}{_CHUNK})*)|(?P<han>[{HAN}]++)"
    rf"|(?P<measure>{MEASURE})|(?P<number>{_CHUNK}(?:{_JOINTS}{_CHUNK})*)"
)
_QUOTED = re.compile(r'(?<!\S)"([^"]*+)"(?!\w)')
_ACCENT = re.compile("[\u0300-\u036f]+")
_APOSTROPHE = re.compile("['\u2019]")
_JOINT = re.compile(_JOINTS)
_SEPARATOR = re.compile("[.,]")
_NAMED = re.compile(r"([^\W\d_]{3,})(\d{1,4})")
_MODEL = re.compile(r"\d{1,4}(?:\.\d)?")
_LONGEST_JOINED = 40
_LINKS = "a an and as at by for from in into is of on or the to up with"
"""Words that a number behind them has nothing to do with."""
_NO_NAMES = frozenset(_LINKS.split())


@dataclass(frozen=True, slots=True)
class Alternative:
    """The words [start, end) of a text may also be written as any of `others`."""

    start: int
    end: int
    others: tuple[tuple[str, ...], ...]


@dataclass
class Cut:
    """What a text was cut into.

    `words` are its words in order. `others` are further ways to write some of them: what hyphens
    join as one word, a name and the number behind it as one (`iphone 13`: `iphone13`), and such a
    word in its two parts.
    """

    words: list[str] = field(default_factory=list)
    others: list[Alternative] = field(default_factory=list)


def contains_han(text: str) -> bool:
    """Whether `text` has a Chinese character (Han script, which Japanese writes too)."""
    return _HAN.search(text) is not None


def normalise(text: str) -> str:
    """Full-width forms made plain (NFKC), case folded, accents of European letters removed."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", _ACCENT.sub("", decomposed))


def segment(text: str) -> list[str]:
    """The words of `text`, in order, normalised; indexing and asking must both cut with it.

    Runs of Han characters are cut by jieba in its mode for search: a long word comes out after the
    shorter words in it, so that each of them finds it. Everything else is words of letters and
    digits; apostrophes inside a word vanish, hyphens part. A number with a point stays whole, and
    a measure comes out as its number and as one word for all ways to write it (see `units`).

    >>> segment("Lancôme 我喜欢科幻电影 L'Oréal 3.2")
    ['lancome', '我', '喜欢', '科幻', '电影', '科幻电影', 'loreal', '3.2']
    >>> segment('14-inch') == segment('14"') == segment("14 英寸") == ['14', '14in']
    True
    """
    return cut(text).words


def cut(text: str) -> Cut:
    """The words of `text` as `segment` gives them, and the other ways to write them."""
    text = _QUOTED.sub(r" \1 ", normalise(text))
    out = Cut()
    end, name = 0, ""
    for piece in _PIECE.finditer(text):
        kind, said = piece.lastgroup, piece.group()
        if kind == "word" and said.isalpha():
            out.words.append(said)
        elif kind == "han":
            out.words += _of_han(said)
        elif kind == "measure":
            unit = piece["apart"] or piece["glued"] or piece["sign"]
            out.words += number_word(piece["amount"]), measure_word(piece["amount"], unit)
        else:
            if name and _MODEL.fullmatch(said) and text[end : piece.start()].isspace():
                start = len(out.words) - 1
                out.others.append(Alternative(start, start + 2, ((name + said,),)))
            _of_compound(said, out)
        name = said if kind == "word" and _is_name(said) else ""
        end = piece.end()
    return out


def _is_name(word: str) -> bool:
    return 1 < len(word) <= _LONGEST_JOINED and word.isalpha() and word not in _NO_NAMES


def _of_compound(said: str, out: Cut) -> None:
    """What hyphens join, in parts and as one; numbers (dates, ranges) in parts alone."""
    parts = [_APOSTROPHE.sub("", part) for part in _JOINT.split(said)]
    start = len(out.words)
    for part in parts:
        _of_chunk(part, out)
    whole = "".join(parts)
    if len(parts) > 1 and len(whole) <= _LONGEST_JOINED and not whole.isdigit():
        out.others.append(Alternative(start, len(out.words), ((whole,),)))


def _of_chunk(chunk: str, out: Cut) -> None:
    """A number, a version (`802.11ac`; its parts find it too), a name with a number, a word."""
    word = number_word(chunk) if chunk[0].isdigit() else chunk
    out.words.append(word)
    if named := _NAMED.fullmatch(word):
        place = len(out.words) - 1
        out.others.append(Alternative(place, place + 1, ((named[1], named[2]),)))
    elif not word.isdecimal() and _SEPARATOR.search(word) and not _is_decimal(word):
        out.words += filter(None, _SEPARATOR.split(word))


def _is_decimal(word: str) -> bool:
    whole, _, fraction = word.partition(".")
    return whole.isdecimal() and fraction.isdecimal()


def _of_han(run: str) -> list[str]:
    import rjieba  # loads its dictionary on first use

    return list(rjieba.cut_for_search(run))
