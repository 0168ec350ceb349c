"""The language model names what comes next, nothing else than what exists, and says how likely."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from prismrec.core import (
    BadInput,
    BadSettings,
    Corrupt,
    Interactions,
    ItemFeatures,
    QueryBatch,
    Sequences,
    TrainingDiverged,
    generator,
)
from prismrec.models.artifacts import content_hash
from prismrec.models.default import learner_by_name
from prismrec.models.language_model.learner import LanguageModel
from prismrec.models.language_model.lesson import Windows, choice_loss
from prismrec.models.language_model.scorer import LanguageModelScorer
from prismrec.models.settings import ModelSettings

SMALL = LanguageModel(
    dimension=32, layers=1, heads=2, dropout=0.0, vocabulary=300, words=3, batch=200, epochs=12,
    learning_rate=0.01, patience=100,
)  # fmt: skip
TUNED = replace(SMALL, learning_rate=0.005)
LORA = pytest.param(
    "lora",
    marks=pytest.mark.skipif(find_spec("peft") is None, reason="the extra finetune is absent"),
)


@pytest.fixture(scope="module")
def walker(circle) -> LanguageModelScorer:
    return SMALL.fit(circle, generator(0, "fit"))


def following(n: int) -> np.ndarray:
    return (np.arange(n) + 1) % n


def test_the_next_item_is_named_first(walker, walks):
    named = walker.generate(walks, 1).positions[:, 0]
    np.testing.assert_array_equal(named, following(walker.n_items))
    np.testing.assert_array_equal(walker.score(walks).argmax(axis=1), named)


@pytest.mark.parametrize("mode", ["full", LORA])
@pytest.mark.parametrize("form", ["gpt2", "llama", "qwen2"])
def test_a_model_of_any_form_learns_it(folders, circle, walks, form, mode):
    learner = replace(TUNED, folder=str(folders[form]), mode=mode, rank=16, epochs=20)
    if mode == "lora":
        learner = replace(learner, epochs=30, learning_rate=0.02)
    scorer = learner.fit(circle, generator(0, "fit"))
    named = scorer.generate(walks, 1).positions[:, 0]
    assert (named == following(scorer.n_items)).mean() > 0.7


def by_hand(scorer: LanguageModelScorer, history: list[int]) -> np.ndarray:
    """(n,): every name read out token by token, each next one a softmax among what may stand
    there, by a plain walk through nested dictionaries."""
    spelling, end = scorer.spelling, scorer.spelling.end
    lines = [line.tolist() for line in np.split(spelling.tokens, spelling.indptr[1:-1])]
    longest = max(map(len, lines)) + 1
    ended = [line + [end] * (longest - len(line)) for line in lines]
    read = [end, *(token for item in history for token in lines[item])]
    out = np.zeros(len(lines))
    for item, name in enumerate(ended):
        said = np.array([read + name[:-1]])
        with torch.inference_mode():
            logits = (scorer.model.states(said) @ scorer.model.head.T)[0].double().numpy()
        for place, token in enumerate(name):
            rivals = sorted({other[place] for other in ended if other[:place] == name[:place]})
            answers = logits[len(read) + place - 1]
            out[item] += answers[token] - np.logaddexp.reduce(answers[rivals])
    return out


def test_scores_are_the_probabilities_of_names(walker, circle):
    histories = [[3, 4], [], [0, 1, 2, 3, 4, 5], [9]]
    scores = walker.score(QueryBatch.of(histories))
    for row, history in zip(scores, histories, strict=True):
        np.testing.assert_allclose(row, by_hand(walker, history), rtol=1e-4, atol=1e-4)
        assert np.exp(row.astype(np.float64)).sum() == pytest.approx(1, abs=1e-4)


def test_the_loss_is_what_scores_say(walker, circle):
    rows = circle.positives.take(np.array([0, 5]))
    task = Windows(rows, 64, walker.spelling).task(np.array([0, 1]))
    with torch.inference_mode():
        states = walker.model.states(task.lines.tokens)
        loss = float(choice_loss(states, walker.model.head, walker.spelling.tree, task))
    starts = [(row, i) for row in (0, 1) for i in range(7)]
    items = rows.items.reshape(2, 7)
    asked = QueryBatch.of([items[row, :i].tolist() for row, i in starts])
    want = -walker.score(asked)[np.arange(14), items.ravel()].mean()
    assert loss == pytest.approx(want, rel=1e-4)


def test_what_the_beam_did_not_follow_shares_the_probability_of_its_beginning(circle, walks):
    narrow = SMALL.fit(circle, generator(0, "fit"))
    narrow.reading = replace(narrow.reading, width=1)
    mass = np.exp(narrow.score(walks).astype(np.float64)).sum(axis=1)
    np.testing.assert_allclose(mass, 1, atol=1e-4)


def test_only_what_is_allowed_is_named_and_nothing_twice(walker, walks):
    rng = np.random.default_rng(3)
    allowed = rng.random((len(walks), walker.n_items)) < 0.4
    for rule in (allowed, allowed[0]):
        found = walker.generate(walks, 8, allowed=rule).positions
        may = np.broadcast_to(rule, allowed.shape)
        for row, fine in zip(found, may, strict=True):
            named = row[row >= 0]
            assert fine[named].all()
            assert len(set(named.tolist())) == len(named) == min(8, fine.sum())


def test_an_untrained_model_names_what_exists_too(circle, walks):
    scorer = replace(SMALL, epochs=0).fit(circle, generator(1, "fit"))
    found = scorer.generate(walks, scorer.n_items, width=1000).positions
    assert (np.sort(found, axis=1) == np.arange(scorer.n_items)).all()


def test_items_that_came_later_are_neither_read_nor_named(walker, walks):
    n = walker.n_items
    grown = walker.extended(ItemFeatures.bare(n + 2), np.arange(n, n + 2, dtype=np.int32))
    assert grown.generate(walks, n + 2, width=99).positions.max() == n - 1
    scores = grown.score(walks)
    np.testing.assert_array_equal(scores[:, :n], walker.score(walks))
    np.testing.assert_array_equal(scores[:, n:].T, [scores[:, :n].min(axis=1)] * 2)
    odd = QueryBatch.of([[3, n, 4, n + 1]])
    np.testing.assert_allclose(grown.score(odd), grown.score(QueryBatch.of([[3, 4]])), atol=1e-6)


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("mode", ["new", "full", LORA])
def test_killed_and_taken_up_again_is_as_if_never_killed(folders, circle, steps, tmp_path, mode):
    learner = replace(SMALL, epochs=4, dropout=0.1)
    if mode != "new":
        learner = replace(learner, folder=str(folders["gpt2"]), mode=mode)

    def die(epoch) -> None:
        if epoch.number == 1:
            raise Killed

    def fit(**more):
        return replace(learner, **more).fit(circle, generator(0, "fit"), validation=steps)

    kept, told = str(tmp_path / "kept"), []
    with pytest.raises(Killed):
        fit(checkpoint=kept, report=die)
    later = fit(checkpoint=kept, report=lambda epoch: told.append(epoch.number))
    assert told == [2, 3]
    assert content_hash(later.state()) == content_hash(fit().state())


def test_another_training_is_not_taken_up(circle, tmp_path):
    first = replace(SMALL, epochs=1, checkpoint=str(tmp_path))
    first.fit(circle, generator(0, "fit"))
    with pytest.raises(BadInput, match="other data"):
        replace(first, learning_rate=0.02).fit(circle, generator(0, "fit"))


def test_minutes_are_a_plan_of_counted_work(circle):
    told = []
    learner = replace(SMALL, minutes=1e-9, report=told.append)
    learner.fit(circle, generator(0, "fit"))
    assert [epoch.number for epoch in told] == [0]


def test_a_saved_model_opens_as_it_was(walker, circle, walks, tmp_path: Path):
    walker.save(tmp_path)
    assert not list(tmp_path.glob("*.bin"))
    told = ModelSettings(language_model=str(tmp_path))
    opened = learner_by_name("language_model", told).fit(circle, generator(5, "fit"))
    named = opened.generate(walks, 1).positions[:, 0]
    np.testing.assert_array_equal(named, following(walker.n_items))


def test_a_release_without_one_of_the_weights_is_refused(walker):
    state = walker.state()
    lost = next(name for name in state.arrays if name.endswith("attn.c_proj.weight"))
    arrays = {name: array for name, array in state.arrays.items() if name != lost}
    with pytest.raises(Corrupt, match="lacks"):
        LanguageModelScorer.from_state(replace(state, arrays=arrays), ItemFeatures.bare(12))


def test_the_default_model_takes_it_as_one_more_expert(walker, circle, steps, tmp_path: Path):
    walker.save(tmp_path)
    told = ModelSettings(experts=("popularity",), language_model=str(tmp_path))
    mixture = learner_by_name("default", told).fit(circle, generator(0, "fit"))
    assert set(mixture.experts) == {"popularity", "language_model"}
    queries = steps.queries
    np.testing.assert_allclose(
        mixture.parts(queries).sum(-1), mixture.score(queries), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    "wrong", [{"mode": "half"}, {"mode": "lora"}], ids=["unknown mode", "nothing to add to"]
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(BadSettings):
        replace(SMALL, **wrong)


def test_a_model_without_room_for_a_history_is_refused(folders):
    features = replace(ItemFeatures.bare(2), titles=("x" * 200, "x" * 200 + "y"))
    data = Interactions(Sequences.of([[0, 1]]), features)
    with pytest.raises(BadSettings, match="no room"):
        replace(TUNED, folder=str(folders["gpt2"])).fit(data, generator(0, "fit"))


def test_a_loss_that_is_no_number_stops_the_training(circle):
    with pytest.raises(TrainingDiverged):
        replace(SMALL, learning_rate=1e30).fit(circle, generator(0, "fit"))
