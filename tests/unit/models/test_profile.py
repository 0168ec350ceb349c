"""Profiles on worlds where who one is decides what one takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prismrec.core import Bags, Cases, Interactions, ItemFeatures, QueryBatch, Sequences, generator
from prismrec.models.default import default_learner, experts_for, facts_of
from prismrec.models.neighbours.profile import Profile
from prismrec.models.popularity import Popularity
from prismrec.models.settings import ModelSettings

NAMES = ("kind=cat", "kind=dog", "town=here")


def people(each: int = 30) -> Interactions:
    """Cats take item 1 and then 2 or 3, dogs 4 and then 5 or 6, everyone item 0; item 7 nobody.
    Everyone is of the same town."""
    rows = [[0, 1, 2 + u % 2] if u < each else [0, 4, 5 + u % 2] for u in range(2 * each)]
    bags = Bags.of([[int(u >= each), 2] for u in range(2 * each)], NAMES)
    return Interactions(Sequences.of(rows), ItemFeatures.bare(8), profiles=bags)


def asked(*profiles: list[int], names: tuple[str, ...] = NAMES) -> QueryBatch:
    """People without a history, of whom only this is known."""
    return replace(QueryBatch.of([[] for _ in profiles]), profiles=Bags.of(profiles, names))


def cases(train: Interactions) -> Cases:
    """What everyone takes second, asked of their profile alone."""
    n = train.n_users
    queries = replace(QueryBatch.of([[]] * n), profiles=train.profiles)
    targets = train.sequences.items[train.sequences.indptr[:-1] + 1]
    none = np.zeros(n, bool)
    return Cases(queries, targets, np.arange(n, dtype=np.int32), none, none)


def fitted(train: Interactions, **settings: float):
    return Profile(**settings).fit(train, generator(0, "fit"))


def test_people_of_a_kind_are_given_what_their_kind_takes():
    scores = fitted(people()).score(asked([0], [1], []))
    assert scores[0, 1] > scores[0, 4]
    assert scores[1, 4] > scores[1, 1]
    assert scores[2, 1] == pytest.approx(scores[2, 4])


def test_without_a_profile_it_is_popularity():
    train = people()
    popular = Popularity().fit(train, generator(0, "fit"))
    scorer = fitted(train)
    for queries in (asked([], []), QueryBatch.of([[], [3]])):
        np.testing.assert_allclose(scorer.score(queries), popular.score(queries), rtol=1e-6)


def test_the_lift_is_how_much_more_often_they_take_it():
    """Cats take half of all that is taken, and all of the 30 of item 1: 15 were expected."""
    scorer = fitted(people(), shrinkage=5.0, strength=1.0)
    parts = scorer.parts(asked([0]))[0, :, 1]
    assert parts[1] == pytest.approx(np.log((30 + 5) / (15 + 5)), rel=1e-5)
    assert parts[4] == pytest.approx(np.log((0 + 5) / (15 + 5)), rel=1e-5)
    assert parts[0] == pytest.approx(0.0, abs=1e-6)


def test_what_everyone_shares_says_nothing():
    scorer = fitted(people(), shrinkage=5.0, strength=1.0)
    np.testing.assert_allclose(scorer.parts(asked([2]))[0, :, 1], 0.0, atol=1e-6)


def test_few_people_are_believed_less():
    few, many = fitted(people(6), strength=1.0), fitted(people(60), strength=1.0)
    assert 0 < few.parts(asked([0]))[0, 1, 1] < many.parts(asked([0]))[0, 1, 1]


def test_tokens_of_fewer_than_five_people_are_not_kept():
    assert fitted(people(4)).tokens == ("town=here",)


def test_tokens_are_known_by_their_spelling():
    scorer = fitted(people())
    other = ("town=there", "kind=dog", "kind=cat")
    np.testing.assert_allclose(
        scorer.score(asked([2], [1, 0], names=other)), scorer.score(asked([0], [1])), rtol=1e-6
    )


def test_validation_decides_whether_profiles_mean_anything():
    train = people()
    told = Profile().fit(train, generator(0, "fit"), validation=cases(train))
    assert told.strength == 1.0
    mixed = generator(1, "mixed").permutation(train.n_users).astype(np.int32)
    assert train.profiles is not None
    noise = replace(train, profiles=train.profiles.take(mixed))
    asked_of_noise = cases(replace(noise, profiles=train.profiles))
    assert Profile().fit(noise, generator(0, "fit"), validation=asked_of_noise).strength < 1.0


def test_a_start_lends_what_validation_would_choose():
    first = fitted(people(), shrinkage=80.0, strength=0.25)
    again = Profile().fit(people(), generator(0, "fit"), start=first)
    assert (again.shrinkage, again.strength) == (80.0, 0.25)


def test_it_belongs_to_the_default_where_profiles_are_told():
    train = people()
    assert "profile" in experts_for(facts_of(train, False))
    bare = replace(train, profiles=None)
    assert "profile" not in experts_for(facts_of(bare, False))
    empty = replace(train, profiles=Bags.empty(train.n_users))
    assert "profile" not in experts_for(facts_of(empty, False))


def test_in_the_mixture_it_answers_who_is_new_though_no_case_was_new():
    """Validation asks only people with a history, for which what follows it is enough."""
    train = people(60)
    events = train.sequences
    before = replace(train, sequences=events.select(*_firsts(events)))
    n = train.n_users
    none = np.zeros(n, bool)
    later = Cases(
        before.queries(), events.items[events.indptr[1:] - 1], np.arange(n, dtype=np.int32),
        none, none,
    )  # fmt: skip
    settings = ModelSettings(experts=("popularity", "profile", "transitions", "item_knn"))
    scorer = default_learner(settings).fit(before, generator(1, "fit"), validation=later)
    assert "profile" in scorer.experts
    scores = scorer.score(asked([0], [1]))
    assert scores[0, 1] > scores[0, 4]
    assert scores[1, 4] > scores[1, 1]


def _firsts(events: Sequences) -> tuple[np.ndarray, np.ndarray]:
    """All events but the last of each row, as `Sequences.select` takes them."""
    keep = np.ones(len(events.items), bool)
    keep[events.indptr[1:] - 1] = False
    return np.flatnonzero(keep), events.lengths - 1
