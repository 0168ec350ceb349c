"""The shapes of answers: what a client may rely on."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

__all__ = [
    "AuditOut",
    "CollectionsOut",
    "CompleteOut",
    "CompletionOut",
    "ContributionOut",
    "EventsOut",
    "ExplainOut",
    "FindingOut",
    "HistoryOut",
    "InfluenceOut",
    "ItemOut",
    "KeyMade",
    "KeyOut",
    "OutcomeOut",
    "PersonOut",
    "PriceRangeOut",
    "ReleaseOut",
    "RuleOut",
    "SlateItemOut",
    "SlateOut",
    "SnippetOut",
    "UnderstoodOut",
]


class OutcomeOut(BaseModel):
    """What became of one row."""

    status: str = Field(description="accepted, duplicate or rejected")
    event_id: str = ""
    seq: int | None = None
    reason: str = ""


class EventsOut(BaseModel):
    """Row by row, in the order sent; durable when this is read."""

    accepted: int
    duplicate: int
    rejected: int
    rows: list[OutcomeOut]


class ItemOut(BaseModel):
    """An item as the catalogue holds it; `extracted` was read from its texts, and is not given."""

    item_id: str
    title: str
    description: str
    brand: str
    categories: list[str]
    attributes: dict[str, Any]
    price: float | None
    available: bool
    created_at: int | None
    texts: dict[str, str]
    extracted: dict[str, Any] = Field(default_factory=dict)


class SlateItemOut(BaseModel):
    """One item of an answer: what it is, what it scored, why, and how likely it was shown here."""

    item_id: str
    title: str
    brand: str
    categories: list[str]
    price: float | None
    score: float
    parts: dict[str, float] = Field(description="They sum to the score.")
    reason: str
    propensity: float
    sources: list[str]
    explored: bool = Field(description="True where it was not the greedy choice for its place.")
    pinned: bool = Field(False, description="True where a rule of the shop put it there.")
    marks: list[tuple[int, int]] | None = Field(
        None, description="Spans [start, end) of the title that match, in Unicode characters."
    )
    snippet: SnippetOut | None = None
    chances: dict[str, float] | None = Field(
        None,
        description="On the first page of a recommendation: how likely each outcome is, as far as "
        "the release has learned it: `next` (the person takes it next), `click`, ...",
    )


class SnippetOut(BaseModel):
    """The part of an item that fits a search best. Spans are [start, end) in Unicode characters."""

    field: str = Field(description="description, or the name of another text of the item")
    text: str
    marks: list[tuple[int, int]]


class PriceRangeOut(BaseModel):
    """A range of prices, both ends included, and how many of the items cost that."""

    low: float
    high: float
    count: int


class FindingOut(BaseModel):
    """One thing that the text of a search was understood to say, and from which of its words.

    `text[start:end]` are the words, in Unicode characters. A filter leaves items out, a boost only
    moves some up. Send `key` back in `ignore` to search without it.
    """

    key: str
    kind: str = Field(description="brand, category, attribute, price, without or phrase")
    filter: bool
    name: str
    value: str
    words: str
    start: int
    end: int
    low: float | None
    high: float | None
    currency: str


class UnderstoodOut(BaseModel):
    """What was read in the text of a search."""

    searched: str = Field(description="What was looked for: the text without what became filters.")
    language: str
    findings: list[FindingOut]
    correction: str = Field(description="Did you mean? Empty where nothing is to correct.")


class SlateOut(BaseModel):
    """The ordered items, and under which exposure, release and policy they were chosen."""

    items: list[SlateItemOut]
    exposure_id: str = Field(description="Send it with the events that follow from this slate.")
    release: int
    policy: str
    seed: int
    at: int
    notes: list[str]
    cursor: str = Field("", description="Send it back for the next page; empty on the last.")
    facets: dict[str, dict[str, int]] | None = Field(
        None, description="By facet: how many items ticking each value would show."
    )
    price_ranges: list[PriceRangeOut] | None = None
    total: int | None = Field(None, description="Of a listing: how many items match.")
    understood: UnderstoodOut | None = Field(None, description="Of a search: what was read in it.")


class CompletionOut(BaseModel):
    """One suggestion. Spans of what was typed are [start, end) in Unicode characters."""

    text: str
    kind: str = Field(description="query, category, brand or title")
    item_id: str = Field(description="The product of a title, else empty.")
    marks: list[tuple[int, int]]


class CompleteOut(BaseModel):
    """Suggestions, the likeliest of each kind first."""

    completions: list[CompletionOut]


class ContributionOut(BaseModel):
    """How much one part sets the item apart from the others it competed with."""

    name: str
    value: float
    share: float


class InfluenceOut(BaseModel):
    """A past item, and how far the score falls without it."""

    item_id: str
    title: str
    drop: float


class ExplainOut(BaseModel):
    """Why an item scores what it does."""

    item_id: str
    sentence: str
    contributions: list[ContributionOut]
    influences: list[InfluenceOut]


class PersonOut(BaseModel):
    """Somebody the collection knows, and when they last did something."""

    user_id: str
    last_at: int | None


class HistoryOut(BaseModel):
    """One past event of a user."""

    item_id: str
    title: str
    event: str
    timestamp: int | None
    value: float | None
    query: str


class ReleaseOut(BaseModel):
    """A release on disk: what it is and what was measured when it was made."""

    number: int
    serving: bool
    created_at: int | None = None
    content_hash: str = ""
    parent: int | None = None
    n_items: int | None = None
    last_seq: int | None = None
    report: dict[str, Any] = Field(default_factory=dict)
    verdict: dict[str, Any] | None = Field(
        None,
        description="What `prismrec compare` last found in the log of exposures: whether it may be "
        "promoted, and its advantage over the release `against` with its interval.",
    )
    problem: str = Field("", description="Why it cannot be served, where it cannot.")


class CollectionsOut(BaseModel):
    """What is served here."""

    version: str
    collections: list[str]


class AuditOut(BaseModel):
    """One line of the audit trail; `hash` chains it to the line before."""

    seq: int
    at: int
    who: str
    action: str
    details: dict[str, Any]
    hash: str


class RuleOut(BaseModel):
    """What the shop decided about a search."""

    rule_id: str
    query: str
    match: str
    pin: list[str]
    bury: list[str]
    block: list[str]
    starts_at: int | None
    ends_at: int | None
    note: str


class KeyMade(BaseModel):
    """A new key, shown this once."""

    key: str
    role: str
    label: str


class KeyOut(BaseModel):
    """A key without its secret."""

    key_id: str
    role: str
    label: str
    created_at: int
    revoked: bool
