"""Logs and policies as tables, slates from exposures, and whole evaluations of both."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from prismrec.core import PAGE_OF, BadInput, BadSettings, Event, Exposure
from prismrec.exploration.diagnostics import NoSupport
from prismrec.exploration.logs import read_log, read_policy, slate_log
from prismrec.exploration.ope import evaluate_log
from prismrec.exploration.ope_slates import evaluate_slates
from prismrec.exploration.stored import rewards_from, stored_slates
from prismrec.store import open_store, read_store

CLICK = np.array([[0.6, 0.2, 0.1], [0.1, 0.3, 0.5]])
LOGGED = np.array([[0.2, 0.3, 0.5], [0.5, 0.3, 0.2]])


def table(n: int = 4000, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    s = rng.integers(0, 2, n)
    a = (rng.random(n)[:, None] > LOGGED[s].cumsum(axis=1)).sum(axis=1)
    return pl.DataFrame(
        {
            "item_id": [f"i{k}" for k in a],
            "position": s + 1,
            "click": (rng.random(n) < CLICK[s, a]).astype(int),
            "propensity_score": LOGGED[s, a],
        }
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("log") / "log.parquet"
    table().write_parquet(file)
    return file


def test_a_table_reads_alike_from_parquet_and_csv(path: Path, tmp_path: Path) -> None:
    table().write_csv(tmp_path / "log.csv")
    one, two = read_log(path), read_log(tmp_path / "log.csv")
    assert one.items == two.items == ("i0", "i1", "i2")
    assert one.positions == ("1", "2")
    np.testing.assert_array_equal(one.actions, two.actions)
    np.testing.assert_allclose(one.propensities, two.propensities)
    assert one.seen.sum() == len(one) == 4000


def test_the_reward_column_can_be_named_and_position_left_out(tmp_path: Path) -> None:
    frame = table(50).rename({"click": "money"}).drop("position")
    frame.write_csv(tmp_path / "log.csv")
    assert read_log(tmp_path / "log.csv", "money").positions == ("",)
    with pytest.raises(BadInput, match="reward"):
        read_log(tmp_path / "log.csv")


@pytest.mark.parametrize("column", ["item_id", "propensity_score", "click"])
def test_a_missing_column_and_a_missing_value_are_named(tmp_path: Path, column: str) -> None:
    table(50).drop(column).write_parquet(tmp_path / "without.parquet")
    with pytest.raises(BadInput, match="no column"):
        read_log(tmp_path / "without.parquet")
    holed = table(50).with_columns(
        pl.when(pl.int_range(pl.len()) == 6).then(None).otherwise(pl.col(column)).alias(column)
    )
    holed.write_parquet(tmp_path / "holed.parquet")
    with pytest.raises(BadInput, match="row 7"):
        read_log(tmp_path / "holed.parquet")


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no file"):
        read_log(tmp_path / "none.csv")


def test_policies_from_tables(path: Path, tmp_path: Path) -> None:
    log, file = read_log(path), tmp_path / "policy.csv"
    file.write_text("item,probability\ni0,0.75\ni2,0.25\n")
    np.testing.assert_allclose(read_policy(file, log), [[0.75, 0, 0.25]] * 2)
    file.write_text("item,position,probability\ni0,1,1\ni1,2,0.5\nnew,2,0.5\n")
    np.testing.assert_allclose(read_policy(file, log), [[1, 0, 0], [0, 0.5, 0]])
    file.write_text("item,probability\ni0,0.75\n")
    with pytest.raises(BadInput, match="sum to"):
        read_policy(file, log)
    file.write_text("item,probability\ni0,1.5\ni1,-0.5\n")
    with pytest.raises(BadInput, match=r"-0\.5"):
        read_policy(file, log)
    as_frequencies = read_policy(path, log)
    np.testing.assert_allclose(as_frequencies, LOGGED, atol=0.05)
    np.testing.assert_allclose(as_frequencies.sum(axis=1), 1.0)


def test_all_estimators_find_the_value_of_uniform_and_their_intervals_hold_it(path: Path) -> None:
    log = read_log(path)
    report = evaluate_log(log, "uniform", seed=0)
    value = float(CLICK.mean())
    assert [e.name for e in report.estimates] == [
        "dm", "ips", "snips", "dr", "sndr", "switch-dr", "dr-os", "mrdr",
    ]  # fmt: skip
    for estimate in report.estimates:
        assert estimate.value == pytest.approx(value, abs=0.03)
        assert estimate.interval[0] < value < estimate.interval[1]
    shape = report.to_json()
    assert json.loads(json.dumps(shape)) == shape
    assert shape["diagnostics"]["support"] == pytest.approx(1.0)
    assert shape["diagnostics"]["max_weight"] == pytest.approx((1 / 3) / 0.2)
    assert shape["diagnostics"]["honest"] is True
    assert 0 < shape["diagnostics"]["effective_sample_size"] < 4000
    assert report.headline == "dr"
    dr = {e.name: e for e in report.estimates}["dr"].interval
    for estimate in report.estimates:  # biased ones borrow an interval that covers
        if estimate.name in ("dm", "switch-dr", "dr-os"):
            assert estimate.interval[0] <= dr[0]
            assert estimate.interval[1] >= dr[1]
    low, high = shape["bernstein"]["interval"]
    assert shape["bernstein"]["reward_range"] == [0.0, 1.0]
    assert 0.0 < low < dr[0] < dr[1] < high < 1.0
    assert report == evaluate_log(log, "uniform", seed=0)
    assert report.estimates != evaluate_log(log, "uniform", seed=1).estimates


def test_greedy_finds_the_best_item_of_each_position(path: Path) -> None:
    report = evaluate_log(read_log(path), "greedy", seed=0)
    values = {e.name: e.value for e in report.estimates}
    assert values["dr"] == pytest.approx((0.6 + 0.5) / 2, abs=0.05)
    assert values["dr"] > report.logged.value + 0.2


def test_dishonest_propensities_are_reported(path: Path) -> None:
    log = read_log(path)
    forged = replace(log, propensities=np.where(log.actions == 0, 0.1, log.propensities))
    assert evaluate_log(forged, "uniform", seed=0).to_json()["diagnostics"]["honest"] is False


def test_a_policy_beyond_the_log_is_refused(path: Path) -> None:
    log = read_log(path)
    with pytest.raises(NoSupport, match=r"50\.0%"):
        evaluate_log(log, np.array([[0.5, 0, 0], [0.5, 0, 0]]), seed=0)


# -- slates ---------------------------------------------------------------------------------------

SHOWN = Exposure(
    exposure_id="e", at=1000, release=1, policy="p", policy_version="1", seed=0,
    shortlist=("a", "b", "c"), scores=(3.0, 2.0, 1.0), chosen=("b", "a"),
    propensities=(0.2, 0.5), user_id="ann",
)  # fmt: skip


def test_a_slate_knows_what_uniform_and_greedy_would_have_done() -> None:
    shorter = replace(SHOWN, exposure_id="f", chosen=("a",), propensities=(0.6,))
    log = slate_log([SHOWN, shorter], np.zeros((2, 2)))
    np.testing.assert_allclose(log.uniform, [[1 / 3, 1 / 2], [1 / 3, 1.0]])
    np.testing.assert_allclose(log.greedy, [[0.0, 1.0], [1.0, 1.0]])
    np.testing.assert_allclose(log.propensities, [[0.2, 0.5], [0.6, 1.0]])
    with pytest.raises(BadInput, match="shortlist"):
        slate_log([replace(SHOWN, chosen=("z",))], np.zeros((1, 1)))
    with pytest.raises(BadInput, match="no rows"):
        slate_log([], np.zeros((0, 0)))


def slates(n: int) -> tuple[list[Exposure], np.ndarray]:
    """Slates of two of three items by epsilon-greedy; reward: click chance falls with the id."""
    rng, shown, rewards = np.random.default_rng(8), [], np.zeros((n, 2))
    for row in range(n):
        left, chosen, chances = ["a", "b", "c"], [], []
        for place in range(2):
            chance = np.full(len(left), 0.4 / len(left))
            chance[0] += 0.6
            pick = int(rng.choice(len(left), p=chance))
            rewards[row, place] = rng.random() < {"a": 0.2, "b": 0.4, "c": 0.6}[left[pick]]
            chances.append(float(chance[pick]))
            chosen.append(left.pop(pick))
        shown.append(
            replace(
                SHOWN,
                exposure_id=str(row),
                user_id=str(row),
                chosen=tuple(chosen),
                propensities=tuple(chances),
            )
        )
    return shown, rewards


def test_slates_of_an_exploring_policy_tell_what_others_earn() -> None:
    log = slate_log(*slates(4000))
    uniform, greedy = (evaluate_slates(log, name, seed=0) for name in ("uniform", "greedy"))
    assert [e.name for e in uniform.estimates] == ["slate-ips", "rips", "snrips", "cascade-dr"]
    for estimate in uniform.estimates:
        assert estimate.value == pytest.approx(0.8, abs=0.1)
        assert estimate.interval[0] < 0.8 < estimate.interval[1]
    assert uniform.headline == "cascade-dr"
    assert uniform.bernstein[0] < 0.8 < uniform.bernstein[1]
    for estimate in greedy.estimates:
        assert estimate.value == pytest.approx(0.6, abs=0.05)
    assert uniform.to_json()["diagnostics"]["honest"] is True


def test_a_log_without_exploration_says_nothing_of_uniform() -> None:
    sure = [
        replace(
            SHOWN, exposure_id=str(i), user_id=str(i), chosen=("a", "b"), propensities=(1.0, 1.0)
        )
        for i in range(9)
    ]
    log = slate_log(sure, np.ones((9, 2)))
    with pytest.raises(NoSupport):
        evaluate_slates(log, "uniform", seed=0)
    assert evaluate_slates(log, "greedy", seed=0).estimates[0].value == pytest.approx(2.0)


def test_slates_come_back_from_a_store_in_use_with_their_rewards(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(url, "shop") as store:
        store.exposures.append(SHOWN)
        store.exposures.append(replace(SHOWN, exposure_id="empty", chosen=(), propensities=()))
        later = replace(SHOWN, exposure_id="page-2", chosen=("c",), propensities=(1.0,))
        store.exposures.append(replace(later, context={PAGE_OF: "e"}))
        click = Event("a", "click", user_id="ann", timestamp=1500, exposure_id="e")
        store.events.append([click, replace(click, exposure_id="gone")], received_at=2000)
        with read_store(url, "shop") as reader:
            log, counts = stored_slates(reader)
    np.testing.assert_array_equal(log.rewards, [[0.0, 1.0]])
    assert counts == {"counted": 1, "unknown": 1}


def test_rewards_are_written_as_pairs() -> None:
    assert rewards_from("click, purchase=10") == {"click": 1.0, "purchase": 10.0}
    assert rewards_from("")["cart"] == 3.0
    with pytest.raises(BadSettings, match="ten"):
        rewards_from("click=ten")


@pytest.mark.data
def test_open_bandit_logs_are_honest_and_agree(shared_data: Path) -> None:
    folder = shared_data / "open-bandit"
    log = read_log(folder / "random-men" / "log.parquet")
    target = read_policy(folder / "bts-men" / "log.parquet", log)
    report = evaluate_log(log, target, seed=0)
    assert report.mean_weight.honest
    assert report.frequencies is not None
    assert report.frequencies.honest
    earned = float(read_log(folder / "bts-men" / "log.parquet").rewards.mean())
    found = {e.name: e for e in report.estimates}
    assert found["snips"].interval[0] < earned < found["snips"].interval[1]
