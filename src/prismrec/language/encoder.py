"""The text encoder: a pretrained transformer, pooled and normalised, on the CPU."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core import BadSettings, Corrupt
from prismrec.core.arrays import Vectors
from prismrec.language.folder import ModelFolder
from prismrec.language.progress import progress
from prismrec.language.settings import LanguageSettings
from prismrec.threads import side_by_side

if TYPE_CHECKING:
    import torch

    from prismrec.language.short import ShortBert

__all__ = ["TransformerEncoder", "best_dtype", "encoder_version", "load_transformer"]

_WINDOW = 16_384  # texts tokenised at once, so that memory does not grow with the catalogue


def best_dtype() -> str:
    """`bfloat16` where the CPU has matrix units for it (AMX), else `float32`.

    Elsewhere bfloat16 is emulated and slower; see docs/decisions/encoder-precision.md.
    """
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return "bfloat16" if capabilities.get("amx_bf16") else "float32"


class TransformerEncoder:
    """Encodes texts with the transformer in a folder. Safe to call from several threads.

    Sentence-BERT (Reimers and Gurevych, 2019): hidden states of the last layer, averaged over the
    tokens (or the first one, as the folder says), divided by their length. `version` covers
    weights, architecture, tokenizer, number format and `max_tokens`. Encoding does not depend on
    what else is in the batch beyond rounding, which is coarser for a text on its own where
    `quickest_dtype` is bfloat16 (a cosine of 0.9999). Raises Corrupt where the weights cannot be
    read.
    """

    def __init__(self, folder: ModelFolder, name: str, settings: LanguageSettings) -> None:
        self.name = name
        self.folder = folder
        self.dtype = best_dtype() if settings.dtype == "auto" else settings.dtype
        self.max_tokens = min(settings.max_tokens, folder.longest)
        self.batch_size = settings.batch_size
        self.version = encoder_version(folder, self.dtype, self.max_tokens)
        self._model = load_transformer(folder, self.dtype).eval()
        self._model.pooler = None  # where there is one, its output is not used
        self._short = _short(self._model)
        self._tokenizer = folder.tokenizer()
        self._tokenizer.enable_truncation(self.max_tokens)
        self.dimension = int(self._model.config.hidden_size)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, dimension) float32, L2-normalised; a row of zeros for a text that is blank."""
        if len(texts) == 1 and self._short is not None:
            return self._alone(texts[0], self._short)
        rows: dict[str, list[int]] = {}
        for row, text in enumerate(texts):
            if text and not text.isspace():
                rows.setdefault(text, []).append(row)
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        distinct = list(rows)
        with progress(len(distinct), "Encoding texts") as advance:
            for chosen, block in self._batches(distinct):
                for place, vector in zip(chosen, block, strict=True):
                    vectors[rows[distinct[place]]] = vector
                advance(len(chosen))
        return vectors

    def _alone(self, text: str, short: ShortBert) -> Vectors:
        """(1, dimension): a query that somebody waits for."""
        import torch

        if not text or text.isspace():
            return np.zeros((1, self.dimension), np.float32)
        ids = self._tokenizer.encode(_clean(text)).ids
        with torch.inference_mode():
            hidden = short(torch.tensor(ids)).float()  # (t, d)
            pooled = hidden[:1] if self.folder.pooling == "cls" else hidden.mean(0, keepdim=True)
            return torch.nn.functional.normalize(pooled, dim=1).numpy()

    def _batches(self, texts: list[str]) -> Iterator[tuple[list[int], Vectors]]:
        """Texts of like length together, so that little is computed for padding."""
        for start in range(0, len(texts), _WINDOW):
            window = [_clean(text) for text in texts[start : start + _WINDOW]]
            tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(window)]
            order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
            batches = [
                order[at : at + self.batch_size] for at in range(0, len(order), self.batch_size)
            ]
            blocks = side_by_side(self._forward, [[tokens[i] for i in batch] for batch in batches])
            for batch, block in zip(batches, blocks, strict=True):
                yield [start + i for i in batch], block

    def _forward(self, tokens: list[list[int]]) -> Vectors:
        import torch

        longest = max(map(len, tokens))
        ids = np.zeros((len(tokens), longest), np.int64)
        mask = np.zeros((len(tokens), longest), np.int64)
        for row, line in enumerate(tokens):
            ids[row, : len(line)] = line
            mask[row, : len(line)] = 1
        with torch.inference_mode():
            attention = torch.from_numpy(mask)  # (b, t)
            hidden = self._model(
                input_ids=torch.from_numpy(ids), attention_mask=attention
            ).last_hidden_state.float()  # (b, t, d)
            pooled = self._pool(hidden, attention)  # (b, d)
            return torch.nn.functional.normalize(pooled, dim=1).numpy()

    def _pool(self, hidden: torch.Tensor, attention: torch.Tensor) -> torch.Tensor:
        if self.folder.pooling == "cls":
            return hidden[:, 0]
        weights = attention.unsqueeze(-1).to(hidden.dtype)  # (b, t, 1)
        return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def encoder_version(folder: ModelFolder, dtype: str, max_tokens: int) -> str:
    """24 hexadecimal digits of a hash of all that decides the vectors."""
    parts = {**folder.fingerprint(), "format": "1", "dtype": dtype, "max_tokens": str(max_tokens)}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def _short(model: Any) -> ShortBert | None:
    """The quicker way for one text, where there is one."""
    from prismrec.language.short import ShortBert

    return ShortBert.of(model, quickest_dtype(model.dtype))


def quickest_dtype(dtype: torch.dtype) -> torch.dtype:
    """The number format for a text on its own: bfloat16 where the CPU multiplies in it, since there
    the weights are read from memory for a few tokens and cost half; else `dtype`."""
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    halves = any(capabilities.get(name) for name in ("amx_bf16", "avx512_bf16"))
    return torch.bfloat16 if halves and dtype == torch.float32 else dtype


def _clean(text: str) -> str:
    """Lone surrogates cannot be written as UTF-8, which the tokenizer asks for."""
    return text.encode("utf-8", "replace").decode("utf-8")


def load_transformer(folder: ModelFolder, dtype: str, *, causal: bool = False) -> Any:
    """The bare transformer of the folder, with `causal` the whole model that says the next token;
    `dtype` is a name such as `float32`. Raises Corrupt where the weights cannot be read, and
    BadSettings where the library does not know the model."""
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModel, AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    kind: Any = AutoModelForCausalLM if causal else AutoModel
    try:
        return kind.from_pretrained(
            folder.transformer,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
        )
    except SafetensorError as error:
        raise Corrupt(
            f"The weights in {folder.path} cannot be read: {error}", hint="Get the model again."
        ) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise BadSettings(
            f"The model in {folder.path} cannot be loaded: {error}",
            hint="Take a model that transformers knows without code of its own.",
        ) from None
