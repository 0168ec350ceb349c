"""LightGCN: the graph, exact folding in, and a link that only an attribute makes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from prismrec.core import (
    Bags,
    Interactions,
    ItemFeatures,
    Links,
    QueryBatch,
    Sequences,
    generator,
)
from prismrec.models.graph.adjacency import Graph, propagated
from prismrec.models.graph.lightgcn import LightGCN, LightGCNModel


def small(knowledge: float = 1.0) -> Graph:
    bags = Bags.of([[0], [0], [1]], ["brand=A", "brand=B"])
    features = replace(ItemFeatures.bare(3), attributes=bags)
    return Graph(Interactions(Sequences.of([[0, 1], [1]]), features), knowledge)


def test_the_matrix_is_the_normalised_adjacency_with_the_shared_tokens():
    edges = np.zeros((6, 6))  # users 0, 1; items 2, 3, 4; brand A 5 (brand B has one item)
    for a, b in ((0, 2), (0, 3), (1, 3), (2, 5), (3, 5)):
        edges[a, b] = edges[b, a] = 1
    degrees = np.maximum(edges.sum(1), 1e-9)
    want = edges / np.sqrt(np.outer(degrees, degrees))
    np.testing.assert_allclose(small().matrix.toarray(), want, atol=1e-6)
    assert len(small(0.0)) == 5


def test_the_gradient_of_messages_is_that_of_the_dense_product():
    graph = small()
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(0)).requires_grad_()
    sum(step.square().sum() for step in propagated(graph, x, 2)).backward()
    dense = torch.from_numpy(graph.matrix.toarray())
    y = x.detach().clone().requires_grad_()
    (y.square().sum() + (dense @ y).square().sum() + (dense @ dense @ y).square().sum()).backward()
    torch.testing.assert_close(x.grad, y.grad)


def test_a_history_is_folded_in_as_its_user_was_propagated():
    train = Interactions(Sequences.of([[0, 1, 3], [1, 2], [2, 3]]), ItemFeatures.bare(4))
    graph = Graph(train, 0.0)
    model = LightGCNModel(graph, 3, 2)
    everything, sent, _ = model()
    propagation = propagated(
        graph, torch.cat([torch.zeros(3, 3), model.table.weight]), model.layers
    )
    users = (sum(propagation) / 3)[:3]  # the paper's user vectors
    for user, row in enumerate(([0, 1, 3], [1, 2], [2, 3])):
        torch.testing.assert_close(sent[row].sum(0), everything[user])
        scale = model.sharpness * graph.degrees[user] ** 0.5
        torch.testing.assert_close(everything[user], (users[user] * scale).float())


def test_a_new_history_of_one_taste_gets_that_taste_and_an_event_moves_it():
    rng = generator(8, "rows")
    rows = [(rng.choice(10, 5, replace=False) + 10 * (u % 2)).tolist() for u in range(80)]
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(20))
    learner = LightGCN(dimension=8, batch=128, work=0.01)
    scores = learner.fit(train, generator(0, "t")).score(
        QueryBatch.of([[0, 1, 2], [10, 11], [0, 11]])
    )
    best = np.argsort(-scores[:2], axis=1)[:, :8]
    assert (best // 10 == np.arange(2)[:, None]).all()
    assert scores[2, 12:].mean() > scores[0, 12:].mean()


def test_a_brand_links_what_nobody_took_together():
    """Half of the people take 0 to 4, half 5 to 9; 10 is of the first brand, 11 of the second, and
    each was taken once by somebody who took nothing else."""
    rng = generator(9, "rows")
    rows = [(rng.choice(5, 3, replace=False) + 5 * (u % 2)).tolist() for u in range(40)]
    rows += [[10], [11]]
    bags = Bags.of([[i // 5] for i in range(10)] + [[0], [1]], ["brand=A", "brand=B"])
    features = replace(ItemFeatures.bare(12), attributes=bags)
    train = Interactions(Sequences.of(rows), features)
    linked = LightGCN(dimension=8, work=0.01, batch=64).fit(train, generator(0, "t"))
    scores = linked.score(QueryBatch.of([[0, 1], [6, 7]]))
    assert scores[0, 10] > scores[0, 11]
    assert scores[1, 11] > scores[1, 10]


def linked(items: Links | None = None, users: Links | None = None) -> Interactions:
    return Interactions(
        Sequences.of([[0], [1], [1, 2]]), ItemFeatures.bare(4), item_links=items, user_links=users
    )


def test_links_are_edges_both_ways_of_mean_weight_one():
    items = Links(np.int32([0, 3]), np.int32([2, 0]), np.float32([3, 1]))
    users = Links(np.int32([2]), np.int32([0]), np.float32([9]))
    graph = Graph(linked(items, users), 0.5)
    edges = np.zeros((7, 7))  # users 0, 1, 2; items 3, 4, 5, 6
    events = [(0, 3, 1), (1, 4, 1), (2, 4, 1), (2, 5, 1)]
    for a, b, weight in (*events, (3, 5, 0.5 * 1.5), (6, 3, 0.5 * 0.5), (2, 0, 0.5)):
        edges[a, b] = edges[b, a] = weight
    degrees = edges.sum(1)
    np.testing.assert_allclose(graph.degrees, degrees, atol=1e-6)
    want = edges / np.sqrt(np.outer(degrees, degrees))
    np.testing.assert_allclose(graph.matrix.toarray(), want, atol=1e-6)
    assert len(Graph(linked(items, users), 0.0).matrix.data) == 8


def test_a_history_is_all_that_folds_a_user_in_also_with_friends():
    users = Links(np.int32([0]), np.int32([2]), np.float32([1]))
    everything, sent, _ = LightGCNModel(Graph(linked(users=users), 1.0), 3, 2)()
    for user, row in enumerate(([0], [1], [1, 2])):
        torch.testing.assert_close(sent[row].sum(0), everything[user])


def test_an_item_nobody_took_is_found_by_what_it_goes_with():
    """Item 19 was never taken; a link says that it goes with item 3."""
    rng = generator(8, "rows")
    rows = [(rng.choice(9, 5, replace=False) + 9 * (u % 2)).tolist() for u in range(80)]
    link = Links(np.int32([19]), np.int32([3]), np.float32([1]))
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(20), item_links=link)
    learner = LightGCN(dimension=8, batch=128, work=0.01, knowledge=1.0)
    scores = learner.fit(train, generator(0, "fit")).score(QueryBatch.of([[0, 1, 2], [9, 10, 11]]))
    assert scores[0, 19] > 5 * abs(scores[0, 18])  # 18: nobody took it, and nothing is known of it
    assert scores[0, 19] > 0 > scores[1, 19]
