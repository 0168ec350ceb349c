"""A search says what it read in the text, keeps to it, and can be told not to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from api.conftest import Opening, Shop
from prismrec.ranking.search import SearchRanker
from prismrec.retrieval.lexical.words import Words
from prismrec.searchers import search_evidence

ITEMS = [
    {"item_id": "u-red", "title": "Zorple gizmo", "brand": "Quuxar", "price": 40.0},
    {"item_id": "u-dear", "title": "Zorple gizmo", "brand": "Quuxar", "price": 90.0},
    {"item_id": "u-other", "title": "Zorple gizmo", "brand": "Vexlon", "price": 30.0},
    {"item_id": "u-none", "title": "Zorple gizmo", "brand": "Vexlon"},
    {
        "item_id": "u-lead",
        "title": "Zorple varnish",
        "description": "Made with plumbum.",
        "price": 9,
    },
    {"item_id": "u-free", "title": "Zorple varnish", "description": "Plumbum-free.", "price": 9.5},
]


@pytest.fixture
def shop(opening: Opening) -> Shop:
    found = opening()
    found.post("items", {"items": [{**one, "price": one.get("price")} for one in ITEMS]})
    return found


def search(shop: Shop, text: str, **more: Any) -> dict[str, Any]:
    return shop.post("search", {"text": text, "explore": False, "n": 20, **more})


def ours(answer: dict[str, Any]) -> list[str]:
    return [row["item_id"] for row in answer["items"] if row["item_id"].startswith("u-")]


def test_bounds_of_price_and_refusals_leave_items_out(shop: Shop) -> None:
    text = "zorple gizmo under 50 euros, not Vexlon"
    answer = search(shop, text)
    assert "u-red" in ours(answer)
    assert not {"u-dear", "u-other", "u-none"} & set(ours(answer))
    read = answer["understood"]
    assert read["searched"] == "zorple gizmo"
    price, brand = read["findings"]
    assert (price["kind"], price["low"], price["high"]) == ("price", None, 50)
    assert price["currency"] == "EUR"
    assert (brand["key"], brand["filter"], brand["value"]) == ("without:not vexlon", True, "Vexlon")
    for one in read["findings"]:
        assert text[one["start"] : one["end"]] == one["words"]


def test_what_was_understood_can_be_taken_back(shop: Shop) -> None:
    text = "zorple gizmo under 50 euros"
    key = search(shop, text)["understood"]["findings"][0]["key"]
    freed = search(shop, text, ignore=[key])
    assert freed["understood"]["findings"] == []
    assert freed["understood"]["searched"] == text
    assert {"u-red", "u-dear", "u-none"} <= set(ours(freed))


def test_a_brand_moves_items_up_and_loses_none(shop: Shop) -> None:
    answer = search(shop, "vexlon zorple gizmo")
    (brand,) = answer["understood"]["findings"]
    assert (brand["kind"], brand["filter"]) == ("brand", False)
    assert set(ours(answer)[:2]) == {"u-other", "u-none"}
    assert {"u-red", "u-dear"} <= set(ours(answer))
    top = answer["items"][0]
    assert top["parts"]["understood"] > 0
    assert sum(top["parts"].values()) == pytest.approx(top["score"], abs=1e-5)


def test_denying_a_word_is_not_having_it(shop: Shop) -> None:
    found = ours(search(shop, "zorple varnish without plumbum"))
    assert "u-free" in found
    assert "u-lead" not in found


def test_a_listing_counts_what_it_shows(shop: Shop) -> None:
    answer = search(shop, "zorple under 50 euros", facets=["brand"])
    assert answer["total"] == 4
    assert set(ours(answer)) == {"u-red", "u-other", "u-lead", "u-free"}


def test_did_you_mean(shop: Shop) -> None:
    answer = search(shop, "zorpel gizmo")
    assert answer["understood"]["correction"] == "zorple gizmo"
    assert answer["notes"] == ["corrected-words"]
    assert ours(answer)
    assert search(shop, "zorple gizmo")["understood"]["correction"] == ""
    assert search(shop, "zorple gizmo")["notes"] == []


def test_when_words_are_missing_the_answer_says_so(shop: Shop) -> None:
    assert search(shop, "zorple xylophonic gramophone quartet")["notes"] == ["fewer-words"]
    assert search(shop, "xylophonic gramophone")["notes"] == ["no-item-has-these-words"]
    nothing = search(shop, "zorple gizmo under 1 euro")
    assert (nothing["items"], nothing["notes"]) == ([], ["nothing-left-after-filters"])


def test_a_recommendation_reads_nothing(shop: Shop) -> None:
    assert shop.post("recommend", {"user_id": "nobody"})["understood"] is None


def test_while_one_types_the_last_word_is_no_bound_yet(shop: Shop) -> None:
    typed = search(shop, "zorple gizmo under 5", typing=True)
    assert typed["understood"]["findings"] == []
    assert ours(typed)


def test_quoted_words_must_stand_together(shop: Shop) -> None:
    shop.post(
        "items",
        {
            "items": [
                {"item_id": "u-as", "title": "Crimson zorple gizmo"},
                {"item_id": "u-apart", "title": "Zorple crimson gizmo"},
            ]
        },
    )
    text = 'crimson "zorple gizmo"'
    answer = search(shop, text, facets=True)
    assert "u-as" in ours(answer)
    assert "u-apart" not in ours(answer)
    read = answer["understood"]
    assert read["searched"] == "crimson zorple gizmo"
    (quote,) = read["findings"]
    assert (quote["kind"], quote["filter"], quote["value"]) == ("phrase", True, "zorple gizmo")
    assert text[quote["start"] : quote["end"]] == quote["words"] == '"zorple gizmo"'
    assert "u-apart" in ours(search(shop, text, ignore=[quote["key"]]))
    assert "u-apart" in ours(search(shop, "crimson zorple gizmo"))
    shop.request("DELETE", "items/u-as")
    without = search(shop, '"crimson zorple"')
    assert "phrase-not-found" in without["notes"]
    assert "u-apart" in ours(without)


def test_where_no_item_says_a_quote_it_holds_nothing_back(shop: Shop) -> None:
    answer = search(shop, '"gizmo zorple" “varnish zorple”')
    assert "phrase-not-found" in answer["notes"]
    assert answer["understood"]["findings"] == []
    assert answer["understood"]["searched"].split() == ["gizmo", "zorple", "varnish", "zorple"]
    assert {"u-red", "u-lead"} <= set(ours(answer))


@pytest.mark.parametrize("text", ['"' * 99, "“" * 50 + "a" + "”" * 50, '"a" ' * 30, 'zorple"gizmo'])
def test_any_quotes_are_answered(shop: Shop, text: str) -> None:
    assert search(shop, text)["items"]


def test_removed_and_new_brands_are_known_at_once(shop: Shop) -> None:
    shop.request("DELETE", "items/u-other")
    shop.request("DELETE", "items/u-none")
    assert search(shop, "vexlon gizmo")["understood"]["findings"] == []


def test_evidence_that_the_fixed_rule_does_not_read_changes_nothing(shop: Shop) -> None:
    engine = shop.collection.engine
    seen = engine.snapshot
    texts = ("zorple gizmo", "zorpel gizmo", "varnish", "gizmo quuxar zorple red")
    light = [search(shop, text, seed=1)["items"] for text in texts]
    engine.snapshot = replace(seen, search_ranker=SearchRanker(search_evidence(seen)))
    assert len(engine.snapshot.search_ranker.names) > len(seen.search_ranker.names)
    for rows, text in zip(light, texts, strict=True):
        whole = search(shop, text, seed=1)["items"]
        assert [row["item_id"] for row in whole] == [row["item_id"] for row in rows]
        scores = [row["score"] for row in rows]
        assert [row["score"] for row in whole] == pytest.approx(scores, abs=1e-5)


def test_where_nothing_is_found_popular_products_of_the_category_come(shop: Shop) -> None:
    engine = shop.collection.engine
    seen = engine.snapshot
    words = tuple(one for one in seen.searchers if isinstance(one, Words))
    engine.snapshot = replace(
        seen, searchers=words, encoder=None, search_ranker=SearchRanker(words)
    )
    item = {"item_id": "u-kind", "title": "Thing", "categories": ["Blorvids"], "price": 5.0}
    shop.post("items", {"items": [item]})
    engine.snapshot = replace(engine.snapshot, searchers=words)
    answer = search(shop, "xylophonic gramophone")
    assert answer["notes"] == ["popular-instead"]
    assert len(answer["items"]) == 20
    words[0].remove(np.arange(len(seen.catalogue) + 1, dtype=np.int32))
    named = search(shop, "blorvids xylophonic")
    assert named["notes"] == ["popular-instead"]
    assert [row["item_id"] for row in named["items"]] == ["u-kind"]
