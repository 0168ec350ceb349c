"""The multi-view sequence transformer as a learner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import log

import numpy as np
import torch
from torch import Tensor, nn

from prismrec.core import (
    Cases,
    Interactions,
    Scorer,
)
from prismrec.core.arrays import Vectors
from prismrec.data import wants_repeats
from prismrec.descent.loop import Plan, Round, descend
from prismrec.descent.randomness import fresh
from prismrec.models.neighbours.whitening import Whitening
from prismrec.models.sequence.cooccurrence import start_from_cooccurrences
from prismrec.models.sequence.evidence import view_evidence
from prismrec.models.sequence.inputs import Task, Windows
from prismrec.models.sequence.loss import Sampler, loss_of
from prismrec.models.sequence.model import GAP_BUCKETS, PrismModel, Shape, key_of
from prismrec.models.sequence.people import Spelling
from prismrec.models.sequence.pretraining import Pretraining, pretrain
from prismrec.models.sequence.scorer import PrismScorer
from prismrec.models.settings import ModelSettings
from prismrec.models.validation import validator

__all__ = ["TEXT_SCALE", "Prism", "whiten"]

TEXT_SCALE = 0.2
"""Standard deviation of the text vectors at the start, whose directions are the principal ones of
the catalogue."""
VALIDATION_CASES = 6000
REFRESH = 0.2
"""Share of the work of a first fit that a warm start may do."""


@dataclass(frozen=True)
class Prism:
    """Learner of the multi-view sequence transformer (see `model`).

    Identity vectors start from the co-occurrences of the training events, the text view from the
    principal directions of the catalogue's texts unless `whitened` is false, the gates from how
    much each view says of what comes next (see `evidence`); the number of rounds follows from the
    settings' `work`, so that it depends on what is counted and never on the clock.
    `report` is told of every round, for progress bars. With `identity_only` it reads nothing but
    which item came after which: SASRec (Kang and McAuley, 2018) with a sampled softmax. `layer` is
    what reads the sequence, see `Shape`. `pretraining` is what comes before it learns what people
    did next; by default nothing.
    """

    settings: ModelSettings = field(default_factory=ModelSettings)
    report: Callable[[Round], None] = lambda _: None
    identity_only: bool = False
    layer: str = "transformer"
    whitened: bool = True
    pretraining: Pretraining = field(default_factory=Pretraining)

    @property
    def name(self) -> str:
        if self.layer == "hstu":
            return "hstu"
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
        spelling = spelling_of(train, earlier)
        shape = shape_of(train, self.settings, spelling)
        if self.identity_only:
            spelling = Spelling()
            shape = replace(shape, text=0, tokens=0, kinds=0, gaps=0, media={}, profile=0)
        shape = replace(shape, layer=self.layer)
        model = fresh(lambda: self.network(shape), rng)
        if earlier is not None:
            continue_from(model, earlier.model)
        else:
            self._begin(model, train, rng)
        scorer = PrismScorer(model, known, train.features, spelling)
        if earlier is None:
            pretrain(model, scorer.views, train, self.pretraining, self.settings.negatives, rng)
        people = spelling.read(train.profiles, train.n_users) if shape.profile else None
        windows = Windows(positives, shape.history, train.has_clock, people)
        if windows.predictions:
            self._train(scorer, windows, train, validation, rng, warm=earlier is not None)
        return PrismScorer(model.eval(), known, train.features, spelling)

    def network(self, shape: Shape) -> PrismModel:
        """The module before it has weights: what a variant of the model makes otherwise."""
        return PrismModel(shape)

    def _begin(self, model: PrismModel, train: Interactions, rng: np.random.Generator) -> None:
        """Start from what is known before anything is learned."""
        start_from_cooccurrences(train.positives, model.shape.items, rng, model.identity)
        if self.whitened and model.text is not None:
            assert train.features.text_vectors is not None
            whiten(model.text, train.features.text_vectors)
        for name in model.named if self.whitened else ():
            layer = model.media[key_of(name)]
            assert isinstance(layer, nn.Linear)
            whiten(layer, train.features.vectors[name])
        if not self.identity_only:
            for view, share in view_evidence(train, rng).items():
                gate = model.gate[key_of(view)]
                assert isinstance(gate, nn.Linear)
                nn.init.constant_(gate.bias, log(share))

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
        model, views, settings = scorer.model, scorer.views, self.settings
        plan = Plan.of(
            settings.work * (REFRESH if warm else 1),
            windows.predictions,
            settings.patience,
            settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        frequency = np.bincount(windows.sequences.items, minlength=len(views)).astype(np.float64)
        sampler = Sampler(frequency, settings.negatives)

        def made() -> PrismScorer:
            return PrismScorer(model, scorer.known, scorer.features, scorer.spelling)

        def loss(task: Task) -> Tensor:
            return loss_of(model, views, task, sampler, rng)

        repeats = wants_repeats(data, settings.repeats)
        validate = validator(made, validation, repeats, rng, VALIDATION_CASES)
        batches = windows.epochs(rng, settings.batch)
        taught = not warm and bool(self.pretraining)
        return descend(model, batches, loss, plan, rng, validate, self.report, from_start=taught)


def spelling_of(data: Interactions, earlier: PrismScorer | None) -> Spelling:
    """The tokens of the profiles, those that an earlier model knew first."""
    names = () if data.profiles is None else data.profiles.names
    return (earlier.spelling if earlier else Spelling()).with_more(names)


def shape_of(data: Interactions, settings: ModelSettings, spelling: Spelling) -> Shape:
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
        media={name: vectors.shape[1] for name, vectors in sorted(data.features.vectors.items())},
        profile=len(spelling.names),
        view_dropout=settings.view_dropout,
    )


def whiten(layer: nn.Linear, texts: Vectors) -> None:
    """Start `layer` from the principal directions of `texts` (n, t), each of equal variance: what
    tells the items apart is there before the first event is seen."""
    whitening = Whitening.of(texts, ridge=0.0)
    width = min(layer.out_features, texts.shape[1])
    with torch.no_grad():
        weight = TEXT_SCALE * torch.from_numpy(whitening.map[:, -width:].T.copy())  # largest last
        layer.weight[:width] = weight
        layer.bias[:width] = -weight @ torch.from_numpy(whitening.mean)


def continue_from(model: PrismModel, earlier: PrismModel) -> None:
    """Copy the weights of `earlier`; rows of new items, tokens and kinds keep their start, and so
    do the heads of new views."""
    weights, before = model.state_dict(), earlier.state_dict()
    for name, old in before.items():
        if name == "heads" or name not in weights or weights[name].shape[1:] != old.shape[1:]:
            continue
        weights[name][: len(old)] = old[: len(weights[name])]
    if weights["heads"].shape[1:] == before["heads"].shape[1:]:
        for place, view in enumerate(model.item_views):
            if view in earlier.item_views:
                weights["heads"][place] = before["heads"][earlier.item_views.index(view)]
