"""What may be shown, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismrec.core import BadSettings, Item, NotFound, Ruling
from prismrec.core.arrays import Scores
from prismrec.retrieval.shop.content import ContentPolicy, ContentSettings, read_terms

TERMS = {"blocked": ["stolen goods"], "adult": ["whisky", "威士忌"], "review": ["dagger"]}
ITEMS = [
    Item("lamp", "Desk lamp"),
    Item("whisky", "Highland WHISKIES, 12 years"),
    Item("stolen", "Phone", description="Surely no stolen goods."),
    Item("apart", "Stolen time", description="The goods arrive."),
    Item("knife", "Kitchen daggers"),
    Item("jiu", "单一麦芽威士忌"),
]


def chances(harmful: dict[str, float]) -> object:
    """A judge by title."""

    def judge(texts: Sequence[str]) -> Scores:
        return np.array(
            [[harmful.get(text.split(" \n ")[0], 0.0), 0.0] for text in texts], np.float32
        )

    return judge


def policy(**more: object) -> ContentPolicy:
    settings = ContentSettings(blocks=("harm",), **more)  # type: ignore[arg-type]
    judge = chances({"Desk lamp": 0.6, "Phone": 0.99, "Stolen time": 0.51})
    return ContentPolicy.of(settings, ITEMS, (), terms=TERMS, judge=judge)  # type: ignore[arg-type]


def names(mask: np.ndarray) -> set[str]:
    return {item.item_id for item, shown in zip(ITEMS, mask, strict=True) if shown}


def test_lists_decide_by_whole_words_in_every_form() -> None:
    plain = ContentPolicy.of(ContentSettings(), ITEMS, (), terms=TERMS)
    assert names(plain.shown(6, adult=False)) == {"lamp", "apart"}
    assert names(plain.shown(6, adult=True)) == {"lamp", "apart", "whisky", "jiu"}
    open_handed = ContentPolicy.of(ContentSettings(hold=False), ITEMS, (), terms=TERMS)
    assert names(open_handed.shown(6, adult=False)) == {"lamp", "apart", "knife"}


def test_the_classifier_acts_where_it_is_sure_and_asks_where_it_is_not() -> None:
    made = policy(sure=0.95, doubt=0.5)
    assert names(made.shown(6, adult=False)) == set()
    waiting = made.queue(np.ones(6, bool))
    assert [ITEMS[doubt.position].item_id for doubt in waiting] == ["knife", "apart", "lamp"]
    assert waiting[1].findings[0].p == pytest.approx(0.51)
    gone = np.array([True, True, True, False, True, True])
    assert [doubt.position for doubt in made.queue(gone)] == [4, 0]


def test_people_outdo_lists_and_classifier_and_can_take_it_back() -> None:
    made = policy()
    ruled = made.ruled([Ruling("stolen", "allowed"), Ruling("lamp", "adult")])
    assert names(ruled.shown(6, adult=False)) == {"stolen"}
    assert "lamp" in names(ruled.shown(6, adult=True))
    assert [doubt.position for doubt in ruled.queue(np.ones(6, bool))] == [4, 3]
    np.testing.assert_array_equal(ruled.ruled([]).states, made.states)
    assert (made.states != ruled.states).any()


def test_a_changed_item_is_looked_at_again() -> None:
    made = policy()
    after = made.extended(np.array([1, 6]), [Item("whisky", "Lemonade"), Item("new", "Whisky")])
    assert after.states.tolist()[1] == 0
    assert after.states.tolist()[6] == 1
    assert made.states.tolist()[1] == 1
    assert not after.shown(9, adult=True)[7:].any()


def test_a_ruling_holds_for_an_item_that_comes_later() -> None:
    made = policy().ruled([Ruling("later", "blocked")])
    after = made.extended(np.array([6]), [Item("later", "A vase")])
    assert not after.shown(7, adult=True)[6]
    assert after.extended(np.array([6]), [Item("later", "A jug")]).states[6] == 3  # blocked still


def test_what_is_certain_hides_also_where_doubt_does_not() -> None:
    """Named by the list for adults, and doubted by the classifier as harmful."""
    judge = chances({"Whisky": 0.6})
    settings = ContentSettings(blocks=("harm",), hold=False)
    made = ContentPolicy.of(settings, [Item("w", "Whisky")], (), terms=TERMS, judge=judge)  # type: ignore[arg-type]
    assert not made.shown(1, adult=False).any()
    assert made.shown(1, adult=True).all()
    assert len(made.queue(np.ones(1, bool))) == 1


def test_lists_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "terms.toml").write_text('blocked = ["x"]\nreview = ["y"]\n')
    assert read_terms(tmp_path / "terms.toml") == {"blocked": ["x"], "review": ["y"]}
    with pytest.raises(NotFound):
        read_terms(tmp_path / "none.toml")
    for wrong in ("blocked = 3", 'banned = ["x"]', "blocked = [3]", "= no"):
        (tmp_path / "wrong.toml").write_text(wrong)
        with pytest.raises(BadSettings):
            read_terms(tmp_path / "wrong.toml")


def test_settings_that_mean_nothing_are_refused() -> None:
    with pytest.raises(BadSettings, match="doubt"):
        ContentSettings(doubt=0.9, sure=0.8)
    with pytest.raises(BadSettings, match="no label"):
        ContentSettings(classifier="x")


@given(
    st.lists(st.sampled_from(["allowed", "adult", "blocked"]), min_size=6, max_size=6),
    st.booleans(),
)
def test_what_is_ruled_is_what_is_shown(labels: list[str], adult: bool) -> None:
    rulings = [Ruling(item.item_id, label) for item, label in zip(ITEMS, labels, strict=True)]
    shown = policy().ruled(rulings).shown(6, adult=adult)
    for label, there in zip(labels, shown, strict=True):
        assert there == (label == "allowed" or (label == "adult" and adult))
