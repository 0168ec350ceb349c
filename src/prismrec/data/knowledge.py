"""Triples of knowledge: `head, relation, tail`, as what they say of items, and as links.

A triple whose head is an item and whose tail is another item, or whose head and tail are people, is
a relation: it links two things. One whose head is an item and whose tail is neither is a fact about
the item (`brand`, `category`, an extracted property) and becomes an attribute: a token of it, a
view, a facet.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from prismrec.core import Ids, Links
from prismrec.data.vocabulary import plain

__all__ = ["VALUES", "between", "links_of", "with_facts"]

VALUES = "values"
"""What `between` says of a triple from an item to a value."""
OF_ITEMS = ("head", "subject", "itemid1")


def between(column: str, items: pl.Series, people: pl.Series) -> pl.Expr:
    """What a triple links where its table does not say, by which of its ends are `items`. Where ids
    of items and people are alike, two people are meant, unless the heads stand in a `column` called
    as those of knowledge or items are."""
    known = items.implode()
    head, tail = pl.col("source").is_in(known), pl.col("target").is_in(known)
    both = [pl.col(end).is_in(people.implode()) for end in ("source", "target")]
    persons = pl.lit(False) if plain(column) in OF_ITEMS else both[0] & both[1]
    return (
        pl.when(persons | ~head)
        .then(pl.lit("users"))
        .when(tail)
        .then(pl.lit("items"))
        .otherwise(pl.lit(VALUES))
    )


def with_facts(items: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """`items` with what the triples to values among `links` say of them: the brand where the item
    names none, categories after its own, anything else as an attribute; in the order of the
    triples, whose weights say nothing here."""
    facts = links.filter(pl.col("between") == VALUES)
    if not len(facts):
        return items
    kind = pl.col("kind").str.to_lowercase()
    is_brand, is_category = kind == "brand", kind.is_in(["category", "categories"])
    told = facts.group_by("source", maintain_order=True).agg(
        pl.col("target").filter(is_brand).first().fill_null("").alias("__brand"),
        pl.col("target").filter(is_category).alias("__categories"),
        pl.concat_str("kind", pl.lit(": "), "target")
        .filter(~is_brand & ~is_category)
        .alias("__attributes"),
    )
    nothing = pl.lit([], pl.List(pl.String))
    if "attributes" not in items.columns:
        items = items.with_columns(nothing.alias("attributes"))
    whole = items.join(
        told, left_on="item_id", right_on="source", how="left", maintain_order="left"
    )

    def extended(name: str) -> pl.Expr:
        own, more = pl.col(name).fill_null(nothing), pl.col(f"__{name}").fill_null(nothing)
        return pl.concat_list(own, more).list.unique(maintain_order=True).alias(name)

    brand = pl.when(pl.col("brand") == "").then(pl.col("__brand").fill_null("")).otherwise("brand")
    return whole.with_columns(
        brand.alias("brand"), extended("categories"), extended("attributes")
    ).drop("__brand", "__categories", "__attributes")


def links_of(relations: pl.DataFrame, kind: str, places: Ids) -> Links | None:
    """The relations between things of one kind (`items`, `users`) by position; those that name
    something unknown, or weigh nothing, are left out. `None` where there are none."""
    own = relations.filter((pl.col("between") == kind) & (pl.col("weight") > 0))
    ends = [places.positions(own[column].to_list()) for column in ("source", "target")]
    fit = (ends[0] >= 0) & (ends[1] >= 0) & (ends[0] != ends[1])
    if not fit.any():
        return None
    weights = own["weight"].to_numpy().astype(np.float32)
    return Links(ends[0][fit], ends[1][fit], weights[fit])
