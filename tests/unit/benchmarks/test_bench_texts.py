"""What the benchmarks of monitoring, answers and classifiers measure is what the product does."""

from __future__ import annotations

import numpy as np

from benchmarks.bank_answers import DROPPED, SYNONYMS, paraphrase
from benchmarks.classify import Said, row_of, some_of_each
from benchmarks.monitoring import SETTINGS, by_bets
from prismrec.core import generator
from prismrec.data.labelled import Labelled
from prismrec.language.monitor.rise import Rise


def test_streams_side_by_side_raise_the_alarms_of_one_after_the_other():
    rng = generator(0)
    before = rng.beta(1, 5, (3, SETTINGS.baseline))
    stream = np.concatenate([rng.beta(1, 5, (3, 300)), rng.beta(5, 2, (3, 200))], axis=1)
    found = by_bets(before, stream)
    for row in range(3):
        usual = before[row].mean() + before[row].std() / np.sqrt(SETTINGS.baseline)
        rise = Rise.of(usual, SETTINGS.ratios, SETTINGS.texts_between_false_alarms)
        alarms = []
        for value in stream[row]:
            alarms.append(rise.sees(float(value)))
            if alarms[-1]:
                rise.restart()
        assert found[row].tolist() == alarms
        assert sum(alarms) > 1
        assert not any(alarms[:300])


def test_a_paraphrase_asks_the_same_in_other_words():
    rng = generator(1)
    asked = "What are the documents required for a loan?"
    for _ in range(20):
        told = paraphrase(asked, rng)
        assert {"papers", "needed", "loan"} <= set(told.split())
        assert not {"documents", "required", "what"} & set(told.split())
    assert not DROPPED & set(SYNONYMS)


def test_few_are_as_many_of_each_label():
    every = Labelled(tuple("abcdefgh"), tuple("xxxxyyyy"))
    few = some_of_each(every, 2, 0)
    assert sorted(few.labels) == ["x", "x", "y", "y"]
    assert len(set(few.texts)) == 4


def test_figures_are_over_all_folds_together():
    folds = [Said(["a", "b"], [0.9, 0.6], ["a", "a"]), Said(["b", "b"], [0.8, 0.7], ["b", "b"])]
    row = row_of("task", "way", folds)
    assert (row["folds"], row["texts"], row["accuracy"], row["error"]) == (2, 4, 0.75, 0.25)
