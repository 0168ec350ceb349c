"""An experiment over HTTP: sticky people, the right share, rewards by arm."""

from __future__ import annotations

import pytest

from api.conftest import Opening, Shop
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
    assert shop.collection.trials.running is None
    assert shop.post("recommend", {"user_id": "person-0"})["release"] == 2


# -- started and stopped while serving ------------------------------------------------------------


def released(shop: Shop, people: int = 40) -> list[int]:
    """Which release each of them meets."""
    return [shop.post("recommend", {"user_id": f"person-{n}"})["release"] for n in range(people)]


def test_an_experiment_is_started_watched_and_stopped_while_serving(shop: Shop) -> None:
    assert set(released(shop)) == {1}
    assert shop.get("experiments") == []
    made = shop.post("experiments", {"release": 2, "share": 0.5, "name": "spring"})
    assert (made["name"], made["under_way"], made["by_settings"]) == ("spring", True, False)
    arms = released(shop)
    assert set(arms) == {1, 2}
    assert released(shop) == arms
    shop.post("events", {"events": [{"item_id": "item-1", "event": "view", "user_id": "x"}]})
    told = shop.get("experiments/spring")
    assert [arm["people"] for arm in told["verdict"]["arms"]] == [arms.count(1), arms.count(2)]
    assert sum(arm["requests"] for arm in told["verdict"]["arms"]) == 80
    assert (told["verdict"]["finding"], told["complete"]) == ("open", True)
    again = shop.request("POST", "experiments", json={"release": 2})
    assert again.status_code == 409
    assert "spring" in again.json()["detail"]
    stopped = shop.request("DELETE", "experiments/spring").json()
    assert stopped["stopped_at"] >= stopped["started_at"]
    assert set(released(shop)) == {1}
    assert shop.request("DELETE", "experiments/spring").status_code == 404
    assert shop.get("experiments/spring")["verdict"] is not None
    actions = [line["action"] for line in shop.get("audit")]
    assert actions[:2] == ["experiment.stop", "experiment.start"]


def test_what_makes_no_sense_is_refused(shop: Shop) -> None:
    def status(**asked: object) -> int:
        return int(shop.request("POST", "experiments", json=asked).status_code)

    assert status(release=99) == 404
    assert status(release=1) == 422  # the one that is served
    assert status(release=2, share=0.0) == status(release=2, share=1.0) == 422
    assert status(release=2, name="a:b") == status(release=2, name="a/b") == 422
    assert status() == status(release=2, extra=1) == 422
    assert shop.get("experiments") == []
    assert shop.request("GET", "experiments/none").status_code == 404
    assert shop.request("DELETE", "experiments/none").status_code == 404
    assert shop.collection.trials.running is None


def test_promoting_the_challenger_ends_it_and_names_are_made_anew(shop: Shop) -> None:
    assert shop.post("experiments", {"release": 2})["name"] == "release-2"
    assert shop.get("experiments/release-2")["refused"]
    shop.post("releases/promote", {"release": 2})
    assert [one["under_way"] for one in shop.get("experiments")] == [False]
    shop.post("releases/rollback")
    assert shop.post("experiments", {"release": 2})["name"] == "release-2-2"
    shop.request("POST", "items", json={"items": [{"item_id": "brand-new", "title": "Brand new"}]})
    found = {
        shop.post("search", {"text": "brand new", "user_id": f"u{n}"})["items"][0]["item_id"]
        for n in range(12)
    }
    assert found == {"brand-new"}


def test_one_of_the_settings_is_listed_and_stopped_there(
    opening: Opening, settings: Settings
) -> None:
    shop = opening(settings)
    assert [(one["name"], one["by_settings"]) for one in shop.get("experiments")] == [
        ("spring", True)
    ]
    assert shop.request("POST", "experiments", json={"release": 2}).status_code == 409
    refused = shop.request("DELETE", "experiments/spring")
    assert refused.status_code == 409
    assert "prism.toml" in refused.json()["detail"]


def test_only_an_admin_may_change_it(shop: Shop) -> None:
    admin = {"X-API-Key": shop.post("keys", {"role": "admin"})["key"]}
    asked = {"json": {"role": "read"}, "headers": admin}
    reader = {"X-API-Key": shop.request("POST", "keys", **asked).json()["key"]}
    start = {"json": {"release": 2}}
    assert shop.request("POST", "experiments", headers=reader, **start).status_code == 403
    assert shop.request("GET", "experiments", headers=reader).json() == []
    assert shop.request("POST", "experiments", headers=admin, **start).status_code == 200
    assert shop.request("DELETE", "experiments/release-2", headers=reader).status_code == 403
