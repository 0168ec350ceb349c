"""The table of `prismrec extract`, from files to files."""

from __future__ import annotations

import json
from dataclasses import replace

import polars as pl
import pytest
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.config import Settings
from prismrec.core import BadInput, Filters, Item
from prismrec.language.settings import LanguageSettings
from prismrec.learning import fit
from prismrec.learning.extraction import SCHEMA, extract_table, names_in
from prismrec.models.settings import ModelSettings

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


@pytest.fixture
def shop(data, tmp_path):
    """A collection made of the lamps and tents, with what was read."""
    items = pl.read_parquet(data / "items.parquet")["item_id"]
    rows = [(f"u{i % 9}", item, i) for i, item in enumerate([*items, *items])]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    log.write_parquet(data / "events.parquet")
    models = ModelSettings(experts=("popularity", "text_knn"))
    settings = replace(WORDS, language=replace(WORDS.language, extract=True), models=models)
    with fit(data, tmp_path / "shop.prism", settings=settings) as made:
        yield made


def test_fit_keeps_what_was_read_apart_from_what_is_given(shop):
    for item in (shop.item("new-lamp"), shop.store.catalogue.load().items[40]):
        assert (item.brand, item.categories) == ("", ())
        assert item.extracted == {"brand": "Zenit", "category": ("All", "Lamp")}
    assert shop.item("i0").extracted == {}


def test_models_believe_what_was_read_and_filters_do_not(shop):
    place = shop.snapshot.catalogue.position("new-lamp")
    features = shop.snapshot.features
    names = features.attributes.names
    assert {names[t] for t in features.attributes.row(place)} == {
        "brand=Zenit",
        "category=All",
        "category=Lamp",
    }
    assert len(features.as_given().attributes.row(place)) == 0
    found = shop.search("lamp", n=50, filters=Filters(attributes={"brand": ("Zenit",)})).ids
    assert "new-lamp" not in found
    assert len(found) > 0
    assert "new-lamp" in shop.search("lamp", n=50).ids


def test_an_item_sent_again_loses_what_was_read_of_its_old_text(shop):
    shop.upsert(items=[Item("new-lamp", title="Something else")])
    place = shop.snapshot.catalogue.position("new-lamp")
    assert len(shop.snapshot.features.attributes.row(place)) == 0
    tent = shop.snapshot.catalogue.position("new-tent")
    assert len(shop.snapshot.features.attributes.row(tent)) == 3


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
