"""A circle of twelve items with names that share words, and tiny causal models of three forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Sequences

TITLES = (
    "Red boots", "Red boots", "Red boots, lined", "Blue boots", "Blue scarf", "Blue",
    "Trowel", "Trowel & fork", "Fork", "A novel of the sea", "A novel of the sea and the sky", "",
)  # fmt: skip
N = len(TITLES)
FORMS = ("gpt2", "llama", "qwen2")


def circle_of(users: int = 48, length: int = 7) -> Interactions:
    """Everybody walks round a circle of items: after i comes i + 1."""
    rows = [[(u + t) % N for t in range(length)] for u in range(users)]
    return Interactions(Sequences.of(rows), replace(ItemFeatures.bare(N), titles=TITLES))


def walks_of() -> QueryBatch:
    return QueryBatch.of([[(i - 1) % N, i] for i in range(N)])


@pytest.fixture(scope="session")
def circle() -> Interactions:
    return circle_of()


@pytest.fixture(scope="session")
def walks() -> QueryBatch:
    return walks_of()


@pytest.fixture(scope="session")
def steps(walks: QueryBatch) -> Cases:
    no = np.zeros(N, bool)
    targets = ((np.arange(N) + 1) % N).astype(np.int32)
    return Cases(walks, targets, np.arange(N, dtype=np.int32), no, no)


def make_causal(folder: Path, form: str) -> Path:
    """A two-layer causal model with a tokenizer of its own, in transformers' form."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([title.lower() for title in TITLES], trainer)
    wide = {"hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2}
    if form != "gpt2":
        wide |= {"intermediate_size": 64, "num_key_value_heads": 2}
    size = {"vocab_size": tokenizer.get_vocab_size(), "max_position_embeddings": 128}
    ends = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = AutoConfig.for_model(form, **wide, **size, **ends, initializer_range=0.3)
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    at = tmp_path_factory.mktemp("causal")
    return {form: make_causal(at / form, form) for form in FORMS}
