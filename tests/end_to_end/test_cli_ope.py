"""`prismrec ope` as scripts use it: a table, a policy from a file, and a collection's own log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.core import Event, Exposure, NotFound, PrismError
from prismrec.store import open_store


def as_json(*words: str | Path) -> Any:
    """What the command prints on standard output, which must be JSON alone."""
    done = CliRunner().invoke(app, ["ope", *map(str, words), "--json"])
    if done.exception is not None:
        raise done.exception
    return json.loads(done.stdout)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Two items chosen alike, of which the second is always clicked."""
    rows = 400
    pl.DataFrame(
        {
            "item": ["a", "b"] * (rows // 2),
            "propensity": [0.5] * rows,
            "reward": [0, 1] * (rows // 2),
            "sales": [2.0, 8.0] * (rows // 2),
        }
    ).write_csv(tmp_path / "log.csv")
    return tmp_path / "log.csv"


def test_the_documented_shape(log: Path) -> None:
    report = as_json(log)
    assert report["policy"] == "uniform"
    assert {"effective_sample_size", "max_weight", "support"} <= set(report["diagnostics"])
    for estimate in report["estimates"]:
        assert {"name", "value", "interval"} <= set(estimate)
        low, high = estimate["interval"]
        assert low <= estimate["value"] <= high
    assert report == as_json(log, "--seed", "0")


def test_the_folder_of_a_log_stands_for_it(log: Path, tmp_path: Path) -> None:
    (tmp_path / "random").mkdir()
    pl.read_csv(log).write_parquet(tmp_path / "random" / "log.parquet")
    assert as_json(tmp_path / "random") == as_json(log)


def test_policies_and_reward_columns(log: Path, tmp_path: Path) -> None:
    def value(*words: str | Path) -> float:
        estimates = as_json(log, *words)["estimates"]
        return next(e["value"] for e in estimates if e["name"] == "snips")

    assert value("--policy", "greedy") == pytest.approx(1.0)
    assert value("--reward", "sales") == pytest.approx(5.0)
    (tmp_path / "policy.csv").write_text("item,probability\na,0.9\nb,0.1\n")
    assert value("--policy", tmp_path / "policy.csv") == pytest.approx(0.1)


def test_a_policy_without_support_is_refused(log: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.csv").write_text("item,probability\nc,1.0\n")
    with pytest.raises(PrismError, match=r"0\.0%") as raised:
        as_json(log, "--policy", tmp_path / "policy.csv")
    assert raised.value.exit_code == 2
    assert raised.value.hint


def test_the_table_for_people(log: Path) -> None:
    done = CliRunner().invoke(app, ["ope", str(log)])
    assert done.exit_code == 0
    assert "switch-dr" in done.stdout
    assert "effective_sample_size" in done.stdout


def test_a_folder_that_is_no_collection_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        as_json(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_collections_own_exposures(tmp_path: Path) -> None:
    shop = tmp_path / "shop.prism"
    (shop / "releases" / "1").mkdir(parents=True)
    (shop / "current").write_text('{"served": [1]}')
    with open_store(f"sqlite:///{shop / 'store.db'}", "main") as store:
        for row in range(60):
            chosen = "ab"[row % 2]
            store.exposures.append(
                Exposure(
                    exposure_id=str(row), at=1000, release=1, policy="p", policy_version="1",
                    seed=0, shortlist=("a", "b"), scores=(2.0, 1.0), chosen=(chosen,),
                    propensities=(0.5,), user_id=f"u{row // 2}",
                )
            )  # fmt: skip
        clicks = [
            Event("b", "click", user_id=f"u{row // 2}", timestamp=2000, exposure_id=str(row))
            for row in range(1, 60, 2)
        ]
        store.events.append(clicks, received_at=3000)
    told = as_json(shop, "--reward", "click=2")
    values = {e["name"]: e["value"] for e in told["estimates"]}
    assert (told["diagnostics"]["rounds"], told["diagnostics"]["people"]) == (60, 30)
    assert values["rips"] == pytest.approx(1.0)
    greedy = as_json(shop, "--policy", "greedy")
    assert greedy["estimates"][0]["value"] == pytest.approx(0.0)
    with pytest.raises(PrismError, match="cannot be evaluated"):
        as_json(shop, "--policy", "policy.csv")
