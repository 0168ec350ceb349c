"""The content policy over HTTP: nothing restricted comes out, and decisions hold at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prismrec.folder import settings_of
from prismrec.retrieval.shop.content import ContentSettings

LIST = 'blocked = ["contraband"]\nadult = ["whisky"]\nreview = ["dagger"]\n'
ITEMS = [
    {"item_id": "bad", "title": "Contraband case, black"},
    {"item_id": "drink", "title": "Whisky case, black"},
    {"item_id": "doubt", "title": "Dagger case, black", "brand": "Stilettoworks"},
]
HIDDEN = {"bad", "drink", "doubt"}


@pytest.fixture
def screened(opening: Any, fitted: Path, tmp_path: Path) -> Any:
    """A shop with lists, and three items that they name."""
    (tmp_path / "terms.toml").write_text(LIST)
    listed = ContentSettings(terms=str(tmp_path / "terms.toml"))
    shop = opening(replace(settings_of(fitted), content=listed))
    shop.post("items", {"items": ITEMS})
    shop.post("users", {"users": [{"user_id": "old", "attributes": {"age": "36-50"}}]})
    shop.post("users", {"users": [{"user_id": "young", "attributes": {"age": 16}}]})
    return shop


def found(shop: Any, user: str = "", text: str = "case", **more: Any) -> set[str]:
    asked = {"text": text, "n": 80, "user_id": user, **more}
    return {item["item_id"] for item in shop.post("search", asked)["items"]} & HIDDEN


def test_only_adults_see_what_is_for_adults(screened: Any) -> None:
    assert found(screened) == set()
    assert found(screened, "young") == set()
    assert found(screened, "old") == {"drink"}
    assert found(screened, text="whisky", facets=True) == set()
    assert found(screened, sort="newest") == set()


def test_totals_and_facets_do_not_count_what_is_hidden(screened: Any) -> None:
    def counted(user: str) -> tuple[int, list[Any]]:
        asked = {"text": "case", "n": 1, "user_id": user, "facets": True, "sort": "newest"}
        page = screened.post("search", asked)
        return page["total"], page["facets"]

    before, facets = counted("young")
    assert counted("old")[0] == before + 1
    for item in ITEMS:
        screened.post("content/rulings", {"item_id": item["item_id"], "label": "blocked"})
    assert counted("old") == counted("young") == (before, facets)


def test_no_way_around(screened: Any) -> None:
    """Pins, likeness, completion and recommendations show nothing that the search does not."""
    screened.post("rules", {"query": "case", "pin": ["bad", "drink", "doubt"]})
    assert found(screened) == set()
    for typed in ("contraba", "whis", "dagg", "stiletto"):
        told = screened.get("complete", q=typed)["completions"]
        assert not {one["item_id"] for one in told} & HIDDEN
        assert "Stilettoworks" not in {one["text"] for one in told}
    alike = screened.post("similar", {"item_id": "bad", "n": 80})["items"]
    assert not {item["item_id"] for item in alike} & HIDDEN
    slate = screened.post("recommend", {"user_id": "young", "n": 80})["items"]
    assert not {item["item_id"] for item in slate} & HIDDEN


def test_a_person_decides_and_takes_it_back(screened: Any) -> None:
    (waiting,) = screened.get("content/queue")
    assert waiting["item_id"] == "doubt"
    assert waiting["findings"] == [{"state": "review", "term": "dagger", "p": 1.0}]
    made = screened.post("content/rulings", {"item_id": "doubt", "label": "allowed", "note": "toy"})
    assert made["title"] == "Dagger case, black"
    assert made["at"] > 0
    assert found(screened) == {"doubt"}
    assert screened.get("complete", q="stiletto")["completions"][0]["text"] == "Stilettoworks"
    assert screened.get("content/queue") == []
    assert screened.get("content/rulings")[0]["note"] == "toy"
    lesson = {"text": "Dagger case, black \n Stilettoworks", "label": "allowed"}
    assert screened.get("content/lessons") == [lesson]
    screened.post("content/rulings", {"item_id": "doubt", "label": "blocked"})
    assert found(screened, "old") == {"drink"}
    assert screened.request("DELETE", "content/rulings/doubt").status_code == 200
    assert [one["item_id"] for one in screened.get("content/queue")] == ["doubt"]
    actions = [line["action"] for line in screened.get("audit")[:3]]
    assert actions == ["ruling.remove", "ruling.put", "ruling.put"]


def test_a_decision_needs_an_item_that_is_there(screened: Any) -> None:
    nobody = {"item_id": "nobody", "label": "blocked"}
    assert screened.request("POST", "content/rulings", json=nobody).status_code == 422
    odd = {"item_id": "bad", "label": "fine"}
    assert screened.request("POST", "content/rulings", json=odd).status_code == 422
    assert screened.request("DELETE", "content/rulings/bad").status_code == 404
