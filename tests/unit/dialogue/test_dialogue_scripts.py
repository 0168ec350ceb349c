"""Scripted conversations come out as scripted, with and without a model."""

from __future__ import annotations

from pathlib import Path

import pytest

import benchmarks.conversation
from benchmarks.conversations.scripts import Understanding, faults, scripts
from benchmarks.obedient import Obedient
from prismrec.collection import Collection
from prismrec.language.chat import ChatSettings, LimitedChat

FILES = Path(benchmarks.conversation.__file__).parent / "conversations"
ENGLISH, CHINESE, PARAPHRASED = (
    list(scripts(FILES / f"{name}.txt")) for name in ("english", "chinese", "paraphrased")
)
OBEDIENT = LimitedChat(Obedient(), ChatSettings(model="obedient", failures=10**9))


def test_there_are_enough_of_them() -> None:
    assert len(ENGLISH) >= 60
    assert len(CHINESE) >= 30
    assert len({script.name for script in ENGLISH + CHINESE}) == len(ENGLISH + CHINESE)


@pytest.mark.parametrize("chat", [None, OBEDIENT], ids=["rules", "obedient"])
@pytest.mark.parametrize("script", ENGLISH, ids=lambda script: script.name)
def test_english(english_shop: Collection, script: object, chat: object) -> None:
    assert faults(english_shop, script, chat) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("chat", [None, OBEDIENT], ids=["rules", "obedient"])
@pytest.mark.parametrize("script", CHINESE, ids=lambda script: script.name)
def test_chinese(chinese_shop: Collection, script: object, chat: object) -> None:
    assert faults(chinese_shop, script, chat) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("script", PARAPHRASED, ids=lambda script: script.name)
def test_what_only_a_model_can_read(english_shop: Collection, script: object) -> None:
    model = Understanding(script.meant)  # type: ignore[attr-defined]
    assert faults(english_shop, script, model) == []  # type: ignore[arg-type]
    assert model.asked > 0
    assert faults(english_shop, script, None) != []  # type: ignore[arg-type]
