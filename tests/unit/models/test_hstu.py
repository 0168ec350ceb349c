"""The HSTU layer: its formula, no look into the future, and the circle that it must learn."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from prismrec.core import (
    BadSettings,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    generator,
)
from prismrec.models.artifacts import content_hash
from prismrec.models.default import learner_by_name
from prismrec.models.registry import scorer_from_state
from prismrec.models.sequence.hstu import HSTUBlock
from prismrec.models.sequence.model import Shape
from prismrec.models.settings import ModelSettings

N = 12
SHAPE = Shape(5, 0, 0, 0, 0, dimension=6, layers=1, heads=2, history=7, dropout=0.0, layer="hstu")


def block() -> HSTUBlock:
    torch.manual_seed(0)
    made = HSTUBlock(SHAPE).eval()
    torch.nn.init.normal_(made.distances)
    return made


def test_it_is_the_formula_of_the_paper_event_by_event():
    made = block()
    x = torch.randn(1, 4, 6)
    with torch.inference_mode():
        found = made(x)[0]
        silu = torch.nn.functional.silu
        u, v, q, k = silu(made.uvqk(made.before(x[0]))).chunk(4, dim=-1)
        for i in range(4):
            read = torch.zeros(6)
            for head in (0, 1):
                part = slice(3 * head, 3 * head + 3)
                for j in range(i + 1):
                    weight = silu(q[i, part] @ k[j, part] + made.distances[head, i - j])
                    read[part] += weight / (i + 1) * v[j, part]
            want = x[0, i] + made.out(made.between(read) * u[i])
            torch.testing.assert_close(found[i], want)


def test_what_comes_later_changes_nothing_before_it():
    made, x = block(), torch.randn(2, 6, 6)
    changed = x.clone()
    changed[:, 4:] += 1
    with torch.inference_mode():
        torch.testing.assert_close(made(x)[:, :4], made(changed)[:, :4])
        assert not torch.allclose(made(x)[:, 4:], made(changed)[:, 4:])


@pytest.fixture(scope="module")
def walker():
    rows = [[(u + t) % N for t in range(7)] for u in range(40)]
    settings = ModelSettings(
        dimension=16, layers=1, heads=1, history=8, dropout=0.0, negatives=12, batch=64,
        learning_rate=0.01, work=0.03, patience=100,
    )  # fmt: skip
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(N))
    return learner_by_name("hstu", settings).fit(train, generator(1, "fit"))


def test_learns_what_comes_next(walker):
    queries = QueryBatch.of([[(i - 1) % N, i] for i in range(N)])
    assert walker.score(queries).argmax(1).tolist() == [(i + 1) % N for i in range(N)]


def test_a_release_keeps_its_layer_and_one_without_a_layer_is_a_transformer(walker):
    again = scorer_from_state(walker.state(), ItemFeatures.bare(N))
    queries = QueryBatch.of([[1, 2], []])
    np.testing.assert_array_equal(again.score(queries), walker.score(queries))
    assert content_hash(again.state()) == content_hash(walker.state())
    old = {k: v for k, v in walker.state().settings.items() if k != "layer"}
    assert Shape(**old).layer == "transformer"


def test_a_name_that_is_no_model_is_refused():
    with pytest.raises(BadSettings):
        learner_by_name("hstuu")
