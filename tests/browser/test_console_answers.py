"""The page of answers: what goes out with how sure that is, and whether it solved the question."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from browser.driving import Console

pytestmark = pytest.mark.browser
Opening = Callable[..., Console]
ANSWER = {
    "item_id": "answer-1",
    "title": "How do I send a parcel back",
    "description": "Print the label. <b>Bring</b> the parcel to the post office.",
}


def test_an_answer_is_shown_and_judged_once(opening: Opening, server: str) -> None:
    def post(route: str, body: object) -> None:
        told = httpx.post(f"{server}/v1/en/{route}", json=body, timeout=120, trust_env=False)
        assert told.status_code == 200, told.text

    post("items", {"items": [ANSWER]})
    post("answer/learn", {})
    console = opening("answers")
    page, reply = console.page, console.page.locator(".reply")
    page.get_by_role("searchbox", name="Ask what a customer would ask").fill(
        "how do I send a parcel back"
    )
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(reply.locator("section")).to_have_attribute("data-kind", "stored")
    expect(reply.locator(".cited")).to_contain_text("<b>Bring</b> the parcel")
    expect(reply.locator(".sure")).to_contain_text("right with")
    reply.get_by_role("button", name="Solved", exact=True).click()
    expect(reply).to_contain_text("Noted: solved")
    (sent,) = console.asked("/answer/feedback")
    (row,) = sent["feedback"]
    assert (row["item_id"], row["solved"]) == ("answer-1", True)
    assert row["feedback_id"]
    page.get_by_role("button", name="Learn now").click()
    expect(page.get_by_text("Learned from 1 verdict.")).to_be_visible()
    reply.get_by_role("button", name="answer-1").click()
    expect(page.locator("dialog")).to_contain_text("How do I send a parcel back")
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("蓝鲸如何睡觉")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(reply).to_contain_text("a person should answer")
    httpx.delete(f"{server}/v1/en/items/answer-1", timeout=60, trust_env=False)
