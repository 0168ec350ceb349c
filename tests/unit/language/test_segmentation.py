"""Words, scripts, and how the hub is asked."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from prismrec.language import LanguageSettings, contains_han, script_shares, segment
from prismrec.language import find as find_module
from prismrec.language.folder import ModelFolder
from prismrec.language.scripts import mostly_han, sample
from prismrec.language.settings import DEFAULT_ENCODER


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("Red WATERPROOF jacket!", ["red", "waterproof", "jacket"]),
        ("科幻电影", ["科幻", "电影", "科幻电影"]),
        ("iPhone15手机壳 (红色)", ["iphone15", "手机", "壳", "红色"]),
        ("Lancôme don’t Ｆｕｌｌ", ["lancome", "dont", "full"]),
        ("snake_case x-ray", ["snake", "case", "x", "ray"]),
        ("ガンダム", ["ガンダム"]),
    ],
)
def test_segment(text: str, words: list[str]) -> None:
    assert segment(text) == words


def test_contains_han() -> None:
    assert contains_han("red 书")
    assert not contains_han("red ガ é ！")


def test_script_shares_sum_to_one() -> None:
    shares = script_shares(["abcd", "电影", "Привет", "12 !"])
    assert shares == pytest.approx({"cyrillic": 0.5, "latin": 1 / 3, "han": 1 / 6})
    assert script_shares(["12", ""]) == {}
    assert mostly_han("电影 A")
    assert not mostly_han("123")


def test_the_sample_is_spread_evenly() -> None:
    assert sample(["a", "", " ", "b"], 5) == ["a", "b"]
    assert sample([str(i) for i in range(100)], 4) == ["0", "25", "50", "75"]


@pytest.mark.data
def test_chinese_reviews_are_not_readable_for_the_default_encoder(shared_data: Path) -> None:
    import polars as pl

    reviews = pl.read_parquet(shared_data / "chinese-reviews" / "reviews.parquet")["review"]
    located = find_module.find_encoder(DEFAULT_ENCODER, LanguageSettings(hub=False), [])
    assert located is not None
    rate = ModelFolder.read(located.path).unknown_rate(sample(reviews.fill_null("").to_list()))
    assert 0.55 < rate < 0.75


def test_a_hub_that_never_answers_does_not_hold_anything_up() -> None:
    never = threading.Event()
    assert "did not answer" in find_module._within(0.01, never.wait)
    never.set()


def test_a_hub_that_refuses_is_one_way_fewer() -> None:
    def refuse() -> None:
        raise ConnectionRefusedError

    assert "ConnectionRefusedError" in find_module._within(5, refuse)
    assert find_module._within(5, lambda: None) == ""
    off = LanguageSettings(hub=False)
    assert find_module._from_hub("a/b", off) == "language.hub is off"


def test_a_model_in_the_local_cache_is_found(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = str(tiny_folder / "config.json")
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda name, file: config)
    located = find_module.find_encoder(DEFAULT_ENCODER, LanguageSettings(hub=False), [])
    assert located == find_module.Located(tiny_folder, DEFAULT_ENCODER, "cache")


def test_the_room_loads_nothing_heavy() -> None:
    check = (
        "import sys, prismrec.language;"
        "sys.exit(bool({'torch', 'sklearn', 'transformers', 'faiss', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
