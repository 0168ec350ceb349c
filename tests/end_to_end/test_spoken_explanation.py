"""`explain` in the words of a chat model, where the settings ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import prismrec as pr
from end_to_end.worlds import light, marketplace
from prismrec.language.chat import ChatSettings


class Talkative:
    """Says a true thing of the first reason, and an invented one of the others."""

    def complete(
        self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]
    ) -> dict[str, Any]:
        first, *others = schema["properties"]["claims"]["items"]["properties"]["about"]["enum"]
        said = {"popular": "many people choose it", "text": "its subject is close to your past"}
        told = [{"about": first, "text": said.get(first, "it fits your past choices")}]
        return {"claims": [*told, *({"about": o, "text": "it costs 9.99"} for o in others)]}


def test_explain_is_worded_by_the_model_and_held_to_the_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ChatSettings] = []

    def model(settings: ChatSettings) -> Talkative:
        asked.append(settings)
        return Talkative()

    monkeypatch.setattr("prismrec.engine.shared_chat_model", model)
    plain = light()
    settings = replace(plain, explanation=replace(plain.explanation, spoken=True))
    with pr.fit(marketplace(tmp_path), tmp_path / "shop.prism", settings=settings) as shop:
        user = shop.store.events.since(0, 400)["user_id"].drop_nulls().to_list()[0]
        told = [shop.explain(user, item).sentence for item in shop.recommend(user, n=5).ids]
    assert asked == [settings.chat] * 5
    assert any("many people" in one or "close to your past" in one for one in told) or any(
        "fits your past choices" in one for one in told
    )
    assert not any("9.99" in one for one in told)
