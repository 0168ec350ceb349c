"""Neural collaborative filtering: a factorisation and a small network, added up.

Top to bottom: the module, its learner, its scorer; b queries, n items, d wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Longs, Positions, Scores
from prismrec.data import wants_repeats
from prismrec.descent.loop import Plan, descend
from prismrec.descent.randomness import fresh
from prismrec.models.losses import corrected_softmax, same_items
from prismrec.models.neural.examples import MOST_ROUNDS, Examples, Negatives, Recent, shuffled
from prismrec.models.neural.modules import Pooling
from prismrec.models.scoring.weights import weights_of, with_weights
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer
from prismrec.models.sequence.cooccurrence import start_from_cooccurrences
from prismrec.models.validation import validator

__all__ = ["NeuMF", "NeuMFScorer"]

CELLS = 1 << 21
"""Hidden numbers of (queries, items, width) held at a time."""


@dataclass(frozen=True)
class NeuMFShape:
    """What the parameters depend on: `width` is of the first hidden layer, the second is half."""

    items: int
    dimension: int
    width: int
    history: int


class NeuMFModel(nn.Module):
    """`score = sum_d h_d p_d q_d + bias + w . relu(W relu(A p' + B q'))`.

    Each half has item vectors of its own (`q` and `q'`), and a user is the pooled vectors of the
    history (`p` and `p'`) plus a vector for anybody.
    """

    def __init__(self, shape: NeuMFShape) -> None:
        super().__init__()
        n, d, width = max(shape.items, 1), shape.dimension, shape.width
        self.shape = shape
        self.factors, self.inputs = nn.Embedding(n, d), nn.Embedding(n, d)
        self.bias = nn.Embedding(n, 1)
        self.pooling, self.pooling_too = Pooling(shape.history), Pooling(shape.history)
        self.anybody, self.anybody_too = nn.Parameter(torch.zeros(d)), nn.Parameter(torch.zeros(d))
        self.importance = nn.Parameter(torch.ones(d))
        self.of_user, self.of_item = nn.Linear(d, width), nn.Linear(d, width, bias=False)
        self.second, self.last = nn.Linear(width, width // 2), nn.Linear(width // 2, 1, bias=False)

    def users(self, items: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """What each half reads of histories (b, l): weighted factors (b, d), hidden (b, width)."""
        factors = self.pooling(self.factors.weight, items, real) + self.anybody
        inputs = self.pooling_too(self.inputs.weight, items, real) + self.anybody_too
        return factors * self.importance, self.of_user(inputs)

    def network(self, users: Tensor, items: Tensor) -> Tensor:
        """The second half for hidden users and items that broadcast to (..., width): (...)."""
        hidden = torch.relu(users + items)  # (..., width)
        out: Tensor = self.last(torch.relu(self.second(hidden)))[..., 0]
        return out

    def scores(self, users: tuple[Tensor, Tensor], items: Tensor) -> Tensor:
        """Of b users for u `items`, the same for all: (b, u)."""
        linear = users[0] @ self.factors(items).T + self.bias(items)[:, 0]
        return linear + self.network(users[1][:, None], self.of_item(self.inputs(items)))

    def own_scores(self, users: tuple[Tensor, Tensor], items: Tensor) -> Tensor:
        """Of b users for an item each, (b,)."""
        linear = (users[0] * self.factors(items)).sum(-1) + self.bias(items)[:, 0]
        return linear + self.network(users[1], self.of_item(self.inputs(items)))


@dataclass(frozen=True)
class NeuMF:
    """Learner of neural matrix factorisation (see `NeuMFModel`), whose users are their histories,
    so that a new event counts at once.

    Minimises the sampled softmax of what came next, where the paper has a binary cross-entropy;
    item vectors start from the co-occurrences of the training events.
    Source: He et al. 2017, "Neural collaborative filtering"; users as pooled histories after Xue et
    al. 2019, "Deep item-based collaborative filtering for top-N recommendation".
    """

    dimension: int = 64
    width: int = 32
    history: int = 50
    negatives: int = 128
    batch: int = 512
    learning_rate: float = 0.002
    work: float = 0.8
    patience: int = 2
    name: str = "neumf"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Train on the positive events; `validation` stops it early. Raises `TrainingDiverged`."""
        positives, n = train.positives, train.n_items
        counts = np.bincount(positives.items, minlength=n).astype(np.float64)
        shape = NeuMFShape(n, self.dimension, self.width, self.history)
        model = _fresh(shape, train, rng)
        examples, negatives = Examples.of(train, self.history), Negatives(counts, self.negatives)

        def made() -> NeuMFScorer:
            return NeuMFScorer(model, n)

        def loss_of(events: Longs) -> Tensor:
            read, right = examples.take(events)
            drawn, log_expected = negatives.draw(rng)
            answers, wrong = torch.from_numpy(right), torch.from_numpy(drawn)
            users = model.users(torch.from_numpy(read.items), read.real)
            positive, negative = model.own_scores(users, answers), model.scores(users, wrong)
            return corrected_softmax(positive, negative, log_expected, same_items(answers, wrong))

        plan = Plan.of(
            self.work, len(examples), self.patience, self.learning_rate, most_rounds=MOST_ROUNDS
        )
        batches = shuffled(len(examples), plan.size, self.batch, rng)
        validate = validator(made, validation, wants_repeats(train), rng)
        descend(model, batches, loss_of, plan, rng, validate)
        return made()


def _fresh(shape: NeuMFShape, train: Interactions, rng: np.random.Generator) -> NeuMFModel:
    model = fresh(lambda: NeuMFModel(shape), rng)
    for layer in (model.of_user, model.of_item, model.second, model.last):
        layer.weight.data *= 5  # a network that starts as nothing learns nothing for long
    start_from_cooccurrences(train.positives, shape.items, rng, model.factors, model.inputs)
    return model


class NeuMFScorer(WholeCatalogueScorer):
    """A logit: parts `factors` and `network`. Items that came later have vectors of zeros."""

    kind: ClassVar[str] = "neumf"
    log_ready: ClassVar[bool] = True
    part_names = ("factors", "network")

    def __init__(self, model: NeuMFModel, n_items: int) -> None:
        self.model, self.n_items = model, n_items

    @cached_property
    def _items(self) -> tuple[Tensor, Tensor, Tensor]:
        """Factors (n, d), bias (n,) and hidden inputs (n, width) of every known item."""
        trained, model = self.model.shape.items, self.model
        with torch.inference_mode():
            places = torch.arange(min(trained, self.n_items))
            rows = (
                model.factors(places),
                model.bias(places)[:, 0],
                model.of_item(model.inputs(places)),
            )
            return tuple(self._padded(table) for table in rows)  # type: ignore[return-value]

    def _padded(self, table: Tensor) -> Tensor:
        later = torch.zeros(self.n_items - len(table), *table.shape[1:])
        return torch.cat([table, later])

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        return self._parts(queries, *self._items)

    def some_parts(self, queries: QueryBatch, items: Positions) -> list[Scores]:
        chosen = torch.from_numpy(items.astype(np.int64))
        return self._parts(queries, *(table[chosen] for table in self._items))

    def _parts(
        self, queries: QueryBatch, factors: Tensor, bias: Tensor, hidden: Tensor
    ) -> list[Scores]:
        recent = Recent.of(queries, self.model.shape.history, self.model.shape.items)
        with torch.inference_mode():
            users = self.model.users(torch.from_numpy(recent.items), recent.real)
            linear = users[0] @ factors.T + bias
            rows = [self.model.network(part[:, None], hidden) for part in self._cut(users[1])]
            network = torch.cat([*rows, torch.zeros(0, len(hidden))])
        return [linear.numpy(), network.numpy()]

    def _cut(self, users: Tensor) -> Iterator[Tensor]:
        """A few users at a time, so that memory stays bounded."""
        step = max(1, CELLS // max(1, self.n_items * self.model.shape.width))
        return iter(users.split(step)) if len(users) else iter(())

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        longer = type(self)(self.model, len(features))
        longer.__dict__["_items"] = tuple(longer._padded(table) for table in self._items)
        return longer

    def state(self) -> State:
        return State(self.kind, asdict(self.model.shape), weights_of(self.model))

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        model = with_weights(NeuMFModel(NeuMFShape(**state.settings)), state.arrays)
        return cls(model, len(features))
