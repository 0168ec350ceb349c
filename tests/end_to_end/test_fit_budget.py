"""A time budget from the file to the release: the plan is told, and what the clock stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import prismrec as pr
from end_to_end.worlds import light, light_config, marketplace
from prismrec.cli.main import main
from prismrec.descent.clock import Deadline
from prismrec.learning import fit
from prismrec.store import Releases


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return marketplace(tmp_path_factory.mktemp("tables"))


def test_a_budget_is_planned_for_and_told(
    tables: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, config = tmp_path / "shop.prism", light_config(tmp_path)
    words = ["fit", tables, "--out", out, "--config", config, "--budget", "10m", "--json"]
    monkeypatch.setattr("sys.argv", ["prismrec", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)["budget"]
    assert told["seconds"] == 600
    assert 0 < told["planned_seconds"] < 600
    assert told["experts"] == ["popularity", "transitions", "text_knn"]
    assert told["left_out"] == {}
    assert told["stopped_by_clock"] == []


def test_what_the_clock_stopped_stands_in_the_manifest(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadline, "is_over", lambda *_: True)
    with fit(tables, tmp_path / "shop.prism", settings=light(), budget="10m") as shop:
        told = shop.report["budget"]
        assert len(shop.recommend(n=3).items) == 3
        assert list(shop.engine.snapshot.scorer.experts) == ["popularity"]
    assert told["stopped_by_clock"] == ["text_knn", "transitions"]
    assert (
        Releases(tmp_path / "shop.prism").manifest(1).facts["stopped_by_clock"]
        == (told["stopped_by_clock"])
    )


def test_without_a_budget_nothing_is_said_of_one(tables: Path, tmp_path: Path) -> None:
    with fit(tables, tmp_path / "shop.prism", settings=light()) as shop:
        assert "budget" not in shop.report


def test_a_budget_that_is_none_is_refused(tables: Path, tmp_path: Path) -> None:
    with pytest.raises(pr.PrismError, match="span of time"):
        fit(tables, tmp_path / "shop.prism", budget="soon")
    with pytest.raises(pr.PrismError, match=r"models\.budget"):
        replace(light().models, budget=-1.0)
