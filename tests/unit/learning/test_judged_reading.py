"""Reading queries and titles together: what judgments teach about it, kept and served."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch

from prismrec.core import Candidates, Corrupt, QueryBatch, State
from prismrec.language.folder import ModelFolder
from prismrec.language.late_interaction import LateInteraction, can_read
from prismrec.learning.judged_reading import (
    BESIDE,
    Course,
    Lessons,
    _in_units_of_the_rule,
    fit_reader,
    graded_pairs,
    reading_of,
)
from prismrec.learning.judged_ways import best_way, cross_validated, divisions
from prismrec.models.artifacts import read_state, write_state
from prismrec.ranking.lambdamart import Examples, discounted, fit_lambdamart
from prismrec.ranking.reading import Learned, TitleReader
from prismrec.ranking.search import SearchRanker
from prismrec.ranking.taught import Taught
from tests.unit.language.conftest import make_folder

ASKED = ("amber", "birch", "coral", "denim", "ebony", "fern")
SOLD = ("lamp", "mug", "nail", "oven", "pan", "quilt")
"""`ASKED[i]` means `SOLD[i]`, which no word and no vector tells: only judgments do."""
COURSE = Course(passes=15, learning_rate=5e-3, queries=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    place = tmp_path_factory.mktemp("reading") / "tiny"
    return ModelFolder.read(make_folder(place, [" ".join(ASKED), " ".join(SOLD)] * 3, 3))


@pytest.fixture(scope="module")
def world(folder: ModelFolder) -> Lessons:
    """Two words are asked for; an item is worth as many of them as it has, and no query comes
    twice. All evidence is the same for all items."""
    queries = list(permutations(range(6), 2))
    items = [(a, b) for a in range(6) for b in range(a + 1, 6)]
    grades = np.array([len({*asked} & {*item}) for asked in queries for item in items], np.float32)
    titles = [f"{SOLD[a]} {SOLD[b]}" for _ in queries for a, b in items]
    n = len(items)
    best = [discounted(np.sort(grades[i : i + n])[::-1]) for i in range(0, len(grades), n)]
    zeros = np.zeros((len(grades), 2), np.float32)
    groups = np.full(len(queries), n)
    names = ("words", "meaning")
    examples = Examples(names, zeros, zeros[:, 0], grades, groups, np.array(best))
    return Lessons(folder, examples, [f"{ASKED[a]} {ASKED[b]}" for a, b in queries], titles)


@pytest.fixture(scope="module")
def taught(world: Lessons) -> Learned:
    """What the queries that are not held back teach."""
    others, _ = next(divisions(len(world.texts), 0))
    return fit_reader(world, others, np.random.default_rng(0), COURSE)


def test_what_only_reading_both_texts_can_tell_is_learned_for_queries_not_seen(
    world: Lessons, taught: Learned
) -> None:
    _, held = next(divisions(len(world.texts), 0))
    test = world.examples.take(held)
    by_rule = test.ndcg(test.base).mean()
    by_trees = cross_validated(world.examples, 0)[held].mean()
    untaught = Learned({"likeness": 1.0}, LateInteraction(world.folder).learned())
    unread = test.ndcg(reading_of(world, untaught, held)).mean()
    by_reading = test.ndcg(test.base + reading_of(world, taught, held)).mean()
    assert max(by_rule, by_trees, unread) < 0.8
    assert by_reading > 0.9


def test_the_same_judgments_teach_the_same(world: Lessons) -> None:
    short = replace(COURSE, passes=1)
    queries = np.arange(6)
    one, two = (fit_reader(world, queries, np.random.default_rng(5), short) for _ in range(2))
    other = fit_reader(world, queries, np.random.default_rng(6), short)
    assert one.weights == two.weights
    assert all(np.array_equal(one.layers[name], two.layers[name]) for name in one.layers)
    assert any(not np.array_equal(one.layers[name], other.layers[name]) for name in one.layers)


def test_the_work_is_counted(world: Lessons) -> None:
    """The most that may be read bounds the training, and nothing read teaches nothing."""
    start = LateInteraction(world.folder).learned()
    bounded = replace(COURSE, most_readings=1, queries=1)
    once = fit_reader(world, np.arange(30), np.random.default_rng(0), bounded)
    assert any(not np.array_equal(once.layers[name], start[name]) for name in start)
    alike = replace(world.examples, grades=np.ones_like(world.examples.grades))
    lessons = Lessons(world.folder, alike, world.texts, world.titles)
    nothing = fit_reader(lessons, np.arange(30), np.random.default_rng(0), COURSE)
    assert nothing.weights == pytest.approx({**BESIDE, "likeness": 1.0})
    assert all(np.array_equal(nothing.layers[name], start[name]) for name in start)


def test_scores_keep_the_spread_of_the_rule_and_the_order_of_the_reader() -> None:
    """What twice as large a spread needs: all that counts, counts twice."""
    weights = {"words": -0.75, "meaning": -0.3, "likeness": 1.0}
    kept = _in_units_of_the_rule(weights, [(0.2, 0.1), (0.4, 0.2)])
    assert kept == pytest.approx({"words": -0.5, "meaning": -0.1, "likeness": 2.0})
    assert _in_units_of_the_rule(weights, [(0.0, 0.1)]) == pytest.approx(weights)


def test_the_best_way_is_taken_and_all_are_told(
    world: Lessons, taught: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prismrec.learning.judged_ways.fit_reader", lambda *_: taught)
    found, report = best_way(world.examples, world, 0)
    assert found.reading is not None
    assert report["kept"]
    assert report["way"] in ("reading", "reading and trees")
    assert list(report["ndcg@10"]) == ["fixed rule", "trees", "reading", "reading and trees"]
    assert report["gain"]["interval"][0] > 0


def test_without_an_encoder_that_can_be_trained_trees_are_the_only_way(world: Lessons) -> None:
    found, report = best_way(world.examples, None, 0)
    assert found.reading is None
    assert list(report["ndcg@10"]) == ["fixed rule", "trees"]


def test_what_was_learned_is_kept_without_loss(
    world: Lessons, taught: Learned, tmp_path: Path
) -> None:
    trees = fit_lambdamart(world.examples, 0, rounds=3)
    for given in (Taught(None, taught), Taught(trees, taught), Taught(trees)):
        state = given.state()
        assert state is not None
        place = tmp_path / state.kind / str(given.trees is None)
        write_state(state, place)
        back = Taught.from_state(read_state(place))
        assert (back.trees is None) == (given.trees is None)
        assert (back.reading is None) == (given.reading is None)
        if back.reading is not None:
            _, held = next(divisions(len(world.texts), 0))
            np.testing.assert_array_equal(
                reading_of(world, back.reading, held), reading_of(world, taught, held)
            )
    assert Taught().state() is None
    assert Taught.from_state(None) == Taught()


def test_layers_of_another_model_are_refused(world: Lessons) -> None:
    state = State("reading", {"weights": {"likeness": 1.0}}, {"nothing": np.zeros(2)})
    with pytest.raises(Corrupt, match="another model"):
        LateInteraction(world.folder, Learned.from_state(state).layers)


def test_only_a_bert_with_layers_enough_can_be_trained(folder: ModelFolder) -> None:
    assert can_read(folder)
    other = ModelFolder.read(folder.path)
    other.config["num_hidden_layers"] = 1
    assert not can_read(other)


def test_a_text_is_read_the_same_in_any_company(world: Lessons) -> None:
    model = LateInteraction(world.folder).eval()
    with torch.inference_mode():
        asked = model.upper(model.lower(["amber fern"]))
        alone = model.likeness(asked, model.upper(model.lower(["mug"])))
        texts = ["mug", "lamp oven pan quilt nail", ""]
        together = model.likeness(asked, model.upper(model.lower(texts)))
    assert float(together[0]) == pytest.approx(float(alone[0]), abs=0.02)
    assert torch.isfinite(together).all()
    assert float(together[2]) < float(together[0])


def test_the_loss_weighs_each_pair_by_its_grades() -> None:
    scores, grades = torch.tensor([0.3, -1.0, 2.0]), torch.tensor([2.0, 0.0, 1.0])
    pairs = [(0, 1), (0, 2), (2, 1)]
    ahead = [float(grades[i] - grades[j]) for i, j in pairs]
    wrong = [np.log1p(np.exp(float(scores[j] - scores[i]))) for i, j in pairs]
    expected = np.dot(ahead, wrong) / sum(ahead)
    assert float(graded_pairs(scores, grades)) == pytest.approx(expected)
    assert float(graded_pairs(scores, torch.ones(3))) == 0


class Told:
    """Words are worth less from item to item; meaning says nothing."""

    names = ("words", "meaning")

    def evidence(self, queries: QueryBatch, positions: np.ndarray) -> np.ndarray:
        told = np.stack([-0.01 * positions, 0.0 * positions], axis=2)
        return np.where((positions >= 0)[:, :, None], told, 0).astype(np.float32)


TITLES = ["pan quilt", "lamp mug", "nail oven", "mug nail", "lamp mug"]
FOUND = Candidates(np.array([[0, 1, 2, 3, 4, -1]], np.int32), np.zeros((1, 6), np.float32))
ASKING = replace(QueryBatch.of([[]]), texts=("amber birch",))


def test_a_search_reads_the_best_and_its_parts_sum(world: Lessons, taught: Learned) -> None:
    reader = TitleReader(world.folder, taught, TITLES.__getitem__)
    ranked = SearchRanker((Told(),), None, reader).rank(ASKING, FOUND)
    assert ranked.part_names == ("words", "meaning", "read")
    assert set(ranked.positions[0, :2].tolist()) == {1, 4}
    assert ranked.positions[0, -1] == -1
    assert ranked.parts is not None
    np.testing.assert_allclose(ranked.parts.sum(axis=2)[0, :5], ranked.scores[0, :5], rtol=1e-5)
    again = SearchRanker((Told(),), None, reader).rank(ASKING, FOUND)  # now titles are remembered
    np.testing.assert_allclose(again.scores, ranked.scores, atol=1e-3)


def test_no_more_are_read_than_the_settings_allow(world: Lessons, taught: Learned) -> None:
    reader = TitleReader(world.folder, taught, TITLES.__getitem__)
    few = SearchRanker((Told(),), None, reader, 2).rank(ASKING, FOUND)
    assert few.positions[0, :3].tolist() == [1, 0, 2]
    assert few.parts is not None
    read = dict(zip(few.positions[0, :5].tolist(), few.parts[0, :5, 2].tolist(), strict=True))
    assert read[2] == read[3] == read[4] == min(read[0], read[1])
    none = SearchRanker((Told(),), None, reader, 0).rank(ASKING, FOUND)
    assert none.part_names == ("words", "meaning")
    assert none.positions[0, :5].tolist() == [0, 1, 2, 3, 4]


def test_a_reader_follows_a_catalogue_that_changes(world: Lessons, taught: Learned) -> None:
    reader = TitleReader(world.folder, taught, TITLES.__getitem__)
    columns = np.zeros((1, 2), np.float32)

    def of(reader: TitleReader, place: int) -> float:
        return float(reader.corrections("amber birch", np.array([place]), columns, Told.names)[0])

    before = of(reader, 0)
    renamed = reader.over(["lamp mug", *TITLES[1:]].__getitem__)
    assert of(renamed, 0) == pytest.approx(of(reader, 1), abs=1e-3)
    assert of(renamed, 0) > before
