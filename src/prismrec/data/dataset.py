"""The one typed, validated form in which all data enters PrismRec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from prismrec.core import Event, Ids, Item, Relation, User
from prismrec.data.attributes import items_of, users_of
from prismrec.data.report import ReadReport

if TYPE_CHECKING:
    from polars._typing import PolarsDataType

__all__ = ["EVENTS", "Dataset", "in_order"]

EVENTS: dict[str, PolarsDataType] = {
    "user_id": pl.String,
    "item_id": pl.String,
    "event": pl.String,
    "timestamp": pl.Int64,
    "value": pl.Float64,
    "event_id": pl.String,
    "session_id": pl.String,
    "query": pl.String,
}
"""The columns of `Dataset.events`."""
ITEMS: dict[str, PolarsDataType] = {
    "item_id": pl.String,
    "title": pl.String,
    "description": pl.String,
    "brand": pl.String,
    "categories": pl.List(pl.String),
    "price": pl.Float64,
    "available": pl.Boolean,
    "created_at": pl.Int64,
}
RELATIONS: dict[str, PolarsDataType] = {
    "source": pl.String,
    "target": pl.String,
    "kind": pl.String,
    "weight": pl.Float64,
    "between": pl.String,
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Items, events, users and relations as polars frames.

    `items` has the columns of `ITEMS`, perhaps `attributes` (lists of `"name: value"`), and further
    columns, which are attributes, texts or vectors. `events` has the columns of `EVENTS`, sorted by
    user (in order of first appearance in the source), then time, then original order; an event
    without a user belongs to the person `"session:<session_id>"`. `timestamp` is milliseconds since
    1970 UTC, or a position within the user where `has_clock` is false. `users` has `user_id`,
    perhaps `tags`, `latitude`, `longitude`, and attributes.
    """

    items: pl.DataFrame
    events: pl.DataFrame
    users: pl.DataFrame
    relations: pl.DataFrame
    has_clock: bool = False
    report: ReadReport = field(default_factory=ReadReport)
    given: tuple[tuple[Item, ...], tuple[User, ...]] | None = None

    @cached_property
    def item_ids(self) -> Ids:
        """Item ids by position: the order of `items`."""
        return Ids(self.items["item_id"].to_list())

    @cached_property
    def user_ids(self) -> Ids:
        """User ids by position: people with events first, in the order of `events`."""
        people = pl.concat([self.events["user_id"], self.users["user_id"]])
        return Ids(people.unique(maintain_order=True).to_list())

    def iter_items(self) -> Iterator[Item]:
        """The items in order of position."""
        return iter(self.given[0]) if self.given else items_of(self.items)

    def iter_users(self) -> Iterator[User]:
        """The users that the source describes."""
        return iter(self.given[1]) if self.given else users_of(self.users)

    def iter_relations(self) -> Iterator[Relation]:
        """The relations, as they came."""
        for row in self.relations.iter_rows():
            yield Relation(*row)

    @staticmethod
    def of(
        items: Iterable[Item],
        events: Iterable[Event],
        users: Iterable[User] = (),
        relations: Iterable[Relation] = (),
        *,
        has_clock: bool = True,
    ) -> Dataset:
        """A dataset from objects that are valid already (the store's, or a simulator's).

        Every event needs a timestamp; events of items that are not given are left out.
        """
        things, people = tuple(items), tuple(users)
        item_frame = _item_frame(things)
        log = _event_frame(events)
        log = log.join(
            item_frame.select("item_id"), on="item_id", how="semi", maintain_order="left"
        )
        links = [(r.source, r.target, r.kind, r.weight, r.between) for r in relations]
        return Dataset(
            items=item_frame,
            events=in_order(log),
            users=pl.DataFrame([u.user_id for u in people], schema={"user_id": pl.String}),
            relations=pl.DataFrame(links, schema=RELATIONS, orient="row"),
            has_clock=has_clock,
            report=ReadReport(has_clock=has_clock),
            given=(things, people),
        )


def _item_frame(items: Iterable[Item]) -> pl.DataFrame:
    rows = [
        (i.item_id, i.title, i.description, i.brand, list(i.categories), i.price, i.available,
         i.created_at)
        for i in items
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=ITEMS, orient="row")


def _event_frame(events: Iterable[Event]) -> pl.DataFrame:
    rows = [
        (e.user_id or f"session:{e.session_id}", e.item_id, e.event, e.timestamp, e.value,
         e.event_id or None, e.session_id or None, e.query or None)
        for e in events
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=EVENTS, orient="row")


def in_order(events: pl.DataFrame) -> pl.DataFrame:
    """Events by user in order of first appearance, then time; the sort is stable."""
    users = events["user_id"].unique(maintain_order=True)
    places = pl.DataFrame(
        {"user_id": users, "__user": pl.Series(range(len(users)), dtype=pl.UInt32)}
    )
    placed = events.join(places, on="user_id", how="left", maintain_order="left")
    return placed.sort("__user", "timestamp", maintain_order=True).drop("__user")
