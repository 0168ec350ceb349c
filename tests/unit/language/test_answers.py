"""Answers: what fits, how surely, and sentences put together that all stand in a source."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismrec.core import BadInput, Corrupt, generator
from prismrec.data.answered import read_answered
from prismrec.language.answers.composing import composed
from prismrec.language.answers.confidence import FEWEST, Confidence
from prismrec.language.answers.passages import FEATURES, Passage, Reader, sentences

CARD = Passage("card", "How do I block a lost card", "Call us. The card is blocked at once.")
LOAN = Passage("loan", "What is the rate of a car loan", "It is seven percent.")
PARTS = (
    Passage("a", "", "A lost card is blocked by telephone. The weather was fine."),
    Passage("b", "", "A new card arrives within a week."),
    Passage("c", "", "Loans are paid back monthly."),
)
TEXTS = [f"{p.question} {p.answer}" for p in (CARD, LOAN, *PARTS)]


@pytest.fixture
def reader():
    return Reader(None, TEXTS)


def test_a_text_is_cut_into_its_sentences():
    assert sentences("Pay 3.5 percent. Then wait!\nDone") == [
        "Pay 3.5 percent.",
        "Then wait!",
        "Done",
    ]
    assert sentences("先付款。再等待！") == ["先付款。", "再等待！"]
    assert sentences(" \n ") == []


def test_features_tell_the_right_passage(reader):
    found = reader.features("block my lost card please", [LOAN, CARD])
    assert found.shape == (2, len(FEATURES))
    named = [dict(zip(FEATURES, row, strict=True)) for row in found]
    assert named[1]["likeness"] > 0.5 > named[0]["likeness"]
    assert named[1]["ahead"] > 0 > named[0]["ahead"]
    assert named[1]["held"] == named[1]["asked"] == 1.0
    assert named[0]["told"] == 0.0


def test_rare_words_count_more(reader):
    both = frozenset(["card", "telephone"])
    assert reader.share(both, frozenset(["telephone"])) > reader.share(both, frozenset(["card"]))
    assert reader.share(frozenset(), both) == 0.0


def test_what_goes_out_stands_in_a_source_and_says_something_new(reader):
    made = composed("lost card blocked, when does a new card arrive in a week?", PARTS, reader)
    assert [one.source for one in made.sentences] == ["a", "b"]
    assert made.sentences[0].text == "A lost card is blocked by telephone."
    assert made.enough
    assert not any("weather" in one.text for one in made.sentences)


def test_what_supports_nothing_is_no_answer(reader):
    for question in ("how do whales sleep", "weather"):
        assert not composed(question, PARTS[1:], reader).enough
    assert composed("card", (), reader).sentences == ()


@settings(max_examples=40)
@given(st.text(alphabet="abcd .!?\n", max_size=60), st.text(alphabet="abcd ", max_size=20))
def test_every_sentence_is_verbatim(answer, question):
    made = composed(question, (Passage("x", "", answer),), Reader(None, [answer]))
    assert all(one.text in answer and one.source == "x" for one in made.sentences)


def test_confidence_is_learned_and_kept():
    rng = generator(0)
    features = np.column_stack([np.ones(4000), rng.random((4000, len(FEATURES) - 1))])
    true = np.array([-4.0, 6, 0, 2, 0, 0])
    right = rng.random(4000) < 1 / (1 + np.exp(-(features @ true)))
    made = Confidence.learned(features, right)
    assert made.weights == pytest.approx(true, abs=0.9)
    assert min(made.weights[1:]) >= 0
    assert made.of(features).mean() == pytest.approx(right.mean(), abs=0.01)
    assert Confidence.from_json(json.loads(json.dumps(made.to_json()))) == made
    with pytest.raises(Corrupt):
        Confidence.from_json({"weights": {}})
    with pytest.raises(BadInput):
        Confidence.learned(features[:FEWEST], np.ones(FEWEST, bool))


def test_feedback_is_read(tmp_path):
    (tmp_path / "t.csv").write_text("question,item_id,solved\na,1,1\nb,2,no\nc,3,\n,4,1\n")
    found = read_answered(tmp_path / "t.csv")
    assert found == [("a", "1", True), ("b", "2", False), ("c", "3", True)]
    (tmp_path / "u.csv").write_text("question\na\n")
    with pytest.raises(BadInput, match="item_id"):
        read_answered(tmp_path / "u.csv")
