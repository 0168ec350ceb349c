"""The generator on toy worlds with one right answer, and what its beam can and cannot say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import (
    Bags,
    Cases,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    TrainingDiverged,
    generator,
)
from prismrec.models.artifacts import content_hash, read_state, write_state
from prismrec.models.generative.codes import numbered
from prismrec.models.generative.decoding import beam_search
from prismrec.models.generative.generator import SemanticIDs, lookup_of
from prismrec.models.generative.model import GenerativeModel, Shape
from prismrec.models.generative.names import Names, log_shares
from prismrec.models.generative.scorer import SemanticIDsScorer
from prismrec.models.generative.siblings import blocks, name_loss
from prismrec.models.generative.tree import PrefixTree
from prismrec.models.validation import mask_history

N = 12
SMALL = SemanticIDs(
    sizes=(4, 4), text_size=4, bag_size=4, dimension=16, layers=1, heads=1, history=8, dropout=0.0,
    batch=64, learning_rate=0.01, work=0.03, patience=100,
)  # fmt: skip


def features(n: int) -> ItemFeatures:
    """Item i looks like item i + 12, and no other."""
    look = np.random.default_rng(5).normal(size=(N, 8))
    look /= np.linalg.norm(look, axis=1, keepdims=True)
    texts = look[np.arange(n) % N].astype(np.float32)
    bags = Bags.of([[i % 4] for i in range(n)], [f"brand={b}" for b in "abcd"])
    return replace(ItemFeatures.bare(n), text_vectors=texts, attributes=bags)


def circle(users: int = 40, length: int = 7) -> Interactions:
    """Everybody walks round a circle of 12 items: after i comes i + 1."""
    rows = [[(u + t) % N for t in range(length)] for u in range(users)]
    return Interactions(Sequences.of(rows), features(N))


@pytest.fixture(scope="module")
def walker() -> SemanticIDsScorer:
    return SMALL.fit(circle(), generator(0, "fit"))


def walks() -> QueryBatch:
    return QueryBatch.of([[i, (i + 1) % N] for i in range(N)])


def random_names(codes: np.ndarray, rng: np.random.Generator, width: int = 3) -> Names:
    tree = PrefixTree.of(numbered(codes))
    answers = rng.normal(scale=3, size=(len(tree), width)).astype(np.float32)
    return Names(tree, answers, np.ones(len(tree), bool))


def exact(names: Names, asked: np.ndarray) -> np.ndarray:
    """(b, n): the log-probability of every item, level by level."""
    tree = names.tree
    return sum(
        names.level(asked[level], level)[:, tree.paths[:, level] - tree.starts[level]]
        for level in range(tree.levels)
    )


def test_the_next_item_is_named_first(walker):
    want = [(i + 2) % N for i in range(N)]
    assert walker.score(walks()).argmax(axis=1).tolist() == want
    assert walker.generate(walks(), 1).positions[:, 0].tolist() == want


def test_the_catalogue_shares_one_probability(walker):
    np.testing.assert_allclose(np.exp(walker.score(walks())).sum(axis=1), 1, rtol=1e-4)
    assert (walker.parts(walks()) <= 0).all()


def test_generated_scores_are_those_of_the_catalogue(walker):
    found = walker.generate(walks(), 5)
    want = np.take_along_axis(walker.score(walks()), found.positions, axis=1)
    np.testing.assert_allclose(found.scores, want, rtol=1e-4, atol=1e-4)


def test_what_is_not_allowed_is_not_named(walker):
    likeliest = walker.generate(walks(), 1).positions[:, 0]
    allowed = np.ones((N, N), bool)
    allowed[np.arange(N), likeliest] = False
    found = walker.generate(walks(), N, allowed=allowed).positions
    assert (found[:, -1] == -1).all()
    assert not (found == likeliest[:, None]).any()
    only = walker.generate(walks(), 3, allowed=np.arange(N) == 7).positions
    assert only.tolist() == [[7, -1, -1]] * N


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(1, 30), st.integers(1, 30))
def test_random_logits_never_name_what_does_not_exist(seed, items, n, width):
    rng = np.random.default_rng(seed)
    names = random_names(rng.integers(0, 4, size=(items, 2)), rng)
    asked = rng.normal(scale=10, size=(3, 4, 3)).astype(np.float32)
    found, scores = beam_search(names, asked, n, width)
    assert found.shape == scores.shape == (4, n)
    assert ((found >= -1) & (found < items)).all()
    assert ((found == -1) == np.isneginf(scores)).all()
    for row in found:
        named = row[row >= 0]
        assert len(np.unique(named)) == len(named) >= min(n, 1, items)
    rows, places = np.nonzero(found >= 0)
    want = exact(names, asked)[rows, found[rows, places]]
    np.testing.assert_allclose(scores[rows, places], want, rtol=1e-4, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 40))
def test_a_beam_as_wide_as_the_tree_is_exact(seed, items):
    rng = np.random.default_rng(seed)
    names = random_names(rng.integers(0, 4, size=(items, 2)), rng)
    asked = rng.normal(size=(3, 2, 3)).astype(np.float32)
    found, _ = beam_search(names, asked, 5, items)
    want = np.argsort(-exact(names, asked), axis=1, kind="stable")[:, :5]
    np.testing.assert_array_equal(found, want)


def test_shares_of_what_came_later_leave_the_others_alone():
    logits = np.array([[1.0, 2.0, 5.0, 0.5, 0.1]], np.float32)
    starts = np.array([0, 3])
    counts = np.array([True, True, False, True, True])
    found = np.exp(log_shares(logits, starts, counts))[0]
    e = np.exp(logits[0])
    np.testing.assert_allclose(found[:2], e[:2] / e[:2].sum(), rtol=1e-5)
    np.testing.assert_allclose(found[2], e[2] / e[:3].sum(), rtol=1e-5)
    np.testing.assert_allclose(found[3:], e[3:] / e[3:].sum(), rtol=1e-5)


def test_the_loss_is_the_mean_negative_log_probability():
    """In blocks as without: several parents, several predictions of one parent, an only child."""
    rng = np.random.default_rng(1)
    tree = PrefixTree.of(numbered(rng.integers(0, 5, size=(60, 2))))
    shape = Shape(len(tree), tree.levels, 3, 0, 0, 8, 1, 1, 4, 0.0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GenerativeModel(shape)
        torch.nn.init.normal_(model.taste)
        model.means.copy_(torch.randn(len(tree), 3))
        states = torch.randn(50, 8)
    targets = rng.integers(0, 60, size=50)
    with torch.no_grad():
        asked = np.stack([model.asked(states, i).numpy() for i in range(tree.levels)])
        answers = model.answers(torch.arange(len(tree))).numpy()
        found = float(name_loss(model, tree, states, targets))
    whole = exact(Names(tree, answers, np.ones(len(tree), bool)), asked)
    np.testing.assert_allclose(found, -whole[np.arange(50), targets].mean(), rtol=1e-5)


def test_only_children_are_in_no_block():
    tree = PrefixTree.of(np.array([[0, 0], [1, 0], [1, 1]]))
    paths = tree.paths[[0, 1, 2, 2]]
    (block,) = blocks(tree, paths[:, 0], paths[:, 1])
    assert block.rows.tolist() == [[1, 2, 3]]
    assert tree.items[block.children - tree.starts[1]].tolist() == [[1, 2]]
    assert block.right.tolist() == [[0, 1, 1]]


def test_what_training_read_of_an_item_is_what_serving_reads():
    """Tokens that decide nothing have no vector, neither at the start nor after training."""
    data = circle()
    scorer = SMALL.fit(replace(data, features=features(N + 5)), generator(0, "fit"))
    tree = PrefixTree.of(scorer.ids[:N])
    assert tree.only_children.any()
    vectors = scorer.model.prefixes.weight.detach().numpy()[:-1]
    assert not vectors[tree.only_children].any()
    assert vectors[~tree.only_children].any(axis=1).all()
    read = lookup_of(tree, np.arange(N), scorer.content)
    with torch.no_grad():
        at_training = scorer.model.names(read.paths)
        at_serving = scorer.model.names(scorer.lookup.paths[:N])
    np.testing.assert_allclose(at_training, at_serving, atol=1e-6)


def test_an_item_that_came_later_gets_an_id_by_its_content_and_can_be_named(walker):
    """Item 12 looks exactly as item 0 does: it is named in the same breath."""
    longer = walker.extended(features(N + 1), np.array([N], np.int32))
    np.testing.assert_array_equal(longer.ids[:N], walker.ids)
    near = walker.naming.codes_of(walker.content[:1])
    np.testing.assert_array_equal(longer.ids[N, :-1], near[0])
    everything = longer.generate(walks(), N + 1, width=N + 1).positions
    assert (np.sort(everything, axis=1) == np.arange(N + 1)).all()
    only = longer.generate(walks(), 1, allowed=np.arange(N + 1) == N)
    assert (only.positions == N).all()


def two_kinds(n: int) -> ItemFeatures:
    """Items of even and of odd positions look like two different things, all a little apart."""
    rng = np.random.default_rng(2)
    texts = np.eye(8)[np.arange(n) % 2] + 0.1 * rng.normal(size=(N + 2, 8))[:n]
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    return replace(ItemFeatures.bare(n), text_vectors=texts.astype(np.float32))


def test_an_unseen_item_is_named_to_those_who_take_its_kind():
    """Everybody takes one kind only. Of items 12 and 13, which came later, one of each kind, each
    asker is told of the one of their kind."""
    rng = np.random.default_rng(0)
    rows = [(2 * rng.permutation(N // 2)[:5] + u % 2).tolist() for u in range(60)]
    learner = replace(SMALL, sizes=(2, 2), behaviour=1.0)
    scorer = learner.fit(Interactions(Sequences.of(rows), two_kinds(N)), generator(0, "fit"))
    longer = scorer.extended(two_kinds(N + 2), np.array([N, N + 1], np.int32))
    asked = QueryBatch.of([[0, 2], [1, 3], [6, 4], [11, 5]])
    named = longer.generate(asked, 1, allowed=np.arange(N + 2) >= N).positions
    assert named[:, 0].tolist() == [N, N + 1, N, N + 1]


def test_a_history_of_a_later_item_is_read_by_its_content(walker):
    longer = walker.extended(features(N + 2), np.array([N, N + 1], np.int32))
    first, second = longer.score(QueryBatch.of([[N], [N + 1]]))
    assert not np.allclose(first, second)


def test_items_nobody_took_do_not_enter_the_training_tree():
    data = circle()
    grown = replace(data, features=features(N + 5))
    scorer = SMALL.fit(grown, generator(0, "fit"))
    assert scorer.model.shape.prefixes == len(PrefixTree.of(scorer.ids[:N]))
    assert scorer.score(walks()).shape == (N, N + 5)
    assert scorer.generate(walks(), 1).positions[:, 0].tolist() == [(i + 2) % N for i in range(N)]


def test_validation_keeps_the_best_round_and_is_reported():
    queries, targets = walks(), np.array([(i + 2) % N for i in range(N)], np.int32)
    flags = np.zeros(N, bool)
    cases = Cases(queries, targets, np.arange(N, dtype=np.int32), flags, flags)
    rounds = []
    scorer = replace(SMALL, report=rounds.append, patience=3).fit(
        circle(), generator(0, "fit"), validation=cases
    )
    figures = [r.figure for r in rounds]
    assert max(figures) == 1.0
    assert len(rounds) <= figures.index(1.0) + 4
    scores = scorer.score(queries)
    mask_history(scores, queries)
    assert (scores.argmax(axis=1) == targets).all()


def test_two_fits_and_a_round_trip_give_the_same_names(tmp_path, walker):
    again = SMALL.fit(circle(), generator(0, "fit"))
    assert content_hash(again.state()) == content_hash(walker.state())
    write_state(walker.state(), tmp_path)
    read = SemanticIDsScorer.from_state(read_state(tmp_path), features(N))
    np.testing.assert_array_equal(read.ids, walker.ids)
    a, b = read.generate(walks(), 5), walker.generate(walks(), 5)
    np.testing.assert_array_equal(a.positions, b.positions)
    np.testing.assert_array_equal(a.scores, b.scores)


def test_a_loss_that_is_not_finite_is_refused():
    with pytest.raises(TrainingDiverged, match="not a finite number"):
        replace(SMALL, learning_rate=1e30).fit(circle(), generator(0, "fit"))
