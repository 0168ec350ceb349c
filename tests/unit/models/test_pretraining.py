"""What is learned before people's events are, in worlds where the right answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from prismrec.core import (
    BadSettings,
    Bags,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    generator,
)
from prismrec.descent.randomness import fresh, sow
from prismrec.models.sequence.inputs import Views
from prismrec.models.sequence.loss import Sampler
from prismrec.models.sequence.model import PrismModel, Shape
from prismrec.models.sequence.objectives import OBJECTIVES, Material, read, without_one
from prismrec.models.sequence.pretraining import Pretraining, alike_by_text, pretrain, take_over
from prismrec.models.sequence.prism import Prism
from prismrec.models.settings import ModelSettings

N, GROUPS = 24, 6
SMALL = ModelSettings(
    dimension=16, layers=1, heads=1, history=8, dropout=0.0, negatives=N, batch=64,
    learning_rate=0.01, work=0.01, patience=100,
)  # fmt: skip


def world(n_groups: int = GROUPS, blur: float = 0.01) -> Interactions:
    """Everybody walks round a circle of N items; a group are items that follow each other, which
    the text says, blurred, and an attribute."""
    rows = [[(user + t) % N for t in range(5)] for user in range(2 * N)]
    groups = np.arange(N) // (N // n_groups)
    rng = np.random.default_rng(0)
    text = np.eye(n_groups, dtype=np.float32)[groups] + blur * rng.normal(size=(N, n_groups))
    text = (text / np.linalg.norm(text, axis=1, keepdims=True)).astype(np.float32)
    bags = Bags.of([[int(g)] for g in groups], [f"group={g}" for g in range(n_groups)])
    features = replace(ItemFeatures.bare(N), text_vectors=text, attributes=bags)
    return Interactions(Sequences.of(rows), features)


def network(text: int = GROUPS, seed: int = 0) -> PrismModel:
    shape = Shape(
        N, text, GROUPS, kinds=0, gaps=0, dimension=32, layers=2, heads=2, history=8, dropout=0.0
    )
    model = fresh(lambda: PrismModel(shape), generator(seed, "model"))
    model.eval()
    return model


def material(data: Interactions, model: PrismModel) -> Material:
    views = Views(data.features, np.ones(N, bool), GROUPS, text=True)
    texts = data.features.text_vectors
    assert texts is not None
    return Material(model, views, Sampler(np.ones(N), N), False, alike_by_text(texts, 3))


def taught(data: Interactions, *objectives: str, rounds: int = 4) -> Material:
    assert data.features.text_vectors is not None
    found = material(data, network(data.features.text_vectors.shape[1]))
    how = Pretraining(objectives, rounds, learning_rate=0.01)
    pretrain(found.model, found.views, data, how, N, generator(0, "teach"))
    return found


def test_by_default_nothing_is_done_and_nothing_is_drawn() -> None:
    data, model, rng = world(), network(), generator(0, "teach")
    pretrain(model, material(data, model).views, data, Pretraining(), N, rng)
    assert rng.bit_generator.state == generator(0, "teach").bit_generator.state
    before = network().state_dict()
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())


def test_masked_item_fills_in_from_both_sides() -> None:
    found = taught(world(), "masked_item", rounds=8)
    # Between i and i + 2 lies i + 1: neither side alone tells.
    rows = Sequences.of([[i, (i + 1) % N, (i + 3) % N, (i + 4) % N] for i in range(N)])
    with torch.inference_mode():
        asked, vectors = read(found, rows, np.arange(N))
    assert (asked @ vectors.T).argmax(1).tolist() == [(i + 2) % N for i in range(N)]


def test_without_one_takes_one_of_each_row() -> None:
    rows = Sequences.of([[1, 2, 3], [4, 5]])
    rest, taken = without_one(rows, generator(0, "take"))
    assert sorted([*rest.items[:2], taken[0]]) == [1, 2, 3]
    assert sorted([*rest.items[2:], taken[1]]) == [4, 5]


def test_of_a_hidden_event_nothing_is_read() -> None:
    found = material(world(), network())
    states = [
        read(found, Sequences.of([[3, item, 5]]), np.zeros(0, np.int64))[0].detach()
        for item in (7, 9, -1)
    ]
    assert not torch.allclose(states[0], states[1])
    hidden = found.model.gated(torch.zeros(1, 1, 3, 32), torch.zeros(1, 1, 3, dtype=torch.bool))
    assert float(hidden[0].detach().abs().sum()) == 0
    assert torch.isfinite(states[2]).all()


def test_masked_attribute_names_the_group() -> None:
    data = world()
    found = taught(data, "masked_attribute")
    rows = Sequences.of([[i, i + 1, i + 3, (i + 4) % N] for i in range(0, N, 4)])
    with torch.inference_mode():
        asked, _ = read(found, rows, np.zeros(0, np.int64))
        assert found.model.attributes is not None
        head = found.model.heads[found.model.item_views.index("attributes")]
        logits = asked @ (found.model.attributes.weight @ head).T
    assert logits.argmax(1).tolist() == list(range(GROUPS))


def test_view_contrast_tells_an_item_by_its_text() -> None:
    found = taught(world(blur=0.2), "view_contrast")
    with torch.inference_mode():
        encoded, _ = found.model.encode_items(found.views.of(np.arange(N)))
    unit = torch.nn.functional.normalize(encoded, dim=-1)
    assert (unit[:, 1] @ unit[:, 0].T).argmax(1).tolist() == list(range(N))


def test_sequence_contrast_brings_copies_together() -> None:
    data = world()
    rows = data.sequences.take(np.arange(N))

    def loss(found: Material) -> float:
        sow(found.model, generator(0, "sow"))
        rng = generator(1, "copies")
        values = [OBJECTIVES["sequence_contrast"](found, rows, rng) for _ in range(5)]
        return float(torch.stack(values).mean().detach())

    assert loss(taught(data, "sequence_contrast", rounds=1)) < 0.7 * loss(material(data, network()))


def test_text_walk_needs_no_event_to_know_what_is_alike() -> None:
    data = world(n_groups=2)
    rng = np.random.default_rng(0)
    noise = Sequences.of(rng.integers(N, size=(40, 4)).tolist())
    found = taught(replace(data, sequences=noise), "text_walk")
    with torch.inference_mode():
        asked, vectors = read(found, Sequences.of([[i] for i in range(N)]), np.arange(N))
    scores = (asked @ vectors.T).numpy()
    np.fill_diagonal(scores, -np.inf)
    best = np.argsort(-scores, axis=1)[:, :5]
    assert np.mean(best // 12 == np.arange(N)[:, None] // 12) > 0.95


def test_alike_by_text() -> None:
    texts = world().features.text_vectors
    assert texts is not None
    texts = np.concatenate([texts, np.zeros((1, GROUPS), np.float32)])
    found = alike_by_text(texts, 3)
    for item in range(N):
        group = range(4 * (item // 4), 4 * (item // 4) + 4)
        assert sorted(found[item]) == [other for other in group if other != item]
    assert found[N].tolist() == [N] * 3  # no text, nothing alike


def test_an_unknown_objective_is_told() -> None:
    with pytest.raises(BadSettings, match="no objective magic"):
        Pretraining(("magic", "masked_item"))


def test_a_source_gives_its_text_and_sequence_layers_and_no_item() -> None:
    mine, theirs = network(seed=0), network(seed=1)
    identity = mine.identity.weight.detach().clone()
    take_over(mine, theirs)
    assert mine.text is not None
    assert theirs.text is not None
    assert torch.equal(mine.text.weight, theirs.text.weight)
    assert torch.equal(mine.blocks[0].qkv.weight, theirs.blocks[0].qkv.weight)
    assert torch.equal(mine.identity.weight, identity)
    with pytest.raises(BadSettings, match="another size"):
        take_over(mine, network(text=GROUPS + 1))
    with pytest.raises(BadSettings, match="reads texts"):
        take_over(mine, network(text=0))


def test_prism_is_pretrained_and_the_same_twice() -> None:
    learner = Prism(SMALL, pretraining=Pretraining(("text_walk", "masked_item"), rounds=1))
    scores = [
        learner.fit(world(), generator(0, "fit")).score(QueryBatch.of([[0, 1], [5]]))
        for _ in range(2)
    ]
    plain = Prism(SMALL).fit(world(), generator(0, "fit")).score(QueryBatch.of([[0, 1], [5]]))
    assert np.array_equal(*scores)
    assert not np.allclose(scores[0], plain)
