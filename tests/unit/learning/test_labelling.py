"""The next texts to judge: typical ones first, then doubtful ones, none twice."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.core import BadInput, generator
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.querying import doubtful_texts, typical_texts
from prismrec.language.settings import LanguageSettings
from prismrec.learning.labelling import texts_to_judge

TFIDF = LanguageSettings(encoder="tfidf", tfidf_dimension=16)


class Told:
    """Says of a text the probabilities that stand in it."""

    kind = "told"

    def logits(self, texts):
        return np.log([[float(one) for one in text.split()] for text in texts]).astype(np.float32)


JUDGE = TextClassifier(("a", "b", "c"), (Told(),), (1.0,), (), {})
SURE, AB, AB_TOO, BC = ".98 .01 .01", ".5 .49 .01", ".49 .5 .01", ".01 .52 .47"


def test_the_smallest_margins_come_first_whatever_else_is_likely():
    found = texts_to_judge((SURE, BC, AB, AB_TOO), [""] * 4, 9, classifier=JUDGE)
    assert {one.text for one in found[:2]} == {AB, AB_TOO}
    assert [one.row for one in found[2:]] == [2, 1]
    assert found[2].suggested == "b"


def test_what_is_judged_blank_or_there_already_is_not_asked_for():
    texts, labels = (AB, AB, " ", BC, SURE), ("", "", "", "b", "")
    found = texts_to_judge(texts, labels, 9, classifier=JUDGE)
    assert [(one.row, one.text) for one in found] == [(1, AB), (5, SURE)]
    assert texts_to_judge((BC, BC), ("b", ""), 9, classifier=JUDGE) == []


@settings(max_examples=40)
@given(st.integers(1, 30), st.integers(1, 40), st.integers(0, 1000))
def test_as_many_as_asked_for_and_none_twice(m, n, seed):
    rng = generator(seed)
    said = rng.dirichlet(np.ones(4), m)
    vectors = rng.normal(size=(m, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for found in (doubtful_texts(said, n), typical_texts(vectors, n, generator(seed))):
        assert len(set(found.tolist())) == len(found) == min(n, m)


def test_the_first_texts_stand_for_groups_the_largest_first():
    corners = np.eye(3, dtype=np.float32)
    own = np.repeat([0, 1, 2], [50, 10, 30])
    vectors = corners[own] + 0.05 * generator(0).normal(size=(90, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    first = [own[typical_texts(vectors, 3, generator(seed))].tolist() for seed in range(8)]
    assert [0, 2, 1] in first
    assert np.mean([len(set(one)) for one in first]) > 2
    with pytest.raises(BadInput):
        typical_texts(vectors, 0, generator(0))


def test_without_labels_typical_texts_are_offered():
    texts = [f"my card {word}" for word in ("is lost", "was stolen", "never came")] * 3
    texts += ["exchange rate of the euro", "exchange rate today"]
    found = texts_to_judge(texts, [""] * len(texts), 2, TFIDF)
    assert len(found) == 2
    assert all(one.suggested == "" for one in found)


def test_the_command_reads_a_half_judged_table(tmp_path):
    rows = [{"text": f"{side} {i}", "label": side if i < 4 else None}
            for i in range(8) for side in ("good", "bad")]  # fmt: skip
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    from prismrec.language.classifier.fit import fit_classifier
    from prismrec.language.classifier.settings import ClassifierSettings

    kept = fit_classifier(["good", "bad"] * 4, ["good", "bad"] * 4, ClassifierSettings("words"))
    kept.save(tmp_path / "kept")
    words = ["label", str(tmp_path / "t.jsonl"), "-n", "3", "--json"]
    done = CliRunner().invoke(app, [*words, "--using", str(tmp_path / "kept")])
    assert done.exit_code == 0, done.output
    judge = json.loads(done.stdout)["judge"]
    assert len(judge) == 3
    assert all(one["row"] > 8 and one["suggested"] in one["text"] for one in judge)
