"""Items without events: what they borrow, what it costs the others, and that scores stay exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Bags, Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.core.arrays import Bools
from prismrec.models.mixture.newcomers import Newcomers
from prismrec.models.mixture.page import HEAD, LAST, PAGE, Page, held_back, page_end
from prismrec.models.mixture.scorer import MixtureScorer, unplaced
from prismrec.models.mixture.weighing import Weighing
from prismrec.models.mixture.welcome import _bonus, _ndcg, welcoming
from prismrec.models.neighbours.text_knn import TextKNN, TextKNNScorer
from prismrec.models.neighbours.transitions import Transitions
from unit.models.fixed import cases_of

TEXTS = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]], np.float32)
"""Item 4 says what item 3 says, and nobody has had it."""
SEEN = np.array([True, True, True, True, False])
QUERIES = QueryBatch.of([[0], [2], [0, 1], []])


def catalogue(texts: np.ndarray) -> ItemFeatures:
    bags = Bags.of([[i % 2] for i in range(len(texts))], ["colour=red", "colour=blue"])
    return replace(ItemFeatures.bare(len(texts)), text_vectors=texts, attributes=bags)


def experts(texts: np.ndarray = TEXTS) -> dict[str, TextKNNScorer]:
    rows = [[0, 3], [0, 3], [2, 3], [0, 1], [1, 2]]
    train = Interactions(Sequences.of(rows), catalogue(texts))
    rng = generator(0, "toy")
    content = replace(TextKNN().fit(train, rng), whitening=None)
    return {"text_knn": content, "transitions": Transitions().fit(train, rng)}


def mixture(seen: Bools = SEEN, bonus: float = 0.0) -> MixtureScorer:
    made = experts()
    two = np.ones(2)
    plain = MixtureScorer(made, Weighing(np.array([0.5, 0.5]), two, np.zeros((4, 2))))
    return plain.with_newcomers(replace(Newcomers.of(made["text_knn"], seen), bonus=bonus))


def test_a_newcomer_is_told_of_as_its_twin_is() -> None:
    """Its text is item 3's, and of the neighbours by text only item 3 is alike at all."""
    whole = mixture()
    assert whole.newcomers is not None
    assert whole.newcomers.new.tolist() == [False] * 4 + [True]
    scores = whole.score(QUERIES)
    shares = dict(
        zip(whole.newcomers.near[4].tolist(), whole.newcomers.shares[4].tolist(), strict=True)
    )
    assert shares[3] == max(shares.values()) > 0.9
    assert sum(shares.values()) == pytest.approx(1)
    told = whole.parts(QUERIES)[:, :, whole.part_names.index("transitions")]
    likeness = whole.parts(QUERIES)[:, 4, whole.part_names.index("likeness")]
    want = sum(share * told[:, near] for near, share in shares.items())
    np.testing.assert_allclose(likeness, want, rtol=1e-5)
    assert scores[0, 4] > scores[0, 2]  # item 3 follows item 0, so its twin does well


def test_the_parts_of_a_newcomer_are_its_content_the_likeness_and_the_bonus() -> None:
    whole = mixture(bonus=0.7)
    assert whole.part_names[-2:] == ("likeness", "newcomer")
    parts = whole.parts(QUERIES)
    np.testing.assert_allclose(parts.sum(-1), whole.score(QUERIES), atol=1e-5)
    assert not parts[:, 4, whole.part_names.index("transitions")].any()
    assert parts[0, 4, -1] == pytest.approx(0.7, abs=1e-6)
    assert not parts[:, :4, -2:].any()


@pytest.mark.parametrize(
    "items", [[4, 0, 3], [[4, 1], [2, -1], [4, 4], [-1, 4]], [[0], [1], [2], [3]]]
)
def test_some_items_score_as_in_the_whole_catalogue(items: list) -> None:
    whole = mixture(bonus=0.3)
    asked = np.array(items, np.int32)
    rows = np.broadcast_to(asked, (len(QUERIES), asked.shape[-1]))
    full = np.take_along_axis(whole.score(QUERIES), np.maximum(rows, 0), 1)
    np.testing.assert_allclose(whole.score(QUERIES, asked), np.where(rows >= 0, full, 0), atol=1e-6)
    parts = whole.parts(QUERIES, asked)
    np.testing.assert_allclose(parts.sum(-1), whole.score(QUERIES, asked), atol=1e-5)


def test_an_item_that_comes_later_is_a_newcomer_at_once_and_after_a_restart() -> None:
    before = mixture(np.ones(5, bool), bonus=0.2)
    texts = np.vstack([TEXTS, [[0, 0.1, 1]]]).astype(np.float32)
    after = before.extended(catalogue(texts), np.array([5], np.int32))
    np.testing.assert_allclose(after.score(QUERIES)[:, :5], before.score(QUERIES), atol=1e-6)
    assert after.newcomers is not None
    assert after.newcomers.new.tolist() == [False] * 5 + [True]
    again = MixtureScorer.from_state(before.state(), catalogue(texts))
    np.testing.assert_allclose(again.parts(QUERIES), after.parts(QUERIES), atol=1e-6)


def test_a_newcomer_without_a_word_borrows_nothing() -> None:
    bare = replace(catalogue(TEXTS), text_vectors=TEXTS * SEEN[:, None])
    bare = replace(bare, attributes=Bags.of([[]] * 5, bare.attributes.names))
    content = replace(experts()["text_knn"], features=bare)
    assert not Newcomers.of(content, SEEN).new.any()


def test_the_bonus_keeps_the_price() -> None:
    rng = np.random.default_rng(3)
    before = rng.integers(0, 40, 3000).astype(float)
    best = -np.sort(-rng.normal(-1, 1, (3000, 12)), axis=1).astype(np.float32)
    ends = np.stack([before * 0.1 - 1, before * 0.1 - 0.8], axis=1).astype(np.float32)

    def cost(bonus: float) -> float:
        ahead = (held_back(best + np.float32(bonus), ends) > 0).sum(1)
        return 1 - _ndcg(before + ahead) / _ndcg(before)

    for price in (0.001, 0.01, 0.03):
        bonus = _bonus(before, best, ends, price)
        assert cost(bonus) <= price
        assert cost(bonus + 0.01) > 0.9 * price


def test_the_page_holds_newcomers_back_to_its_last_places_in_their_order() -> None:
    rng = np.random.default_rng(5)
    rivals, newcomers = rng.normal(size=(50, 30)), rng.normal(1, 2, (50, 8))
    ends = page_end(rivals)
    np.testing.assert_allclose(ends, -np.sort(-rivals, axis=1)[:, [PAGE - 1, PAGE - LAST - 1]])
    moved = held_back(newcomers, ends)
    np.testing.assert_array_equal(np.argsort(moved, axis=1), np.argsort(newcomers, axis=1))
    reached = newcomers > ends[:, :1]
    assert 20 < reached.sum() < reached.size - 20
    np.testing.assert_array_equal(moved > ends[:, :1], reached)
    assert (moved <= ends[:, 1:]).all()
    np.testing.assert_array_equal(moved[~reached], newcomers[~reached])


def test_a_page_without_enough_items_or_of_a_query_with_text_holds_nobody_back() -> None:
    short = Page(np.arange(5, dtype=np.int32), False)
    assert np.isinf(short.ends(np.ones((2, 5), np.float32), QueryBatch.of([[0], [1]]))).all()
    page = Page(np.arange(30, dtype=np.int32), False)
    asked = replace(QueryBatch.of([[0], [1]]), text_vectors=np.array([[0, 0], [0, 1.0]]))
    ends = page.ends(np.tile(np.arange(30, dtype=np.float32), (2, 1)), asked)
    assert ends[0].tolist() == [20, 22]
    assert np.isinf(ends[1]).all()
    score = np.array([[40.0], [40.0]])
    assert 20 < held_back(score, ends)[0, 0] < 22
    assert held_back(score, ends)[1, 0] == 40


def test_what_a_person_had_stands_on_no_page_of_theirs_unless_it_may_come_again() -> None:
    scores, asked = np.arange(12, dtype=np.float32)[None], QueryBatch.of([[11, 40]])
    head = np.arange(12, dtype=np.int32)
    assert Page(head, False).ends(scores.copy(), asked)[0].tolist() == [1, 3]
    assert Page(head, True).ends(scores.copy(), asked)[0].tolist() == [2, 4]


@pytest.mark.parametrize("head", [HEAD, 12])
def test_some_items_are_placed_as_among_all(head: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the catalogue is longer than the head of the page too."""
    for module in ("page", "scorer"):
        monkeypatch.setattr(f"prismrec.models.mixture.{module}.HEAD", head)
    n, rng = 40, np.random.default_rng(2)
    texts = rng.normal(size=(n, 8)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    rows = rng.integers(0, n - 4, (200, 4)).tolist()
    train = Interactions(Sequences.of(rows), catalogue(texts))
    made = {"text_knn": TextKNN(), "transitions": Transitions()}
    fitted = {name: one.fit(train, generator(0, "toy")) for name, one in made.items()}
    events = np.bincount(np.ravel(rows), minlength=n)
    whole = MixtureScorer(fitted, Weighing(np.array([0.5, 0.5]), np.ones(2), np.zeros((4, 2))))
    newcomers = Newcomers.of(fitted["text_knn"], events > 0)
    page = Page.of(events, False)
    assert len(page.head) == min(head, n - 4)
    whole = whole.with_newcomers(replace(newcomers, bonus=5.0, page=page))
    asked = np.array([37, 2, 39, 5], np.int32)
    full = whole.score(QUERIES)
    np.testing.assert_allclose(whole.score(QUERIES, asked), full[:, asked], atol=1e-5)
    parts = whole.parts(QUERIES, asked)
    np.testing.assert_allclose(parts.sum(-1), full[:, asked], atol=1e-5)
    assert (parts[:, [0, 2], -1] != 5).any()
    free = unplaced(whole)
    np.testing.assert_allclose(free.parts(QUERIES, asked)[:, [0, 2], -1], 5, atol=1e-5)
    ends = Page.ends
    looked: list[int] = []
    monkeypatch.setattr(Page, "ends", lambda *given: looked.append(1) or ends(*given))
    one = QUERIES.take(np.array([0]))
    np.testing.assert_allclose(whole.score(one, asked), full[:1, asked], atol=1e-5)
    np.testing.assert_allclose(whole.parts(one, asked).sum(-1), full[:1, asked], atol=1e-5)
    assert looked == [1]  # a request looks at the page once


def test_welcoming_shows_newcomers_within_the_price() -> None:
    """Twins in text: item i + n says what item i says; people take the next item on a ring."""
    n = 40
    rng = np.random.default_rng(1)
    texts = rng.normal(size=(n, 16)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    features = catalogue(np.vstack([texts, texts[:4]]))
    starts = rng.integers(0, n, 400)
    train = Interactions(
        Sequences.of([[(s + k) % n for k in range(3)] for s in starts.tolist()]), features
    )
    content = TextKNN().fit(train, generator(0, "toy"))
    made = {"text_knn": content, "transitions": Transitions().fit(train, generator(0, "toy"))}
    plain = MixtureScorer(made, Weighing(np.array([0.5, 0.5]), np.ones(2), np.zeros((4, 2))))
    cases = cases_of((starts + 3) % n, [[int((s + 2) % n)] for s in starts])
    events = np.bincount(train.positives.items, minlength=n + 4)
    whole = welcoming(plain, events, cases, True, 0.01, generator(0, "welcome"))
    query = QueryBatch.of([[n - 1]])
    order = np.argsort(-whole.score(query)[0])
    assert order[0] == 0
    assert n in order[PAGE - LAST : PAGE]  # the twin of what follows, which nobody had
    assert n not in np.argsort(-plain.score(query)[0])[:PAGE]
    again = MixtureScorer.from_state(whole.state(), features)
    np.testing.assert_allclose(again.parts(query).sum(-1), whole.score(query), atol=1e-5)
