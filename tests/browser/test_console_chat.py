"""The page of conversation: a wish, a critique, a choice, and starting over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.driving import Console

pytestmark = pytest.mark.browser
Opening = Callable[..., Console]


def test_a_conversation_narrows_what_is_shown(opening: Opening) -> None:
    console = opening("chat", user="user-1")
    page = console.page
    answers, field = page.locator(".talk .theirs"), page.get_by_label("Say what you wish")
    field.fill("lamp")
    field.press("Enter")
    expect(answers.nth(1).locator(".card").first).to_contain_text("Lamps")
    expect(field).to_have_value("")
    before = answers.nth(1).locator(".card .price").all_text_contents()
    page.locator(".hints").get_by_role("button").first.wait_for()
    field.fill("cheaper")
    page.get_by_role("button", name="Say", exact=True).click()
    expect(answers.nth(2).locator("p").first).to_contain_text("up to")
    after = answers.nth(2).locator(".card .price").all_text_contents()
    assert max(map(price, after)) < max(map(price, before))
    with page.expect_request(lambda sent: sent.url.endswith("/events")) as told:
        answers.nth(2).locator(".card").first.get_by_role("button", name="Buy").click()
    assert told.value.post_data_json["events"][0]["exposure_id"]
    page.get_by_role("button", name="Start over").click()
    expect(answers).to_have_count(1)


def test_markup_said_is_shown_as_it_was_said(opening: Opening) -> None:
    console = opening("chat")
    field = console.page.get_by_label("Say what you wish")
    field.fill("<img src=x onerror=alert(1)> lamp")
    field.press("Enter")
    expect(console.page.locator(".talk .mine p")).to_have_text("<img src=x onerror=alert(1)> lamp")
    expect(console.page.locator(".talk img")).to_have_count(0)


def price(text: str) -> float:
    return float(text.replace(",", ""))
