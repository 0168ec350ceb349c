"""BERT4Rec: what is hidden in a sequence, read from both sides.

Top to bottom: the module, its learner, its scorer; b rows, l events, d wide.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, Sequences, State
from prismrec.core.arrays import Longs, Positions, Vectors
from prismrec.data import wants_repeats
from prismrec.descent.loop import Plan, descend
from prismrec.descent.randomness import Dropout, fresh
from prismrec.models.factors.scorer import FactorScorer
from prismrec.models.losses import corrected_softmax, same_items
from prismrec.models.neural.examples import MOST_ROUNDS, Negatives, Recent, shuffled
from prismrec.models.scoring.weights import weights_of, with_weights
from prismrec.models.sequence.cooccurrence import start_from_cooccurrences
from prismrec.models.validation import validator

__all__ = ["BERT4Rec", "BERT4RecScorer"]


@dataclass(frozen=True)
class BERTShape:
    """What the parameters depend on; `history` is in events, the hidden one included."""

    items: int
    dimension: int
    layers: int
    heads: int
    history: int
    dropout: float


class BERTModel(nn.Module):
    """Item vectors, places, bidirectional layers; a hidden event has a vector of its own."""

    def __init__(self, shape: BERTShape) -> None:
        super().__init__()
        d = shape.dimension
        self.shape = shape
        self.items = nn.Embedding(max(shape.items, 1), d)
        self.bias = nn.Embedding(max(shape.items, 1), 1)
        self.place, self.hidden = nn.Embedding(shape.history, d), nn.Parameter(torch.zeros(d))
        self.enter = nn.Sequential(nn.LayerNorm(d), Dropout(shape.dropout))
        self.blocks = nn.ModuleList(BothWays(shape) for _ in range(shape.layers))
        self.leave, self.head = nn.LayerNorm(d), nn.Parameter(torch.eye(d))

    def forward(self, items: Tensor, real: Tensor, hidden: Tensor) -> Tensor:
        """The state of each event, (b, l, d): `items` (b, l), right-aligned, are there where
        `real` and not `hidden`; the places count from the end."""
        x = torch.where(hidden[..., None], self.hidden, self.items(items))
        x = self.enter(x + self.place.weight[self.shape.history - items.shape[1] :])
        for block in self.blocks:
            x = block(x, real | hidden)
        out: Tensor = self.leave(x) @ self.head
        return out


class BothWays(nn.Module):
    """Self-attention over all that is `real` and a feed-forward layer."""

    def __init__(self, shape: BERTShape) -> None:
        super().__init__()
        d = shape.dimension
        self.heads = shape.heads
        self.before, self.between = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.wide, self.narrow = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
        self.drop = Dropout(shape.dropout)

    def forward(self, x: Tensor, real: Tensor) -> Tensor:
        rows, length, d = x.shape
        qkv = self.qkv(self.before(x)).view(rows, length, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (b, h, l, d / h)
        logits = q @ k.transpose(2, 3) / k.shape[-1] ** 0.5
        # A finite floor: a row of padding alone has no event to attend to.
        weights = logits.masked_fill(~real[:, None, None], -1e9).softmax(-1)
        read = (self.drop(weights) @ v).transpose(1, 2).reshape(rows, length, d)
        x = x + self.drop(self.out(read))
        out: Tensor = x + self.drop(self.narrow(functional.gelu(self.wide(self.between(x)))))
        return out


@dataclass(frozen=True)
class BERT4Rec:
    """Minimises the sampled softmax of events hidden at random (`hide` of them, and for a part of
    the rows the last alone, which is what serving asks); the event to come is read as hidden.

    It sees the identity of items only. Item vectors start from co-occurrences.
    Source: Sun et al. 2019, "BERT4Rec: sequential recommendation with bidirectional encoder
    representations from transformer"; hiding the last more often as there; sampled softmax after
    Petrov and Macdonald 2022, "A systematic review and replicability study of BERT4Rec".
    """

    dimension: int = 64
    layers: int = 2
    heads: int = 2
    history: int = 50
    dropout: float = 0.2
    hide: float = 0.3
    last: float = 0.3
    negatives: int = 1024
    rows: int = 128
    learning_rate: float = 0.002
    work: float = 4.0
    patience: int = 4
    name: str = "bert4rec"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Train on the positive events; `validation` stops it early. Raises `TrainingDiverged`."""
        n = train.n_items
        shape = BERTShape(n, self.dimension, self.layers, self.heads, self.history, self.dropout)
        model = fresh(lambda: BERTModel(shape), rng)
        start_from_cooccurrences(train.positives, n, rng, model.items)
        rows = windows(train.positives, self.history)
        counts = np.bincount(train.positives.items, minlength=n).astype(np.float64)
        negatives = Negatives(counts, self.negatives)

        def made() -> BERT4RecScorer:
            return BERT4RecScorer(model, n)

        def loss_of(chosen: Longs) -> Tensor:
            return self._loss(model, rows.take(chosen), negatives, rng)

        # The plan counts rows; the work is in events.
        work = self.work * len(rows) / max(len(rows.items), 1)
        plan = Plan.of(work, len(rows), self.patience, self.learning_rate, most_rounds=MOST_ROUNDS)
        batches = shuffled(len(rows), plan.size, self.rows, rng)
        validate = validator(made, validation, wants_repeats(train), rng)
        descend(model, batches, loss_of, plan, rng, validate)
        return made()

    def _loss(
        self,
        model: BERTModel,
        rows: Sequences,
        negatives: Negatives,
        rng: np.random.Generator,
    ) -> Tensor:
        padded = rows.padded(min(self.history, int(rows.lengths.max())))
        real = padded >= 0
        hidden = (rng.random(padded.shape) < self.hide) & real
        only_last = (rng.random(len(padded)) < self.last) | ~hidden.any(1)
        hidden[only_last] = False
        hidden[only_last, -1] = True
        drawn, log_expected = negatives.draw(rng)
        right, wrong = torch.from_numpy(padded[hidden].astype(np.int64)), torch.from_numpy(drawn)
        where = torch.from_numpy(hidden)
        items = torch.from_numpy(np.maximum(padded, 0).astype(np.int64))
        asked = model(items, torch.from_numpy(real), where)[where]  # (p, d)
        positive = (asked * model.items(right)).sum(-1) + model.bias(right)[:, 0]
        negative = asked @ model.items(wrong).T + model.bias(wrong)[:, 0]
        return corrected_softmax(positive, negative, log_expected, same_items(right, wrong))


def windows(sequences: Sequences, history: int) -> Sequences:
    """The sequences cut into rows of at most `history` events, from the end; none is empty."""
    counts = -(-sequences.lengths // history)
    owner = np.repeat(np.arange(len(sequences)), counts)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    ends = sequences.indptr[1:][owner] - nth * history
    starts = np.maximum(sequences.indptr[:-1][owner], ends - history)
    lengths = ends - starts
    offsets = np.cumsum(lengths) - lengths
    events = np.arange(int(lengths.sum())) + np.repeat(starts - offsets, lengths)
    return sequences.select(events, lengths)


class BERT4RecScorer(FactorScorer):
    """The state of a hidden event after the history, against the item vectors, whose last
    coordinate is the bias."""

    kind: ClassVar[str] = "bert4rec"
    log_ready: ClassVar[bool] = True
    part_names = ("bert4rec",)

    def __init__(self, model: BERTModel, n_items: int) -> None:
        self.model, self.n_items = model, n_items
        with torch.inference_mode():
            table = torch.cat([model.items.weight, model.bias.weight], 1)[: model.shape.items]
        self.factors: Vectors = table.numpy()

    def query_vectors(self, queries: QueryBatch) -> Vectors:
        shape = self.model.shape
        recent = Recent.of(queries, shape.history - 1, shape.items)
        b = len(recent.items)
        items = np.concatenate([recent.items, np.zeros((b, 1), np.int64)], axis=1)
        real = torch.cat([recent.real, torch.zeros(b, 1, dtype=torch.bool)], 1)
        hidden = torch.zeros_like(real)
        hidden[:, -1] = True
        with torch.inference_mode():
            states = self.model(torch.from_numpy(items), real, hidden)[:, -1]
            ones = torch.ones(b, 1)
            return np.asarray(torch.cat([states, ones], 1).numpy(), np.float32)

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return self.keeping(type(self)(self.model, len(features)), "_covariance")

    def state(self) -> State:
        return State(self.kind, asdict(self.model.shape), weights_of(self.model))

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        model = with_weights(BERTModel(BERTShape(**state.settings)), state.arrays)
        return cls(model, len(features))
