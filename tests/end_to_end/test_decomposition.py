"""What is printed as the reason adds up to the score, for everything that `fit` may mix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prismrec.config import Settings
from prismrec.core import Cases, Interactions, QueryBatch, Scorer, generator
from prismrec.evaluation.evaluate import Plan, prepare
from prismrec.models.default import default_learner, experts_for, facts_of, learner_by_name
from prismrec.models.mixture.scorer import MixtureScorer
from prismrec.models.settings import ModelSettings
from prismrec.models.validation import sampled

PEOPLE = 250
SMALL = ModelSettings(work=0.02, dimension=16, layers=1, negatives=128)


@pytest.fixture(scope="module")
def sample(shared_data: Path) -> tuple[Interactions, Cases]:
    """The first people of `movielens-100k`, with words counted instead of read, for speed."""
    plain = Settings()
    counted = replace(plain, language=replace(plain.language, encoder="tfidf"))
    ready = prepare(shared_data / "movielens-100k", Plan(split="temporal"), counted)
    train = ready.exam.train
    first = train.sequences.take(np.arange(PEOPLE))
    assert ready.exam.validation is not None
    cases = sampled(ready.exam.validation, 200, generator(0, "cases"))
    return replace(train, sequences=first, profiles=None), cases


@pytest.fixture(scope="module")
def asked(sample: tuple[Interactions, Cases]) -> QueryBatch:
    """Real histories, one of them cut to nothing, and half of the queries with a text."""
    train, cases = sample
    queries = cases.queries.take(np.arange(40))
    lengths = queries.histories.lengths
    keep = queries.histories.rows != 0
    texts = train.features.text_vectors
    assert texts is not None
    assert lengths[0]
    words = texts[cases.targets[:40]].copy()
    words[::2] = 0
    return replace(queries, histories=queries.histories.where(keep), text_vectors=words)


def assert_adds_up(scorer: Scorer, queries: QueryBatch) -> None:
    """To 1e-5 of the largest score of each query, over the whole catalogue and over candidates."""
    n = scorer.score(queries).shape[1]
    chosen = np.arange(0, n, 7, dtype=np.int32)
    own = np.stack([np.roll(chosen, shift) for shift in range(len(queries))])
    for items in (None, chosen, own):
        scores, parts = scorer.score(queries, items), scorer.parts(queries, items)
        assert parts.shape == (*scores.shape, len(scorer.part_names))
        scale = np.maximum(np.abs(scores).max(axis=1, keepdims=True), 1e-6)
        gap = np.abs(parts.astype(np.float64).sum(-1) - scores) / scale
        assert gap.max() <= 1e-5


def test_every_expert_that_the_data_can_feed(sample, asked):
    train, cases = sample
    names = experts_for(facts_of(train, repeats=True))
    assert {"popularity", "text_knn", "text_ease", "prism", "repeats"} <= set(names)
    for name in names:
        made = learner_by_name(name, SMALL, repeats=False)
        scorer = made.fit(train, generator(0, name), validation=cases)
        assert_adds_up(scorer, asked)


def test_the_default_mixture_of_them(sample, asked):
    train, cases = sample
    mixture = default_learner(SMALL, repeats=False).fit(
        train, generator(0, "default"), validation=cases
    )
    assert isinstance(mixture, MixtureScorer)
    assert len(mixture.experts) > 1
    assert_adds_up(mixture, asked)


def test_a_mixture_that_could_drop_nothing(sample, asked):
    """Without validation every expert weighs the same, so that each one's parts are in the sum."""
    train, _ = sample
    mixture = default_learner(SMALL, repeats=False).fit(train, generator(0, "default"))
    assert set(mixture.experts) == set(experts_for(facts_of(train, repeats=False)))
    assert_adds_up(mixture, asked)
