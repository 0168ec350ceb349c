"""A causal language model of transformers: opened, made new, read, taken apart for a release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from prismrec.core import BadSettings, Corrupt
from prismrec.core.arrays import Longs
from prismrec.descent.randomness import seeded
from prismrec.language.encoder import best_dtype, load_transformer
from prismrec.language.folder import ModelFolder
from prismrec.language.trainable import with_lora

__all__ = ["CausalModel", "opened"]

_NOT_OF_THE_MODEL = ("transformers_version", "_name_or_path", "dtype", "torch_dtype")


class CausalModel(nn.Module):
    """Any causal language model that transformers knows: the states after tokens, and the `head`
    that answers for each token. Weights are float32; where the CPU computes faster in bfloat16,
    products are in bfloat16."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model: Any = model

    @classmethod
    def new(cls, vocabulary: int, longest: int, end: int, sizes: Mapping[str, Any]) -> Self:
        """A GPT-2 (Radford et al., 2019) with random weights that reads `longest` tokens; `sizes`
        are `n_embd`, `n_layer`, `n_head` and what else GPT2Config knows. Torch's own generator
        draws the weights."""
        from transformers import GPT2Config, GPT2LMHeadModel

        told: dict[str, Any] = {**sizes, "bos_token_id": end, "eos_token_id": end}
        config = GPT2Config(vocab_size=vocabulary, n_positions=longest, **told)
        return cls(GPT2LMHeadModel(config))

    @property
    def core(self) -> Any:
        """The model itself, without what LoRA wraps around it."""
        return self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model

    @property
    def head(self) -> Tensor:
        """(v, d): what a state is multiplied with to say a token."""
        return cast(Tensor, self.core.get_output_embeddings().weight)

    @property
    def longest(self) -> int:
        """The most tokens that the model can read."""
        return int(getattr(self.core.config, "max_position_embeddings", 1 << 20))

    def states(self, tokens: Longs) -> Tensor:
        """(b, t, d): after each token of left-aligned lines (b, t)."""
        return cast(Tensor, self._read(torch.from_numpy(tokens), use_cache=False)[0])

    def begin(self, tokens: Longs, lengths: Longs) -> tuple[Tensor, Any, Tensor]:
        """The states after left-aligned lines (b, t) of `lengths` (b,), as (b, d); what was read,
        to go on from; and which of it counts, (b, t)."""
        width = tokens.shape[1]
        at = np.arange(width) - (width - lengths)[:, None]  # lines now end together
        places = np.maximum(at, 0)
        mask = torch.from_numpy((at >= 0).astype(np.int64))
        states, read = self._read(
            torch.from_numpy(np.take_along_axis(tokens, places, axis=1)),
            attention_mask=mask,
            position_ids=torch.from_numpy(places),
            use_cache=True,
        )
        return states[:, -1], read, mask

    def go_on(
        self, tokens: Longs, rows: Longs, read: Any, mask: Tensor
    ) -> tuple[Tensor, Any, Tensor]:
        """One of `tokens` (t,) after each line of `rows` (t,), as `begin`; `read` is changed."""
        chosen = torch.from_numpy(rows)
        read.batch_select_indices(chosen)
        mask = torch.cat([mask[chosen], torch.ones(len(rows), 1, dtype=torch.int64)], 1)
        states, read = self._read(
            torch.from_numpy(tokens)[:, None],
            attention_mask=mask,
            position_ids=mask.sum(1, keepdim=True) - 1,
            past_key_values=read,
            use_cache=True,
        )
        return states[:, -1], read, mask

    def _read(self, ids: Tensor, **more: Any) -> tuple[Tensor, Any]:
        with torch.autocast("cpu", torch.bfloat16, enabled=best_dtype() == "bfloat16"):
            out = self.core.base_model(input_ids=ids, **more)
        return out.last_hidden_state.float(), out.past_key_values

    def with_lora(self, rank: int, rng: np.random.Generator) -> Self:
        """The model with only low-rank additions of `rank` to learn."""
        self.model.requires_grad_(False)
        with seeded(rng):
            return type(self)(with_lora(self.model, rank))

    def merged(self) -> Self:
        """The model with what LoRA learned added to its weights."""
        if self.model is self.core:
            return self
        return type(self)(self.model.merge_and_unload())

    def config(self) -> dict[str, Any]:
        """What `from_parts` makes the model from, as JSON has it."""
        told = json.loads(self.core.config.to_json_string())
        return {name: value for name, value in told.items() if name not in _NOT_OF_THE_MODEL}

    def arrays(self, prefix: str) -> dict[str, np.ndarray]:
        """Every weight once, by its name after `prefix`."""
        kept = {name for name, _ in self.core.named_parameters()}  # tied ones have one name here
        held = {name for name, _ in self.core.named_buffers()}
        state = self.core.state_dict()
        return {prefix + name: state[name].numpy() for name in state if name in kept | held}

    @classmethod
    def from_parts(cls, config: Mapping[str, Any], arrays: Mapping[str, Any], prefix: str) -> Self:
        """The model that `config` and `arrays` were taken from, in evaluation mode. Raises
        `Corrupt` where a weight is not among them."""
        from transformers import AutoConfig, AutoModelForCausalLM

        with torch.random.fork_rng(devices=[]):
            model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
        weights = {
            name.removeprefix(prefix): torch.from_numpy(np.array(array))
            for name, array in arrays.items()
            if name.startswith(prefix)
        }
        found = model.load_state_dict(weights, strict=False)  # a tied weight has one name here
        lost = {name for name, _ in model.named_parameters()}.intersection(found.missing_keys)
        if lost:
            raise Corrupt(f"The language model lacks {len(lost)} weights, {min(lost)} among them.")
        return cls(model).eval()


def opened(path: Path) -> tuple[CausalModel, Tokenizer, int]:
    """The causal model in a folder of transformers' form, its tokenizer, and its end token.

    Raises `NotFound`, `Corrupt` or `BadSettings` for a folder that cannot be used.
    """
    folder = ModelFolder.read(path)
    model = CausalModel(load_transformer(folder, "float32", causal=True))
    ends = model.core.config.eos_token_id
    end = ends[0] if isinstance(ends, list) else ends
    if end is None:
        raise BadSettings(
            f"The model in {path} has no token that ends a text.",
            hint="Take a model whose config.json has eos_token_id.",
        )
    tokenizer = folder.tokenizer()
    tokenizer.encode_special_tokens = True  # "</s>" in a title is four characters
    return model, tokenizer, int(end)
