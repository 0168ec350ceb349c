"""Words of a text for lexical analysis, Chinese and English mixed."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["contains_han", "normalise", "segment"]

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3005\u3007"
_HAN = re.compile(f"[{HAN}]")
_PIECE = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+(?:['\u2019][^\\W_{HAN}]+)*")
_ACCENT = re.compile("[\u0300-\u036f]+")
_APOSTROPHE = re.compile("['\u2019]")


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
    """The words of `text`, in order, normalised.

    Runs of Han characters are cut by jieba in its mode for search: a long word comes out after the
    shorter words in it, so that each of them finds it. Everything else is words of letters and
    digits; apostrophes inside a word vanish.

    >>> segment("Lancôme 我喜欢科幻电影 L'Oréal")
    ['lancome', '我', '喜欢', '科幻', '电影', '科幻电影', 'loreal']
    """
    words: list[str] = []
    for piece in _PIECE.findall(normalise(text)):
        if _HAN.match(piece):
            words += _cut(piece)
        else:
            words.append(_APOSTROPHE.sub("", piece))
    return words


def _cut(run: str) -> list[str]:
    import rjieba  # loads its dictionary on first use

    return list(rjieba.cut_for_search(run))
