"""A policy that learns, in a collection: what earns is shown more, across restarts and releases."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import prismrec as pr
from end_to_end.worlds import light, marketplace
from prismrec.collection import Collection
from prismrec.config import Settings
from prismrec.release import load_release

NOW = 1_800_000_000_000
N = 5


def exploring(**more: object) -> Settings:
    plain = light()
    quiet = {"policy": "thompson", "learn_seconds": 1e6, "shortlist": 10, "expected": 0.02}
    return replace(plain, exploration=replace(plain.exploration, **{**quiet, **more}))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("learning")
    pr.fit(marketplace(folder), folder / "shop.prism", settings=light()).close()
    return folder / "shop.prism"


@pytest.fixture
def shop_path(fitted: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fitted, tmp_path / "shop.prism"))


@pytest.fixture
def shop(shop_path: Path) -> Iterator[Collection]:
    with Collection.open(shop_path, settings=exploring()) as opened:
        yield opened


def chance_first(shop: Collection, item: str) -> float:
    """How often of 200 slates for nobody in particular the item stands first."""
    slates = [shop.recommend(n=1, at=NOW, seed=s, explore=True, history=()) for s in range(200)]
    return float(np.mean([slate[0].item_id == item for slate in slates]))


def teach(shop: Collection, item: str, rounds: int = 60) -> None:
    """Slates to visitors who click on the one item whenever they see it."""
    for number in range(rounds):
        slate = shop.recommend(session_id=f"s{number}", n=N, at=NOW, seed=number)
        if item in slate.ids:
            shop.observe(
                pr.Event(item, "click", session_id=f"s{number}", timestamp=NOW + 1,
                         exposure_id=slate.exposure_id)
            )  # fmt: skip


def unloved(shop: Collection) -> str:
    """The last item of the greedy list from which the policy chooses."""
    return shop.recommend(n=10, at=NOW, explore=False, history=())[9].item_id


def test_an_item_that_earns_is_shown_more(shop: Collection) -> None:
    item = unloved(shop)
    before = chance_first(shop, item)
    teach(shop, item)
    count = shop.feedback.look()
    assert count >= 60
    assert chance_first(shop, item) > max(0.5, 2 * before)
    assert f"learned={count}" in shop.snapshot.policy.version


def test_what_was_learned_is_rebuilt_on_opening(shop_path: Path) -> None:
    with Collection.open(shop_path, settings=exploring()) as shop:
        item = unloved(shop)
        for _ in range(3):
            teach(shop, item, 20)
            shop.feedback.look()
        learned = shop.snapshot.learned
        assert learned is not None
        told = learned.posteriors[0]
    with Collection.open(shop_path, settings=exploring()) as shop:
        shop.feedback.look()
        assert shop.snapshot.learned is not None
        again = shop.snapshot.learned.posteriors[0]
        assert again.count == told.count
        np.testing.assert_allclose(again.theta, told.theta, atol=1e-9)
        np.testing.assert_allclose(again.own, told.own, atol=1e-9)


def test_another_release_starts_anew_and_a_rollback_knows_again(shop: Collection) -> None:
    item = unloved(shop)
    teach(shop, item)
    shop.feedback.look()
    knew = shop.snapshot.learned
    assert knew is not None
    release = load_release(shop.releases.open(1), 1)
    shop.promote(shop.add_release(release))
    assert shop.feedback.look() == 0
    shop.rollback()
    assert shop.feedback.look() == knew.count


def test_an_erased_person_is_unlearned(shop: Collection) -> None:
    slate = shop.recommend("somebody", n=N, at=NOW, seed=1)
    shop.observe(pr.Event(slate[0].item_id, "click", user_id="somebody", timestamp=NOW + 1,
                          exposure_id=slate.exposure_id))  # fmt: skip
    assert shop.feedback.look() == 1
    assert shop.snapshot.learned is not None
    assert shop.snapshot.learned.posteriors[0].own.any()
    shop.erase("somebody")
    assert shop.feedback.look() == 0
    assert not shop.snapshot.learned.posteriors[0].own.any()


def test_it_looks_by_itself(shop_path: Path) -> None:
    with Collection.open(shop_path, settings=exploring(learn_seconds=0.05)) as shop:
        shop.recommend(n=N)
        deadline = time.monotonic() + 60
        assert shop.snapshot.learned is not None
        while shop.snapshot.learned.count == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert shop.snapshot.learned.count == 1


def test_parts_of_the_score_are_logged_with_the_exposure_and_taught_by(shop_path: Path) -> None:
    settings = exploring(features="parts", policy="squarecb")
    with Collection.open(shop_path, settings=settings) as shop:
        slate = shop.recommend(n=N, at=NOW, seed=3)
        shop.search("coffee", n=N, at=NOW, seed=3)
        assert shop.feedback.look() == 2
        exposure = shop.store.exposures.get(slate.exposure_id)
        assert exposure is not None
        assert set(exposure.features) == {f"part:{name}" for name in slate[0].parts}
        assert all(len(row) == len(exposure.shortlist) for row in exposure.features.values())


def test_an_item_that_arrives_later_is_learned_about(shop: Collection) -> None:
    learned = shop.snapshot.learned
    assert learned is not None
    shop.upsert(items=[replace(shop.item(unloved(shop)), item_id="fresh")])
    slate = shop.recommend("ann", n=N, at=NOW, filters=pr.Filters(only=("fresh",)))
    assert slate.ids == ["fresh"]
    shop.observe(pr.Event("fresh", "click", user_id="ann", timestamp=NOW + 1,
                          exposure_id=slate.exposure_id))  # fmt: skip
    shop.feedback.look()
    assert shop.snapshot.learned is learned
    belief = learned.posteriors[0]
    assert belief.own[belief.slots[shop.snapshot.catalogue.position("fresh")], 0] > 0
