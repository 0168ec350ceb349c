"""Names are short and all different, and so are their tokens, whatever the titles."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prismrec.models.language_model.names import END, short_names, trained_tokenizer
from prismrec.models.language_model.spelling import Spelling


def test_a_name_is_as_long_as_makes_it_the_only_one():
    titles = ["Red, lined boots", "Red lined boots of leather", "RED LINED!", "Red lined", "", ""]
    assert short_names(titles, 2) == [
        "red lined",
        "red lined boots",
        "red lined 2",
        "red lined 3",
        "item",
        "item 2",
    ]


@given(st.lists(st.text("ab 1%!", max_size=6), max_size=12), st.integers(1, 3))
def test_no_two_names_are_alike(titles, words):
    names = short_names(titles, words)
    assert len(set(names)) == len(titles)
    assert all(name == name.lower() and name for name in names)


def test_what_is_often_taken_becomes_one_token():
    names = ["red boots", "red scarf", "blue boots"]
    tokenizer = trained_tokenizer(names, np.array([50, 0, 0]), 270)
    tokens = [encoding.tokens for encoding in tokenizer.encode_batch(names)]
    assert len(tokens[0]) == 1
    assert len(tokens[2]) > 1
    assert tokenizer.decode(tokenizer.encode(names[1]).ids) == names[1]
    assert tokenizer.token_to_id(END) == 0


names_as_tokens = st.lists(st.lists(st.integers(1, 3), max_size=5), max_size=15)


@given(names_as_tokens)
def test_every_spelling_stays_the_only_one_of_its_kind(spelt):
    whole = Spelling.of(spelt, end=0)
    for spelling in (whole, whole.shortest()):
        lines = np.split(spelling.tokens, spelling.indptr[1:-1]) if spelt else []
        assert len({tuple(line) for line in lines}) == len(spelt)
        assert (spelling.lengths >= 1).all()
        assert 0 not in spelling.tokens
        for item, line in enumerate(lines):  # the name and its end lead to the item, nothing else
            node = spelling.tree.find([*line, *[0] * (spelling.tree.levels - len(line))])
            assert spelling.tree.item_at[node] == item


@given(names_as_tokens)
def test_a_shortest_name_begins_the_whole_one_and_could_not_be_shorter(spelt):
    whole = Spelling.of(spelt, end=0)
    short = whole.shortest()
    for item in range(len(spelt)):
        full = whole.tokens[whole.indptr[item] : whole.indptr[item + 1]]
        cut = short.tokens[short.indptr[item] : short.indptr[item + 1]]
        np.testing.assert_array_equal(cut, full[: len(cut)])
        others = [whole.tokens[a:b] for a, b in zip(whole.indptr, whole.indptr[1:], strict=False)]
        beginnings = {tuple(line[: len(cut) - 1]) for i, line in enumerate(others) if i != item}
        if len(cut) > 1:
            assert tuple(cut[:-1]) in beginnings


def test_two_fits_of_a_tokenizer_are_equal():
    names = short_names([f"thing {i} of {i % 3}" for i in range(40)], 6)
    made = [trained_tokenizer(names, np.arange(40), 400).to_str() for _ in range(2)]
    assert made[0] == made[1]


def test_chinese_names_are_spelt_and_told_apart():
    titles = ["红色靴子", "红色靴子，加绒", "红色靴子", "蓝色围巾"]
    names = short_names(titles, 6)
    assert names == ["红色靴子", "红色靴子 加绒", "红色靴子 2", "蓝色围巾"]
    tokenizer = trained_tokenizer(names, np.array([9, 1, 0, 2]), 300)
    spelt = [encoding.ids for encoding in tokenizer.encode_batch(names)]
    assert tokenizer.decode_batch(spelt) == names
    assert len(Spelling.of(spelt, 0).shortest()) == 4
