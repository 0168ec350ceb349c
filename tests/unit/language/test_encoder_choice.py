"""Which encoder is chosen for which texts, and that Chinese never goes through an English one."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from prismrec.core import BadSettings, Corrupt, NotFound
from prismrec.language import (
    EncoderWarning,
    LanguageSettings,
    choose_encoder,
    encoder_from_reference,
    encoder_reference,
)
from prismrec.language import find as find_module

ENGLISH = ["red leather shoes", "garden hose", "wireless headphones", "novel about the sea"]
FILMS = [
    "星际穿越. 科幻电影. 宇航员穿越虫洞，为人类寻找新的家园",
    "流浪地球. 科幻电影. 人类带着地球逃离太阳系",
]
BOOKS = [
    "Python从入门到实践. 编程书籍. 零基础学习编程",
    "算法导论. 编程, 计算机书籍. 计算机科学的经典教材",
]
UNRELATED = [
    "不锈钢炒锅. 厨房用品. 不粘锅底，最近热卖，喜欢做饭的人都在看",
    "纯棉浴巾. 家居用品. 柔软吸水，我和家人都喜欢",
    "婴儿纸尿裤. 母婴用品. 透气不闷热",
    "登山背包. 户外用品. 喜欢看风景的人最近的选择",
    "手机壳. 手机配件. 防摔，手感好",
    "防晒霜. 美妆. 清爽不油腻",
]
PROFILE = "我最近喜欢看科幻电影和编程书籍"


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the network nor the model cache of whoever runs the tests."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr(find_module, "_from_cache", lambda name: "not in the local cache")


def chosen_quietly(texts: list[str], settings: LanguageSettings):
    with warnings.catch_warnings():
        warnings.simplefilter("error", EncoderWarning)
        return choose_encoder(texts, settings)


def test_english_takes_the_pretrained_encoder_without_a_warning() -> None:
    chosen = chosen_quietly(ENGLISH, LanguageSettings(dtype="float32"))
    assert chosen.report["encoder"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert chosen.report["source"] == "package"
    assert chosen.report["warnings"] == []
    assert chosen.encoder.dimension == 384
    query = chosen.query_encoder.encode(["earphones without a cable"])[0]
    assert int(np.argmax(chosen.encoder.encode(ENGLISH) @ query)) == 2


def test_chinese_takes_ngrams_with_a_warning_offline() -> None:
    with pytest.warns(EncoderWarning, match="unknown to"):
        chosen = choose_encoder(FILMS + BOOKS + UNRELATED, LanguageSettings())
    assert chosen.report["encoder"] == "tfidf"
    assert chosen.report["unknown_rate"]["sentence-transformers/all-MiniLM-L6-v2"] > 0.5
    assert chosen.report["scripts"]["han"] > 0.9
    assert len(chosen.report["warnings"]) == 1


def test_the_chinese_profile_ranks_films_and_books_first() -> None:
    texts = UNRELATED[:3] + FILMS + UNRELATED[3:] + BOOKS
    with pytest.warns(EncoderWarning):
        chosen = choose_encoder(texts, LanguageSettings())
    scores = chosen.encoder.encode(texts) @ chosen.query_encoder.encode([PROFILE])[0]
    best = {texts[i] for i in np.argsort(-scores)[:4]}
    assert best == {*FILMS, *BOOKS}


def test_a_few_chinese_texts_among_english_ones_are_warned_of() -> None:
    texts = ENGLISH * 20 + FILMS[:1]
    with pytest.warns(EncoderWarning, match="1 of 81 sampled texts are mostly Chinese"):
        chosen = choose_encoder(texts, LanguageSettings(dtype="float32"))
    assert chosen.report["encoder"] == "sentence-transformers/all-MiniLM-L6-v2"


def test_a_multilingual_encoder_is_taken_where_one_can_be_had(chinese_folder: Path) -> None:
    settings = LanguageSettings(multilingual=str(chinese_folder), dtype="float32")
    chosen = chosen_quietly(FILMS + BOOKS, settings)
    assert chosen.report["encoder"] == chinese_folder.name
    assert chosen.report["source"] == "settings"
    assert chosen.report["unknown_rate"][chinese_folder.name] <= 0.10


def test_a_multilingual_encoder_that_cannot_read_the_texts_is_not_taken(tiny_folder: Path) -> None:
    with pytest.warns(EncoderWarning, match="no multilingual encoder"):
        chosen = choose_encoder(FILMS, LanguageSettings(multilingual=str(tiny_folder)))
    assert chosen.report["encoder"] == "tfidf"


def test_a_named_encoder_is_obeyed_with_a_warning(tiny_folder: Path) -> None:
    with pytest.warns(EncoderWarning, match="because language.encoder names it"):
        chosen = choose_encoder(FILMS, LanguageSettings(encoder=str(tiny_folder)))
    assert chosen.report["encoder"] == tiny_folder.name


@pytest.mark.parametrize(("texts", "why"), [(ENGLISH, "no pretrained"), (FILMS, "Latin script")])
def test_nothing_to_be_had_falls_back_with_a_warning(
    texts: list[str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_module, "_from_package", lambda name: "not installed")
    with pytest.warns(EncoderWarning):
        chosen = choose_encoder(texts, LanguageSettings())
    assert chosen.report["encoder"] == "tfidf"
    assert why in chosen.report["why"]
    assert any("HF_HUB_OFFLINE" in line for line in chosen.report["tried"])


def test_tfidf_on_request_needs_no_warning() -> None:
    assert chosen_quietly(ENGLISH, LanguageSettings(encoder="tfidf")).report["source"] == "fitted"


@pytest.mark.parametrize("texts", [[], [""], ["one item"], ["", "  ", "\n"]])
def test_any_catalogue_gets_an_encoder(texts: list[str]) -> None:
    chosen = chosen_quietly(texts, LanguageSettings(encoder="tfidf"))
    assert chosen.encoder.encode([*texts, ""]).shape == (len(texts) + 1, chosen.encoder.dimension)


def test_a_path_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NotFound, match=r"language\.encoder"):
        choose_encoder(ENGLISH, LanguageSettings(encoder="/no/such/folder"))


def test_the_packages_weights_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / find_module.PACKAGE / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise RuntimeError('must not run')")
    (model / "model.safetensors").write_bytes(b"not the weights")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Corrupt, match="SHA-256"):
        choose_encoder(ENGLISH, LanguageSettings())


def test_a_release_opens_the_same_pretrained_encoder(tiny_folder: Path, tmp_path: Path) -> None:
    settings = LanguageSettings(encoder=str(tiny_folder), unknown_limit=1.0, max_tokens=9)
    chosen = choose_encoder(ENGLISH, settings, cache=tmp_path / "cache")
    state = encoder_reference(chosen.encoder)
    assert encoder_reference(chosen.query_encoder) == state
    again = encoder_from_reference(state, LanguageSettings())
    assert again.version == chosen.encoder.version
    np.testing.assert_array_equal(again.encode(ENGLISH), chosen.encoder.encode(ENGLISH))


def test_a_release_refuses_other_weights(tiny_folder: Path, chinese_folder: Path) -> None:
    settings = LanguageSettings(encoder=str(tiny_folder), unknown_limit=1.0)
    state = encoder_reference(choose_encoder(ENGLISH, settings).encoder)
    (tiny_folder / "model.safetensors").write_bytes(
        (tiny_folder / "model.safetensors").read_bytes()[:-4] + b"\x01\x02\x03\x04"
    )
    with pytest.raises(Corrupt, match="not the one this release was made with"):
        encoder_from_reference(state, LanguageSettings(encoder=str(chinese_folder)))


def test_a_release_says_what_is_missing(tiny_folder: Path) -> None:
    settings = LanguageSettings(encoder=str(tiny_folder), unknown_limit=1.0)
    state = encoder_reference(choose_encoder(ENGLISH, settings).encoder)
    tiny_folder.rename(tiny_folder.with_name("elsewhere"))
    with pytest.raises(NotFound, match="was not found"):
        encoder_from_reference(state, LanguageSettings())
    moved = LanguageSettings(encoder=str(tiny_folder.with_name("elsewhere")))
    assert encoder_from_reference(state, moved).version == state.settings["version"]


@pytest.mark.parametrize(
    "change",
    [{"dtype": "float8"}, {"unknown_limit": 2.0}, {"encoder": ""}, {"batch_size": 0}],
)
def test_settings_that_make_no_sense_are_refused(change: dict) -> None:
    with pytest.raises(BadSettings):
        LanguageSettings(**change)
