"""Neighbours by what is said to belong together, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from prismrec.core import Interactions, ItemFeatures, Links, QueryBatch, Sequences, generator
from prismrec.models.default import experts_for, facts_of
from prismrec.models.neighbours.related import Related

LINKS = Links(np.int32([0, 0, 3]), np.int32([1, 2, 1]), np.float32([1, 3, 2]))
TRAIN = Interactions(Sequences.of([[0, 3], [3]]), ItemFeatures.bare(5), item_links=LINKS)


def test_a_link_counts_both_ways_and_less_where_an_item_has_many() -> None:
    scorer = Related(half_life=1.0).fit(TRAIN, generator(0, "fit"))
    found = scorer.score(QueryBatch.of([[0], [2], [4], [0, 3]]))
    strength = {(0, 1): 0.5, (0, 2): 1.5, (3, 1): 1.0}  # of mean 1
    sums = [2.0, 1.5, 1.5, 1.0, 0.0]
    want = np.zeros((5, 5))
    for (a, b), weight in strength.items():
        want[a, b] = want[b, a] = weight / np.sqrt(sums[a] * sums[b])
    expected = [want[0], want[2], want[4], want[0] / 3 + 2 * want[3] / 3]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_it_is_an_expert_where_there_are_links_between_items() -> None:
    assert "related" in experts_for(facts_of(TRAIN, False))
    assert "related" not in experts_for(facts_of(replace(TRAIN, item_links=None), False))
