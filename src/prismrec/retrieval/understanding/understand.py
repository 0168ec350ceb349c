"""What a text asks for beside its words: brand, category, attributes, bounds of price, refusals.

    understand("red waterproof jacket under 50, not Acme")
    -> searched "red waterproof jacket"; boosts: color=Red; filters: price <= 50, without brand=Acme

Brands, categories and attributes are those of the catalogue, and only move items up. Bounds of
price, refusals and words in quotes leave items out. Whatever was found says from which words, and
can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from prismrec.core.understood import Finding, Understood
from prismrec.language.scripts import script_shares
from prismrec.retrieval.understanding.catalogue_terms import CatalogueTerms, Term
from prismrec.retrieval.understanding.prices import PriceClause, price_clauses
from prismrec.retrieval.understanding.quoted import quotes
from prismrec.retrieval.understanding.refusals import Refusal, refusals
from prismrec.retrieval.understanding.requests import without_request
from prismrec.retrieval.understanding.spans import MOST_CHARACTERS, Stem, Token, tokens

__all__ = ["language_of", "understand"]

_LANGUAGES = {
    "han": "zh",
    "kana": "ja",
    "hangul": "ko",
    "thai": "th",
    "greek": "el",
    "hebrew": "he",
}
_SCRIPTS = {
    "latin": "und-Latn",
    "cyrillic": "und-Cyrl",
    "arabic": "und-Arab",
    "devanagari": "und-Deva",
    "other": "und",
}
_SURE = {"brand": 0.2, "category": 0.2, "attribute": 2 / 3}
"""The strength from which a word is taken for a name. An attribute's value that few of the items
with the word have (`power source: Cable`) is not what the word says."""
_KANA = 0.1
"""The share of kana from which Han characters are read as Japanese."""


def understand(
    text: str,
    terms: CatalogueTerms,
    stem: Stem,
    used: Callable[[str], int],
    *,
    ignore: Collection[str] = (),
) -> Understood:
    """What `text` asks for, by what the catalogue knows (`terms`).

    `stem` makes words that differ in their endings the same; `used` counts the items with a stem.
    `ignore` are keys of findings (`Finding.key`) to leave out: their words are then looked for as
    any others. Of a long text the first 400 characters are read. Never raises.
    """
    head = text[:MOST_CHARACTERS]
    words = tokens(head, stem)
    filters = [*_quoted(head, words), *_prices(head, terms), *_refused(head, words, terms, used)]
    filters = [found for found in _apart(filters) if found.key not in ignore]
    free = [t for t in words if not any(f.start <= t.start < f.end for f in filters)]
    boosts = [f for f in _wanted(head, free, terms, used) if f.key not in ignore]
    rest = without_request(_without(head, filters), terms) + text[MOST_CHARACTERS:]
    return Understood(
        text=text,
        searched=rest if rest.strip() else text,
        language=language_of(head),
        findings=tuple(sorted([*filters, *boosts], key=lambda found: found.start)),
    )


def language_of(text: str) -> str:
    """The language of a text as far as its script tells: `zh`, `ja`, `ko`, `th`, `el`, `he`, else
    `und-` and the script; empty without letters. Han characters among kana are Japanese."""
    shares = script_shares([text])
    if not shares:
        return ""
    if shares.get("kana", 0.0) >= _KANA:
        return "ja"
    if "han" in shares:
        return "zh"
    most = next(iter(shares))
    return _LANGUAGES.get(most) or _SCRIPTS.get(most, "und")


def _quoted(text: str, words: Sequence[Token]) -> Iterator[Finding]:
    for found in quotes(text, words):
        yield Finding(
            kind="phrase",
            filter=True,
            name="",
            value=found.said,
            words=text[found.start : found.end],
            start=found.start,
            end=found.end,
        )


def _prices(text: str, terms: CatalogueTerms) -> Iterator[Finding]:
    """Bounds that the catalogue's prices can be held to; without a currency, only where some prices
    are within them and some are not."""
    if terms.prices is None:
        return
    for clause in price_clauses(text):
        said = text[clause.start : clause.end]
        if clause.currency or (_divides(clause, terms.prices) and not _is_title(said, terms)):
            yield Finding(
                kind="price",
                filter=True,
                name="price",
                value=_bounds(clause),
                words=said,
                start=clause.start,
                end=clause.end,
                low=clause.low,
                high=clause.high,
                currency=clause.currency,
            )


def _divides(clause: PriceClause, prices: tuple[float, float]) -> bool:
    bounds = [bound for bound in (clause.low, clause.high) if bound is not None]
    return any(prices[0] <= bound <= prices[1] for bound in bounds)


def _is_title(said: str, terms: CatalogueTerms) -> bool:
    cue, _, number = said.rpartition(" ")
    return terms.is_name(cue, number)


def _bounds(clause: PriceClause) -> str:
    if clause.low is None:
        return f"<= {clause.high:g}"
    return f">= {clause.low:g}" if clause.high is None else f"{clause.low:g} - {clause.high:g}"


def _refused(
    text: str, words: Sequence[Token], terms: CatalogueTerms, used: Callable[[str], int]
) -> Iterator[Finding]:
    for found in refusals(text, words, terms, used):
        yield _refusal(text, found)


def _refusal(text: str, found: Refusal) -> Finding:
    term = found.term
    return Finding(
        kind="without",
        filter=True,
        name=term.name if term else "",
        value=term.value if term else found.word,
        words=text[found.start : found.end],
        start=found.start,
        end=found.end,
        tokens=term.tokens if term else (),
    )


def _wanted(
    text: str, words: Sequence[Token], terms: CatalogueTerms, used: Callable[[str], int]
) -> Iterator[Finding]:
    """The names of the catalogue in `words`, the longest first come."""
    at = 0
    while at < len(words):
        matched = terms.match(words, at)
        if matched is None:
            at += 1
            continue
        size, term = matched
        start, end = words[at].start, words[at + size - 1].end
        strength = _strength(term, words[at : at + size], used)
        at += size
        if strength >= _SURE[term.kind]:
            yield Finding(
                kind=term.kind,
                filter=False,
                name=term.name,
                value=term.value,
                words=text[start:end],
                start=start,
                end=end,
                tokens=term.tokens,
                strength=strength,
            )


def _strength(term: Term, words: Sequence[Token], used: Callable[[str], int]) -> float:
    """The share of the items with the rarest of `words` that have the value, as far as counts
    tell."""
    having = min((n for word in words if (n := used(word.stem)) > 0), default=0)
    return min(1.0, term.items / max(having, term.items, 1))


def _apart(findings: Sequence[Finding]) -> list[Finding]:
    """The findings of which no earlier one has words, in order of place."""
    kept: list[Finding] = []
    for found in findings:
        if all(found.end <= other.start or found.start >= other.end for other in kept):
            kept.append(found)
    return sorted(kept, key=lambda found: found.start)


def _without(text: str, filters: Sequence[Finding]) -> str:
    """`text` without the words of `filters`. A refused word that is no name of the catalogue stays:
    items that deny it ("sugar-free") say it too. So do quoted words, without their marks."""
    pieces, at = [], 0
    for found in filters:
        if found.kind == "without" and not found.tokens:
            continue
        pieces.append(text[at : found.start].rstrip(" ,;，、"))
        pieces += [found.value] if found.kind == "phrase" else []
        at = found.end
    pieces.append(text[at:])
    return " ".join(pieces).strip(" ,;，、")
