"""BERT's forward pass for one text, as bare arithmetic.

A query of eight tokens costs a transformer library more in layers that call each other than in
numbers, and the numbers cost what it costs to read the weights: they are laid out once as oneDNN
reads them, in half the bytes where the processor computes in bfloat16. Figures:
docs/decisions/encoder-precision.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["ShortBert"]

PROBED = 8
"""The tokens of a usual query."""


Linear = Callable[[Tensor], Tensor]
"""(t, in) to (t, out)."""


@dataclass(frozen=True)
class _Layer:
    """One encoder layer: its linear maps, queries, keys and values being one, and the weights of
    its two norms. The wider map `up` ends with the GELU."""

    qkv: Linear
    mix: Linear
    mixed: tuple[Tensor, Tensor]
    up: Linear
    down: Linear
    out: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class ShortBert:
    """A BERT (Devlin et al., 2019) that reads one sequence at a time; `of` makes it from a model of
    `transformers` and computes in `dtype`."""

    words: Tensor
    places: Tensor
    norm: tuple[Tensor, Tensor]
    layers: tuple[_Layer, ...]
    heads: int
    epsilon: float

    @classmethod
    def of(cls, model: Any, dtype: torch.dtype) -> Self | None:
        """`None` where the model is no plain BERT."""
        config = model.config
        plain = config.model_type == "bert" and config.hidden_act == "gelu"
        if not plain or config.is_decoder or config.add_cross_attention:
            return None
        if getattr(config, "position_embedding_type", None) not in (None, "absolute"):
            return None
        weights = model.state_dict()

        def pair(name: str) -> tuple[Tensor, Tensor]:
            return weights[f"{name}.weight"].to(dtype), weights[f"{name}.bias"].to(dtype)

        def layer(i: int) -> _Layer:
            at = f"encoder.layer.{i}"
            three = [pair(f"{at}.attention.self.{name}") for name in ("query", "key", "value")]
            qkv = torch.cat([w for w, _ in three]), torch.cat([b for _, b in three])
            return _Layer(
                qkv=linear(*qkv),
                mix=linear(*pair(f"{at}.attention.output.dense")),
                mixed=pair(f"{at}.attention.output.LayerNorm"),
                up=linear(*pair(f"{at}.intermediate.dense"), gelu=True),
                down=linear(*pair(f"{at}.output.dense")),
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
        x = (self.words[ids] + self.places[:t]).to(self.norm[0].dtype)
        x = self._normed(x, self.norm)  # (t, d)
        for layer in self.layers:
            parts = layer.qkv(x).view(1, t, 3, self.heads, d // self.heads)
            q, k, v = parts.permute(2, 0, 3, 1, 4)  # each (1, h, t, d / h)
            mixed = functional.scaled_dot_product_attention(q, k, v)
            mixed = mixed.transpose(1, 2).reshape(t, d)
            x = self._normed(layer.mix(mixed).add_(x), layer.mixed)
            x = self._normed(layer.down(layer.up(x)).add_(x), layer.out)
        return x

    def _normed(self, x: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
        return torch.layer_norm(x, x.shape[-1:], *weights, self.epsilon)


def linear(weight: Tensor, bias: Tensor, *, gelu: bool = False) -> Linear:
    """`x` to `x @ weight.T + bias`, by way of the GELU where asked for.

    The weights are packed by the operators that torch's own compiler emits; they are no promised
    interface, so where this build of torch lacks them or they disagree with the plain way, that is
    taken.
    """
    plain = _plain(weight, bias, gelu=gelu)
    probe = torch.linspace(-1, 1, PROBED * weight.shape[1]).view(PROBED, -1).to(weight.dtype)
    try:
        packed = _packed(weight, bias, gelu=gelu)
        with torch.inference_mode():
            near = torch.allclose(packed(probe).float(), plain(probe).float(), rtol=0.02, atol=0.02)
    except (AttributeError, RuntimeError):
        return plain
    return packed if near else plain


def _plain(weight: Tensor, bias: Tensor, *, gelu: bool) -> Linear:
    def apply(x: Tensor) -> Tensor:
        out = functional.linear(x, weight, bias)
        return functional.gelu(out) if gelu else out

    return apply


def _packed(weight: Tensor, bias: Tensor, *, gelu: bool) -> Linear:
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), PROBED)
    then, algorithm = ("gelu", "none") if gelu else ("none", "")

    def apply(x: Tensor) -> Tensor:
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, packed, bias, then, [], algorithm)
        return out

    return apply
