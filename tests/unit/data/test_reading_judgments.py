"""Judgments come in from tables; what cannot be used is set aside and counted."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from prismrec.core import BadInput, Ids
from prismrec.data.judgments import read_judgments

ITEMS = Ids(["a", "b", "c"])
GOOD = {"query": ["tea", "cup", "tea"], "item_id": ["b", "a", "a"], "grade": [3, 0, 1]}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_every_format_gives_the_same(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"judgments.{ending}"
    frame = pl.DataFrame(GOOD)
    write = {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}
    write[ending](path)
    judged = read_judgments(path, ITEMS).judgments
    assert judged.texts == ("tea", "cup")
    assert judged.row(0)[0].tolist() == [1, 0]
    assert judged.row(0)[1].tolist() == [3, 1]
    assert judged.row(1)[0].tolist() == [0]


def test_columns_are_known_by_other_names(tmp_path: Path) -> None:
    path = tmp_path / "j.csv"
    path.write_text("search_term,product_id,relevance\ntea,c,2.5\n")
    judged = read_judgments(path, ITEMS).judgments
    assert judged.texts == ("tea",)
    assert judged.row(0)[0].tolist() == [2]
    assert judged.row(0)[1].tolist() == [2.5]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("tea,zebra,1", "unknown item"),
        ("   ,a,1", "blank query"),
        ("tea,a,-1", "negative grade"),
        ("tea,a,good", "not a number"),
        ("tea,,1", "missing item_id"),
        ("tea,b,", "missing grade"),
    ],
)
def test_a_bad_row_is_set_aside_alone(tmp_path: Path, row: str, reason: str) -> None:
    path = tmp_path / "j.csv"
    path.write_text(f"query,item_id,grade\ncup,c,1\n{row}\nbowl,a,2\n")
    read = read_judgments(path, ITEMS, quarantine=tmp_path / "bad.jsonl")
    assert read.judgments.texts == ("cup", "bowl")
    assert (read.rows, read.quarantined) == (3, 1)
    told = json.loads((tmp_path / "bad.jsonl").read_text())
    assert (told["row"], told["reason"]) == (2, reason)


def test_the_last_of_two_grades_counts(tmp_path: Path) -> None:
    path = tmp_path / "j.csv"
    path.write_text("query,item_id,grade\ntea,a,1\ntea,b,2\ntea,a,3\n")
    read = read_judgments(path, ITEMS)
    assert read.quarantined == 1
    assert dict(zip(*(x.tolist() for x in read.judgments.row(0)), strict=True)) == {1: 2, 0: 3}


def test_a_table_without_a_usable_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j.csv"
    path.write_text("query,item_id,grade\ntea,zebra,1\n")
    with pytest.raises(BadInput, match="unknown item"):
        read_judgments(path, ITEMS)
    path.write_text("query,item_id,grade\n")
    with pytest.raises(BadInput, match="no judgments"):
        read_judgments(path, ITEMS)
