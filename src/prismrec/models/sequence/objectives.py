"""What a multi-view transformer can learn before it learns what people do next; b rows, d wide.

Each objective is a pure function of the material, a batch of rows and a generator, and returns a
scalar. The model reads from the left alone. What others hide in the middle and ask for there
(Cloze) is taken out and asked for at the end, after all the rest was read: so a causal model learns
to fill in from both sides (Bavarian et al. 2022, "Efficient training of language models to fill in
the middle").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prismrec.core import Sequences
from prismrec.core.arrays import Longs
from prismrec.models.losses import info_nce, same_items, sampled_softmax
from prismrec.models.sequence.augmentation import HIDDEN, crop, hide, reorder
from prismrec.models.sequence.inputs import Views, batch_of
from prismrec.models.sequence.loss import Sampler
from prismrec.models.sequence.model import PrismModel

__all__ = ["OBJECTIVES", "Material", "Objective"]

ITEMS = 512
"""Items that one step compares by their views."""
WALK = 6
"""Items of a walk among alike ones."""


@dataclass(frozen=True)
class Material:
    """What is learned from: the model, the views of its items, negatives from all items, and for
    each item (n, k) those of the most alike texts, without it; `None` where there are no texts."""

    model: PrismModel
    views: Views
    sampler: Sampler
    clock: bool
    alike: Longs | None


Objective = Callable[[Material, Sequences, np.random.Generator], Tensor]


def masked_item(material: Material, rows: Sequences, rng: np.random.Generator) -> Tensor:
    """Which item was taken out of a row: sampled softmax.

    Sun et al. 2019, "BERT4Rec"; Zhou et al. 2020, "S3-Rec" (masked item prediction).
    """
    rest, taken = without_one(rows, rng)
    drawn = material.sampler.draw(rng)
    asked, vectors = read(material, rest, np.concatenate([taken, drawn]))
    right, wrong = vectors[: len(taken)], vectors[len(taken) :]
    hits = same_items(torch.from_numpy(taken), torch.from_numpy(drawn))
    positive, negative = (asked * right).sum(-1), asked @ wrong.T
    return sampled_softmax(positive, negative, material.sampler.log_expected, hits)


def masked_attribute(material: Material, rows: Sequences, rng: np.random.Generator) -> Tensor:
    """Which attributes had the item that was taken out: a softmax over all tokens.

    Zhou et al. 2020, "S3-Rec: self-supervised learning for sequential recommendation with mutual
    information maximization" (masked attribute prediction).
    """
    model = material.model
    rest, taken = without_one(rows, rng)
    asked, _ = read(material, rest, taken[:0])
    bags = material.views.of(taken)
    if model.attributes is None or bags.tokens is None or bags.offsets is None:
        return asked.sum() * 0
    head = model.heads[model.item_views.index("attributes")]
    logs = (asked @ (model.attributes.weight @ head).T).log_softmax(-1)  # (b, tokens)
    ends = torch.cat([bags.offsets[1:], torch.tensor([len(bags.tokens)])])
    owner = torch.arange(len(taken)).repeat_interleave(ends - bags.offsets)
    return -logs[owner, bags.tokens].mean() if len(owner) else asked.sum() * 0


def view_contrast(material: Material, rows: Sequences, rng: np.random.Generator) -> Tensor:
    """The text of an item against its identity and its attributes, among those of other items.

    van den Oord et al. 2018, "Representation learning with contrastive predictive coding"; between
    the views of one thing Radford et al. 2021, "Learning transferable visual models".
    """
    model, views = material.model, material.views
    items = rng.choice(len(views), min(ITEMS, len(views)), replace=False)
    encoded, mask = model.encode_items(views.of(items))
    names = model.item_views
    total = encoded.sum() * 0
    for other in names if "text" in names else ():
        both = mask[:, names.index("text")] & mask[:, names.index(other)]
        if other != "text" and both.sum() > 1:
            text, same = (encoded[both, names.index(name)] for name in ("text", other))
            total = total + info_nce(text, same)
    return total


def sequence_contrast(material: Material, rows: Sequences, rng: np.random.Generator) -> Tensor:
    """Two changed copies of a row against those of other rows.

    Xie et al. 2022, "Contrastive learning for sequential recommendation" (CL4SRec).
    """

    def copy() -> Tensor:
        change, share = ((crop, 0.6), (hide, 0.3), (reorder, 0.6))[rng.integers(3)]
        return read(material, change(rows, share, rng), np.zeros(0, np.int64))[0]

    return info_nce(copy(), copy())


def text_walk(material: Material, rows: Sequences, rng: np.random.Generator) -> Tensor:
    """What comes next on a walk among items of alike text, made up and read like a person's row.

    After Perozzi et al. 2014, "DeepWalk: online learning of social representations".
    """
    if material.alike is None:
        return material.model.identity.weight.sum() * 0
    walks = rng.integers(len(material.alike), size=(len(rows), 1))
    near = material.alike[walks[:, 0]]
    order = rng.permuted(np.tile(np.arange(near.shape[1]), (len(near), 1)), axis=1)
    walks = np.concatenate([walks, np.take_along_axis(near, order, 1)], 1)[:, :WALK]
    lengths = rng.integers(2, WALK + 1, size=len(walks))
    made = Sequences.of([walk[:n].tolist() for walk, n in zip(walks, lengths, strict=True)])
    return masked_item(material, made, rng)


OBJECTIVES: Mapping[str, Objective] = {
    "masked_item": masked_item,
    "masked_attribute": masked_attribute,
    "view_contrast": view_contrast,
    "sequence_contrast": sequence_contrast,
    "text_walk": text_walk,
}


def without_one(rows: Sequences, rng: np.random.Generator) -> tuple[Sequences, Longs]:
    """The rows without one event each, and the items (b,) of these; rows hold at least two."""
    out = rows.indptr[:-1] + rng.integers(rows.lengths)
    kept = np.ones(len(rows.items), bool)
    kept[out] = False
    return rows.where(kept), rows.items[out].astype(np.int64)


def read(material: Material, rows: Sequences, also: Longs) -> tuple[Tensor, Tensor]:
    """The state after the last event of each row (b, d), and what the items `also` (m,) are scored
    by (m, d). Of a hidden event no view is there."""
    model = material.model
    batch = batch_of(rows, rows.indptr[:-1], rows.indptr[1:], material.clock)
    union, inverse = np.unique(
        np.concatenate([np.maximum(batch.items, 0).ravel(), also]), return_inverse=True
    )
    encoded, mask = model.encode_items(material.views.of(union))  # (u, v, d), (u, v)
    place = torch.from_numpy(inverse)
    events, rest = place[: batch.items.size].view(batch.items.shape), place[batch.items.size :]
    events = torch.where(torch.from_numpy(batch.items == HIDDEN), len(union), events)
    nothing = encoded.new_zeros(1, *encoded.shape[1:]), mask.new_zeros(1, mask.shape[1])
    seen = torch.cat([encoded, nothing[0]]), torch.cat([mask, nothing[1]])
    states = model(*seen, events, batch.kinds, batch.gaps)  # (b, l, d)
    last = torch.from_numpy(np.maximum(batch.lengths - 1, 0))
    return states[torch.arange(len(last)), last], model.item_vectors(encoded).sum(1)[rest]
