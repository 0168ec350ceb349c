"""What a view says of what comes next, before anything is trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Bags, Interactions, ItemFeatures, Sequences, generator
from prismrec.models.sequence.evidence import LEAST, view_evidence
from prismrec.models.sequence.prism import Prism
from prismrec.models.settings import ModelSettings

ITEMS, GROUPS = 200, 20


def loyal(users: int = 300, length: int = 8, seed: int = 0) -> Interactions:
    """Everybody stays in one group of items and wanders in it at random."""
    rng = np.random.default_rng(seed)
    each = ITEMS // GROUPS
    groups = rng.integers(GROUPS, size=users)
    rows = [(g * each + rng.integers(each, size=length)).tolist() for g in groups]
    return Interactions(Sequences.of(rows), ItemFeatures.bare(ITEMS))


def seen_by(data: Interactions, groups: np.ndarray, rng: np.random.Generator) -> Interactions:
    """`data` whose items tell the group of `groups` (n,) by an attribute and, blurred, by text."""
    text = np.eye(GROUPS, dtype=np.float32)[groups] + 0.1 * rng.normal(size=(ITEMS, GROUPS))
    text = (text / np.linalg.norm(text, axis=1, keepdims=True)).astype(np.float32)
    bags = Bags.of([[g] for g in groups], [f"group={g}" for g in range(GROUPS)])
    return replace(data, features=replace(data.features, text_vectors=text, attributes=bags))


def test_a_view_that_tells_is_believed() -> None:
    groups = np.arange(ITEMS) // (ITEMS // GROUPS)
    data = seen_by(loyal(), groups, generator(0, "text"))
    found = view_evidence(data, generator(0, "pairs"))
    # One event in twenty that is drawn from all is of the same group, and no more alike than that.
    assert found["attributes"] == pytest.approx(1 - 1 / GROUPS, abs=0.02)
    assert found["text"] > 0.9


def test_a_view_that_says_nothing_is_not() -> None:
    rng = generator(0, "groups")
    data = seen_by(loyal(), rng.permutation(ITEMS) % GROUPS, rng)
    found = view_evidence(data, generator(0, "pairs"))
    assert all(LEAST <= value < 0.06 for value in found.values())


def test_views_that_are_not_there_are_not_measured() -> None:
    assert view_evidence(loyal(), generator(0, "pairs")) == {}


def test_no_pair_no_doubt() -> None:
    groups = np.arange(ITEMS) // (ITEMS // GROUPS)
    lone = Interactions(Sequences.of([[1], [2], []]), ItemFeatures.bare(ITEMS))
    data = seen_by(lone, groups, generator(0, "text"))
    assert view_evidence(data, generator(0, "pairs")) == {"text": 1.0, "attributes": 1.0}


def test_items_without_text_are_no_evidence() -> None:
    data = loyal()
    empty = np.zeros((ITEMS, 4), np.float32)
    data = replace(data, features=replace(data.features, text_vectors=empty))
    assert view_evidence(data, generator(0, "pairs")) == {"text": LEAST}


def test_the_gate_stays_closed_on_noise() -> None:
    """Attributes that tell the group are weighed, attributes drawn at random hardly."""
    groups = np.arange(ITEMS) // (ITEMS // GROUPS)
    shuffled = generator(0, "groups").permutation(groups)
    settings = ModelSettings(dimension=16, layers=1, heads=1, history=8, dropout=0.2, work=0.05)
    weights = []
    for told in (groups, shuffled):
        data = seen_by(loyal(), told, generator(0, "text"))
        data = replace(data, features=replace(data.features, text_vectors=None))
        scorer = Prism(settings).fit(data, generator(0, "fit"))
        gate = scorer.gate_weights(data.queries()).mean(0)
        weights.append(gate[scorer.model.event_views.index("attributes")])
    assert weights[0] > 0.3
    assert weights[1] < 0.05
