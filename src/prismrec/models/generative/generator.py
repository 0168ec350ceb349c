"""Generative recommendation by semantic IDs as a learner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from prismrec.core import Cases, Interactions, Scorer
from prismrec.core.arrays import Bools, Longs, Vectors
from prismrec.data import wants_repeats
from prismrec.descent.loop import Plan, Round, descend
from prismrec.descent.randomness import fresh
from prismrec.models.generative.codes import Codebooks, Space, numbered, unit
from prismrec.models.generative.content import ItemContent
from prismrec.models.generative.lesson import Lesson, Lookup
from prismrec.models.generative.model import GenerativeModel, Shape
from prismrec.models.generative.names import means_below
from prismrec.models.generative.scorer import Naming, SemanticIDsScorer
from prismrec.models.generative.tree import PrefixTree
from prismrec.models.sequence.cooccurrence import START_SCALE, ppmi_vectors
from prismrec.models.sequence.inputs import Windows
from prismrec.models.sequence.model import GAP_BUCKETS
from prismrec.models.validation import validator

__all__ = ["SemanticIDs"]


@dataclass(frozen=True)
class SemanticIDs:
    """Learner of the generative model: `codes` learns the IDs, `model` to speak them.

    `sizes` are the codewords of each level before the last token; `behaviour` is how much what
    occurs together counts beside content when items are clustered. `text_size` and `bag_size` are
    the widths of the content vectors. The rest is as in `ModelSettings`.
    """

    sizes: tuple[int, ...] = (256, 256)
    behaviour: float = 3.0
    text_size: int = 64
    bag_size: int = 32
    dimension: int = 64
    layers: int = 2
    heads: int = 2
    history: int = 50
    dropout: float = 0.5
    batch: int = 2048
    learning_rate: float = 0.003
    weight_decay: float = 0.0
    work: float = 2.0
    patience: int = 5
    report: Callable[[Round], None] = lambda _: None
    name: str = "semantic_ids"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> SemanticIDsScorer:
        """Learn the IDs of the items that somebody took, then to speak them; `validation` stops
        the training early. All other items get an ID from their content. A `start` changes
        nothing: new IDs are new words, and what was learned of the old ones does not carry over.

        Raises `TrainingDiverged` where a loss is not finite.
        """
        positives = train.positives
        known = np.bincount(positives.items, minlength=train.n_items)[: train.n_items] > 0
        together = ppmi_vectors(positives, train.n_items, self.dimension, rng)
        content = ItemContent.of(train.features, self.text_size, self.bag_size, rng)
        features = train.features
        vectors = content.vectors(features.text_vectors, features.attributes)
        naming = self._naming(content, vectors, together, known, rng)
        tree = PrefixTree.of(numbered(naming.codes)[known])
        model = self._model(train, tree, vectors[known], together[known], rng)
        scorer = SemanticIDsScorer.of(model, naming, features)
        windows = Windows(positives, self.history, train.has_clock)
        if windows.predictions:
            self._train(scorer, tree, windows, train, validation, rng)
        return SemanticIDsScorer.of(model.eval(), naming, features)

    def _naming(
        self,
        content: ItemContent,
        vectors: Vectors,
        together: Vectors,
        known: Bools,
        rng: np.random.Generator,
    ) -> Naming:
        space = Space.of(vectors, together, known, self.behaviour)
        joint = space.vectors(vectors)
        joint[known, vectors.shape[1] :] = self.behaviour * unit(together[known])
        books = Codebooks.of(joint[known], self.sizes, rng)
        return Naming(content, space, books, books.codes(joint), known)

    def _model(
        self,
        data: Interactions,
        tree: PrefixTree,
        content: Vectors,
        together: Vectors,
        rng: np.random.Generator,
    ) -> GenerativeModel:
        """Small random weights, from a generator of their own; the vectors of an item's prefixes
        add up to its co-occurrence vector, each the mean below it less that of its parent."""
        shape = Shape(
            prefixes=len(tree),
            levels=tree.levels,
            content=content.shape[1],
            kinds=len(data.event_types) if len(data.event_types) > 1 else 0,
            gaps=GAP_BUCKETS if data.has_clock else 0,
            dimension=self.dimension,
            layers=self.layers,
            heads=self.heads,
            history=self.history,
            dropout=self.dropout,
        )
        model = fresh(lambda: GenerativeModel(shape), rng)
        means = means_below(tree, START_SCALE * together)
        above = np.where(tree.parents[:, None] >= 0, means[tree.parents], 0)
        noise = model.prefixes.weight.data / np.sqrt(tree.levels)
        start = noise[:-1] + torch.from_numpy((means - above).astype(np.float32))
        start[torch.from_numpy(tree.only_children)] = 0
        model.prefixes.weight.data[:-1], model.prefixes.weight.data[-1] = start, 0
        model.means.copy_(torch.from_numpy(means_below(tree, content)))
        return model

    def _train(
        self,
        scorer: SemanticIDsScorer,
        tree: PrefixTree,
        windows: Windows,
        data: Interactions,
        validation: Cases | None,
        rng: np.random.Generator,
    ) -> list[Round]:
        model, rows = scorer.model, np.cumsum(scorer.naming.known) - 1
        lesson = Lesson(model, lookup_of(tree, rows, scorer.content), tree, rows)
        plan = Plan.of(
            self.work,
            windows.predictions,
            self.patience,
            self.learning_rate,
            weight_decay=self.weight_decay,
        )

        def made() -> SemanticIDsScorer:
            return SemanticIDsScorer(model, scorer.naming, scorer.content, scorer.codes)

        validate = validator(made, validation, wants_repeats(data), rng)
        batches = windows.epochs(rng, self.batch)
        return descend(model, batches, lesson.loss, plan, rng, validate, self.report)


def lookup_of(tree: PrefixTree, rows: Longs, content: Vectors) -> Lookup:
    """What training reads of its items. A token that had to come after those before it says
    nothing: only children have no vector, so that what an item is when it is read and what it is
    when it is named stay one."""
    paths = np.where(tree.only_children[tree.paths], len(tree), tree.paths)
    return Lookup(paths[np.maximum(rows, 0)], content)
