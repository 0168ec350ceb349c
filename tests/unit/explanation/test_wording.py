"""The sentence names what the numbers carry, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismrec.core import BadInput
from prismrec.explanation import Contribution, sentence
from prismrec.explanation.wording import _ASPECTS, _CHINESE, _ENGLISH, FROM_HISTORY, aspect


def parts(**values: float) -> list[Contribution]:
    named = {name.replace("__", "."): value for name, value in values.items()}
    total = sum(map(abs, named.values())) or 1.0
    return [Contribution(name, value, value / total) for name, value in named.items()]


def test_the_largest_reasons_in_order() -> None:
    told = sentence(parts(popularity=1.0, transitions=2.0, ease=0.9), "en")
    assert told == (
        "Compared with the other candidates, it more often follows what is in your history "
        "and it is more popular."
    )


def test_chinese() -> None:
    told = sentence(parts(popularity=1.0, prism__text=2.0), "zh-CN", titles=["三体"])
    assert told == (
        "与其他候选相比，它的介绍更接近您的历史，而且它更受欢迎。在您的历史中，“三体”的影响最大。"
    )


def test_past_items_are_named() -> None:
    one, two = (
        sentence(parts(ease=1.0), "en", titles=t) for t in (["Tent"], ["Tent", "Rope", "Axe"])
    )
    assert one.endswith("From your history, “Tent” counts most.")
    assert two.endswith("From your history, “Tent” and “Rope” count most.")


@given(
    st.dictionaries(st.sampled_from([*sorted(_ASPECTS), "mystery"]), st.floats(-5, 5), max_size=8),
    st.sampled_from(["en", "zh"]),
    st.integers(1, 4),
)
def test_what_does_not_put_it_ahead_is_never_named(
    values: dict[str, float], language: str, reasons: int
) -> None:
    words = _CHINESE if language == "zh" else _ENGLISH
    told = sentence([Contribution(n, v, v) for n, v in values.items()], language, reasons=reasons)
    sums: dict[str, float] = {}
    for name, value in values.items():
        sums[aspect(name)] = sums.get(aspect(name), 0.0) + value
    named = [name for name in sums if words.get(name, words["other"].format(name)) in told]
    assert all(sums[name] > 0 for name in named)
    assert len(named) <= reasons
    assert bool(named) == any(value >= 1e-6 for value in sums.values())
    assert (told == words["nothing"]) == (not named)


def test_parts_that_say_the_same_are_one_reason() -> None:
    told = sentence(parts(ease=1.0, item_knn=1.0, popularity=1.5), "en", reasons=1)
    assert "goes together" in told
    against = sentence(parts(ease=1.0, item_knn=-2.0), "en")
    assert against == "No single reason sets it apart from the other candidates."


def test_someone_without_a_history_hears_nothing_of_one() -> None:
    values = parts(prism__identity=3.0, prism__text=2.0, popularity=1.0)
    told = sentence(values, "en", history=False, reasons=3, titles=["Tent"])
    assert "history" not in told
    assert "recent" not in told
    assert told.count("likelier choice for someone new") == 1
    assert "more popular" in told


def test_an_unknown_part_is_called_by_its_name() -> None:
    assert "“mystery”" in sentence(parts(mystery=1.0), "en")
    assert aspect("personal.prism.text") == "taste"
    assert aspect("sequence.attributes") == "attributes"


def test_nothing_to_tell() -> None:
    assert sentence([], "en") == "No single reason sets it apart from the other candidates."


def test_both_languages_say_the_same_things() -> None:
    assert _ENGLISH.keys() == _CHINESE.keys()
    assert set(_ASPECTS.values()) <= _ENGLISH.keys()
    assert set(_ASPECTS.values()) >= FROM_HISTORY


def test_another_language_is_refused() -> None:
    with pytest.raises(BadInput, match="fr"):
        sentence([], "fr")
