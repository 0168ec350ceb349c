"""The shapes of requests: the HTTP API's vocabulary, checked at the edge.

Nothing is coerced: `"10"` is not a number and `1` is not true, so that a mistake shows where it was
made. Unknown fields are errors.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SkipValidation,
)

from prismrec.core import Event, Filters, Item, User

__all__ = [
    "CompleteIn",
    "Count",
    "EventIn",
    "EventsIn",
    "FiltersIn",
    "IdInPath",
    "IdInQuery",
    "ItemIn",
    "ItemsIn",
    "LinkIn",
    "NameInQuery",
    "RecommendIn",
    "SearchIn",
    "SimilarIn",
    "TextInQuery",
    "UserIn",
    "UsersIn",
]

MAX_TIME = 253_402_300_799_000
"""The end of the year 9999, in milliseconds."""


def _milliseconds(value: object) -> object:
    """ISO 8601 text, or milliseconds since 1970 UTC."""
    if isinstance(value, str):
        try:
            when = datetime.fromisoformat(value)
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
            return round(when.timestamp() * 1000)
        except (ValueError, OverflowError):
            raise ValueError("must be milliseconds since 1970 or ISO 8601 text") from None
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
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


Flag = Annotated[bool, Field(strict=True)]
Name = Annotated[str, Field(max_length=256), AfterValidator(_clean)]
Id = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_clean)]
Text = Annotated[str, Field(max_length=20_000), AfterValidator(_clean)]
Cursor = Annotated[str, Field(max_length=8_000), AfterValidator(_clean)]
Time = Annotated[
    int,
    Field(strict=True, ge=-MAX_TIME, le=MAX_TIME),
    BeforeValidator(_milliseconds, json_schema_input_type=int | str),
]
Number = Annotated[
    float, Field(strict=True, ge=-1e300, le=1e300, allow_inf_nan=False), AfterValidator(_finite)
]
Component = Annotated[float, Field(strict=True, ge=-1e30, le=1e30, allow_inf_nan=False)]
Price = Annotated[float, Field(strict=True, ge=0, le=1e15, allow_inf_nan=False)]
Attributes = Annotated[dict[Id, Flag | Number | Name | list[Name]], Field(max_length=200)]

IdInPath = Annotated[str, Path(min_length=1, max_length=256), AfterValidator(_clean)]
IdInQuery = Annotated[str, Query(min_length=1, max_length=256), AfterValidator(_clean)]
NameInQuery = Annotated[str, Query(max_length=256), AfterValidator(_clean)]
TextInQuery = Annotated[str, Query(max_length=20_000), AfterValidator(_clean)]
Count = Annotated[int, Query(ge=1, le=200)]


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

    events: list[SkipValidation[EventIn]] = Field(min_length=1)


class FiltersIn(Strict):
    """What an item must be to be shown; everything given must hold."""

    attributes: dict[Id, list[Name]] = Field(default_factory=dict, max_length=50)
    categories: list[Name] = Field(default_factory=list, max_length=100)
    min_price: Price | None = None
    max_price: Price | None = None
    available: Flag = True
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

    n: int = Field(10, ge=1, le=200, strict=True, description="How many items to answer with.")
    filters: FiltersIn = Field(default_factory=FiltersIn)
    seed: int | None = Field(
        None, ge=0, lt=2**53, strict=True, description="Makes the answer repeatable."
    )
    explore: Flag = Field(True, description="False: no exploration, nothing logged (previews).")
    context: dict[Name, Name] = Field(default_factory=dict, max_length=50)
    cursor: Cursor = Field(
        "", description="From an earlier answer: the next page of the same slate."
    )


class RecommendIn(Asking):
    """What's for this user, session, or history?"""

    user_id: Name = ""
    session_id: Name = ""
    history: list[EventIn] | None = Field(
        None, max_length=200, description="Instead of the stored one."
    )


class SearchIn(RecommendIn):
    """Which items fit this text, for this person?

    With `facets`, a `sort` or no text, the answer is a listing: every item that matches, counted in
    `total`, page by page, and no other. Otherwise it is a slate of the best, however far they fit.
    """

    text: Text = Field("", description="Empty: browse what passes the filters.")
    typing: Flag = Field(
        False, description="Search as you type: the last word may be a beginning; nothing logged."
    )
    facets: Flag | Annotated[list[Name], Field(max_length=50)] = Field(
        False,
        description="Count what each filter would leave, of all items that match: true for the "
        "facets that tell most, or their names (category, brand, price, any attribute).",
    )
    sort: Literal["relevance", "price-asc", "price-desc", "newest", "popularity"] = "relevance"
    ignore: list[Text] = Field(
        default_factory=list,
        max_length=50,
        description="Keys of what was understood of the text that is to be left out.",
    )
    snippets: Flag = Field(False, description="Mark what matches, and bring the best sentence.")

    @property
    def listing(self) -> bool:
        """Whether it asks for all that matches."""
        return bool(self.facets) or self.sort != "relevance" or not self.text.strip()


class CompleteIn(Strict):
    """What may somebody who typed this mean?"""

    text: Text = ""
    n: int = Field(8, ge=1, le=50, strict=True, description="How many suggestions.")


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
    attributes: Attributes = Field(default_factory=dict)
    price: Price | None = None
    available: Flag = True
    created_at: Time | None = None
    texts: dict[Id, Text] = Field(default_factory=dict, max_length=50)
    vectors: dict[Id, Annotated[list[Component], Field(min_length=1, max_length=4096)]] = Field(
        default_factory=dict, max_length=10
    )
    extracted: Attributes = Field(
        default_factory=dict,
        description="Read from the texts, not given: models see it, filters and facets do not.",
    )

    def item(self) -> Item:
        """The item as the engine knows it."""
        given = self.model_dump()
        given["categories"] = tuple(self.categories)
        given["attributes"] = _values(self.attributes)
        given["extracted"] = _values(self.extracted)
        given["vectors"] = {name: tuple(vector) for name, vector in self.vectors.items()}
        return Item(**given)


class ItemsIn(Strict):
    """Items to add or replace; all or none."""

    items: list[ItemIn] = Field(min_length=1)


class UserIn(Strict):
    """One person's profile; sending it again replaces it."""

    user_id: Id
    attributes: Attributes = Field(default_factory=dict)
    tags: list[Name] = Field(default_factory=list, max_length=200)
    location: tuple[Number, Number] | None = Field(None, description="Latitude and longitude.")

    def user(self) -> User:
        """The user as the engine knows them."""
        return User(self.user_id, _values(self.attributes), tuple(self.tags), self.location)


class UsersIn(Strict):
    """Users to add or replace; all or none."""

    users: list[UserIn] = Field(min_length=1)


class LinkIn(Strict):
    """What the anonymous session did belongs to this user."""

    session_id: Id
    user_id: Id


def _values(attributes: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in attributes.items()}
