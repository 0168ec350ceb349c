"""Conversations over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.tiny_chat import make_causal
from prismrec.language.chat import ChatSettings, shared_chat_model


@pytest.fixture(scope="module")
def causal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny causal model on disk."""
    return make_causal(tmp_path_factory.mktemp("causal") / "tiny", ["red phone", "blue lamp"])


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as (name, data)."""
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return [(one.removeprefix("event: "), json.loads(two[6:])) for one, two in blocks]


def test_a_conversation_goes_on_where_it_was(shared: Any) -> None:
    first = shared.post("chat", {"text": "phone", "n": 4})
    assert first["turn"] == 1
    assert len(first["items"]) == 4
    assert first["exposure_id"]
    named = {item["item_id"] for item in first["items"]}
    assert all(f"[{item_id}]" in first["text"] for item_id in named)
    for item in first["items"]:
        told = shared.get(f"items/{item['item_id']}")
        assert (told["price"], told["title"]) == (item["price"], item["title"])
        assert abs(sum(item["parts"].values()) - item["score"]) < 1e-4
    later = shared.post(
        "chat", {"text": "none of these", "conversation_id": first["conversation_id"], "n": 4}
    )
    assert later["turn"] == 2
    assert later["conversation_id"] == first["conversation_id"]
    assert not named & {item["item_id"] for item in later["items"]}


def test_a_conversation_that_is_not_known_begins_anew_and_says_so(shared: Any) -> None:
    mine = shared.post("chat", {"text": "phone", "user_id": "user-1"})["conversation_id"]
    for body in ({"conversation_id": "made-up"}, {"conversation_id": mine, "user_id": "user-2"}):
        answer = shared.post("chat", {"text": "phone", **body})
        assert answer["notes"][-1] == "new-conversation"
        assert answer["turn"] == 1
        assert answer["conversation_id"] not in ("made-up", mine)


def test_it_streams_line_by_line(shared: Any) -> None:
    answer = shared.request("POST", "chat/stream", json={"text": "phone", "n": 3})
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert told[0] == ("reading", {})
    lines = [data["text"] for name, data in told if name == "line"]
    assert told[-1][0] == "done"
    assert "\n".join(lines) == told[-1][1]["text"]
    assert len(told[-1][1]["items"]) == 3


def test_bad_turns_are_refused(shared: Any) -> None:
    for body in ({"text": ""}, {}, {"text": "x", "n": 0}, {"text": "x", "endpoint": "http://a"}):
        for route in ("chat", "chat/stream"):
            assert shared.request("POST", route, json=body).status_code == 422


def test_an_exposure_of_a_conversation_is_known(shop: Any) -> None:
    answer = shop.post("chat", {"text": "phone", "user_id": "user-3"})
    event = {"item_id": answer["items"][0]["item_id"], "user_id": "user-3", "event": "click"}
    told = shop.post("events", {"events": [{**event, "exposure_id": answer["exposure_id"]}]})
    assert told["accepted"] == 1


def test_a_local_model_reads_what_rules_cannot(opening: Any, causal_folder: Path) -> None:
    """A tiny model with random weights: whatever it makes of a turn, the answer is a good one."""
    shop = opening()
    own = replace(shop.collection.settings, chat=ChatSettings(model=str(causal_folder)))
    shop.collection.settings = own
    first = shop.post("chat", {"text": "phone"})
    body = {"text": "qwxzzy flurble grommit", "conversation_id": first["conversation_id"]}
    answer = shop.post("chat", body)
    assert answer["turn"] == 2
    assert answer["text"]
    known = {item["item_id"] for item in answer["items"]}
    assert all(shop.get(f"items/{item_id}") for item_id in known)
    chat = shared_chat_model(own.chat)
    assert chat is not None
    assert sum(chat.budget.taken) > 0  # it was asked


def test_who_is_erased_is_forgotten_in_conversations_too(shop: Any) -> None:
    said = {"text": "phone", "user_id": "user-4"}
    mine = shop.post("chat", said)["conversation_id"]
    assert shop.request("DELETE", "users/user-4").status_code == 200
    assert shop.post("chat", {**said, "conversation_id": mine})["turn"] == 1
