"""A tiny causal model made on the spot, and settings that reach a server on loopback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prismrec.language.chat import ChatSettings

TITLES = [
    f"{colour} {kind} {thing}"
    for colour in ("red", "blue", "green")
    for kind in ("leather", "cotton", "waterproof")
    for thing in ("shoes", "jacket", "garden hose")
]


def make_causal(folder: Path, titles: list[str], seed: int = 0) -> Path:
    """A two-layer Llama with random weights, and a byte-level BPE trained on `titles`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=letters, show_progress=False
    )
    tokenizer.train_from_iterator(titles, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")
    fast.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=8192,
        eos_token_id=fast.eos_token_id,
    )
    torch.manual_seed(seed)
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def causal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model on disk."""
    return make_causal(tmp_path_factory.mktemp("causal") / "tiny", TITLES)


@pytest.fixture
def at_port() -> Callable[..., ChatSettings]:
    """Settings for a server at a port of loopback."""

    def settings(port: int, **more: Any) -> ChatSettings:
        own: dict[str, Any] = {"model": "any", "private_hosts": ("127.0.0.1",), **more}
        return ChatSettings(endpoint=f"http://127.0.0.1:{port}/v1", **own)

    return settings
