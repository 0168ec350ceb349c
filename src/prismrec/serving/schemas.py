"""The shapes of requests and answers: the HTTP API's vocabulary, checked at the edge."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from prismrec.core import Event, Filters, Item, User

__all__ = [
    "EventIn",
    "EventsIn",
    "EventsOut",
    "ExplainOut",
    "FiltersIn",
    "ItemIn",
    "ItemOut",
    "ItemsIn",
    "LinkIn",
    "PromoteIn",
    "RecommendIn",
    "SearchIn",
    "SimilarIn",
    "SlateOut",
    "UserIn",
    "UsersIn",
]

MAX_TIME = 253_402_300_799_000  # the end of the year 9999, in milliseconds


def _milliseconds(value: object) -> object:
    """ISO 8601 text, or milliseconds since 1970 UTC."""
    if isinstance(value, str):
        try:
            when = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("must be milliseconds since 1970 or ISO 8601 text") from None
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        return round(when.timestamp() * 1000)
    return value


def _finite(value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _clean(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return value


Name = Annotated[str, Field(max_length=256), AfterValidator(_clean)]
Id = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_clean)]
Text = Annotated[str, Field(max_length=20_000), AfterValidator(_clean)]
Time = Annotated[
    int,
    BeforeValidator(_milliseconds),
    Field(ge=-MAX_TIME, le=MAX_TIME, description="Milliseconds since 1970 UTC, or ISO 8601 text."),
]
Number = Annotated[float, AfterValidator(_finite)]
Attributes = dict[Id, bool | Number | Name | list[Name]]
Price = Annotated[float, Field(ge=0, le=1e15), AfterValidator(_finite)]


class Strict(BaseModel):
    """Unknown fields are errors: a typo must not pass for a default."""

    model_config = ConfigDict(extra="forbid")


class EventIn(Strict):
    """One thing one person did to one item."""

    item_id: Id
    event: Id = Field(description="view, click, cart, purchase, rating, ...")
    user_id: Name = ""
    session_id: Name = ""
    timestamp: Time | None = Field(None, description="When it happened; now where absent.")
    value: Number | None = Field(None, description="A grade for `rating`, else money or duration.")
    event_id: Name = Field("", description="Your idempotency key: a repeat changes nothing.")
    query: Text = Field("", description="The search that led here.")
    exposure_id: Name = Field("", description="The slate in which the item was shown.")

    def event_of(self) -> Event:
        """The event as the engine knows it."""
        return Event(**self.model_dump())


class EventsIn(Strict):
    """A batch of events. Each row is checked on its own; a bad row does not spoil the others."""

    events: list[dict[str, Any]] = Field(min_length=1, description="Rows with the fields of Event.")


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


class FiltersIn(Strict):
    """What an item must be to be shown; everything given must hold."""

    attributes: dict[Id, list[Name]] = Field(default_factory=dict)
    categories: list[Name] = Field(default_factory=list)
    min_price: Price | None = None
    max_price: Price | None = None
    available: bool = True
    created_after: Time | None = None
    exclude: list[Id] = Field(default_factory=list, max_length=10_000)
    only: list[Id] = Field(default_factory=list, max_length=10_000)

    def filters(self) -> Filters:
        """The filters as the engine knows them."""
        return Filters(
            attributes={name: tuple(values) for name, values in self.attributes.items()},
            categories=tuple(self.categories),
            min_price=self.min_price,
            max_price=self.max_price,
            available=self.available,
            created_after=self.created_after,
            exclude=tuple(self.exclude),
            only=tuple(self.only),
        )


class Asking(Strict):
    """What every question may say."""

    n: int = Field(10, ge=1, le=200, description="How many items to answer with.")
    filters: FiltersIn = Field(default_factory=FiltersIn)
    seed: int | None = Field(None, ge=0, lt=2**53, description="Makes the answer repeatable.")
    explore: bool = Field(True, description="False: no exploration, nothing logged (previews).")
    context: dict[Name, Name] = Field(default_factory=dict, max_length=50)


class RecommendIn(Asking):
    """What's for this user, session, or history?"""

    user_id: Name = ""
    session_id: Name = ""
    history: list[EventIn] | None = Field(
        None, max_length=200, description="Instead of the stored one."
    )
    cursor: Name = Field("", description="From an earlier answer: the next page of the same slate.")


class SearchIn(RecommendIn):
    """Which items fit this text, for this person?"""

    text: Text = Field(min_length=1)
    facets: bool = Field(False, description="Count brands, categories and prices of what fits.")


class SimilarIn(Asking):
    """More like this item."""

    item_id: Id


class ItemIn(Strict):
    """One thing in the catalogue; sending it again replaces it."""

    item_id: Id
    title: Text = ""
    description: Text = ""
    brand: Name = ""
    categories: list[Name] = Field(default_factory=list, max_length=100)
    attributes: dict[Id, Name | Number | bool | list[Name]] = Field(
        default_factory=dict, max_length=200
    )
    price: Price | None = None
    available: bool = True
    created_at: Time | None = None
    texts: dict[Id, Text] = Field(default_factory=dict, max_length=50)
    vectors: dict[Id, list[Number]] = Field(default_factory=dict, max_length=10)

    def item(self) -> Item:
        """The item as the engine knows it."""
        given = self.model_dump()
        given["categories"] = tuple(self.categories)
        given["attributes"] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in self.attributes.items()
        }
        given["vectors"] = {name: tuple(vector) for name, vector in self.vectors.items()}
        return Item(**given)


class ItemsIn(Strict):
    """Items to add or replace; all or none."""

    items: list[ItemIn] = Field(min_length=1)


class ItemOut(BaseModel):
    """An item as the catalogue holds it."""

    item_id: str
    title: str
    description: str
    brand: str
    categories: list[str]
    attributes: dict[str, Any]
    price: float | None
    available: bool
    created_at: int | None


class UserIn(Strict):
    """One person's profile; sending it again replaces it."""

    user_id: Id
    attributes: dict[Id, Name | Number | bool | list[Name]] = Field(
        default_factory=dict, max_length=200
    )
    tags: list[Name] = Field(default_factory=list, max_length=200)
    location: tuple[Number, Number] | None = None

    def user(self) -> User:
        """The user as the engine knows them."""
        return User(
            user_id=self.user_id,
            attributes={
                k: tuple(v) if isinstance(v, list) else v for k, v in self.attributes.items()
            },
            tags=tuple(self.tags),
            location=self.location,
        )


class UsersIn(Strict):
    """Users to add or replace; all or none."""

    users: list[UserIn] = Field(min_length=1)


class SlateItemOut(BaseModel):
    """One item of an answer: what it is, what it scored, why, and how likely it was shown here."""

    item_id: str
    title: str
    brand: str
    categories: list[str]
    price: float | None
    score: float
    parts: dict[str, float] = Field(description="Sum to the score exactly.")
    reason: str
    propensity: float
    sources: list[str]
    explored: bool


class SlateOut(BaseModel):
    """The ordered items, and under which exposure, release and policy they were chosen."""

    items: list[SlateItemOut]
    exposure_id: str
    release: int
    policy: str
    seed: int
    at: int
    notes: list[str]
    cursor: str = ""
    facets: dict[str, dict[str, int]] | None = None


class ContributionOut(BaseModel):
    """How much one part sets the item apart from the others it competed with."""

    name: str
    value: float
    share: float


class ExplainOut(BaseModel):
    """Why an item scores what it does."""

    item_id: str
    sentence: str
    contributions: list[ContributionOut]
    influences: list[dict[str, Any]]


class PromoteIn(Strict):
    """Which release to serve from the next request on."""

    release: int = Field(ge=1, lt=2**31)


class LinkIn(Strict):
    """What the anonymous session did belongs to this user."""

    session_id: Id
    user_id: Id


class KeyIn(Strict):
    """A new API key: what it may do, and for whom it is."""

    role: str = Field(pattern="^(read|write|admin)$")
    label: Name = ""
