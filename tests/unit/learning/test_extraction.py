"""The table of `prismrec extract`, from files to files."""

from __future__ import annotations

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.config import Settings
from prismrec.core import BadInput
from prismrec.language.settings import LanguageSettings
from prismrec.learning.extraction import SCHEMA, extract_table, names_in

WORDS = Settings(language=LanguageSettings(encoder="tfidf"))


@pytest.fixture
def data(tmp_path):
    """Forty lamps and tents with brands and categories, and one of each without."""
    rows = []
    for i in range(40):
        brand, kind = ("Acme", "Zenit")[i % 2], ("Lamp", "Tent")[i // 2 % 2]
        rows.append((f"i{i}", f"{brand} {kind.lower()} number {i}", brand, ["All", kind]))
    rows += [("new-lamp", "Zenit lamp", None, []), ("new-tent", "Acme tent", None, [])]
    frame = pl.DataFrame(rows, schema=["item_id", "title", "brand", "categories"], orient="row")
    (tmp_path / "data").mkdir()
    frame.write_parquet(tmp_path / "data" / "items.parquet")
    return tmp_path / "data"


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_a_table_of_what_was_missing(data, tmp_path, suffix):
    out = tmp_path / f"read{suffix}"
    table = extract_table(data, out, WORDS)
    readers = {".parquet": pl.read_parquet, ".csv": pl.read_csv, ".jsonl": pl.read_ndjson}
    written = readers[suffix](out)
    assert written.equals(table)
    assert table.schema == pl.Schema(SCHEMA)
    told = table.group_by("item_id").agg("value").sort("item_id").rows()
    assert told == [("new-lamp", ["Zenit", "All", "Lamp"]), ("new-tent", ["Acme", "All", "Tent"])]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_names_help_where_no_item_does(tmp_path):
    frame = pl.DataFrame({"item_id": ["a", "b"], "title": ["a desk lamp", "a small tent"]})
    frame.write_csv(tmp_path / "items.csv")
    (tmp_path / "names.txt").write_text("Home > Lamp\n\nSport > Tent\n")
    table = extract_table(
        tmp_path, tmp_path / "o.csv", WORDS, names=names_in(tmp_path / "names.txt")
    )
    assert table["value"].to_list() == ["Home", "Lamp", "Sport", "Tent"]
    assert set(table["source"]) == {"name"}


def test_the_command_counts_what_it_read(data, tmp_path, monkeypatch):
    monkeypatch.setenv("PRISMREC_LANGUAGE_ENCODER", "tfidf")
    out = tmp_path / "read.csv"
    result = CliRunner().invoke(app, ["extract", str(data), "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["rows"] == 6
    assert {row["field"] for row in told["fields"]} == {"brand", "category"}


def test_what_cannot_be_is_refused(data, tmp_path):
    with pytest.raises(BadInput, match="no table"):
        extract_table(data, tmp_path / "read.xlsx", WORDS)
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(BadInput, match="no names"):
        names_in(tmp_path / "empty.txt")
    with pytest.raises(BadInput, match="cannot be read"):
        names_in(tmp_path / "absent.txt")
    (tmp_path / "events").mkdir()
    pl.DataFrame({"user_id": ["u"], "item_id": ["i"]}).write_csv(tmp_path / "events/events.csv")
    with pytest.raises(BadInput, match="no table of items"):
        extract_table(tmp_path / "events", tmp_path / "read.csv", WORDS)
