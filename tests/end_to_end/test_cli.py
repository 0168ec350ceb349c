"""The command line as scripts use it: JSON on standard output, exit codes, what goes where."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import prismrec as pr
from end_to_end.worlds import light, light_config, marketplace
from prismrec.cli.main import main


def run(*words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """`prismrec WORDS` as a process; its exit code must be `code`."""
    done = subprocess.run(
        [sys.executable, "-m", "prismrec", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def as_json(*words: str | Path) -> Any:
    """What the command prints on standard output, which must be JSON alone."""
    return json.loads(run(*words, "--json").stdout)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tables in `data`, light settings, and a fitted `shop.prism`."""
    folder = tmp_path_factory.mktemp("world")
    marketplace(folder).rename(folder / "data")
    light_config(folder)
    made = as_json(
        "fit", folder / "data", "--out", folder / "shop.prism", "--config", folder / "light.toml"
    )
    assert made["release"] == 1
    assert made["items"] == 80
    assert made["validation"]["cases"] > 0
    return folder


def someone(world: Path) -> str:
    with pr.open(world / "shop.prism") as shop:
        return str(shop.store.events.since(0, 1)["user_id"][0])


def test_recommend_search_similar_and_explain(world: Path) -> None:
    user, shop = someone(world), world / "shop.prism"
    slate = as_json("recommend", shop, "--user", user, "-n", "4")
    assert len(slate["items"]) == 4
    first = slate["items"][0]
    assert sum(first["parts"].values()) == pytest.approx(first["score"], rel=1e-3, abs=1e-3)
    found = as_json("search", shop, first["title"], "--user", user)
    assert first["item_id"] in [item["item_id"] for item in found["items"]]
    assert as_json("similar", shop, "--item", first["item_id"])["items"]
    why = as_json("explain", shop, "--user", user, "--item", first["item_id"])
    assert why["sentence"]
    assert why["contributions"]
    table = run("recommend", shop, "--user", user, "-n", "2").stdout
    assert first["item_id"] in table


def test_search_filters_sorts_counts_and_marks(world: Path) -> None:
    shop = world / "shop.prism"
    everything = as_json("search", shop, "--facets", "--sort", "price-asc", "-n", "5")
    assert everything["total"] == 80
    prices = [item["price"] for item in everything["items"]]
    assert prices == sorted(prices)
    brand = next(iter(everything["facets"]["brand"]))
    cheap = as_json(
        "search", shop, "--filter", f"brand={brand}", "--filter", "price<=1e9", "--facets"
    )
    assert cheap["total"] == everything["facets"]["brand"][brand]
    word = everything["items"][0]["title"].split()[0]
    table = run("search", shop, word, "--facets", "-n", "3").stdout
    assert word in table
    assert "brand" in table
    run("search", shop, word, "--filter", "brand", code=2)
    run("search", shop, word, "--sort", "best", code=2)


def test_evaluate_prints_the_documented_shape(world: Path) -> None:
    report = as_json(
        "evaluate", world / "data", "--split", "temporal", "--models", "default,popularity",
        "--config", world / "light.toml",
    )  # fmt: skip
    assert {"data", "split", "protocol", "seed", "models"} <= set(report)
    assert [model["name"] for model in report["models"]] == ["default", "popularity"]
    for model in report["models"]:
        wanted = {"recall@5", "recall@10", "ndcg@5", "ndcg@10", "mrr@10", "coverage@10"}
        assert wanted | {"novelty@10"} <= set(model["metrics"])
        low, high = model["intervals"]["ndcg@10"]
        assert low <= model["metrics"]["ndcg@10"] <= high
        assert {"fit_seconds", "evaluate_seconds", "peak_rss_mib"} <= set(model)


def test_both_protocols_agree_where_everything_is_scored(world: Path) -> None:
    """Below `exact_below`, greedy and without diversity, the engine ranks as the model does."""
    words = ("evaluate", world / "data", "--models", "default", "--config", world / "light.toml")
    model = as_json(*words)["models"][0]["metrics"]
    system = as_json(*words, "--protocol", "system")["models"][0]["metrics"]
    for name in ("recall@10", "ndcg@10", "mrr@10", "coverage@10"):
        assert system[name] == pytest.approx(model[name], abs=1e-6), name


def test_evaluate_writes_a_report_with_plots(world: Path) -> None:
    page = world / "report.html"
    run(
        "evaluate", world / "data", "--models", "popularity,item_knn",
        "--config", world / "light.toml", "--html", page,
    )  # fmt: skip
    assert "<svg" in page.read_text()


def test_refresh_promote_rollback_erase_keys_and_doctor(world: Path, tmp_path: Path) -> None:
    with pr.fit(world / "data", tmp_path / "shop.prism", settings=light()) as shop:
        item = shop.recommend(n=1)[0].item_id
        shop.observe([pr.Event(user_id=f"n{i}", item_id=item, event="view") for i in range(8)])
    path = tmp_path / "shop.prism"
    done = as_json("refresh", path)
    assert (done["release"], done["promoted"]) == (2, True)
    assert as_json("rollback", path) == {"release": 1}
    assert as_json("promote", path, "2") == {"release": 2}
    assert as_json("erase", path, "--user", "n3")["events"] == 1
    key = as_json("keys", "create", path, "--role", "write", "--label", "till")
    assert key["key"] not in run("keys", "list", path).stdout
    assert [row["label"] for row in as_json("keys", "list", path)] == ["till"]
    checks = as_json("doctor", path)
    assert all(check["ok"] for check in checks), checks
    run("promote", path, "9", code=3)


def test_the_encoder_is_found_or_said_to_be_missing() -> None:
    rows = {row["check"]: row for row in json.loads(run_doctor())}
    assert rows["text encoder"]["finding"]


def run_doctor() -> str:
    done = subprocess.run(
        [sys.executable, "-m", "prismrec", "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["fit"], 2, "no data", id="fit without data"),
        pytest.param(["fit", "no/such/folder"], 3, "no/such/folder", id="fit a missing folder"),
        pytest.param(["fit", "{data}", "--items", "x.csv"], 2, "Give one", id="folder and tables"),
        pytest.param(["fit", "--items", "none.csv"], 3, "none.csv", id="fit a missing table"),
        pytest.param(["fit", "{data}", "--config", "no.toml"], 2, "no.toml", id="missing settings"),
        pytest.param(["fit", "{data}", "--config", "{bad}"], 2, "Did you mean", id="bad settings"),
        pytest.param(["fit", "{data}", "--out", "{shop}"], 2, "exists already", id="existing out"),
        pytest.param(["fit", "{data}", "--seed", "-1"], 2, "seed", id="negative seed"),
        pytest.param(["evaluate", "{data}", "--split", "lucky"], 2, "leave-one-out", id="split"),
        pytest.param(["evaluate", "{data}", "--models", "magic"], 2, "magic", id="model"),
        pytest.param(["evaluate", "{data}", "--models", ","], 2, "no model", id="no model"),
        pytest.param(["evaluate", "{data}", "--protocol", "x"], 2, "protocol", id="protocol"),
        pytest.param(["recommend", "no.prism"], 3, "prismrec fit", id="no collection"),
        pytest.param(["recommend", "{shop}", "-n", "0"], 2, "-n", id="no items asked"),
        pytest.param(["recommend", "{shop}", "-n", "many"], 2, "-n", id="n is no number"),
        pytest.param(["search", "{shop}", "--filter", "red"], 2, "Not a filter", id="bad filter"),
        pytest.param(["similar", "{shop}", "--item", "nope"], 3, "nope", id="unknown item"),
        pytest.param(["explain", "{shop}", "--item", "nope"], 3, "nope", id="explain unknown"),
        pytest.param(["promote", "{shop}", "77"], 3, "77", id="unknown release"),
        pytest.param(["rollback", "{shop}"], 3, "before", id="nothing to roll back to"),
        pytest.param(["refresh", "no.prism"], 3, "no.prism", id="refresh nothing"),
        pytest.param(["serve", "no.prism"], 3, "prismrec fit", id="serve nothing"),
        pytest.param(["serve", "{shop}", "--port", "0"], 2, "port", id="no port"),
        pytest.param(["keys", "create", "{shop}", "--role", "king"], 2, "role", id="bad role"),
        pytest.param(["bench", "nothing"], 2, "nothing", id="unknown benchmark"),
        pytest.param(["fly"], 2, "fly", id="unknown command"),
    ],
)
def test_bad_words_get_a_clear_error(
    world: Path,
    words: list[str],
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = world / "bad.toml"
    bad.write_text("[serving]\nprot = 1\n")
    places = {"data": world / "data", "shop": world / "shop.prism", "bad": bad}
    monkeypatch.setattr("os.nice", lambda _: 0)  # this process is the tests' own
    monkeypatch.setattr(sys, "argv", ["prismrec", *(word.format(**places) for word in words)])
    with pytest.raises(SystemExit) as left:
        main()
    printed = capsys.readouterr()
    assert left.value.code == code, printed.err
    assert said in printed.err.replace("\n", " ")
    assert printed.out == ""
