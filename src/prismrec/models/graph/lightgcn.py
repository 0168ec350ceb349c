"""LightGCN: vectors smoothed over the graph of who took what, and what items share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Longs, Positions, Vectors
from prismrec.data import wants_repeats
from prismrec.descent.loop import Plan, descend
from prismrec.descent.randomness import fresh
from prismrec.models.factors.scorer import FactorScorer
from prismrec.models.graph.adjacency import Graph, propagated, summed
from prismrec.models.losses import corrected_softmax, same_items
from prismrec.models.neural.examples import MOST_ROUNDS, Negatives, shuffled
from prismrec.models.scoring.half_lives import faded
from prismrec.models.scoring.histories import history_matrix
from prismrec.models.sequence.cooccurrence import start_from_cooccurrences
from prismrec.models.validation import validator

__all__ = ["LightGCN", "LightGCNScorer"]

START_SCALE = 0.1
"""Standard deviation of the item vectors at the start."""
SHARPNESS = 10.0
"""What multiplies the scores at the start; then it is learned."""


@dataclass(frozen=True)
class LightGCN:
    """Item vectors are the mean of 0 to `layers` steps of symmetric normalised messages over the
    graph of users, items and shared attributes, and of links between two items or two users, whose
    edges weigh `knowledge` each (0: none).

    A user has no vector of the first layer: it is what the items of the history send, so that
    whoever asks is folded in exactly from the history of the moment, the event of age a weighing
    `2^(-a / half_life)`. In training the item to predict sends nothing to its own user. Minimises
    the sampled softmax where the paper has BPR; the vectors start from the co-occurrences of the
    training events.
    Source: He et al. 2020, "LightGCN: simplifying and powering graph convolution network for
    recommendation"; attributes as nodes after Wang et al. 2019, "KGAT: knowledge graph attention
    network for recommendation".
    """

    dimension: int = 64
    layers: int = 2
    knowledge: float = 0.5
    negatives: int = 1024
    batch: int = 8192
    learning_rate: float = 0.001
    work: float = 1.5
    patience: int = 3
    half_life: float | None = None
    name: str = "lightgcn"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Train, propagate once, then choose the half-life where it is not set (see `faded`)."""
        events, n = train.positives, train.n_items
        graph = Graph(train, self.knowledge)
        model = _fresh(graph, self, train, rng)
        counts = np.bincount(events.items, minlength=n).astype(np.float64)
        negatives = Negatives(counts, self.negatives)
        users, items = events.rows.astype(np.int64), events.items.astype(np.int64)

        def made(half_life: float = self.half_life or USUAL) -> LightGCNScorer:
            return LightGCNScorer(*model.finished(), half_life, n)

        def loss_of(chosen: Longs) -> Tensor:
            return _loss(model, users[chosen], items[chosen], negatives, rng)

        plan = Plan.of(
            self.work, len(items), self.patience, self.learning_rate, most_rounds=MOST_ROUNDS
        )
        batches = shuffled(len(items), plan.size, self.batch, rng)
        validate = validator(made, validation, wants_repeats(train), rng)
        descend(model, batches, loss_of, plan, rng, validate)
        return faded(made, self.half_life, train, validation, start, rng)


USUAL = 4.0
"""Half-life in events while training."""


class LightGCNModel(nn.Module):
    """Vectors of items and tokens, and the graph that smooths them."""

    def __init__(self, graph: Graph, dimension: int, layers: int) -> None:
        super().__init__()
        self.graph, self.layers = graph, layers
        self.table = nn.Embedding(max(graph.items + graph.tokens, 1), dimension)
        self.sharpness = nn.Parameter(torch.tensor(SHARPNESS))
        places = slice(graph.users, graph.users + graph.items)
        self.degrees = torch.from_numpy(graph.degrees[places].astype(np.float32))[:, None]
        self.events = torch.from_numpy(np.diff(graph.taken.indptr).astype(np.float32))[:, None]

    def forward(self) -> tuple[Tensor, Tensor, Tensor]:
        """What each user was sent by the events in all (users, d), what each item `sent` (items,
        d), and the `items` (items, d). What friends send smooths the items, and is left out of the
        user, who is to be folded in from a history alone."""
        graph, k = self.graph, self.layers + 1
        known = self.table.weight[: graph.items + graph.tokens]
        nobody = known.new_zeros(graph.users, known.shape[1])
        steps = propagated(graph, torch.cat([nobody, known]), self.layers)
        mean = torch.stack(steps).sum(0) / k  # (nodes, d)
        places = slice(graph.users, graph.users + graph.items)
        sending = torch.stack(steps[:-1]).sum(0)[places] / k
        sent = self.sharpness * sending * self.degrees.clamp(min=1).rsqrt()
        return summed(graph, sent), sent, mean[places]

    def finished(self) -> tuple[Vectors, Vectors]:
        """`sent` and `items`, propagated for good."""
        with torch.inference_mode():
            _, sent, items = self()
        return sent.numpy().copy(), items.numpy().copy()


def _fresh(
    graph: Graph, settings: LightGCN, train: Interactions, rng: np.random.Generator
) -> LightGCNModel:
    model = fresh(lambda: LightGCNModel(graph, settings.dimension, settings.layers), rng)
    start_from_cooccurrences(train.positives, graph.items, rng, model.table, scale=START_SCALE)
    return model


def _loss(
    model: LightGCNModel, users: Longs, right: Longs, negatives: Negatives, rng: np.random.Generator
) -> Tensor:
    """Of events of `users` (b,) on the items `right` (b,), which tell their users nothing."""
    drawn, log_expected = negatives.draw(rng)
    who, answers, wrong = (torch.from_numpy(a) for a in (users, right, drawn))
    everybody, sent, items = model()
    others = (model.events[who] - 1).clamp(min=1)
    asked = (everybody[who] - sent[answers]) / others  # (b, d), a mean as in `query_vectors`
    positive, negative = (asked * items[answers]).sum(-1), asked @ items[wrong].T
    return corrected_softmax(positive, negative, log_expected, same_items(answers, wrong))


@dataclass(frozen=True)
class LightGCNScorer(FactorScorer):
    """`sum_j w_j sent_j . factors_i`: what the items of a history send, against the item vectors.

    `sent` and `factors` (trained items, d).
    """

    kind: ClassVar[str] = "lightgcn"
    log_ready: ClassVar[bool] = True
    part_names = ("lightgcn",)

    sent: Vectors
    factors: Vectors
    half_life: float
    n_items: int

    def query_vectors(self, queries: QueryBatch) -> Vectors:
        vectors: Vectors = (
            history_matrix(queries.histories, len(self.sent), self.half_life) @ self.sent
        )
        return vectors

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        return self.keeping(replace(self, n_items=len(features)), "_covariance")

    def state(self) -> State:
        arrays = {"sent": self.sent, "factors": self.factors}
        return State(self.kind, {"half_life": self.half_life}, arrays)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        sent, factors = state.arrays["sent"], state.arrays["factors"]
        return cls(sent, factors, **state.settings, n_items=len(features))
