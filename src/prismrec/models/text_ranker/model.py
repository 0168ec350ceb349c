"""The model: a language model reads history and item together, a small perceptron judges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.core.arrays import Positions
from prismrec.descent.randomness import seeded
from prismrec.language.trainable import TrainableEncoder, padded
from prismrec.models.text_ranker.settings import TextRankerSettings

__all__ = ["Head", "PairModel", "PairReader", "Reading"]


FIRST_LIKENESS = 8.0
"""Cosines of one query's candidates, read together, differ by about 0.06."""


@dataclass(frozen=True)
class Reading:
    """b pairs as the language model reads them: `ids` and `mask` (b, t), and which tokens are of
    the `history` and of the `item` (b, t), 0 or 1."""

    ids: Tensor
    mask: Tensor
    history: Tensor
    item: Tensor


class PairReader:
    """Texts by item position, cut into tokens once.

    A pair is read as: start, the items of the history from the oldest to the newest, each followed
    by the separator, the item, the separator. Text of items is data: nothing in it is looked for.
    """

    def __init__(
        self, encoder: TrainableEncoder, texts: Sequence[str], settings: TextRankerSettings
    ) -> None:
        self.start, self.separator = encoder.start, encoder.separator
        self.longest = min(settings.max_tokens, encoder.longest)
        room = (self.longest - len(self.start) - 2) // 2  # of half a text at least two tokens stay
        self.lines = encoder.tokens(texts, max(1, min(settings.item_tokens, room)))

    def read(self, histories: Positions, items: Positions) -> Reading:
        """`histories` (b, h) and `items` (b,) as tokens; -1 is nothing."""
        lines, kinds = zip(*map(self._line, histories, items), strict=True)
        ids, mask = padded(lines)
        told, _ = padded(kinds)  # (b, t): 0 special or padding, 1 history, 2 item
        return Reading(ids, mask, (told == 1).long(), (told == 2).long())

    def _line(self, history: Positions, item: int) -> tuple[list[int], list[int]]:
        own = self.lines[item] if item >= 0 else []
        room = self.longest - len(self.start) - len(own) - 1
        before: list[list[int]] = []
        for place in history[history >= 0][::-1]:  # the newest first: it stays when room is short
            room -= len(self.lines[place]) + 1
            if room < 0:
                break
            before.append(self.lines[place])
        ids, kinds = list(self.start), [0] * len(self.start)
        for line in before[::-1]:
            ids += [*line, self.separator]
            kinds += [1] * len(line) + [0]
        return [*ids, *own, self.separator], [*kinds, *[2] * len(own), 0]


class PairModel(nn.Module):
    """The logit of P(acted | history, item).

    Hidden states are averaged over the tokens of the history, h, and over those of the item, i,
    each divided by its length, and judged by the `Head`. Both texts are read at once, as in
    Nogueira and Cho, "Passage re-ranking with BERT", 2019.
    """

    def __init__(
        self, encoder: TrainableEncoder, settings: TextRankerSettings, rng: np.random.Generator
    ) -> None:
        super().__init__()
        self.encoder = encoder
        with seeded(rng):
            self.head = Head(encoder.width, settings)

    def forward(self, reading: Reading) -> Tensor:
        """(b,) logits."""
        return cast(Tensor, self.head(*self.averages(reading)))

    def averages(self, reading: Reading) -> tuple[Tensor, Tensor]:
        """h and i, (b, d) each."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.encoder.mode != "frozen"):
            hidden = self.encoder(reading.ids, reading.mask)  # (b, t, d)
            return _mean(hidden, reading.history), _mean(hidden, reading.item)

    def centre_on(self, reading: Reading) -> None:
        """Takes the mean cosine of these pairs for the usual one."""
        with torch.no_grad():
            h, i = self.averages(reading)
            self.head.centre.copy_((h * i).sum(1).mean())


class Head(nn.Module):
    """`w (cos(h, i) - centre)` plus what one hidden layer makes of `[h, i, |h - i|, h * i]`.

    The features are those of Conneau et al., "Supervised learning of universal sentence
    representations", 2017. The hidden layer adds nothing at first, so that training begins with the
    order that the cosine gives, and with the share of acted pairs.
    """

    def __init__(self, width: int, settings: TextRankerSettings) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4 * width, settings.hidden), nn.GELU(), nn.Dropout(settings.dropout)
        )
        self.out = nn.Linear(settings.hidden, 1)
        self.likeness = nn.Parameter(torch.tensor(FIRST_LIKENESS))
        self.register_buffer("centre", torch.zeros(()))
        self.centre: Tensor
        self.scale = width**0.5  # features of about 1, as the first weights expect
        with torch.no_grad():
            self.out.weight.zero_()
            self.out.bias.fill_(-float(np.log(settings.negatives)))

    def forward(self, h: Tensor, i: Tensor) -> Tensor:
        """(b,) logits of h and i (b, d)."""
        features = torch.cat([h, i, (h - i).abs(), self.scale * h * i], dim=1)  # (b, 4d)
        judged = self.out(self.layers(features * self.scale))[:, 0]
        return cast(Tensor, judged + self.likeness * ((h * i).sum(1) - self.centre))


def _mean(hidden: Tensor, mask: Tensor) -> Tensor:
    """(b, d) of length one; zero where the mask is empty."""
    weights = mask.unsqueeze(-1).to(hidden.dtype)  # (b, t, 1)
    return functional.normalize((hidden * weights).sum(1), dim=1)
