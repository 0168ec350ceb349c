"""BERT4Rec: reads both sides, windows without loss, and the circle that it must learn."""

from __future__ import annotations

import pytest
import torch

from prismrec.core import Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.sequence.bert4rec import BERT4Rec, BERTModel, BERTShape, windows

N = 12


@pytest.fixture(scope="module")
def walker():
    rows = [[(u + t) % N for t in range(7)] for u in range(48)]
    learner = BERT4Rec(
        dimension=16, layers=1, heads=1, history=8, dropout=0.0, rows=12,
        learning_rate=0.01, work=0.02, last=0.5,
    )  # fmt: skip
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(N))
    return learner.fit(train, generator(1, "fit"))


def test_learns_what_comes_next(walker):
    queries = QueryBatch.of([[(i - t) % N for t in range(5, -1, -1)] for i in range(N)])
    assert walker.score(queries).argmax(1).tolist() == [(i + 1) % N for i in range(N)]


def test_a_hidden_event_is_read_from_what_follows_it_too():
    torch.manual_seed(0)
    model = BERTModel(BERTShape(N, 8, 1, 2, 6, 0.0)).eval()
    items, real = torch.tensor([[1, 2, 3]]), torch.ones(1, 3, dtype=torch.bool)
    other = torch.tensor([[1, 2, 4]])
    hidden = torch.tensor([[False, True, False]])
    with torch.inference_mode():
        assert not torch.allclose(
            model(items, real, hidden)[:, 1], model(other, real, hidden)[:, 1]
        )
        unseen = torch.tensor([[1, 9, 3]])
        torch.testing.assert_close(model(items, real, hidden), model(unseen, real, hidden))


def test_padding_changes_nothing():
    torch.manual_seed(0)
    model = BERTModel(BERTShape(N, 8, 2, 2, 6, 0.0)).eval()
    short, long = torch.tensor([[5, 7, 0]]), torch.tensor([[0, 3, 5, 7, 0]])
    hidden = torch.tensor([[False, False, True]])
    real = torch.tensor([[True, True, False]])
    with torch.inference_mode():
        want = model(short, real, hidden)[:, -1]
        none = torch.zeros(1, 2, dtype=torch.bool)
        found = model(long, torch.cat([none, real], 1), torch.cat([none, hidden], 1))[:, -1]
    torch.testing.assert_close(found, want)


def test_windows_hold_every_event_once_and_cut_from_the_end():
    sequences = Sequences.of([[1, 2, 3, 4, 5], [], [6, 7]])
    cut = windows(sequences, 2)
    rows = [cut.items[cut.indptr[i] : cut.indptr[i + 1]].tolist() for i in range(len(cut))]
    assert rows == [[4, 5], [2, 3], [1], [6, 7]]
