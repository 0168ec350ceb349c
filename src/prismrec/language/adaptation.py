"""Domain adaptation of a text encoder: texts that belong together come closer, the others part.

Pairs may be anything that belongs together: the texts of items that follow each other, a query and
the title it led to, or a text and itself (SimCSE: dropout makes the two differ).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from prismrec.core import BadInput, BadSettings, Interactions
from prismrec.core.arrays import Bools, Longs
from prismrec.descent.randomness import seeded
from prismrec.descent.step import backward, gradient_step
from prismrec.language.trainable import TrainableEncoder, padded, warm_up_then_linear

__all__ = [
    "Adaptation",
    "TextPairs",
    "adapt_encoder",
    "following_pairs",
    "info_nce",
]

_BLOCK = 32  # texts of like length read at once


@dataclass(frozen=True)
class Adaptation:
    """How an encoder is adapted.

    `mode` is `lora` or `full`. `steps` batches of `batch` pairs are read, in as many passes over
    the pairs as that takes; counted work, never the clock. The learning rate rises over the first
    `warm_up` share of them and falls to nothing. `temperature` divides cosines. A text is cut after
    `max_tokens` tokens, as the encoder then should be too.
    """

    mode: str = "lora"
    rank: int = 16
    steps: int = 300
    batch: int = 128
    learning_rate: float = 3e-4
    warm_up: float = 0.1
    temperature: float = 0.05
    max_tokens: int = 64

    def __post_init__(self) -> None:
        if self.mode not in ("lora", "full"):
            raise BadSettings(
                f"An encoder cannot be adapted by '{self.mode}'.", hint="Choose lora or full."
            )
        for name in ("rank", "steps", "learning_rate", "temperature"):
            if getattr(self, name) <= 0:
                raise BadSettings(f"{name} is {getattr(self, name)}.", hint="Set it above zero.")
        if self.batch < 2 or self.max_tokens < 4:
            raise BadSettings(
                f"A batch of {self.batch} pairs of {self.max_tokens} tokens teaches nothing.",
                hint="Take at least 2 pairs a batch and 4 tokens a text.",
            )


@dataclass(frozen=True)
class TextPairs:
    """Texts that belong together: `pairs` (n, 2) int64 are places in `texts`."""

    texts: tuple[str, ...]
    pairs: Longs

    @staticmethod
    def of(pairs: Sequence[tuple[str, str]]) -> TextPairs:
        """From texts as they are, such as (query, title)."""
        places: dict[str, int] = {}
        rows = [[places.setdefault(text, len(places)) for text in pair] for pair in pairs]
        return TextPairs(tuple(places), np.array(rows, np.int64).reshape(-1, 2))

    @staticmethod
    def same(texts: Sequence[str]) -> TextPairs:
        """Each text with itself: SimCSE (Gao, Yao and Chen, "Simple contrastive learning of
        sentence embeddings", 2021), in which dropout makes the two readings differ."""
        distinct = tuple(dict.fromkeys(text for text in texts if text and not text.isspace()))
        return TextPairs(distinct, np.repeat(np.arange(len(distinct))[:, None], 2, axis=1))


def following_pairs(
    train: Interactions, texts: Sequence[str], hidden: Bools | None = None
) -> TextPairs:
    """The texts of items that follow each other in what the same user did.

    `texts` (n_items,) by position; only positive events count, an item that follows itself does
    not, nor one without text. `hidden` (n_items,) bool are items of which no pair may tell.
    """
    events = train.positives
    rows, items = events.rows, events.items
    usable = np.array([bool(text) and not text.isspace() for text in texts], bool)
    if hidden is not None:
        usable &= ~hidden
    before, after = items[:-1], items[1:]
    kept = (rows[:-1] == rows[1:]) & (before != after) & usable[before] & usable[after]
    pairs = np.stack([before[kept], after[kept]], axis=1).astype(np.int64)
    return TextPairs(tuple(texts), pairs)


@dataclass
class _Course:
    """What training needs at every step."""

    encoder: TrainableEncoder
    lines: list[list[int]]
    pairs: Longs
    settings: Adaptation
    known: Longs = field(init=False)

    def __post_init__(self) -> None:
        self.known = np.unique(self._codes(self.pairs[:, 0], self.pairs[:, 1]))

    def _codes(self, left: Longs, right: Longs) -> Longs:
        low, high = np.minimum(left, right), np.maximum(left, right)
        return low * len(self.lines) + high

    def loss(self, rows: Longs) -> Tensor:
        """Both ways: the right text for each left one, and the left for each right one."""
        left, right = self.pairs[rows, 0], self.pairs[rows, 1]
        a, b = self._vectors(left), self._vectors(right)  # (n, d) each
        codes = self._codes(left[:, None], right[None, :])
        together = np.isin(codes, self.known) | (left[:, None] == right[None, :])
        return info_nce(a, b, self.settings.temperature, torch.from_numpy(together))

    def _vectors(self, places: Longs) -> Tensor:
        """(n, d), of length one; texts of like length are read together."""
        order = sorted(range(len(places)), key=lambda i: len(self.lines[places[i]]))
        blocks = [order[at : at + _BLOCK] for at in range(0, len(order), _BLOCK)]
        read = torch.cat([self._read([self.lines[places[i]] for i in block]) for block in blocks])
        return functional.normalize(read[torch.from_numpy(np.argsort(order))], dim=1)

    def _read(self, lines: list[list[int]]) -> Tensor:
        ids, mask = padded(lines)
        return self.encoder.pooled(self.encoder(ids, mask), mask)


def info_nce(a: Tensor, b: Tensor, temperature: float, together: Tensor) -> Tensor:
    """The mean of `-log softmax(a_i . b_j / temperature)[j = i]` over i, and the same for b to a.

    `a` and `b` (n, d) are of length one; every other row of the batch is a negative, except where
    `together` (n, n) is true, for texts that are known to belong together.
    van den Oord, Li and Vinyals, "Representation learning with contrastive predictive coding",
    2018; with in-batch negatives as in Henderson et al., "Efficient natural language response
    suggestion for Smart Reply", 2017.
    """
    logits = a @ b.T / temperature  # (n, n)
    others = together & ~torch.eye(len(a), dtype=torch.bool)
    logits = logits.masked_fill(others, float("-inf"))
    right = torch.arange(len(a))
    there = functional.cross_entropy(logits, right)
    return (there + functional.cross_entropy(logits.T, right)) / 2


def adapt_encoder(
    source: Path,
    pairs: TextPairs,
    out: Path,
    rng: np.random.Generator,
    settings: Adaptation | None = None,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> Path:
    """Train the encoder in the folder `source` on `pairs` and write it to the new folder `out`.

    What comes out is an ordinary folder, to be named in `language.encoder`. `report` is told every
    step and its loss. Raises `BadInput` where there are fewer than two pairs or `out` is there
    already, `TrainingDiverged` where the loss is no number.
    """
    chosen = settings or Adaptation()
    if len(pairs.pairs) < 2:
        raise BadInput(
            f"{len(pairs.pairs)} pairs of texts are too few to adapt an encoder.",
            hint="Give it pairs of texts that belong together; a thousand is a beginning.",
        )
    if out.exists():
        raise BadInput(f"{out} is there already.", hint="Name a folder that is not there yet.")
    encoder = TrainableEncoder(source, chosen.mode, rng, rank=chosen.rank)
    lines = encoder.lines(pairs.texts, chosen.max_tokens)
    course = _Course(encoder, lines, pairs.pairs, chosen)
    with seeded(rng):
        _train(course, rng, report)
    return encoder.save(out)


def _train(course: _Course, rng: np.random.Generator, report: Callable[[int, float], None]) -> None:
    settings, encoder = course.settings, course.encoder
    parameters = [p for p in encoder.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=settings.learning_rate, weight_decay=0.01)
    size = min(settings.batch, len(course.pairs))
    order: Longs = np.zeros(0, np.int64)
    encoder.train()
    for step in range(settings.steps):
        if len(order) < size:
            order = rng.permutation(len(course.pairs))
        rows, order = order[:size], order[size:]
        share = warm_up_then_linear(step, settings.steps, settings.warm_up)
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * share
        loss = course.loss(rows)
        backward(loss, "the text encoder")
        gradient_step(optimiser)
        report(step, float(loss.detach()))
    encoder.eval()
