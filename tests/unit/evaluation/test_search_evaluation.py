"""Search measured against judgments: values by hand, and the whole path on a toy shop."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.core import Judgments
from prismrec.evaluation.search import METRICS, search_values, summarised

ONE = Judgments(
    ("tea",), np.array([0, 3]), np.array([7, 8, 9], np.int32), np.array([3, 1, 0], np.float32)
)


def values(*found: int) -> dict[str, float]:
    row = np.full(100, -1, np.int32)
    row[: len(found)] = found
    return dict(zip(METRICS, search_values(ONE, 0, row), strict=True))


def test_the_ideal_list_is_worth_one() -> None:
    best = values(7, 8)
    assert best["ndcg@10"] == best["mrr@10"] == best["recall@100"] == 1.0
    assert best["judged@10"] == pytest.approx(0.2)


def test_unjudged_items_take_places_without_gain() -> None:
    got = values(1, 7, 9, 2, 8)
    ideal = 3 + 1 / math.log2(3)
    assert got["ndcg@10"] == pytest.approx((3 / math.log2(3) + 1 / math.log2(6)) / ideal)
    assert got["mrr@10"] == 0.5
    assert got["judged-ndcg@10"] == pytest.approx((3 + 1 / math.log2(4)) / ideal)
    assert got["judged@10"] == pytest.approx(0.3)


def test_what_did_not_come_out_is_worth_nothing() -> None:
    assert values() == dict.fromkeys(METRICS, 0.0) | {
        "judged-ndcg@10": pytest.approx(values()["judged-ndcg@10"])
    }
    assert values(8)["recall@100"] == 0.5
    assert values(8)["ndcg@10"] == pytest.approx(1 / (3 + 1 / math.log2(3)))


def test_intervals_hold_their_means() -> None:
    rows = np.random.default_rng(0).random((40, len(METRICS)))
    told = summarised(rows)
    for name, mean in told["metrics"].items():
        low, high = told["intervals"][name]
        assert low < mean < high


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten things of which each is found by its own words, and judgments that say so."""
    folder = tmp_path_factory.mktemp("search")
    things = ["red kettle", "blue kettle", "green tea", "black tea", "wool hat", "straw hat",
              "steel pan", "iron pan", "oak table", "glass table"]  # fmt: skip
    pl.DataFrame({"item_id": [f"i{n}" for n in range(10)], "title": things}).write_csv(
        folder / "items.csv"
    )
    rows = [{"query": t, "item_id": f"i{n}", "grade": 2} for n, t in enumerate(things)]
    rows.append({"query": "oak table", "item_id": "nothing", "grade": 1})
    pl.DataFrame(rows).write_csv(folder / "judged.csv")
    (folder / "prism.toml").write_text('[language]\nencoder = "tfidf"\n')
    out = folder / "shop.prism"
    done = CliRunner().invoke(
        app, ["fit", str(folder), "--out", str(out), "--config", str(folder / "prism.toml")]
    )
    assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize("more", [[], ["--only-judged"]])
def test_the_command_prints_what_was_measured(shop: Path, more: list[str]) -> None:
    judged = str(shop / "judged.csv")
    asked = ["evaluate-search", str(shop / "shop.prism"), "--judgments", judged, "--json", *more]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout[done.stdout.index("{") :])
    assert told["metrics"]["ndcg@10"] == told["metrics"]["mrr@10"] == 1.0
    assert told["intervals"]["recall@100"] == [1.0, 1.0]
    assert set(told["latency_ms"]) == {"p50", "p99"}
    assert (told["queries"], told["quarantined"]) == (10, 1)
    assert told["metrics"]["judged@10"] == pytest.approx(0.1)
