"""The text ranker learns what follows what, in every mode and form, and can be taken up again."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from prismrec.core import (
    BadInput,
    BadSettings,
    Candidates,
    Corrupt,
    Interactions,
    ItemFeatures,
    NotFound,
    QueryBatch,
    Sequences,
    TrainingDiverged,
    generator,
)
from prismrec.models.text_ranker.comparison import draw_shortlists, judge_ranker, judge_zero_shot
from prismrec.models.text_ranker.pairs import shown_pairs
from prismrec.models.text_ranker.ranker import TextRanker, fit_text_ranker
from prismrec.models.text_ranker.settings import TextRankerSettings

QUICK = TextRankerSettings(
    history=3,
    epochs=3,
    pairs=200,
    batch=16,
    hidden=16,
    rank=4,
    dropout=0.0,
    head_learning_rate=1e-2,
    learning_rate=1e-2,
    patience=3,
)


LORA = pytest.param(
    "lora",
    marks=pytest.mark.skipif(find_spec("peft") is None, reason="the extra finetune is absent"),
)


def fit(folder: Path, shop, seed: int = 0, settings=QUICK, **more) -> TextRanker:
    return fit_text_ranker(
        folder,
        shop.texts,
        shop.train,
        generator(seed, "text ranker"),
        settings,
        validation=shop.validation,
        **more,
    )


@pytest.mark.parametrize("mode", ["full", LORA])
def test_every_form_learns_that_people_stay_with_one_kind(folder, shop, make_shop, mode):
    ranker = fit(folder, shop, settings=replace(QUICK, mode=mode, epochs=6))
    others = make_shop(60, 9)
    lists = draw_shortlists(others.validation, others.train, 12, QUICK, generator(1))
    figures = judge_ranker(ranker, lists).means()
    assert figures["auc"] > 0.75
    assert figures["log_loss"] < 0.45  # 0.50 for who knows nothing but the share of the acted


def test_the_head_alone_learns_and_leaves_the_language_model_as_it_was(bert, shop):
    from safetensors.numpy import load_file

    ranker = fit(bert, shop, settings=replace(QUICK, mode="frozen", epochs=4))
    lists = draw_shortlists(shop.validation, shop.train, 12, QUICK, generator(1))
    assert judge_ranker(ranker, lists).means()["auc"] > 0.75
    now = ranker.model.encoder.model.state_dict()
    for name, array in load_file(bert / "model.safetensors").items():
        np.testing.assert_array_equal(now[name].numpy(), array)


def test_equal_seeds_make_equal_rankers_and_others_do_not(bert, shop):
    short = replace(QUICK, mode="full", epochs=1, dropout=0.2, pairs=60)
    items = np.arange(24, dtype=np.int32)
    queries = QueryBatch.of([[0, 1], [10]])
    first, again, other = (fit(bert, shop, seed, short) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.score(queries, items), again.score(queries, items))
    assert not np.allclose(first.score(queries, items), other.score(queries, items))


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("mode", [LORA, "full", "frozen"])
def test_killed_between_epochs_and_taken_up_again_is_as_if_never_killed(bert, shop, tmp_path, mode):
    settings = replace(QUICK, mode=mode, dropout=0.2, pairs=60, batch=10)

    def die(epoch: int, loss: float, figure: float) -> None:
        if epoch == 1:
            raise Killed

    whole = fit(bert, shop, settings=settings)
    with pytest.raises(Killed):
        fit(bert, shop, settings=settings, checkpoint=tmp_path / "c", report=die)
    told: list[int] = []
    later = fit(
        bert,
        shop,
        settings=settings,
        checkpoint=tmp_path / "c",
        report=lambda epoch, loss, figure: told.append(epoch),
    )
    assert told == [2]
    for (name, a), (_, b) in zip(
        whole.model.state_dict().items(), later.model.state_dict().items(), strict=True
    ):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=name)


def test_a_half_written_epoch_counts_for_nothing(bert, shop, tmp_path):
    settings = replace(QUICK, mode="frozen", epochs=2)
    whole = fit(bert, shop, settings=settings)
    (tmp_path / "epoch-0001.partial").mkdir()
    (tmp_path / "epoch-0001.partial" / "progress.json").write_text("{")
    later = fit(bert, shop, settings=settings, checkpoint=tmp_path)
    items = np.arange(24, dtype=np.int32)
    queries = QueryBatch.of([[3]])
    np.testing.assert_array_equal(whole.score(queries, items), later.score(queries, items))


def test_a_checkpoint_of_another_training_is_refused_and_a_damaged_one_named(bert, shop, tmp_path):
    settings = replace(QUICK, mode="frozen", epochs=1)
    fit(bert, shop, settings=settings, checkpoint=tmp_path)
    with pytest.raises(BadInput, match="another seed"):
        fit(bert, shop, 1, settings, checkpoint=tmp_path)
    (kept,) = tmp_path.glob("epoch-*")
    (kept / "trained.safetensors").write_bytes(b"not tensors")
    with pytest.raises(Corrupt, match="cannot be read"):
        fit(bert, shop, settings=settings, checkpoint=tmp_path)


def test_training_stops_after_patience_and_keeps_the_best_epoch(bert, shop):
    """A rate that throws the model about: the validation figure of the best epoch is the one the
    ranker has in the end."""
    wild = replace(QUICK, mode="full", epochs=12, patience=1, learning_rate=0.05, pairs=80)
    figures: list[float] = []
    ranker = fit(
        bert, shop, settings=wild, report=lambda epoch, loss, figure: figures.append(figure)
    )
    assert len(figures) < 12
    assert figures[-1] >= min(figures)
    assert np.argmin(figures) == len(figures) - 2
    assert ranker.score(QueryBatch.of([[0]]), np.array([1], np.int32)).shape == (1, 1)


def test_shown_pairs_are_learned_as_they_are_labelled(bert, shop_without_pink):
    """Nobody buys pink things although they are shown: exposures say so, purchases cannot."""
    shop, pink = shop_without_pink, np.array([7, 15, 23], np.int32)
    queries = QueryBatch.of([[0, 1], [8, 9], [16, 17]])
    slates = np.tile(pink, (60, 1))
    shown = shown_pairs(
        shop.train.sequences, slates, np.zeros((60, 3), bool), np.full(60, -1, np.int32), 3
    )
    settings = replace(QUICK, mode="full")
    told = fit(bert, shop, settings=settings, shown=shown).probabilities(queries, pink)
    untold = fit(bert, shop, settings=settings).probabilities(queries, pink)
    assert (np.diag(told) < 0.5 * np.diag(untold)).all()


def test_a_loss_that_is_no_number_is_refused(bert, shop):
    with pytest.raises(TrainingDiverged):
        fit(bert, shop, settings=replace(QUICK, mode="full", learning_rate=1e38, clip=1e38))


@pytest.mark.parametrize(
    ("rows", "message"), [([[0], [1]], "no history"), ([[3, 3, 3]], "nothing to tell apart")]
)
def test_events_that_teach_nothing_are_refused(bert, shop, rows, message):
    train = Interactions(Sequences.of(rows), ItemFeatures.bare(24))
    with pytest.raises(BadInput, match=message):
        fit_text_ranker(bert, shop.texts, train, generator(0), QUICK)


@pytest.mark.parametrize(
    "wrong", [{"mode": "half"}, {"rank": 0}, {"dropout": 1.0}, {"max_tokens": 20}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(BadSettings):
        TextRankerSettings(**wrong)


@pytest.fixture(scope="module")
def ranker(bert, shop) -> TextRanker:
    return fit(bert, shop, settings=replace(QUICK, mode="full"))


def test_a_saved_ranker_scores_the_same(ranker, shop, tmp_path):
    items = np.arange(24, dtype=np.int32)
    queries = QueryBatch.of([[0, 1], [10], []])
    ranker.save(tmp_path / "kept")
    again = TextRanker.load(tmp_path / "kept", shop.texts)
    np.testing.assert_allclose(
        again.score(queries, items), ranker.score(queries, items), rtol=1e-5, atol=1e-5
    )
    with pytest.raises(BadInput, match="already"):
        ranker.save(tmp_path / "kept")
    with pytest.raises(NotFound):
        TextRanker.load(tmp_path / "nowhere", shop.texts)
    (tmp_path / "kept" / "head.safetensors").write_bytes(b"x")
    with pytest.raises(Corrupt):
        TextRanker.load(tmp_path / "kept", shop.texts)


def test_a_shortlist_is_reordered_and_its_parts_still_sum_to_the_score(ranker):
    queries = QueryBatch.of([[0, 1], [10, 9]])
    positions = np.array([[17, 4, 11], [3, 12, -1]], np.int32)
    scores = np.array([[3.0, 2.0, 1.0], [5.0, 4.0, -np.inf]], np.float32)
    ranked = ranker.rank(queries, Candidates(positions, scores))
    assert ranked.positions[:, 0].tolist() == [4, 12]
    assert ranked.positions[1, 2] == -1
    assert ranked.part_names == ("score", "text_ranker")
    there = ranked.positions >= 0
    np.testing.assert_allclose(ranked.parts.sum(-1)[there], ranked.scores[there], rtol=1e-5)
    assert (ranked.parts[~there] == 0).all()
    sorted_before = [sorted(row) for row in positions.tolist()]
    assert [sorted(row) for row in ranked.positions.tolist()] == sorted_before


def test_padding_scores_zero_and_a_batch_scores_as_its_queries_do_alone(ranker):
    queries = QueryBatch.of([[0, 1, 2, 3], [], [10]])
    items = np.array([[3, -1], [5, 20], [-1, -1]], np.int32)
    scores = ranker.score(queries, items)
    assert (scores[items < 0] == 0).all()
    for row in range(3):
        alone = ranker.score(queries.take(np.array([row])), items[row : row + 1])
        np.testing.assert_allclose(alone[0], scores[row], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(ranker.parts(queries, items)[:, :, 0], scores)


def test_an_item_that_came_later_reads_as_its_text_once_it_is_given(ranker, shop):
    longer = ranker.with_texts((*shop.texts, "red boots"))
    queries = QueryBatch.of([[1, 2]])
    same = longer.score(queries, np.array([0, 24], np.int32))
    np.testing.assert_allclose(same[0, 0], same[0, 1], rtol=1e-5)
    unknown = ranker.score(queries, np.array([24], np.int32))
    assert np.isfinite(unknown).all()


def test_zero_shot_is_the_cosine_of_history_and_item(shop):
    vectors = np.repeat(np.eye(3, dtype=np.float32), 8, axis=0)
    lists = draw_shortlists(shop.validation, shop.train, 10, QUICK, generator(2))
    figures = judge_zero_shot(vectors, lists, history=3)
    wrong = (lists.items[:, 1:] // 8 != lists.items[:, :1] // 8).sum(axis=1)
    np.testing.assert_allclose(figures.values["auc"], (wrong + (9 - wrong) / 2) / 9)
    assert np.isfinite(figures.values["log_loss"]).all()
