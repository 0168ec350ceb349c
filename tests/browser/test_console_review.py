"""The page of review: what waits for a person, deciding, and taking it back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.driving import Console

pytestmark = pytest.mark.browser
Opening = Callable[..., Console]


def test_a_decision_holds_at_once_and_can_be_taken_back(opening: Opening) -> None:
    console = opening("review")
    page = console.page
    waiting, decided = page.locator(".doubt"), page.locator(".decided")
    expect(page.get_by_role("heading", name="Waiting (2)")).to_be_visible()
    expect(waiting.first).to_contain_text("on the list: 487")
    title = waiting.first.locator("h3").text_content() or ""
    page.get_by_role("button", name=f"Block: {title}").click()
    expect(page.get_by_text("is not shown any more")).to_be_visible()
    expect(waiting).to_have_count(1)
    expect(decided.get_by_role("row", name=title)).to_contain_text("blocked")
    decided.get_by_role("button", name="Take back").click()
    expect(waiting).to_have_count(2)
    expect(decided).to_contain_text("Nothing was decided yet.")
    page.get_by_role("button", name=f"Show: {title}").click()
    expect(decided.get_by_role("row", name=title)).to_contain_text("shown")
    console.go("search?q=" + title.replace(" ", "+"))
    expect(console.card(1)).to_contain_text(title)
    console.go("review")
    decided.get_by_role("button", name="Take back").click()
    expect(waiting).to_have_count(2)
