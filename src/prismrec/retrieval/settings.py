"""Settings of the candidate sources."""

from __future__ import annotations

from dataclasses import dataclass, field

from prismrec.core import BadSettings

__all__ = ["FIELDS", "RetrievalSettings"]

FIELDS = ("title", "brand", "categories", "attributes", "description", "others")
"""The fields of the lexical index; `others` are the further text fields of an item."""


def _boosts() -> dict[str, float]:
    return {
        "title": 2.0,
        "brand": 1.5,
        "categories": 1.5,
        "attributes": 1.0,
        "description": 1.0,
        "others": 1.0,
    }


@dataclass(frozen=True)
class RetrievalSettings:
    """How candidates are found.

    Below `exact_below` items every item is a candidate, and vector search is exact, from
    `projected_from` items on by a first step over fewer numbers; from `exact_below` on each source
    of recommendations brings `candidates` items, and vectors are searched in an HNSW graph of
    `hnsw_links` neighbours (M), built with `hnsw_build` (efConstruction) and searched with
    `hnsw_search` (efSearch). A filter that leaves at most `filtered_exact_below` vectors is
    searched exactly.

    From `exact_below` items on, `wished` lets the chat model of `[chat]` bring candidates too: by a
    `profile` that it writes from a history, or by the `ideal` next item that it describes, each
    looked for by meaning; empty for none.

    `rrf_k` is the constant of reciprocal-rank fusion. In a search the person's own taste adds
    `personal_weight`, where an item that has all words counts 1, for each standard deviation that
    an item stands out by it, times how far the person's history can be believed; 0 for none.
    Half-lives are in days, for collections with a clock.

    `field_boosts` weighs the fields of the lexical index, `field_tie` is what a word earns from the
    fields beside the one it matched best, and `stemmer` names the stemmer of words in Latin script
    (a language in English, or empty for none). `typo_from` is the length from which a word that no
    item has may match with one typing error. `synonyms` is a text file of words that mean the same
    (its form: docs/guides/search-words.md), in the collection's folder or by its whole path; empty
    for none. `understood_weight` is added to the score of an item that fulfils every wish which a
    text names by brand, category or attribute, where one that has all words counts 1; 0 for none.
    """

    exact_below: int = 50_000
    projected_from: int = 8_000
    candidates: int = 500
    hnsw_links: int = 32
    hnsw_build: int = 120
    hnsw_search: int = 256
    filtered_exact_below: int = 20_000
    wished: str = ""
    rrf_k: float = 60.0
    personal_weight: float = 0.08
    popular_half_life_days: float = 30.0
    recent_half_life_days: float = 14.0
    repeat_half_life_days: float = 30.0
    field_boosts: dict[str, float] = field(default_factory=_boosts)
    field_tie: float = 0.3
    stemmer: str = "english"
    typo_from: int = 4
    synonyms: str = ""
    understood_weight: float = 0.02

    def __post_init__(self) -> None:
        if self.wished not in ("", "profile", "ideal"):
            raise BadSettings(
                f"retrieval.wished is '{self.wished}'.",
                hint="Set it to profile or ideal, or to ''.",
            )
