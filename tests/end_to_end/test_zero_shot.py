"""A catalogue alone, without any event: people who come with a history are served by its texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

import prismrec as pr
from end_to_end.worlds import light

COLOURS = ("red", "blue", "green", "white", "black")


def test_items_alone_make_a_shop_that_knows_what_is_alike(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = [
        {"item_id": f"{colour}-{thing}", "title": f"{colour} {thing}"}
        for thing in ("boots", "trowel", "novel")
        for colour in COLOURS
    ]
    pl.DataFrame(rows).write_parquet(data / "items.parquet")
    plain = light()
    settings = replace(plain, models=replace(plain.models, experts=()))
    with pr.fit(data, tmp_path / "shop.prism", settings=settings) as shop:
        for thing in ("boots", "novel"):
            had = [f"{colour}-{thing}" for colour in COLOURS[:3]]
            taken = tuple(
                pr.Event(user_id="u", item_id=one, event="purchase", timestamp=n)
                for n, one in enumerate(had)
            )
            slate = shop.ask(pr.Query(user_id="u", history=taken, n=2, explore=False))
            assert {shown.item_id for shown in slate} == {f"white-{thing}", f"black-{thing}"}
