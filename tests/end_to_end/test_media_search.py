"""Texts find items by what their pictures show; pictures are a view of what people like."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

pytest.importorskip("av", reason="the extra media is not installed")

import prismrec as pr
from end_to_end.worlds import light
from prismrec.cli.main import app
from prismrec.config import Settings
from prismrec.core import BadSettings, Item
from prismrec.evaluation.simulator.pictures import draw, write_pictures
from prismrec.language.media import MediaEncoder
from unit.language.media_models import clap, taught_clip

COLOURS = ("red", "teal", "sand", "black")


def thing(number: int) -> Item:
    """The title says nothing of the colour."""
    return Item(f"p{number}", f"Thing {number}", attributes={"colour": COLOURS[number % 4]})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Settings]:
    """A folder of data whose colours only the pictures show, the model, and the settings."""
    folder = tmp_path_factory.mktemp("pictures")
    seen = [thing(number) for number in range(96)]
    model = taught_clip(
        folder / "clip", [draw(item, 1) for item in seen], [COLOURS[n % 4] for n in range(96)]
    )
    data = folder / "data"
    items = [thing(number) for number in range(40)]
    names = write_pictures(items, data / "photos", seed=2)
    table = pl.DataFrame(
        {
            "item_id": [item.item_id for item in items],
            "title": [item.title for item in items],
            "photo": [f"photos/{name}" for name in names],
        }
    )
    table.write_csv(folder / "data" / "listed.csv")
    done = CliRunner().invoke(
        app,
        [
            "media",
            str(data / "listed.csv"),
            "--model",
            str(model),
            "--column",
            "photo",
            "--name",
            "image",
            "--out",
            str(data / "items.parquet"),
            "--json",
        ],
    )
    assert json.loads(done.stdout) == {"items": 40, "vectors": 40, "refused": [], "lost": 0}
    (data / "listed.csv").unlink()
    settings = light()
    language = replace(settings.language, media={"image": str(model)})
    return data, model, replace(settings, language=language)


def test_a_text_finds_what_only_the_pictures_show(
    shop: tuple[Path, Path, Settings], tmp_path: Path
) -> None:
    data, model, settings = shop
    with pr.fit(data, tmp_path / "shop.prism", settings=settings) as made:
        for colour in COLOURS:
            slate = made.search(colour, n=5, explore=False)
            assert {int(item[1:]) % 4 for item in slate.ids} == {COLOURS.index(colour)}
            parts = slate.items[0].parts
            assert sum(parts.values()) == pytest.approx(slate.items[0].score, abs=1e-5)
            assert parts["shown:image"] > 0
        arrival = tmp_path / "new.png"
        draw(thing(100), 5).save(arrival)  # red
        vector = MediaEncoder(model).encode([arrival])[0]
        made.upsert([Item("new", "Thing", vectors={"image": tuple(vector.tolist())})])
        assert "new" in made.search("red", n=12, explore=False).ids
        assert "new" not in made.search("teal", n=10, explore=False).ids
        made.remove(["new"])
        assert "new" not in made.search("red", n=12, explore=False).ids
    with pr.open(tmp_path / "shop.prism") as again:
        assert int(again.search("teal", n=1, explore=False).ids[0][1:]) % 4 == 1


def test_the_model_must_be_the_one_that_made_the_vectors(
    shop: tuple[Path, Path, Settings], tmp_path: Path
) -> None:
    data, _, settings = shop
    other = clap(tmp_path / "clap")
    wrong = replace(settings, language=replace(settings.language, media={"image": str(other)}))
    with pytest.raises(BadSettings, match=r"language\.media\.image makes vectors of 8 numbers"):
        pr.fit(data, tmp_path / "wrong.prism", settings=wrong)
