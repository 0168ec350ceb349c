"""A pretrained transformer opened for training: whole, by low-rank additions, or not at all.

It comes from a folder and goes back into one: what was trained is merged into ordinary safetensors
weights, so that a tuned model is read by the same code as the one it came from.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from prismrec.core import BadSettings, MissingExtra
from prismrec.descent.randomness import seeded
from prismrec.language.encoder import best_dtype, load_transformer, quickest_dtype
from prismrec.language.folder import ModelFolder

__all__ = ["MODES", "TrainableEncoder", "padded", "warm_up_then_linear", "with_lora"]

MODES = ("frozen", "lora", "full")
"""What training may change: nothing, low-rank additions to every linear layer, or all of it."""
_SEPARATORS = ("[SEP]", "</s>", "<|endoftext|>", "<eos>")
_NOT_COPIED = ("*.safetensors", "*.bin", "*.msgpack", "*.h5", "onnx", "openvino", "*.index.json")


class TrainableEncoder(nn.Module):
    """The transformer of a folder: BERT, RoBERTa and GPT-2 forms, and whatever `AutoModel` reads.

    `mode` is one of `MODES`. LoRA (Hu et al., "LoRA: low-rank adaptation of large language models",
    2022) adds `B A` of rank `rank` to every linear layer, scaled by 2, with B zero at first, so
    that nothing changes before the first step; `rng` draws A. Weights are float32; products are in
    bfloat16 (`autocast`) where `halved` says so.

    Raises `NotFound`, `Corrupt` or `BadSettings` for a folder that cannot be used, and
    `MissingExtra` where `lora` is asked for without the library for it.
    """

    def __init__(
        self, folder: Path, mode: str, rng: np.random.Generator, *, rank: int = 16
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise BadSettings(
                f"'{mode}' is no way to train a language model.",
                hint=f"Choose one of: {', '.join(MODES)}.",
            )
        self.folder, self.mode = ModelFolder.read(folder), mode
        self.model: Any = load_transformer(self.folder, "float32")
        self.tokenizer = self.folder.tokenizer()
        self.tokenizer.encode_special_tokens = True  # "[SEP]" in a text is five characters
        self.width = int(self.model.config.hidden_size)
        self.longest = _longest(self.folder, self.model.config)
        self.start, self.separator = _ends(self.tokenizer, self.folder)
        self.model.requires_grad_(mode == "full")
        if mode == "lora":
            with seeded(rng):
                self.model = with_lora(self.model, rank)

    def tokens(self, texts: Sequence[str], longest: int) -> list[list[int]]:
        """The token ids of each text, at most `longest` of them, without start or separator."""
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        found = self.tokenizer.encode_batch(clean, add_special_tokens=False)
        return [encoding.ids[:longest] for encoding in found]

    def lines(self, texts: Sequence[str], most: int) -> list[list[int]]:
        """Token ids as the encoder reads each text on its own: start, the text, the separator; at
        most `most` of them, and as many as the model can read."""
        room = min(most, self.longest) - len(self.start) - 1
        cut = self.tokens(texts, max(room, 1))
        return [[*self.start, *line, self.separator] for line in cut]

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The hidden states (b, t, d) float32 of the last layer, for ids and mask (b, t)."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.halved()):
            hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return cast(Tensor, hidden.float())

    def halved(self) -> bool:
        """Whether products are in bfloat16: where the CPU encodes faster so, and, while training,
        where it multiplies in it at all: a step then takes half the time."""
        if self.training:
            return quickest_dtype(torch.float32) == torch.bfloat16
        return best_dtype() == "bfloat16"

    def pooled(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """(b, d): the mean of the hidden states where `mask` (b, t) is 1, or the first one, as the
        folder says."""
        if self.folder.pooling == "cls":
            return hidden[:, 0]
        weights = mask.unsqueeze(-1).to(hidden.dtype)  # (b, t, 1)
        return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)

    def merge(self) -> None:
        """Adds what LoRA learned to the weights themselves; nothing more can be learned then."""
        if self.mode == "lora":
            self.model = self.model.merge_and_unload()
        self.mode = "frozen"
        self.model.requires_grad_(False)

    def save(self, out: Path) -> Path:
        """Writes the model, merged, into the new folder `out`, in the form it was read in."""
        self.merge()
        source = self.folder
        shutil.copytree(source.path, out, ignore=shutil.ignore_patterns(*_NOT_COPIED))
        self.model.save_pretrained(out / source.transformer.relative_to(source.path))
        return out


def padded(lines: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token ids (b, t) padded with 0 on the right, and where they are, (b, t) int64 of 0 and 1."""
    longest = max(map(len, lines), default=0)
    ids = np.zeros((len(lines), longest), np.int64)
    mask = np.zeros((len(lines), longest), np.int64)
    for row, line in enumerate(lines):
        ids[row, : len(line)] = line
        mask[row, : len(line)] = 1
    return torch.from_numpy(ids), torch.from_numpy(mask)


def warm_up_then_linear(step: int, steps: int, warm_up: float) -> float:
    """The share of the learning rate at `step` of `steps`: up in a line over the first `warm_up` of
    them, then down in a line to nothing."""
    rising = max(1, round(steps * warm_up))
    if step < rising:
        return (step + 1) / rising
    return max(0.0, (steps - step) / max(1, steps - rising))


def with_lora(model: Any, rank: int) -> Any:
    """`model` with low-rank additions in every linear layer, as `TrainableEncoder` tells; raises
    `MissingExtra` without the library for it."""
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        raise MissingExtra("peft", "finetune") from None
    config = LoraConfig(
        r=rank, lora_alpha=2 * rank, target_modules="all-linear", exclude_modules=r".*pooler.*"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of layouts it corrects itself, and poolers not there
        return get_peft_model(model, config)


def _longest(folder: ModelFolder, config: Any) -> int:
    """The most tokens the model can read; GPT-2's configuration has a name of its own for it."""
    return min(folder.longest, int(getattr(config, "n_positions", folder.longest)))


def _ends(tokenizer: Any, folder: ModelFolder) -> tuple[list[int], int]:
    """What stands before a text (nothing, or one token), and the token that ends it."""
    around = tokenizer.encode("").ids
    if len(around) >= 2:
        return around[:1], around[-1]
    known = (tokenizer.token_to_id(name) for name in _SEPARATORS)
    found = next((token for token in known if token is not None), None)
    if found is None:
        raise BadSettings(
            f"The tokenizer in {folder.path} has no token that separates texts.",
            hint=f"Take a model whose vocabulary has one of: {', '.join(_SEPARATORS)}.",
        )
    return around, found
