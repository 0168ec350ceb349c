"""The page of exploration: figures of what was shown, and sliders that say what a budget buys."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.driving import Console

pytestmark = pytest.mark.browser
Opening = Callable[..., Console]


def share(text: str | None) -> float:
    found = re.search(r"([\d.]+)%", text or "")
    assert found, text
    return float(found.group(1))


def test_a_budget_is_tried_before_it_is_set(opening: Opening) -> None:
    console = opening(user="user-1")
    console.ids()  # A slate was shown.
    page = console.go("exploration").page
    expect(page.locator(".policies tbody tr").first).to_contain_text("greedy")
    expect(page.locator(".estimates li").first).to_contain_text("as served")
    table = page.locator(".answer")
    explored = table.get_by_role("row", name="Places explored").locator("td").nth(2)
    cost = table.get_by_role("row", name="Estimated cost").locator("td").nth(2)
    page.get_by_label("Most that may be lost").fill("0.5")
    with page.expect_response(lambda answer: "epsilon=0.5" in answer.url):
        page.get_by_label("Chance of a random draw").fill("0.5")
    expect(explored).not_to_have_text("0%")
    free, dear = share(explored.text_content()), share(cost.text_content())
    with page.expect_response(lambda answer: "max_expected_loss=0.01" in answer.url):
        page.get_by_label("Most that may be lost").fill("0.01")
    expect(cost).not_to_have_text(f"{dear}%")
    assert share(cost.text_content()) < dear
    assert share(explored.text_content()) < free
    page.get_by_label("Policy", exact=True).select_option("greedy")
    expect(explored).to_have_text("0%")
    expect(page.get_by_role("slider")).to_have_count(0)
