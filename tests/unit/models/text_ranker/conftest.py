"""Tiny language models of three forms, and a shop in which people stay with what they like."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from prismrec.core import Cases, Interactions, ItemFeatures, Sequences

THINGS = ("boots", "trowel", "novel")
COLOURS = ("red", "blue", "green", "white", "black", "brown", "grey", "pink")
TEXTS = tuple(f"{colour} {thing}" for thing in THINGS for colour in COLOURS)
ENDS = {
    "bert": ("[CLS]", "[SEP]", "[PAD]", "[UNK]"),
    "roberta": ("<s>", "</s>", "<pad>", "<unk>"),
    "gpt2": ("<|endoftext|>",),
}


def make_model(folder: Path, form: str, seed: int = 0) -> Path:
    """A one-layer model of `form`, with a vocabulary of the words of the shop."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import AutoModel, BertConfig, GPT2Config, RobertaConfig

    special = list(ENDS[form])
    if form == "gpt2":
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=special,
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )
    else:
        tokenizer = Tokenizer(models.WordLevel(unk_token=special[3]))
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        trainer = trainers.WordLevelTrainer(special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    if form != "gpt2":
        ends = [(token, tokenizer.token_to_id(token)) for token in (special[1], special[0])]
        tokenizer.post_processor = processors.BertProcessing(*ends)
    size = tokenizer.get_vocab_size()
    wide = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 32}
    deep = {"vocab_size": size, "num_hidden_layers": 1, "max_position_embeddings": 66}
    ids = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
    config = {
        "bert": lambda: BertConfig(**wide, **deep),
        "roberta": lambda: RobertaConfig(**wide, **deep),
        "gpt2": lambda: GPT2Config(
            vocab_size=size, n_embd=16, n_layer=1, n_head=2, n_positions=64, **ids
        ),
    }[form]()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    assert json.loads((folder / "config.json").read_text())["model_type"] == form
    return folder


@dataclass(frozen=True)
class Shop:
    """Everybody buys things of one kind, in colours drawn at random."""

    texts: tuple[str, ...]
    train: Interactions
    validation: Cases


def shop_of(n_users: int, seed: int, colours: int = len(COLOURS)) -> Shop:
    """Only the first `colours` of each kind are ever bought."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, len(THINGS), n_users)
    rows = [(kind * len(COLOURS) + rng.permutation(colours)[:6]).tolist() for kind in kinds]
    train = Interactions(Sequences.of([row[:5] for row in rows]), ItemFeatures.bare(len(TEXTS)))
    no = np.zeros(n_users, bool)
    cases = Cases(
        train.queries(),
        np.array([row[5] for row in rows], np.int32),
        np.arange(n_users, dtype=np.int32),
        no,
        no,
    )
    return Shop(TEXTS, train, cases)


@pytest.fixture(scope="session")
def shop() -> Shop:
    return shop_of(60, 5)


@pytest.fixture(scope="session")
def make_shop() -> Callable[[int, int], Shop]:
    return shop_of


@pytest.fixture(scope="session")
def shop_without_pink() -> Shop:
    return shop_of(60, 6, len(COLOURS) - 1)


@pytest.fixture(scope="session", params=sorted(ENDS))
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    at = tmp_path_factory.mktemp("models")
    return {form: make_model(at / form, form) for form in ENDS}


@pytest.fixture(scope="session")
def folder(form: str, folders: dict[str, Path]) -> Path:
    return folders[form]


@pytest.fixture(scope="session")
def bert(folders: dict[str, Path]) -> Path:
    return folders["bert"]
