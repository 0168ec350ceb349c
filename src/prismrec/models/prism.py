"""The multi-view sequence transformer as a learner and a scorer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import torch

from prismrec.core import (
    Cases,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Scorer,
    State,
)
from prismrec.core.arrays import Bools, Floats, Positions, Scores, Vectors
from prismrec.data import wants_repeats
from prismrec.models.certainty import spread
from prismrec.models.cooccurrence import ppmi_vectors
from prismrec.models.prism_inputs import Views, Windows, batch_of
from prismrec.models.prism_model import GAP_BUCKETS, PrismModel, Shape, initialise
from prismrec.models.prism_training import Plan, Round, train
from prismrec.models.settings import ModelSettings
from prismrec.models.validation import ndcg_of, sampled

__all__ = ["Prism", "PrismScorer"]

START_SCALE = 0.05
"""Standard deviation of the identity vectors at the start."""
VALIDATION_CASES = 6000
ROUND = 400_000
"""Predictions between two validations, at most."""
REFRESH = 0.2
"""Share of the work of a first fit that a warm start may do."""


@dataclass(frozen=True)
class Prism:
    """Learner of the multi-view sequence transformer (see `prism_model`).

    Identity vectors start from the co-occurrences of the training events; the number of rounds
    follows from the settings' `work`, so that it depends on what is counted and never on the clock.
    `report` is told of every round, for progress bars. With `identity_only` it reads nothing but
    which item came after which: SASRec (Kang and McAuley, 2018) with a sampled softmax.
    """

    settings: ModelSettings = field(default_factory=ModelSettings)
    report: Callable[[Round], None] = lambda _: None
    identity_only: bool = False

    @property
    def name(self) -> str:
        return "sasrec" if self.identity_only else "prism"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> PrismScorer:
        """Train on the positive events; `validation` stops it early.

        A `start` of the same settings is continued, with a fifth of the work. Raises
        `TrainingDiverged` where a loss is not finite.
        """
        earlier = start if isinstance(start, PrismScorer) else None
        positives = train.positives
        known = np.bincount(positives.items, minlength=train.n_items)[: train.n_items] > 0
        if earlier is not None:
            known[: len(earlier.known)] |= earlier.known
        shape = shape_of(train, self.settings)
        if self.identity_only:
            shape = replace(shape, text=0, tokens=0, kinds=0, gaps=0)
        model = fresh_model(shape, rng)
        if earlier is not None:
            continue_from(model, earlier.model)
        else:
            vectors = ppmi_vectors(positives, shape.items, shape.dimension, rng)
            model.identity.weight.data += torch.from_numpy(START_SCALE * vectors)
        scorer = PrismScorer(model, known, train.features)
        windows = Windows(positives, shape.history, train.has_clock)
        if windows.predictions:
            self._train(scorer, windows, train, validation, rng, warm=earlier is not None)
        return PrismScorer(model.eval(), known, train.features)

    def _train(
        self,
        scorer: PrismScorer,
        windows: Windows,
        data: Interactions,
        validation: Cases | None,
        rng: np.random.Generator,
        *,
        warm: bool,
    ) -> list[Round]:
        plan = plan_of(self.settings, windows.predictions, warm)
        model, validate = scorer.model, None
        if validation is not None and len(validation):
            cases = sampled(validation, VALIDATION_CASES, rng)
            repeats = wants_repeats(data, self.settings.repeats)

            def validate() -> float:
                model.eval()
                current = PrismScorer(model, scorer.known, scorer.features)
                return float(ndcg_of(current, cases, repeats).mean())

        return train(model, scorer.views, windows, plan, rng, validate, self.report)


def shape_of(data: Interactions, settings: ModelSettings) -> Shape:
    """The views that the data has, at the sizes of the settings."""
    texts = data.features.text_vectors
    return Shape(
        items=data.n_items,
        text=0 if texts is None else texts.shape[1],
        tokens=len(data.features.attributes.names),
        kinds=len(data.event_types) if len(data.event_types) > 1 else 0,
        gaps=GAP_BUCKETS if data.has_clock else 0,
        dimension=settings.dimension,
        layers=settings.layers,
        heads=settings.heads,
        history=settings.history,
        dropout=settings.dropout,
    )


def plan_of(settings: ModelSettings, predictions: int, warm: bool) -> Plan:
    """Rounds of at most one pass each, as many as the `work` allows."""
    work = settings.work * 1e6 * (REFRESH if warm else 1)
    size = min(predictions, ROUND)
    return Plan(
        rounds=max(1, round(work / size)) if size * 200 > work else 200,
        predictions=size,
        patience=settings.patience,
        batch=settings.batch,
        negatives=settings.negatives,
        learning_rate=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )


def fresh_model(shape: Shape, rng: np.random.Generator) -> PrismModel:
    """A model of `shape` with random weights. They come from a generator of their own, so that
    another model made in another thread changes nothing, and torch's is left as it was."""
    with torch.random.fork_rng(devices=[]):
        model = PrismModel(shape)
    own = torch.Generator().manual_seed(int(rng.integers(2**62)))
    model.apply(lambda module: initialise(module, own))
    return model


def continue_from(model: PrismModel, earlier: PrismModel) -> None:
    """Copy the weights of `earlier`; rows of new items, tokens and kinds keep their start."""
    weights = model.state_dict()
    for name, old in earlier.state_dict().items():
        if name in weights and weights[name].shape[1:] == old.shape[1:]:
            weights[name][: len(old)] = old[: len(weights[name])]


class PrismScorer:
    """A trained model over a catalogue; `known` (n,) says which items have an identity view.

    The score is a logit: `query_vectors @ item_vectors.T`, the sum of one part a view.
    """

    kind: ClassVar[str] = "prism"
    log_ready: ClassVar[bool] = True

    def __init__(self, model: PrismModel, known: Bools, features: ItemFeatures) -> None:
        self.model, self.known, self.features = model, known, features
        self.part_names: tuple[str, ...] = model.item_views
        self.views = Views(features, known, model.shape.tokens, model.shape.text > 0)
        self._last: tuple[QueryBatch, Vectors] | None = None

    @cached_property
    def _encoded(self) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.inference_mode():
            return self.model.encode_items(self.views.of(np.arange(len(self.known))))

    @cached_property
    def _gated_items(self) -> torch.Tensor | None:
        """(n, d): each item's views mixed by the gate; `None` where events have views that their
        item does not decide."""
        if self.model.event_views != self.model.item_views:
            return None
        encoded, mask = self._encoded
        with torch.inference_mode():
            return self.model.gated(encoded[None], mask[None])[0][0]

    @cached_property
    def _part_vectors(self) -> Vectors:
        """(v, n, d): what each view of each item adds."""
        with torch.inference_mode():
            vectors = self.model.item_vectors(self._encoded[0])
        out: Vectors = np.ascontiguousarray(vectors.numpy().transpose(1, 0, 2))
        return out

    @cached_property
    def _vectors(self) -> Vectors:
        out: Vectors = self._part_vectors.sum(0)
        return out

    def item_vectors(self, items: Positions | None = None) -> Vectors:
        """(m, d) float32."""
        return self._vectors if items is None else self._vectors[items]

    def query_vectors(self, queries: QueryBatch) -> Vectors:
        """(b, d) float32; zeros where the history has no event that the model can read.

        The last batch is remembered: a request asks for its scores and then for their parts.
        """
        last = self._last
        if last is None or last[0] is not queries:
            self._last = last = queries, self._query_vectors(queries)
        return last[1]

    def _query_vectors(self, queries: QueryBatch) -> Vectors:
        histories = queries.histories
        readable = (histories.weights > 0) & (histories.items < len(self.known))
        recent = histories.where(readable).last(self.model.shape.history)
        clock = self.model.time is not None
        batch = batch_of(recent, recent.indptr[:-1], recent.indptr[1:], clock)
        encoded, mask = self._encoded
        last = torch.from_numpy(np.maximum(batch.lengths - 1, 0))
        with torch.inference_mode():
            events = torch.from_numpy(batch.items)
            if self._gated_items is None:
                states = self.model(encoded, mask, events, batch.kinds, batch.gaps)
            else:
                states = self.model.read(self._gated_items[events])
            out = states[torch.arange(len(last)), last].numpy()
        return np.asarray(np.where(batch.lengths[:, None] > 0, out, 0), np.float32)

    def score(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m) float32."""
        return products(self.query_vectors(queries), self._vectors, items)

    def parts(self, queries: QueryBatch, items: Positions | None = None) -> Scores:
        """(b, m, p) float32."""
        asked = self.query_vectors(queries)
        return np.stack([products(asked, part, items) for part in self._part_vectors], axis=-1)

    @cached_property
    def _covariance(self) -> Floats:
        """Of the trained items alone, so that a new one changes nobody's certainty."""
        trained = self._vectors[self.known].astype(np.float64)
        dimension = self.model.shape.dimension
        return np.cov(trained, rowvar=False, bias=True) if len(trained) else np.eye(dimension)

    def certainty(self, queries: QueryBatch) -> Floats:
        """(b,): see `spread`."""
        return spread(self.query_vectors(queries), self._covariance)

    def gate_weights(self, queries: QueryBatch) -> Scores:
        """What each view weighed in the last event of each history, (b, event views)."""
        histories = queries.histories.last(1)
        clock = self.model.time is not None
        batch = batch_of(histories, histories.indptr[:-1], histories.indptr[1:], clock)
        with torch.inference_mode():
            views, present = self.model.event_views_of(
                *self._encoded, torch.from_numpy(batch.items), batch.kinds, batch.gaps
            )
            weights: Scores = self.model.gated(views, present)[1][:, 0].numpy()
        return weights

    def extended(self, features: ItemFeatures) -> Self:
        known = np.zeros(len(features), bool)
        known[: len(self.known)] = self.known
        longer = type(self)(self.model, known, features)
        longer.__dict__["_covariance"] = self._covariance
        return longer

    def state(self) -> State:
        weights = {f"model.{k}": v.numpy() for k, v in self.model.state_dict().items()}
        return State(self.kind, asdict(self.model.shape), {**weights, "known": self.known})

    @classmethod
    def from_state(cls, state: State, features: ItemFeatures) -> Self:
        model = PrismModel(Shape(**state.settings))
        stored = {
            name.removeprefix("model."): torch.from_numpy(np.array(array))
            for name, array in state.arrays.items()
            if name.startswith("model.")
        }
        model.load_state_dict(stored)
        known = np.zeros(len(features), bool)
        known[: len(state.arrays["known"])] = state.arrays["known"]
        return cls(model.eval(), known, features)


def products(asked: Vectors, vectors: Vectors, items: Positions | None) -> Scores:
    """Dot products of (b, d) with the rows of (n, d) at `items`; 0 where an item is -1."""
    if items is None:
        return asked @ vectors.T
    picked = vectors[np.maximum(items, 0)]
    scores = asked @ picked.T if items.ndim == 1 else np.einsum("bd,bmd->bm", asked, picked)
    return np.asarray(np.where(items >= 0, scores, 0), np.float32)
