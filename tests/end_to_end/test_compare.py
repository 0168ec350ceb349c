"""`prismrec compare` and `prismrec uplift` on a collection that explores, from its own log."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import prismrec as pr
from end_to_end.worlds import light, marketplace
from prismrec.cli.main import app
from prismrec.config import write_settings
from prismrec.core import BadInput, Event, Query
from prismrec.release import load_release, save_release
from prismrec.store import Releases

SOON = 4_000_000_000_000
EFFECT = 2.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A shop that explores, whose slates of two earn a click more exactly where they show the
    favourite; release 2 is release 1 again."""
    folder = tmp_path_factory.mktemp("shop")
    path, settings = folder / "shop.prism", light()
    exploring = replace(settings.exploration, policy="plackett-luce", temperature=5.0, shortlist=5)
    settings = replace(settings, exploration=exploring)
    with pr.fit(marketplace(folder), path, settings=settings) as made:
        users = made.store.events.since(0, 400)["user_id"].unique().sort().to_list()
        favourite = made.recommend("stranger", n=5, seed=1, at=SOON, explore=False).ids[2]
        for number in range(300):
            slate = made.ask(Query(session_id=f"s{number}", n=2, seed=number, at=SOON + number))
            if favourite in slate.ids:
                click = Event(
                    favourite, "click", session_id=f"s{number}", timestamp=SOON + number + 1,
                    exposure_id=slate.exposure_id,
                )  # fmt: skip
                made.observe(click)
        assert users
    write_settings(settings, path / "prism.toml")
    releases = Releases(path)
    save_release(load_release(releases.open(1), 1), releases)
    return path, favourite


def told(*words: str) -> tuple[int, Any]:
    done = CliRunner().invoke(app, [*words, "--json"])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, json.loads(done.stdout)


def test_a_release_that_ranks_the_same_has_no_advantage(shop: tuple[Path, str]) -> None:
    path, _ = shop
    code, verdict = told("compare", str(path), "2", "--reward", "click=2")
    assert code == 0
    assert verdict["difference"] == pytest.approx(0.0, abs=1e-9)
    assert verdict["cases"] == 300
    assert verdict["metric"] == "reward a slate"
    code, verdict = told("compare", str(path), "2", "--threshold", "0.01", "--promote")
    assert code == 8
    assert not verdict["promote"]
    kept = Releases(path).verdict(2)
    assert kept is not None
    assert kept["against"] == 1
    assert kept["why"] == verdict["why"]
    assert Releases(path).served() == 1
    code, verdict = told("compare", str(path), str(path), "--log", str(path))
    assert code == 0
    code, verdict = told("compare", str(path), "2", "--promote")
    assert verdict["promoted"]
    assert Releases(path).served() == 2


def test_only_what_was_shown_after_training_decides(shop: tuple[Path, str]) -> None:
    from prismrec.learning.replay import read_requests

    path, _ = shop
    requests = read_requests(path, light(), {"click": 1.0})
    assert len(requests.since(SOON + 199).exposures) == 100
    with pytest.raises(BadInput, match="promoted"):
        told("compare", str(path), str(path), "--promote")


def test_the_uplift_of_the_item_that_earns(shop: tuple[Path, str]) -> None:
    path, favourite = shop
    _, found = told("uplift", str(path), "--item", favourite, "--reward", f"click={EFFECT}")
    assert found["item_id"] == favourite
    assert found["value"] == pytest.approx(EFFECT, abs=0.01)
    assert found["hidden"] == pytest.approx(0.0, abs=0.01)
    done = CliRunner().invoke(app, ["uplift", str(path), "--item", favourite])
    assert "naive difference" in done.stdout
