"""A query and an item's text read word against word, by the upper layers of the text encoder.

The lower layers of a pretrained transformer stay as they are, so that what they make of a text is
computed once and only the few layers above are trained. The two texts meet in the last step alone:
an item's words can be read before anybody asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.core import Corrupt
from prismrec.language.encoder import load_transformer, quickest_dtype
from prismrec.language.folder import ModelFolder

__all__ = ["LateInteraction", "WordStates", "can_read"]

TRAINED = 2
"""How many layers, from the top, are trained; the others are shared by all trainings."""
MOST_WORDS = 22
"""Tokens of a text that are read, start and separator included; 95 of 100 titles of shops fit."""
_BLOCK = 64  # texts of like length read at once
_MASKED = -1e4


@dataclass(frozen=True)
class WordStates:
    """What was read of n texts: `words` (n, t, d), each of length one, of which those where `mask`
    (n, t) is true are words of the text; `whole` (n, d) their texts' means, of length one."""

    words: Tensor
    mask: Tensor
    whole: Tensor


class LateInteraction(nn.Module):
    """Likeness of a query and items: the cosine of their means, and for every word of the query the
    cosine with the word of the item that is most like it, averaged; the mean of these two figures.

    Khattab and Zaharia, "ColBERT: efficient and effective passage search via contextualized late
    interaction over BERT", 2020 (its MaxSim, as a mean so that queries of any length compare). The
    lower layers' output is kept as in MacAvaney et al., "Efficient document re-ranking for
    transformers by precomputing term representations", 2020.

    `folder` holds a BERT (`can_read`); `learned` are the weights of the trained layers by name.
    Products are in bfloat16 where the processor has instructions for it. Raises `Corrupt` where
    `learned` does not belong to that model.
    """

    def __init__(
        self, folder: ModelFolder, learned: Mapping[str, np.ndarray] | None = None
    ) -> None:
        super().__init__()
        model = load_transformer(folder, "float32").eval()
        self.tokenizer = folder.tokenizer()
        self.tokenizer.encode_special_tokens = True  # "[SEP]" in a text is five characters
        self.around = self.tokenizer.encode("").ids  # start and separator
        layers = list(model.encoder.layer)
        self.embeddings = model.embeddings.requires_grad_(False)
        self.below = nn.ModuleList(layers[:-TRAINED]).requires_grad_(False)
        self.above = nn.ModuleList(layers[-TRAINED:])
        self.quick = quickest_dtype(torch.float32) == torch.bfloat16
        if learned is not None:
            self._take(learned)

    def lower(self, texts: Sequence[str]) -> list[Tensor]:
        """What the lower layers make of each text: (t, d) float16, start and separator included."""
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        found = self.tokenizer.encode_batch(clean, add_special_tokens=False)
        start, separator = self.around[0], self.around[-1]
        lines = [[start, *one.ids[: MOST_WORDS - 2], separator] for one in found]
        order = sorted(range(len(lines)), key=lambda i: len(lines[i]))
        out: list[Tensor] = [torch.empty(0)] * len(lines)
        with torch.no_grad():
            for at in range(0, len(order), _BLOCK):
                block = order[at : at + _BLOCK]
                ids = nn.utils.rnn.pad_sequence([torch.tensor(lines[i]) for i in block], True)
                lengths = torch.tensor([len(lines[i]) for i in block])
                hidden = self._through(self.below, self.embeddings(input_ids=ids), lengths)
                for row, i in enumerate(block):
                    out[i] = hidden[row, : len(lines[i])].half()
        return out

    def upper(self, lower: Sequence[Tensor]) -> WordStates:
        """What the trained layers make of texts that `lower` read."""
        lengths = torch.tensor([len(states) for states in lower])
        hidden = nn.utils.rnn.pad_sequence([states.float() for states in lower], True)  # (n, t, d)
        hidden = self._through(self.above, hidden, lengths)
        place = torch.arange(hidden.shape[1])
        there = place < lengths[:, None]
        whole = functional.normalize((hidden * there[:, :, None]).sum(1), dim=1)
        words = there & (place > 0) & (place < lengths[:, None] - 1)
        return WordStates(functional.normalize(hidden, dim=2), words, whole)

    def likeness(self, query: WordStates, items: WordStates) -> Tensor:
        """(n,) of the one text of `query` and each of the n of `items`; a text without a word is
        like none, -1 for that half."""
        asked = query.words[0, query.mask[0]]  # (q, d)
        alike = items.words @ asked.T  # (n, t, q)
        alike = alike.masked_fill(~items.mask[:, :, None], -1.0)
        best = alike.amax(1).mean(1) if len(asked) else torch.full((len(alike),), -1.0)
        return cast(Tensor, (items.whole @ query.whole[0] + best) / 2)

    def learned(self) -> dict[str, np.ndarray]:
        """The weights of the trained layers, float32, by name."""
        weights = self.above.state_dict()
        return {name: tensor.detach().numpy().copy() for name, tensor in weights.items()}

    def _through(self, layers: nn.ModuleList, hidden: Tensor, lengths: Tensor) -> Tensor:
        away = torch.arange(hidden.shape[1]) >= lengths[:, None]
        mask = away[:, None, None, :].float() * _MASKED
        with torch.autocast("cpu", torch.bfloat16, enabled=self.quick):
            for layer in layers:
                out = layer(hidden, mask.to(hidden.dtype))
                hidden = out[0] if isinstance(out, tuple) else out
        return hidden.float()

    def _take(self, learned: Mapping[str, np.ndarray]) -> None:
        try:
            tensors = {name: torch.from_numpy(array.copy()) for name, array in learned.items()}
            self.above.load_state_dict(tensors)
        except RuntimeError as error:
            raise Corrupt(
                f"What was learned about reading is of another model: {error}",
                hint="Roll back to an earlier release, or fit again.",
            ) from None


def can_read(folder: ModelFolder) -> bool:
    """Whether the model in `folder` is a BERT with layers to train above others."""
    config: Any = folder.config
    layers = config.get("num_hidden_layers", 0)
    return config.get("model_type") == "bert" and layers >= TRAINED and len(_around(folder)) >= 2


def _around(folder: ModelFolder) -> list[int]:
    """The tokens around a text: start and separator."""
    return list(folder.tokenizer().encode("").ids)
