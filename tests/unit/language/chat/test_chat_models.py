"""The same small model, in this process and behind a real server, answers the same."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.chat_server import serving
from prismrec.core import BadSettings, ChatRefused, NotFound
from prismrec.language.chat import ChatSettings, chat_model, prompt
from prismrec.language.chat.grammar import Free, is_walkable, walk

ORDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order": {
            "type": "array",
            "items": {"enum": ["A", "B", "C", "D"]},
            "minItems": 4,
            "maxItems": 4,
            "uniqueItems": True,
        },
        "sure": {"type": "boolean"},
        "why": {"type": "string", "maxLength": 12},
    },
    "required": ["order", "sure", "why"],
    "additionalProperties": False,
}
OPEN = {**ORDER, "properties": {**ORDER["properties"], "n": {"type": "number"}}}
MESSAGES = prompt("Put them in order.", {"items": {"A": "red leather shoes"}}, ORDER)


def test_a_local_model_answers_in_the_schema_and_always_the_same(causal_folder: Path) -> None:
    answers = []
    for _ in range(2):
        chat = chat_model(ChatSettings(model=str(causal_folder)))
        assert chat is not None
        answers.append(chat.complete(MESSAGES, ORDER))
        assert sorted(answers[-1]["order"]) == ["A", "B", "C", "D"]
    assert answers[0] == answers[1]


def test_what_it_cannot_be_held_to_is_validated_and_refused(causal_folder: Path) -> None:
    chat = chat_model(ChatSettings(model=str(causal_folder), answer_tokens=8))
    assert chat is not None
    with pytest.raises(ChatRefused) as caught:
        chat.complete(MESSAGES, OPEN)
    assert caught.value.reason == "invalid"
    used = chat.budget.taken
    assert used[1] == 16  # asked twice, eight tokens each


def test_a_local_model_stops_at_the_deadline(causal_folder: Path) -> None:
    chat = chat_model(ChatSettings(model=str(causal_folder), deadline_s=0.01, answer_tokens=4_000))
    assert chat is not None
    with pytest.raises(ChatRefused) as caught:
        chat.complete(MESSAGES, OPEN)
    assert caught.value.reason == "deadline"


def test_a_server_over_the_same_model_answers_the_same(
    causal_folder: Path, at_port: Callable[..., ChatSettings]
) -> None:
    local = chat_model(ChatSettings(model=str(causal_folder)))
    with serving(causal_folder) as port:
        remote = chat_model(at_port(port, deadline_s=30.0))
        assert local is not None
        assert remote is not None
        assert remote.complete(MESSAGES, ORDER) == local.complete(MESSAGES, ORDER)
        assert remote.budget.taken == local.budget.taken


def test_folders_that_are_none_or_unsafe_are_refused(causal_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        chat_model(ChatSettings(model=str(tmp_path / "nowhere")))
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((causal_folder / name).read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(BadSettings, match="safetensors"):
        chat_model(ChatSettings(model=str(tmp_path)))


def test_the_key_goes_to_the_endpoint_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    at_port: Callable[..., ChatSettings],
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SHOP_CHAT_KEY", "sk-very-secret")
    chat = chat_model(at_port(9, key_env="SHOP_CHAT_KEY", deadline_s=0.3))  # nobody listens there
    assert chat is not None
    with pytest.raises(ChatRefused) as caught:
        chat.complete(MESSAGES, ORDER)
    told = f"{caught.value!r} {caught.value} {chat.settings!r} {caplog.text}"
    assert "sk-very-secret" not in told
    monkeypatch.delenv("SHOP_CHAT_KEY")
    with pytest.raises(BadSettings, match="SHOP_CHAT_KEY"):
        chat_model(at_port(9, key_env="SHOP_CHAT_KEY"))


names = st.text(min_size=1, max_size=6)
enums = st.builds(lambda values: {"enum": values}, st.lists(names, min_size=1, max_size=4))
leaves = enums | st.just({"type": "boolean"}) | st.just({"type": "string", "maxLength": 5})


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def build(properties: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "properties": properties, "required": list(properties)}

    return st.builds(build, st.dictionaries(names, inner, max_size=3))


def _arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def build(items: Any, least: int, more: int) -> dict[str, Any]:
        unique = {"uniqueItems": True} if len(set(items.get("enum", ()))) >= max(least, 1) else {}
        return {
            "type": "array", "items": items, "minItems": least, "maxItems": least + more, **unique
        }  # fmt: skip

    return st.builds(build, inner, st.integers(0, 3), st.integers(0, 2))


schemas = st.recursive(leaves, lambda inner: _objects(inner) | _arrays(inner), max_leaves=6)


@settings(deadline=None)
@given(schemas, st.data())
def test_whatever_is_chosen_on_a_walk_is_valid(schema: dict[str, Any], data: st.DataObject) -> None:
    assert is_walkable(schema)
    text, steps = "", walk(schema)
    try:
        asked = next(steps)
        while True:
            if isinstance(asked, Free):
                one = data.draw(st.text("abc é中", max_size=asked.longest))
            else:
                assert not any(a != b and b.startswith(a) for a in asked for b in asked)
                one = data.draw(st.sampled_from(asked))
            text += one
            asked = steps.send(one)
    except StopIteration:
        pass
    jsonschema_rs.Draft202012Validator(schema).validate(json.loads(text))


def test_schemas_with_words_it_does_not_know_are_not_walked() -> None:
    assert not is_walkable({"type": "string", "pattern": "a+"})
    assert not is_walkable({"type": "object", "properties": {"a": {"type": "boolean"}}})
    assert not is_walkable({"type": "number"})
