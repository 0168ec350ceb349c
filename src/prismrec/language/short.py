"""BERT's forward pass for one text, as bare arithmetic.

A query of eight tokens costs a transformer library more in layers that call each other than in
numbers: 7.8 ms against 5.4 ms here, in a process where every millisecond of Python also holds up
the other requests. Figures: docs/decisions/encoder-precision.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["ShortBert"]


@dataclass(frozen=True)
class _Layer:
    """The weights of one encoder layer: (out, in) and (out,); queries, keys and values are one."""

    qkv: tuple[Tensor, Tensor]
    mix: tuple[Tensor, Tensor]
    mixed: tuple[Tensor, Tensor]
    up: tuple[Tensor, Tensor]
    down: tuple[Tensor, Tensor]
    out: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class ShortBert:
    """A BERT (Devlin et al., 2019) that reads one sequence at a time; `of` makes it from a model of
    `transformers`, whose weights it shares."""

    words: Tensor
    places: Tensor
    norm: tuple[Tensor, Tensor]
    layers: tuple[_Layer, ...]
    heads: int
    epsilon: float

    @classmethod
    def of(cls, model: Any) -> Self | None:
        """`None` where the model is no plain BERT."""
        config = model.config
        plain = config.model_type == "bert" and config.hidden_act == "gelu"
        if not plain or config.is_decoder or config.add_cross_attention:
            return None
        if getattr(config, "position_embedding_type", None) not in (None, "absolute"):
            return None
        weights = model.state_dict()

        def pair(name: str) -> tuple[Tensor, Tensor]:
            return weights[f"{name}.weight"], weights[f"{name}.bias"]

        def layer(i: int) -> _Layer:
            at = f"encoder.layer.{i}"
            three = [pair(f"{at}.attention.self.{name}") for name in ("query", "key", "value")]
            return _Layer(
                qkv=(torch.cat([w for w, _ in three]), torch.cat([b for _, b in three])),
                mix=pair(f"{at}.attention.output.dense"),
                mixed=pair(f"{at}.attention.output.LayerNorm"),
                up=pair(f"{at}.intermediate.dense"),
                down=pair(f"{at}.output.dense"),
                out=pair(f"{at}.output.LayerNorm"),
            )

        kinds = weights["embeddings.token_type_embeddings.weight"]
        return cls(
            words=weights["embeddings.word_embeddings.weight"],
            places=weights["embeddings.position_embeddings.weight"] + kinds[0],
            norm=pair("embeddings.LayerNorm"),
            layers=tuple(layer(i) for i in range(config.num_hidden_layers)),
            heads=config.num_attention_heads,
            epsilon=config.layer_norm_eps,
        )

    def __call__(self, ids: Tensor) -> Tensor:
        """The hidden states (t, d) after the last layer, for token ids (t,)."""
        t, d = len(ids), self.words.shape[1]
        x = self._normed(self.words[ids] + self.places[:t], self.norm)  # (t, d)
        for layer in self.layers:
            parts = functional.linear(x, *layer.qkv).view(1, t, 3, self.heads, d // self.heads)
            q, k, v = parts.permute(2, 0, 3, 1, 4)  # each (1, h, t, d / h)
            mixed = functional.scaled_dot_product_attention(q, k, v)
            mixed = mixed.transpose(1, 2).reshape(t, d)
            x = self._normed(x + functional.linear(mixed, *layer.mix), layer.mixed)
            wide = functional.gelu(functional.linear(x, *layer.up))  # (t, 4d)
            x = self._normed(x + functional.linear(wide, *layer.down), layer.out)
        return x

    def _normed(self, x: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], *weights, self.epsilon)
