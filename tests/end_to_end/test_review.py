"""`prismrec review`, and a classifier that blocks, restricts and asks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

import prismrec as pr
from end_to_end.worlds import light
from prismrec.cli.main import app
from prismrec.core import BadSettings

GOODS = ("lamp", "chair", "mug", "scarf", "tent", "clock", "kettle", "basket")
DRINKS = ("whisky", "vodka", "brandy", "rum")


def told(*words: str | Path) -> Any:
    """What the command prints on standard output, which must be JSON alone."""
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of goods and drinks with a classifier that was taught to tell them apart."""
    folder = tmp_path_factory.mktemp("review")
    texts = [(f"fine {g} number {n}", "fine") for g in GOODS for n in range(6)]
    texts += [(f"old {d} from a cask, bottle {n}", "alcohol") for d in DRINKS for n in range(12)]
    taught = pl.DataFrame(texts, schema=["text", "label"], orient="row")
    for name in ("train", "test"):
        taught.write_csv(folder / f"{name}.csv")
    told("classify", folder, "--out", folder / "judge", "--mode", "words")
    items = [("a/b?c", "fine vase")]
    items += [(f"{g}-1", f"fine {g}") for g in GOODS] + [(f"{d}-1", f"old {d}") for d in DRINKS]
    (folder / "data").mkdir()
    pl.DataFrame(items, schema=["item_id", "title"], orient="row").write_csv(
        folder / "data" / "items.csv"
    )
    plain = light()
    judged = replace(
        plain.content, classifier=str(folder / "judge"), restricts=("alcohol",), sure=0.6, doubt=0.5
    )
    path = folder / "shop.prism"
    pr.fit(folder / "data", path, settings=replace(plain, content=judged)).close()
    return path


def found(path: Path, text: str) -> set[str]:
    with pr.open(path) as shop:
        return set(shop.search(text, n=20, explore=False).ids)


def test_a_classifier_keeps_from_the_unknown_what_is_for_adults(shop: Path) -> None:
    assert not found(shop, "old whisky") & {f"{drink}-1" for drink in DRINKS}
    assert "lamp-1" in found(shop, "fine lamp")
    assert any((shop / "cache").glob("*/*.npy"))  # what it said is kept


def test_decisions_on_the_command_line(shop: Path, tmp_path: Path) -> None:
    assert told("review", shop)["decided"] == []
    after = told("review", shop, "--decide", "whisky-1=allowed")
    assert [(one["item_id"], one["label"]) for one in after["decided"]] == [("whisky-1", "allowed")]
    assert "whisky-1" in found(shop, "old whisky")
    told("review", shop, "--decide", "lamp-1=blocked", "--export", tmp_path / "lessons.parquet")
    assert "lamp-1" not in found(shop, "fine lamp")
    lessons = pl.read_parquet(tmp_path / "lessons.parquet").sort("label")
    assert lessons.rows() == [("old whisky", "allowed"), ("fine lamp", "blocked")]
    told("review", shop, "--undo", "lamp-1")
    told("review", shop, "--decide", "a/b?c=blocked")
    assert len(told("review", shop, "--undo", "a/b?c")["decided"]) == 1
    told("review", shop, "--undo", "whisky-1")
    assert "lamp-1" in found(shop, "fine lamp")
    assert "whisky-1" not in found(shop, "old whisky")


def test_a_label_that_the_classifier_does_not_know_is_refused(shop: Path) -> None:
    with pr.open(shop) as opened:
        settings = opened.settings
    odd = replace(settings.content, restricts=("tobacco",))
    with pytest.raises(BadSettings, match="tobacco"):
        pr.open(shop, settings=replace(settings, content=odd))
