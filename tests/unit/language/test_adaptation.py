"""An encoder adapted to pairs of texts: what belongs together comes closer, and it is an ordinary
folder that a release can name."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from prismrec.core import (
    BadInput,
    BadSettings,
    Interactions,
    ItemFeatures,
    MissingExtra,
    Sequences,
    TrainingDiverged,
    generator,
)
from prismrec.language import LanguageSettings, encoder_from_reference, encoder_reference
from prismrec.language.adaptation import (
    Adaptation,
    TextPairs,
    adapt_encoder,
    following_pairs,
    info_nce,
)
from prismrec.language.encoder import TransformerEncoder
from prismrec.language.folder import ModelFolder
from prismrec.language.trainable import TrainableEncoder
from prismrec.language.vector_adapter import VectorAdaptation, adapt_vectors

PLAIN = LanguageSettings(dtype="float32")
QUICK = Adaptation(mode="full", rank=4, steps=40, batch=4, learning_rate=1e-2, max_tokens=16)
LORA = pytest.param(
    "lora",
    marks=pytest.mark.skipif(find_spec("peft") is None, reason="the extra finetune is absent"),
)
TEXTS = ("red leather shoes", "garden hose", "wireless headphones", "novel about the sea")
TOGETHER = [(TEXTS[0], TEXTS[1]), (TEXTS[2], TEXTS[3])]


def opened(folder: Path) -> TransformerEncoder:
    return TransformerEncoder(ModelFolder.read(folder), "tiny", PLAIN)


@pytest.mark.parametrize("mode", [LORA, "full"])
def test_texts_of_a_pair_come_closer_and_others_part(tiny_folder, tmp_path, mode):
    pairs = TextPairs.of(TOGETHER)
    out = adapt_encoder(
        tiny_folder, pairs, tmp_path / "out", generator(0), replace(QUICK, mode=mode, steps=120)
    )
    before, after = (opened(path).encode(TEXTS) for path in (tiny_folder, out))
    near, far = ([0, 2], [1, 3]), ([0, 0, 1, 1], [2, 3, 2, 3])
    was, now = before @ before.T, after @ after.T
    assert now[near].min() > now[far].max()
    assert now[near].min() - now[far].max() > 0.1 + was[near].min() - was[far].max()


def test_what_comes_out_is_a_folder_that_a_release_can_name(tiny_folder, tmp_path):
    out = adapt_encoder(
        tiny_folder, TextPairs.of(TOGETHER), tmp_path / "out", generator(0), replace(QUICK, steps=2)
    )
    encoder = opened(out)
    assert encoder.version != opened(tiny_folder).version
    again = encoder_from_reference(encoder_reference(encoder), PLAIN)
    assert again.version == encoder.version
    np.testing.assert_array_equal(again.encode(TEXTS), encoder.encode(TEXTS))
    assert not list(out.rglob("*.bin"))


def test_equal_seeds_adapt_equally_and_others_do_not(tiny_folder, tmp_path):
    versions = []
    for place, seed in enumerate((0, 0, 1)):
        out = tmp_path / str(place)
        few = replace(QUICK, steps=3)
        adapt_encoder(tiny_folder, TextPairs.of(TOGETHER), out, generator(seed), few)
        versions.append(opened(out).version)
    assert versions[0] == versions[1] != versions[2]


def test_nothing_changes_before_the_first_step(tiny_folder):
    pytest.importorskip("peft")
    from prismrec.language.trainable import padded

    plain, lora = (
        TrainableEncoder(tiny_folder, mode, generator(0), rank=4).eval()
        for mode in ("frozen", "lora")
    )
    ids, mask = padded([[2, 5, 6, 3], [2, 7, 3]])
    np.testing.assert_array_equal(plain(ids, mask).detach(), lora(ids, mask).detach())
    assert not any(p.requires_grad for p in plain.parameters())
    assert all("lora" in name for name, p in lora.named_parameters() if p.requires_grad)


def test_training_reads_a_text_as_serving_does(tiny_folder):
    from prismrec.language.trainable import padded

    model = TrainableEncoder(tiny_folder, "frozen", generator(0)).eval()
    ids, mask = padded(model.lines(TEXTS, QUICK.max_tokens))
    with torch.autocast("cpu", enabled=False):
        hidden = model.model(input_ids=ids, attention_mask=mask).last_hidden_state
    vectors = torch.nn.functional.normalize(model.pooled(hidden, mask), dim=1).detach().numpy()
    np.testing.assert_allclose(vectors, opened(tiny_folder).encode(TEXTS), atol=1e-5)


def test_the_loss_is_the_softmax_over_the_batch_both_ways():
    a, b = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    none = torch.zeros(2, 2, dtype=torch.bool)
    logits = np.array([[2.0, 2.0], [0.0, 0.0]])
    rows = np.log(np.exp(logits).sum(1)) - np.diag(logits)
    columns = np.log(np.exp(logits).sum(0)) - np.diag(logits)
    want = (rows.mean() + columns.mean()) / 2
    assert float(info_nce(a, b, 0.5, none)) == pytest.approx(want, abs=1e-6)


def test_texts_known_to_belong_together_are_no_negatives():
    a = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    every = torch.ones(2, 2, dtype=torch.bool)
    assert float(info_nce(a, a, 0.5, every)) == pytest.approx(0.0, abs=1e-6)


def test_pairs_are_of_what_follows_for_the_same_user_and_leave_out_the_hidden():
    train = Interactions(Sequences.of([[0, 1, 1, 2], [3], [4, 0]]), ItemFeatures.bare(5))
    texts = ("a", "b", "c", "d", " ")
    assert following_pairs(train, texts).pairs.tolist() == [[0, 1], [1, 2]]
    hidden = np.array([False, False, True, False, False])
    assert following_pairs(train, texts, hidden).pairs.tolist() == [[0, 1]]


def test_simcse_pairs_are_each_distinct_text_with_itself():
    pairs = TextPairs.same(["a", "", "b", "a", " "])
    assert (pairs.texts, pairs.pairs.tolist()) == (("a", "b"), [[0, 0], [1, 1]])


def test_simcse_trains_on_texts_alone(tiny_folder, tmp_path):
    told: list[float] = []
    adapt_encoder(
        tiny_folder,
        TextPairs.same(TEXTS),
        tmp_path / "out",
        generator(0),
        replace(QUICK, steps=30),
        report=lambda step, loss: told.append(loss),
    )
    assert len(told) == 30
    assert np.mean(told[-5:]) < 0.5 * np.mean(told[:5])


def test_what_cannot_be_learned_from_is_refused(tiny_folder, tmp_path):
    pairs = TextPairs.of(TOGETHER)
    with pytest.raises(BadInput, match="too few"):
        adapt_encoder(tiny_folder, TextPairs.of(TOGETHER[:1]), tmp_path / "a", generator(0), QUICK)
    with pytest.raises(BadInput, match="already"):
        adapt_encoder(tiny_folder, pairs, tmp_path, generator(0), QUICK)
    wild = replace(QUICK, learning_rate=1e38)
    with pytest.raises(TrainingDiverged):
        adapt_encoder(tiny_folder, pairs, tmp_path / "b", generator(0), wild)
    for wrong in ({"mode": "half"}, {"steps": 0}, {"batch": 1}):
        with pytest.raises(BadSettings):
            Adaptation(**wrong)


def test_without_the_library_for_it_lora_says_what_to_install(tiny_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(MissingExtra, match=r"prismrec\[finetune\]"):
        TrainableEncoder(tiny_folder, "lora", generator(0))


def test_a_matrix_on_frozen_vectors_brings_pairs_together_that_were_not_trained_on():
    """Of forty directions, people follow the first two only: the matrix learns to look there."""
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(2), 100)
    vectors = rng.normal(size=(200, 40)).astype(np.float32)
    vectors[:, :2] = 2 * np.eye(2)[kinds]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    trained = np.arange(0, 200, 2)
    pairs = np.array(
        [[a, b] for a in trained for b in rng.choice(trained, 5) if kinds[a] == kinds[b] and a != b]
    )
    matrix = adapt_vectors(
        vectors, pairs, generator(0), VectorAdaptation(passes=20, batch=64, learning_rate=0.01)
    )
    assert matrix.dtype == np.float32

    def apart(v: np.ndarray) -> float:
        """How much closer unseen rows of one kind are than those of two."""
        unseen = (v / np.linalg.norm(v, axis=1, keepdims=True))[1::2]
        cosines, same = unseen @ unseen.T, kinds[1::2][:, None] == kinds[1::2]
        return float(cosines[same].mean() - cosines[~same].mean())

    assert apart(vectors @ matrix) > 2 * apart(vectors) > 0
    again = adapt_vectors(
        vectors, pairs, generator(0), VectorAdaptation(passes=20, batch=64, learning_rate=0.01)
    )
    np.testing.assert_array_equal(matrix, again)


def test_vectors_without_pairs_or_with_wild_settings_are_refused():
    vectors = np.eye(3, dtype=np.float32)
    with pytest.raises(BadInput, match="too few"):
        adapt_vectors(vectors, np.zeros((1, 2), np.int64), generator(0))
    with pytest.raises(BadSettings):
        VectorAdaptation(passes=0)
    with pytest.raises(BadSettings):
        VectorAdaptation(dropout=1.0)
