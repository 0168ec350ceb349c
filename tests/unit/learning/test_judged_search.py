"""`fit` with judgments: what is learned comes out of searches, is measured and is stored."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.collection import Collection
from prismrec.core import Item, Judgments
from prismrec.learning.judged_search import examples_of
from prismrec.learning.judged_ways import cross_validated
from prismrec.ranking.lambdamart import LambdaMart
from prismrec.release import load_release
from prismrec.store import Releases

COLORS = ("red", "blue", "green", "black", "white", "grey")
THINGS = ("cup", "hat", "pan", "lamp", "chair", "brush", "scarf", "kettle")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose right answers are always the cheap ones of a kind."""
    folder = tmp_path_factory.mktemp("judged")
    rng = np.random.default_rng(0)
    items, judged = [], []
    for n in range(480):
        thing, color = THINGS[n % 8], COLORS[n // 8 % 6]
        price = float(rng.choice([5, 50]))
        items.append({"item_id": f"i{n}", "title": f"{color} {thing} no {n}", "price": price})
        grade = 1 if price < 20 else 0
        judged.append({"query": f"{color} {thing}", "item_id": f"i{n}", "grade": grade})
    pl.DataFrame(items).write_csv(folder / "items.csv")
    pl.DataFrame(judged).write_csv(folder / "judged.csv")
    (folder / "prism.toml").write_text('[language]\nencoder = "tfidf"\n')
    done = CliRunner().invoke(
        app,
        ["fit", str(folder), "--out", str(folder / "shop.prism"), "--config",
         str(folder / "prism.toml"), "--judgments", str(folder / "judged.csv"), "--json"],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    (folder / "told.json").write_text(done.stdout[done.stdout.index("{") :])
    return folder


def test_the_report_says_what_holds_for_queries_not_seen(shop: Path) -> None:
    told = json.loads((shop / "told.json").read_text())["search"]
    assert told["kept"]
    assert (told["queries"], told["quarantined"]) == (48, 0)
    assert told["ndcg@10"]["trees"] > told["ndcg@10"]["fixed rule"] + 0.1
    assert told["gain"]["interval"][0] > 0


def test_searches_follow_what_was_judged(shop: Path) -> None:
    with Collection.open(shop / "shop.prism") as collection:
        found = collection.search("red cup", n=4, explore=False)
        assert {collection.item(item.item_id).price for item in found} == {5.0}
        assert all("red cup" in collection.item(item.item_id).title for item in found)
        for item in found:
            assert sum(item.parts.values()) == pytest.approx(item.score, abs=1e-5)
            assert "learned" in item.parts
        collection.upsert([Item("new", title="red cup no 999", price=1.0)])
        assert "new" in collection.search("red cup", n=10, explore=False).ids


def test_a_release_carries_the_ranker_and_its_hash_covers_it(shop: Path) -> None:
    releases = Releases(shop / "shop.prism")
    release = load_release(releases.open(1), 1)
    assert release.ranker is not None
    assert "item.price" in LambdaMart.from_state(release.ranker).names
    assert replace(release, ranker=None).content_hash != release.content_hash
    assert releases.manifest(1).facts["content_hash"] == release.content_hash


def test_a_query_is_never_ranked_by_trees_that_saw_it(shop: Path) -> None:
    """Grades by chance cannot be learned: out of fold they are worth what the fixed rule is."""
    with Collection.open(shop / "shop.prism") as collection:
        snapshot = collection.snapshot
        rng = np.random.default_rng(1)
        texts = tuple(f"{c} {t}" for c in COLORS for t in THINGS)
        items = np.concatenate([np.sort(rng.permutation(480)[:20]) for _ in texts]).astype(np.int32)
        judged = Judgments(
            texts,
            np.arange(len(texts) + 1) * 20,
            items,
            rng.integers(0, 2, len(items)).astype(np.float32),
        )
        examples = examples_of(snapshot, snapshot.search_ranker, judged, unjudged=0)
    assert examples.groups.tolist() == [20] * len(texts)
    by_chance = examples.ndcg(examples.base).mean()
    assert cross_validated(examples, 0).mean() == pytest.approx(by_chance, abs=0.12)


def test_unjudged_candidates_count_as_grade_zero(shop: Path) -> None:
    with Collection.open(shop / "shop.prism") as collection:
        snapshot = collection.snapshot
        judged = Judgments(
            ("red cup",), np.array([0, 1]), np.array([0], np.int32), np.array([2], np.float32)
        )
        examples = examples_of(snapshot, snapshot.search_ranker, judged, unjudged=5)
    assert examples.groups[0] in (5, 6)
    assert sorted(examples.grades.tolist())[-1] == 2
    assert (examples.grades > 0).sum() == 1
