"""A folder of labelled tables becomes a classifier and its figures; the command says the same."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.core import BadInput, NotFound
from prismrec.data.labelled import Labelled, find_table, read_labelled, read_texts
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.learning.classification import learn_classifier, measured

WORDS = ClassifierSettings(mode="words")
SIDES = {"good": ("很好", "great value"), "bad": ("很差", "fell apart")}


def rows(repeats):
    return [
        {"text": f"{said} number {i}", "label": label}
        for i in range(repeats)
        for label, both in SIDES.items()
        for said in both
    ]


@pytest.fixture
def folder(tmp_path):
    pl.DataFrame(rows(8)).write_csv(tmp_path / "train.csv")
    pl.DataFrame(rows(3)).write_parquet(tmp_path / "valid.parquet")
    odd = [{"text": "很好 too", "label": "good"}, {"text": "great", "label": "unheard of"}]
    odd += [{"text": " ", "label": "good"}, {"text": "nothing said", "label": None}]
    lines = [json.dumps(row) for row in rows(2) + odd]
    (tmp_path / "test.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_a_folder_is_learned_and_measured(folder):
    learned = learn_classifier(folder, WORDS)
    report = learned.report
    assert report["test_texts"] == 10
    assert report["left_out"] == {"train": 0, "valid": 0, "test": 2}
    assert report["accuracy"] == pytest.approx(0.9)  # a label never heard of cannot be right
    assert report["encoder"] == "words"
    assert report["training"]["held_out"]["texts"] == 12
    assert 0 <= report["calibration_error"] <= 1


def test_the_command_learns_keeps_and_applies(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("prismrec.threads.cores", lambda: 1)
    kept, runner = tmp_path / "kept", CliRunner()
    words = ["classify", str(folder), "--mode", "words", "--out", str(kept), "--json"]
    report = json.loads(runner.invoke(app, words, catch_exceptions=False).stdout)
    first = ("accuracy", "macro_f1", "calibration_error", "fit_seconds", "encoder")
    assert tuple(report)[:5] == first
    assert TextClassifier.load(kept).classify(["很差"])[0].label == "bad"
    (tmp_path / "new.csv").write_text("text\n很好\nfell apart\n")
    words = ["classify", str(tmp_path / "new.csv"), "--using", str(kept), "--json"]
    found = json.loads(runner.invoke(app, words, catch_exceptions=False).stdout)["verdicts"]
    assert [one["label"] for one in found] == ["good", "bad"]
    assert set(found[0]) == {"label", "probability", "handed_over"}


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(NotFound):
        find_table(tmp_path / "nowhere", "train")
    with pytest.raises(BadInput, match="no table train and no table test"):
        learn_classifier(tmp_path, WORDS)
    (tmp_path / "train.csv").write_text("said,kind\nx,y\n")
    with pytest.raises(BadInput, match="no column 'text'"):
        read_labelled(tmp_path / "train.csv")
    (tmp_path / "train.jsonl").write_text('{"text": "x", "label": "y"}\n')
    with pytest.raises(BadInput, match="several files"):
        find_table(tmp_path, "train")


def test_labels_are_text_and_texts_stay_in_their_rows(tmp_path):
    pl.DataFrame({"Review": ["a", None, "b"], "label": [1, 0, 0]}).write_parquet(
        tmp_path / "t.parquet"
    )
    read = read_labelled(tmp_path / "t.parquet")
    assert (read.texts, read.labels, read.left_out) == (("a", "b"), ("1", "0"), 1)
    assert read_texts(tmp_path / "t.parquet") == ("a", "", "b")


def test_handing_over_takes_the_least_certain():
    class Told:
        kind = "told"

        def logits(self, texts):
            return np.array([[float(text), 0.0] for text in texts], np.float32)

    one = TextClassifier(("a", "b"), (Told(),), (1.0,), (), {"fit_seconds": 0, "encoder": ""})
    texts = ("0.1", *["5"] * 19)
    report = measured(one, Labelled(texts, ("b", *["a"] * 19)))
    assert report["hand_over"]["error"] == pytest.approx(0.05)
    assert report["hand_over"]["error_left"] == 0
