"""An experiment over HTTP: sticky people, the right share, rewards by arm."""

from __future__ import annotations

import pytest

from api.conftest import Opening
from prismrec.config import Settings
from prismrec.exploration.experiment import ARMS, EXPERIMENT, ExperimentSettings
from prismrec.folder import settings_of
from prismrec.learning.experiment import watch_experiment

PEOPLE = 120
TRIAL = ExperimentSettings(challenger=2, share=0.4, name="spring")


@pytest.fixture
def settings(fitted) -> Settings:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(settings_of(fitted), experiment=TRIAL)


def test_people_keep_their_release_and_rewards_go_to_its_arm(
    opening: Opening, settings: Settings
) -> None:
    shop = opening(settings)
    released = {}
    for number in range(PEOPLE):
        person = {"user_id": f"person-{number}"}
        slates = [shop.post("recommend", {**person, "n": 2}) for _ in range(2)]
        assert slates[0]["release"] == slates[1]["release"]
        released[number] = slates[0]["release"]
        if slates[0]["release"] == 2:
            click = {**person, "item_id": slates[0]["items"][0]["item_id"], "event": "click"}
            shop.post("events", {"events": [{**click, "exposure_id": slates[0]["exposure_id"]}]})
    share = sum(number == 2 for number in released.values()) / PEOPLE
    assert abs(share - 0.4) < 3 * (0.24 / PEOPLE) ** 0.5
    anonymous = shop.post("recommend", {"n": 2})
    assert anonymous["release"] == 1
    seen = {"session_id": "s", "item_id": anonymous["items"][0]["item_id"], "event": "view"}
    shop.post("events", {"events": [seen]})  # one queue: the exposures before it are written now
    shown = [each for _, each in shop.collection.store.exposures.since(0, 1000)]
    marks = [each.context.get(EXPERIMENT, "") for each in shown]
    assert {
        each.release for each, mark in zip(shown, marks, strict=True) if mark.endswith(ARMS[1])
    } == {2}
    assert marks.count("") == 1
    found = watch_experiment(shop.collection.path, name="spring", rewards="click=1")
    champion, challenger = found.arms
    assert (champion.mean, challenger.mean) == (0.0, 0.5)
    assert champion.requests + challenger.requests == 2 * PEOPLE


def test_both_releases_know_what_changes_and_a_winner_ends_the_experiment(
    opening: Opening, settings: Settings
) -> None:
    shop = opening(settings)
    shop.request("POST", "items", json={"items": [{"item_id": "brand-new", "title": "Brand new"}]})
    for person in ("person-0", "person-1", "person-2", "person-3", "person-4", "person-5"):
        found = shop.post("search", {"text": "brand new", "user_id": person, "n": 3})
        assert found["items"][0]["item_id"] == "brand-new"
    shop.post("releases/promote", {"release": 2})
    assert shop.collection.trial is None
    assert shop.post("recommend", {"user_id": "person-0"})["release"] == 2
