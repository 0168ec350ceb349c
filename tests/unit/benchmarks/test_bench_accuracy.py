"""The accuracy benchmark: the exchange with peers, what is kept, and the page."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks import accuracy
from benchmarks.accuracy_page import summary, text_table, write_page
from benchmarks.kept import Kept, Result, cases_hash
from benchmarks.peers.exchange import Order, ask, export, ranked
from benchmarks.peers.task import ndcg, read_task, top
from prismrec.core import BadInput, Interactions, ItemFeatures, PrismError, Sequences, generator
from prismrec.core import metrics as m
from prismrec.data.splits import leave_one_out
from prismrec.evaluation.ranks import HistoryFilter, rank_all
from prismrec.evaluation.run import Examination
from prismrec.models.popularity import Popularity
from prismrec.models.validation import ndcg_of

ITEMS = 12
HEAD = "user_id,item_id,event,timestamp"


@pytest.fixture
def exam() -> Examination:
    """People who take items of which no two are equally popular in training: item i has been taken
    by as many extra people (two events each, so that they only train) as its number says."""
    rng = generator(5, "world")
    people = [list(rng.permutation(ITEMS)[: rng.integers(3, 8)]) for _ in range(30)]
    plain = Interactions(Sequences.of(people), ItemFeatures.bare(ITEMS))
    counts = np.bincount(leave_one_out(plain).train.sequences.items, minlength=ITEMS)
    short = []
    for rank, item in enumerate(np.argsort(counts, kind="stable")):
        missing = counts.max() + 2 * rank - counts[item]
        short += [[int(item)]] * int(missing)
    whole = Interactions(Sequences.of(people + short), ItemFeatures.bare(ITEMS))
    split = leave_one_out(whole)
    assert len(set(np.bincount(split.train.sequences.items, minlength=ITEMS))) == ITEMS
    return Examination("toy", "leave-one-out", split.train, split.test, split.validation)


@pytest.mark.parametrize("repeats", [False, True])
def test_a_peer_that_counts_equals_our_popularity(
    exam: Examination, tmp_path: Path, repeats: bool
) -> None:
    exam = replace(exam, rule=HistoryFilter(repeats=repeats))
    found, told = ask(Order("popular"), exam, tmp_path, Path(sys.executable))
    scorer = Popularity().fit(exam.train, generator(0))
    ours = rank_all(scorer, exam.test, k=10, rule=exam.rule, batch=16)
    for metric in (m.ndcg, m.recall, m.reciprocal_rank):
        np.testing.assert_allclose(metric(found.ranks, 10), metric(ours.ranks, 10))
    np.testing.assert_array_equal(found.lists[:, :5], ours.lists[:, :5])
    assert exam.validation is not None
    expected = ndcg_of(scorer, exam.validation, repeats).mean()
    assert told["curve"][0][1] == pytest.approx(expected)
    assert told["peak_mib"] > 1


def test_what_a_peer_gets_holds_no_test_target(exam: Examination, tmp_path: Path) -> None:
    export(Order("popular"), exam, tmp_path)
    task = read_task(tmp_path)
    assert pq.read_schema(tmp_path / "test.parquet").names == ["history"]
    assert len(task.items) == len(exam.train.sequences.items)
    histories = exam.test.queries.histories
    for row in range(len(exam.test)):
        own = histories.items[histories.indptr[row] : histories.indptr[row + 1]]
        np.testing.assert_array_equal(task.test[row], own)
        assert exam.test.targets[row] not in task.test[row]


def test_an_answer_is_taken_again_only_for_the_same_order(
    exam: Examination, tmp_path: Path
) -> None:
    ask(Order("popular"), exam, tmp_path, Path(sys.executable))
    nowhere = tmp_path / "no-such-python"
    ask(Order("popular"), exam, tmp_path, nowhere)
    with pytest.raises(OSError):
        ask(Order("popular", seed=1), exam, tmp_path, nowhere)


def test_a_peer_that_fails_is_told_with_its_log(exam: Examination, tmp_path: Path) -> None:
    with pytest.raises(PrismError, match="no-such-peer failed"):
        ask(Order("no-such-peer"), exam, tmp_path, Path(sys.executable))
    assert "KeyError" in (tmp_path / "log.txt").read_text()


def test_short_answers_and_half_filters_are_refused(exam: Examination, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="answered 1 of"):
        ranked(np.zeros((1, 10), np.int32), exam)
    refused = exam.test.queries.histories
    weights = np.where(np.arange(len(refused.items)) % 2, 1, -1).astype(np.float32)
    queries = replace(exam.test.queries, histories=replace(refused, weights=weights))
    odd = replace(exam, test=replace(exam.test, queries=queries), rule=HistoryFilter(repeats=True))
    with pytest.raises(BadInput, match="part of a history"):
        export(Order("popular"), odd, tmp_path)


def test_the_peers_own_figures_are_right(exam: Examination, tmp_path: Path) -> None:
    export(Order("popular"), exam, tmp_path)
    task = read_task(tmp_path)
    scores = np.array([[5.0, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6]] * 2, np.float32)
    rows = [np.array([0]), np.array([2])]
    found = ndcg(task, scores.copy(), rows, np.array([1, 2]))
    np.testing.assert_allclose(found, [1.0, 0.0])  # the best of the others; it may not come back
    assert top(task, scores, rows)[0].tolist()[:2] == [1, 2]
    assert top(task, scores, rows)[0].tolist()[-1] == -1


def result(model: str, seed: int, value: float, cases: str = "c") -> Result:
    people = np.repeat(np.arange(40), 2)
    noise = generator(seed, model).random(80) * 0.1
    columns = dict.fromkeys(("ndcg@10", "recall@10"), value + noise)
    told = {
        "split": "leave-one-out",
        "repeats": False,
        "fit_seconds": 2.0,
        "rank_seconds": 1.0,
        "peak_mib": 100.0,
        "converged": model != "rectools-sasrec",
        "minutes": 5.0,
        "peer": model.startswith("rectools"),
        "curve": {
            "prism": [(1.0, 0.1), (2.0, 0.3)],
            "rectools-sasrec": [(8.0, 0.05), (16.0, 0.2)],
        }.get(model, []),
    }
    return Result("toy", model, seed, cases, "v", columns, people, told)


def test_results_come_back_as_they_were_kept(tmp_path: Path, exam: Examination) -> None:
    kept = Kept(tmp_path)
    assert kept.find("toy", "ease", 0) is None
    made = result("ease", 0, 0.5, cases_hash(exam.test))
    kept.put(made)
    back = kept.find("toy", "ease", 0)
    assert back is not None
    assert (back.cases, back.version, back.told) == (made.cases, made.version, made.told)
    np.testing.assert_array_equal(back.columns["ndcg@10"], made.columns["ndcg@10"])
    assert [one.model for one in kept.every("toy")] == ["ease"]
    fewer = exam.test.take(np.arange(len(exam.test) - 1))
    assert cases_hash(fewer) != made.cases


def test_a_run_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(accuracy.SETS, "toy", ("leave-one-out", "no"))
    (tmp_path / "toy").mkdir()
    rows = [f"u{u},i{(u + t) % 9},view,{t}" for u in range(20) for t in range(5)]
    (tmp_path / "toy" / "events.csv").write_text("\n".join([HEAD, *rows]))
    items = "\n".join(["item_id", *(f"i{i}" for i in range(9))])
    (tmp_path / "toy" / "items.csv").write_text(items)
    call = [str(tmp_path), "--sets", "toy", "--peers", "none", "--folder", str(tmp_path / "runs")]
    accuracy.main([*call, "--models", "transitions"])
    kept = Kept(tmp_path / "runs" / "results")
    first = kept.find("toy", "transitions", 0)
    assert first is not None
    assert first.columns["recall@10"].mean() == 1  # round the ring
    capsys.readouterr()
    accuracy.main([*call, "--models", "transitions,popularity,no-such-model"])
    said = capsys.readouterr()
    assert "toy: transitions" not in said.err
    assert "toy: popularity" in said.err
    assert "transitions" in said.out
    assert [one.model for one in kept.every("toy")] == ["popularity", "transitions"]


@pytest.mark.parametrize(
    ("minutes", "converged", "now", "expected"),
    [(5, False, 5, True), (5, False, 9, False), (5, False, 0, False), (5, True, 0, True)],
)
def test_a_peer_that_ran_out_of_time_may_have_more(
    minutes: float, converged: bool, now: float, expected: bool
) -> None:
    made = result("rectools-sasrec", 0, 0.1)
    told = made.told | {"minutes": minutes, "converged": converged}
    asked = argparse.Namespace(minutes=now)
    assert accuracy.stands(replace(made, told=told), "v", asked) is expected
    assert not accuracy.stands(replace(made, told=told), "w", asked)


def test_the_page_compares_by_person_and_says_what_did_not_converge(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "results")
    for seed in (0, 1):
        kept.put(result("default", seed, 0.5))
    kept.put(result("prism", 0, 0.4))
    kept.put(result("rectools-sasrec", 0, 0.2))
    kept.put(result("ease", 0, 0.9, cases="others"))
    found = summary(kept, ["toy", "absent"])
    lines = {line.model: line for line in found.sets[0].lines}
    assert lines["default"].seeds == 2
    assert found.sets[0].outdated == ("ease",)
    over = lines["rectools-sasrec"].over
    assert over is not None
    assert over.low > 0.2
    assert found.pooled["prism"][1] == ("toy",)
    json.dumps(found.to_json())
    write_page(found, tmp_path / "accuracy.md")
    page = (tmp_path / "accuracy.md").read_text()
    assert "*not converged* in 5 minutes" in page
    assert "| rectools-sasrec (not converged) | 0.2000 | 16 | 2 | 8.0 |" in page
    assert "2 seeds" in page
    assert (tmp_path / "accuracy-toy-curves.svg").read_text().startswith("<?xml")
    assert "default - prism" in text_table(found)
