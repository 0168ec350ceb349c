"""Reviews: praise and complaint by topic, each with a sentence that stands in a review."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.core import BadInput
from prismrec.data.reviews import read_reviews
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.reviews.lexicon import leaning, topics_of
from prismrec.language.reviews.sentiment import Review, by_ratings, by_rules, opinions_of


@pytest.mark.parametrize(
    ("text", "leans", "topics"),
    [
        ("The quality is great", 1, ("quality",)),
        ("not good at all", -1, ()),
        ("质量不好，快递很慢", -1, ("quality", "delivery")),
        ("非常喜欢，值得推荐", 1, ()),
        ("It has two legs", 0, ()),
    ],
)
def test_words_tell(text, leans, topics):
    assert np.sign(leaning(text)) == leans
    assert topics_of(text) == topics


def test_counts_and_evidence_by_topic():
    reviews = [
        Review("a", "The delivery was late. The quality is great, I love it!"),
        Review("a", "Awful courier, the parcel was damaged. It has two legs."),
        Review("b", "质量很好。"),
    ]
    found = {(one.item_id, one.topic): one for one in opinions_of(reviews, by_rules(), "rules")}
    assert set(found) == {
        ("a", ""), ("a", "quality"), ("a", "delivery"), ("b", ""), ("b", "quality"),
    }  # fmt: skip
    whole = found["a", ""]
    assert (whole.praise, whole.complaint, whole.source) == (1, 1, "rules")
    assert whole.praised == "The quality is great, I love it!"
    late = found["a", "delivery"]
    assert (late.praise, late.complaint, late.praised) == (0, 2, "")
    assert late.complained in ("The delivery was late.", "Awful courier, the parcel was damaged.")
    assert late.share < 0.5 < found["b", ""].share


@settings(max_examples=40)
@given(st.lists(st.text("goodbad slw.!\n好差", max_size=40), max_size=6))
def test_every_quote_stands_in_a_review(texts):
    reviews = [Review("x", text) for text in texts]
    for one in opinions_of(reviews, by_rules(), "rules"):
        for quote, count in ((one.praised, one.praise), (one.complained, one.complaint)):
            assert bool(quote) == bool(count)
            assert any(quote in text for text in texts)


def test_ratings_teach_what_no_list_of_words_knows():
    good, bad = "It hums like a bee", "It rattles like a cart"
    reviews = [Review("a", good, 5)] * 50 + [Review("b", bad, 1)] * 50 + [Review("a", "x", 3)] * 9
    assert set(by_rules()([good, bad])) == {0.5}
    voice = by_ratings(reviews, ClassifierSettings(mode="words"))
    assert voice is not None
    hums, rattles = voice([good, bad])
    assert hums > 0.6 > 0.4 > rattles
    assert by_ratings(reviews[:60]) is None
    assert by_ratings([Review("a", good, 5)] * 200) is None
    assert by_ratings([Review("a", good)] * 200) is None


class Likeness:
    """An encoder that knows what a purr is."""

    name, version, dimension = "toy", "1", 2

    def encode(self, texts):
        praise = ("love", "Excellent", "purrs")
        rows = [[1, 0] if any(w in t for w in praise) else [0, 1] for t in texts]
        return np.array(rows, np.float32)


def test_where_no_word_tells_likeness_does():
    assert by_rules()(["It purrs"])[0] == 0.5
    purrs, good = by_rules(Likeness())(["It purrs", "It is bad"])
    assert purrs > 0.9
    assert good < 0.5


def test_the_command_tells_what_reviews_say(tmp_path):
    rows = [{"asin": "a", "review": "Great quality.", "stars": None}] * 3
    rows += [
        {"asin": "b", "review": "快递太慢", "stars": None},
        {"asin": "b", "review": "", "stars": 1},
    ]
    pl.DataFrame(rows).write_csv(tmp_path / "reviews.csv")
    out = tmp_path / "said.parquet"
    words = ["extract", "--reviews", str(tmp_path / "reviews.csv"), "--out", str(out), "--json"]
    done = CliRunner().invoke(app, words, env={"PRISMREC_LANGUAGE_HUB": "false"})
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["rows"] == 4
    table = {(row["item_id"], row["topic"]): row for row in pl.read_parquet(out).to_dicts()}
    assert table["a", "quality"]["praise"] == 3
    assert table["b", "delivery"]["complained"] == "快递太慢"
    assert {row["source"] for row in table.values()} == {"rules"}
    (tmp_path / "no.csv").write_text("text\nx\n")
    with pytest.raises(BadInput, match="item"):
        read_reviews(tmp_path / "no.csv")
