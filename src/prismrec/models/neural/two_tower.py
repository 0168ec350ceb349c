"""Two towers as a learner and a scorer: users and items as vectors made apart from each other."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from prismrec.core import Cases, Interactions, ItemFeatures, QueryBatch, Scorer, State
from prismrec.core.arrays import Bools, Floats, Longs, Positions, Scores, Vectors, with_rows
from prismrec.data import wants_repeats
from prismrec.descent.loop import Plan, descend
from prismrec.descent.randomness import fresh
from prismrec.models.losses import corrected_softmax, same_items
from prismrec.models.neural.examples import MOST_ROUNDS, Examples, Negatives, Recent, shuffled
from prismrec.models.neural.towers import TowerShape, TwoTowers
from prismrec.models.scoring.certainty import covariance, spread
from prismrec.models.scoring.weights import weights_of, with_weights
from prismrec.models.scoring.whole_catalogue import WholeCatalogueScorer
from prismrec.models.sequence.cooccurrence import start_from_cooccurrences
from prismrec.models.sequence.inputs import Views
from prismrec.models.validation import validator

__all__ = ["TwoTower", "TwoTowerScorer"]


@dataclass(frozen=True)
class TwoTower:
    """Minimises the sampled softmax of what came next, with `negatives` shared by a batch and each
    corrected for how often it is drawn (log Q).

    `asked` is the share of examples whose history is replaced by the text of the right item, half
    of its vector left out: so the tower learns to read the text of a query. The item vectors start
    from the co-occurrences of the training events.
    Source: Yi et al. 2019, "Sampling-bias-corrected neural modeling for large corpus item
    recommendations"; Covington et al. 2016, "Deep neural networks for YouTube recommendations".
    """

    dimension: int = 64
    history: int = 50
    dropout: float = 0.3
    negatives: int = 1024
    asked: float = 0.05
    batch: int = 2048
    learning_rate: float = 0.003
    work: float = 3.0
    patience: int = 3
    name: str = "two_tower"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        """Train on the positive events; `validation` stops it early. Raises `TrainingDiverged`."""
        positives = train.positives
        counts = np.bincount(positives.items, minlength=train.n_items).astype(np.float64)
        shape = self._shape(train)
        model = fresh(lambda: TwoTowers(shape), rng)
        start_from_cooccurrences(positives, shape.items, rng, model.identity)
        known = counts > 0
        views = Views(train.features, known, model.shape.tokens, model.shape.text > 0)
        examples = Examples.of(train, self.history)
        negatives = Negatives(counts, self.negatives)

        def made() -> TwoTowerScorer:
            return TwoTowerScorer(model, known, train.features)

        def loss_of(events: Longs) -> Tensor:
            read, right = examples.take(events)
            return _loss(model, views, read, right, negatives, self.asked, rng)

        plan = Plan.of(
            self.work, len(examples), self.patience, self.learning_rate, most_rounds=MOST_ROUNDS
        )
        batches = shuffled(len(examples), plan.size, self.batch, rng)
        validate = validator(made, validation, wants_repeats(train), rng)
        descend(model, batches, loss_of, plan, rng, validate)
        return made()

    def _shape(self, train: Interactions) -> TowerShape:
        texts = train.features.text_vectors
        return TowerShape(
            items=train.n_items,
            text=0 if texts is None else texts.shape[1],
            tokens=len(train.features.attributes.names),
            dimension=self.dimension,
            history=self.history,
            dropout=self.dropout,
        )


def _loss(
    model: TwoTowers,
    views: Views,
    read: Recent,
    right: Longs,
    negatives: Negatives,
    asked: float,
    rng: np.random.Generator,
) -> Tensor:
    """Of a batch: histories `read`, answers `right` (b,)."""
    drawn, log_expected = negatives.draw(rng)
    every = np.concatenate([read.items.ravel(), right, drawn])
    union, inverse = np.unique(every, return_inverse=True)
    place = torch.from_numpy(inverse)
    events = place[: read.items.size].view(read.items.shape)
    answers, wrong = place[read.items.size :].split([len(right), len(drawn)])
    some = views.of(union)
    vectors = model.encode_items(some).sum(1)  # (u, d)
    real = read.real
    if model.text is not None and some.text is not None:
        worded = torch.from_numpy(rng.random(len(right)) < asked)
        real = real & ~worded[:, None]
    users = model.read(vectors, events, real)  # (b, d)
    if model.text is not None and some.text is not None:
        half = torch.from_numpy(rng.random((int(worded.sum()), model.shape.text)) < 0.5)
        words = model.encode_text(some.text[answers[worded]] * half)
        users = users.index_add(0, torch.nonzero(worded)[:, 0], words)
    positive = (users * vectors[answers]).sum(-1)  # (b,)
    negative = users @ vectors[wrong].T  # (b, k)
    return corrected_softmax(positive, negative, log_expected, same_items(answers, wrong))


class TwoTowerScorer(WholeCatalogueScorer):
    """`query_vectors @ item_vectors.T`, a logit, with one part a view of the item.

    `known` (n,) says which items have an identity view: those that training saw.
    """

    kind: ClassVar[str] = "two_tower"
    log_ready: ClassVar[bool] = True

    def __init__(self, model: TwoTowers, known: Bools, features: ItemFeatures) -> None:
        self.model, self.known, self.features = model, known, features
        self.n_items = len(features)
        self.part_names = model.item_views
        self.views = Views(features, known, model.shape.tokens, model.shape.text > 0)

    @cached_property
    def _views_of_items(self) -> Vectors:
        """(n_items, v, d)."""
        with torch.inference_mode():
            encoded = self.model.encode_items(self.views.of(np.arange(self.n_items)))
        return np.asarray(encoded.numpy(), np.float32)

    @cached_property
    def _vectors(self) -> Vectors:
        return self._views_of_items.sum(1)

    @cached_property
    def _covariance(self) -> Floats:
        """Of the trained items alone, so that a new one changes nobody's certainty."""
        return covariance(self._vectors[self.known])

    def item_vectors(self, items: Positions | None = None) -> Vectors:
        """(m, d) float32."""
        return self._vectors if items is None else self._vectors[items]

    def query_vectors(self, queries: QueryBatch) -> Vectors:
        """(b, d) float32, from the histories and the texts of the queries."""
        recent = Recent.of(queries, self.model.shape.history, self.n_items)
        vectors = self._vectors if self.n_items else np.zeros((1, self.model.shape.dimension), "f4")
        with torch.inference_mode():
            places = torch.from_numpy(recent.items)
            users = self.model.read(torch.from_numpy(vectors), places, recent.real)
            if self.model.text is not None and queries.text_vectors is not None:
                users = users + self.model.encode_text(torch.from_numpy(queries.text_vectors))
            return np.asarray(users.numpy(), np.float32)

    def all_parts(self, queries: QueryBatch) -> list[Scores]:
        return self._parts(queries, self._views_of_items)

    def some_parts(self, queries: QueryBatch, items: Positions) -> list[Scores]:
        return self._parts(queries, self._views_of_items[items])

    def _parts(self, queries: QueryBatch, items: Vectors) -> list[Scores]:
        asked = self.query_vectors(queries)
        return [asked @ items[:, view].T for view in range(items.shape[1])]

    def certainty(self, queries: QueryBatch) -> Floats:
        """(b,): see `spread`."""
        return spread(self.query_vectors(queries), self._covariance)

    def extended(self, features: ItemFeatures, changed: Positions) -> Self:
        known = np.pad(self.known, (0, len(features) - len(self.known)))
        longer = type(self)(self.model, known, features)
        with torch.inference_mode():
            fresh = self.model.encode_items(longer.views.of(changed.astype(np.int64))).numpy()
        longer.__dict__["_views_of_items"] = with_rows(
            self._views_of_items, len(features), changed, fresh
        )
        longer.__dict__["_covariance"] = self._covariance
        return longer

    def state(self) -> State:
        arrays = weights_of(self.model, "model.") | {"known": self.known}
        return State(self.kind, asdict(self.model.shape), arrays)

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        model = with_weights(TwoTowers(TowerShape(**state.settings)), state.arrays, "model.")
        known = state.arrays["known"]
        return cls(model, np.pad(known, (0, len(features) - len(known))), features)
