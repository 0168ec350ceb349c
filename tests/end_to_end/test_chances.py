"""Chances from the log: what people clicked of the slates they saw, learned at the next refresh."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import prismrec as pr
from end_to_end.worlds import light, marketplace
from prismrec.learning import refresh
from prismrec.models.calibration import Calibration
from prismrec.release import load_release
from prismrec.store import Releases


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chances")
    out = folder / "shop.prism"
    pr.fit(marketplace(folder), out, settings=light()).close()
    return out


def test_clicks_on_logged_slates_teach_chances_at_the_next_refresh(path: Path) -> None:
    with pr.open(path) as shop:
        assert "click" not in shop.chances(shop.recommend("user-1", n=5))
        rng = np.random.default_rng(0)
        clicked = 0
        for number in range(150):
            slate = shop.recommend(f"user-{number % 40}", n=5, seed=number)
            places = np.flatnonzero(rng.random(5) < (0.7, 0.4, 0.2, 0.1, 0.1)).tolist()
            clicked += len(places)
            shop.observe(
                pr.Event(
                    slate[place].item_id, "click", f"user-{number % 40}",
                    exposure_id=slate.exposure_id,
                )
                for place in places
            )  # fmt: skip
        done = refresh(path, seed=1)
        shop.promote(done.release)
        slate = shop.recommend("user-1", n=5, explore=False)
        told = shop.chances(slate)["click"]
        assert len(told) == 5
        assert told[0] > told[2] > told[4]
        assert np.mean(told) == pytest.approx(clicked / 750, abs=0.12)
    with pr.open(path) as again:
        assert again.chances(slate)["click"] == told


def test_a_release_of_a_time_before_chances_still_opens(path: Path, tmp_path: Path) -> None:
    older = tmp_path / "1"
    shutil.copytree(Releases(path).open(1), older)
    facts = json.loads((older / "release.json").read_text())
    del facts["calibration"]
    (older / "release.json").write_text(json.dumps(facts))
    assert load_release(older, 1).calibration == Calibration()
