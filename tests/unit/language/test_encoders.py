"""The encoders themselves: meaning, shape, batching, precision, determinism."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prismrec.core import BadSettings, Corrupt, TextEncoder
from prismrec.language import LanguageSettings
from prismrec.language.encoder import TransformerEncoder
from prismrec.language.find import find_encoder
from prismrec.language.folder import ModelFolder
from prismrec.language.settings import DEFAULT_ENCODER
from prismrec.language.tfidf import TfidfEncoder, fit_tfidf

SETTINGS = LanguageSettings(dtype="float32", batch_size=3, hub=False)
CATALOGUE = [
    "red leather shoes",
    "blue running shoes",
    "garden hose, 20 m",
    "novel about the sea",
    "science fiction film",
    "",
]


def opened(folder: Path, **change: object) -> TransformerEncoder:
    changed = LanguageSettings(**{"dtype": "float32", "batch_size": 3, **change})
    return TransformerEncoder(ModelFolder.read(folder), folder.name, changed)


@pytest.fixture(scope="module")
def minilm() -> TransformerEncoder:
    located = find_encoder(DEFAULT_ENCODER, SETTINGS, [])
    assert located is not None, "install the extra 'offline'"
    return TransformerEncoder(ModelFolder.read(located.path), located.name, SETTINGS)


@pytest.fixture(scope="module")
def tfidf() -> TfidfEncoder:
    return fit_tfidf(CATALOGUE, 16)


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        ("earphones", "wireless headphones", "garden hose"),
        ("a film about space", "science fiction movie", "cookbook"),
        ("dad's birthday present", "gift for a father", "industrial solvent"),
        ("sun protection", "sunscreen lotion", "black nail polish"),
    ],
)
def test_what_means_the_same_is_nearer(
    minilm: TransformerEncoder, query: str, near: str, far: str
) -> None:
    q, n, f = minilm.encode([query, near, far])
    assert q @ n > q @ f + 0.1


def test_it_agrees_with_sentence_transformers(tiny_folder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    texts = ["red shoes", "garden", "the sea the sea the sea and headphones"]
    oracle = SentenceTransformer(str(tiny_folder), device="cpu").encode(texts)
    np.testing.assert_allclose(opened(tiny_folder).encode(texts), oracle, atol=1e-5)


@pytest.mark.parametrize("which", ["minilm", "tfidf"])
def test_the_contract(which: str, request: pytest.FixtureRequest) -> None:
    encoder = request.getfixturevalue(which)
    assert isinstance(encoder, TextEncoder)
    texts = ["red shoes", "", "  \n", "red shoes", "a \ud800 surrogate film"]
    vectors = encoder.encode(texts)
    assert vectors.shape == (5, encoder.dimension)
    assert vectors.dtype == np.float32
    norms = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(norms, [1, 0, 0, 1, 1], atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[3])
    assert encoder.encode([]).shape == (0, encoder.dimension)


WORDS = st.sampled_from(["red", "leather", "shoes", "garden", "the", "科幻", "电影", "zebra", "!"])
TEXTS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=1, max_size=8)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=TEXTS)
def test_a_row_does_not_depend_on_its_batch(texts: list[str], encoders: list[TextEncoder]) -> None:
    for encoder in encoders:
        together = encoder.encode(texts)
        alone = np.concatenate([encoder.encode([text]) for text in texts])
        # a text on its own may be read in half the bytes, where the processor has them
        similar = (together * alone).sum(axis=1)
        assert np.all((similar > 0.9995) | ~together.any(axis=1))
        assert np.array_equal(together.any(axis=1), alone.any(axis=1))


@pytest.fixture(scope="module")
def encoders(tfidf: TfidfEncoder, tmp_path_factory: pytest.TempPathFactory) -> list[TextEncoder]:
    source = find_encoder(DEFAULT_ENCODER, SETTINGS, [])
    assert source is not None
    folder = ModelFolder.read(source.path)
    return [tfidf, TransformerEncoder(folder, "minilm", SETTINGS)]


def test_bfloat16_is_near_float32_and_of_another_version(
    minilm: TransformerEncoder,
) -> None:
    half = TransformerEncoder(minilm.folder, minilm.name, LanguageSettings(dtype="bfloat16"))
    texts = [text for text in CATALOGUE if text]
    cosines = (half.encode(texts) * minilm.encode(texts)).sum(1)
    assert cosines.min() > 0.995
    assert half.version != minilm.version


def test_the_version_covers_what_decides_the_vectors(tiny_folder: Path, tmp_path: Path) -> None:
    base = opened(tiny_folder).version
    assert opened(tiny_folder).version == base
    assert opened(tiny_folder, batch_size=9).version == base
    assert opened(tiny_folder, max_tokens=8).version != base
    copy = shutil.copytree(tiny_folder, tmp_path / "copy")
    assert opened(copy).version == base
    pooling = copy / "1_Pooling" / "config.json"
    pooling.write_text('{"pooling_mode": "cls"}')
    assert opened(copy).version != base


def test_long_texts_are_cut(tiny_folder: Path) -> None:
    encoder = opened(tiny_folder, max_tokens=6)
    long, cut = encoder.encode(["red leather shoes garden hose " * 50, "red leather shoes garden"])
    np.testing.assert_allclose(long, cut, atol=1e-6)
    assert opened(tiny_folder, max_tokens=100_000).max_tokens == 64


def test_damaged_weights_are_refused(tiny_folder: Path) -> None:
    weights = tiny_folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[: weights.stat().st_size // 2])
    with pytest.raises(Corrupt, match="cannot be read"):
        opened(tiny_folder)


def test_only_safetensors_are_read(tiny_folder: Path) -> None:
    (tiny_folder / "model.safetensors").rename(tiny_folder / "pytorch_model.bin")
    with pytest.raises(BadSettings, match="safetensors"):
        opened(tiny_folder)


def test_modules_that_are_not_known_are_refused(tiny_folder: Path) -> None:
    modules = tiny_folder / "modules.json"
    modules.write_text(modules.read_text().replace("models.Normalize", "models.Dense"))
    with pytest.raises(BadSettings, match="Dense"):
        opened(tiny_folder)


def test_tfidf_is_deterministic_and_survives_its_state(tfidf: TfidfEncoder) -> None:
    again = fit_tfidf(CATALOGUE, 16)
    assert again.version == tfidf.version
    restored = TfidfEncoder.from_state(tfidf.state())
    np.testing.assert_array_equal(restored.encode(CATALOGUE), tfidf.encode(CATALOGUE))
    assert fit_tfidf([*CATALOGUE, "more"], 16).version != tfidf.version


def test_a_changed_tfidf_state_is_refused(tfidf: TfidfEncoder) -> None:
    state = tfidf.state()
    broken = {**state.arrays, "idf": state.arrays["idf"] + 1}
    with pytest.raises(Corrupt):
        TfidfEncoder.from_state(type(state)(state.kind, state.settings, broken))


def test_tfidf_finds_by_word_and_by_part_of_a_word(tfidf: TfidfEncoder) -> None:
    vectors = tfidf.encode(CATALOGUE)
    assert int(np.argmax(vectors @ tfidf.encode(["hoses for gardens"])[0])) == 2
    assert int(np.argmax(vectors @ tfidf.encode(["SEA novels"])[0])) == 3
    assert not tfidf.encode(["zzzz"]).any()


@pytest.mark.parametrize(("dtype", "atol"), [("float32", 1e-5), ("bfloat16", 2e-2)])
@pytest.mark.parametrize("packs", [True, False])
def test_the_short_way_for_one_text_is_the_long_way(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, dtype: str, atol: float, packs: bool
) -> None:
    import torch

    from prismrec.language import short as module

    def lacking(*_: object, **__: object) -> None:
        raise AttributeError("this build has no such operator")

    if not packs:
        monkeypatch.setattr(module, "_packed", lacking)
    encoder = opened(tiny_folder)
    encoder._short = module.ShortBert.of(encoder._model, getattr(torch, dtype))
    assert encoder._short is not None
    texts = ["red shoes", "novel about the sea", "headphones garden hose red novel about the sea"]
    short = np.concatenate([encoder.encode([text]) for text in texts])
    encoder._short = None
    np.testing.assert_allclose(short, encoder.encode(texts), atol=atol)


def test_what_disagrees_with_the_plain_way_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from prismrec.language import short as module

    monkeypatch.setattr(module, "_packed", lambda weight, bias, gelu: lambda x: x @ weight.T)
    weight, bias, x = torch.eye(4), torch.full((4,), 3.0), torch.ones(2, 4)
    assert torch.equal(module.linear(weight, bias)(x), x + 3)


def test_the_short_way_is_taken_only_where_it_is_known_to_be_right(tiny_folder: Path) -> None:
    import torch

    from prismrec.language.short import ShortBert

    model = opened(tiny_folder)._model
    for change in ({"hidden_act": "relu"}, {"is_decoder": True}, {"model_type": "roberta"}):
        kept = {name: getattr(model.config, name) for name in change}
        for name, value in change.items():
            setattr(model.config, name, value)
        assert ShortBert.of(model, torch.float32) is None, change
        for name, value in kept.items():
            setattr(model.config, name, value)
    assert ShortBert.of(model, torch.float32) is not None
