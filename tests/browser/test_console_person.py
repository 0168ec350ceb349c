"""For a person: reasons, bars, and a slate that follows what they do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.driving import Console

pytestmark = pytest.mark.browser
Opening = Callable[..., Console]


def test_recommendations_come_with_reasons_and_bars(opening: Opening) -> None:
    console = opening(user="user-1")
    expect(console.cards).to_have_count(9)
    first = console.card(1)
    expect(first.locator(".reason")).not_to_be_empty()
    expect(first.locator(".bar").first).to_be_visible()
    assert first.locator(".bar-fill").first.bounding_box()["width"] > 1
    expect(console.page.locator(".history li").first).to_be_visible()


def test_a_person_is_chosen_from_those_who_were_active(opening: Opening) -> None:
    console = opening()
    expect(console.cards).to_have_count(9)  # the last active, where nobody was named
    field = console.page.get_by_role("combobox")
    field.fill("user-1")
    option = console.page.get_by_role("option").filter(has_text="user-1").first
    expect(option).to_be_visible()
    name = option.locator("span").inner_text()
    field.press("ArrowDown")
    field.press("Enter")
    expect(console.page.get_by_role("heading", level=1)).to_have_text(f"Recommended for {name}")


def test_what_is_bought_leaves_the_next_slate(opening: Opening) -> None:
    console = opening(user="user-2")
    before = console.ids()
    bought = before[1]
    console.card(2).get_by_role("button", name="Buy").click()
    expect(console.page.locator(".news")).to_contain_text("Bought")
    after = console.ids()
    assert bought not in after
    assert len(after) == len(before)
    assert console.page.locator(".tag.came").count() >= 1
    expect(console.page.locator(".history li").first).to_contain_text("bought")


def test_the_event_names_the_slate_it_came_from(opening: Opening) -> None:
    console = opening(user="user-3")
    disliked = console.ids()[0]
    with console.page.expect_response(lambda r: r.url.endswith("/recommend")):
        console.card(1).get_by_role("button", name="Dislike").click()
    [sent] = console.asked("/events")[-1]["events"]
    assert sent["item_id"] == disliked
    assert sent["event"] == "dislike"
    assert len(sent["exposure_id"]) == 32
    expect(console.page.locator(f'[data-item="{disliked}"]')).to_have_count(0)
    asked = console.asked("/recommend")
    assert asked[-1]["seed"] is not None  # what moves, moved by the event


def test_somebody_new_gets_a_slate_and_a_history(opening: Opening) -> None:
    console = opening(user="user-4")
    console.page.get_by_role("button", name="Someone new").click()
    expect(console.page.get_by_role("heading", level=1)).to_contain_text("someone new")
    expect(console.page.get_by_text("Nothing yet.")).to_be_visible()
    expect(console.cards).to_have_count(9)
    console.card(1).get_by_role("button", name="Add to cart").click()
    expect(console.page.locator(".history li")).to_have_count(1)
    assert console.asked("/events")[-1]["events"][0]["session_id"].startswith("console-")


def test_the_panel_says_why_and_what_caused_it(opening: Opening) -> None:
    console = opening(user="user-5")
    console.card(1).get_by_role("button", name="Why").click()
    panel = console.page.get_by_role("dialog")
    expect(panel.locator(".reason")).not_to_be_empty()
    expect(panel.get_by_text("What caused it in the past")).to_be_visible()
    expect(panel.locator(".bar").first).to_be_visible()
    expect(panel.locator(".similar li").first).to_be_visible()
    panel.get_by_text("For the curious").click()
    for fact in ("Propensity", "Policy", "Release", "Seed", "Exposure"):
        expect(panel.get_by_text(fact, exact=True)).to_be_visible()


def test_everything_works_by_keyboard(opening: Opening) -> None:
    console = opening(user="user-6")
    expect(console.cards).to_have_count(9)
    keys = console.page.keyboard
    keys.press("Tab")
    expect(console.page.locator(".skip")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    expect(console.page.get_by_role("combobox")).to_be_focused()
    keys.press("ArrowDown")
    expect(console.page.get_by_role("option").first).to_be_visible()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(console.page.get_by_role("option")).to_have_count(0)
    console.ids()
    keys.press("Tab")  # someone new
    keys.press("Tab")
    focused = console.card(1).locator(".card-title")
    expect(focused).to_be_focused()
    assert focused.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    keys.press("Enter")
    expect(console.page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(console.page.get_by_role("dialog")).to_have_count(0)
    expect(focused).to_be_focused()
    for _ in range(3):
        keys.press("Tab")
    bought = console.ids()[0]
    keys.press("Enter")
    expect(console.page.locator(".news")).to_contain_text("Bought")
    assert bought not in console.ids()
    expect(console.card(1).locator('[data-act="purchase"]')).to_be_focused()


def test_motion_only_for_those_who_want_it(opening: Opening) -> None:
    count = """() => {
        const animate = Element.prototype.animate;
        window.moved = 0;
        Element.prototype.animate = function (...how) {
            window.moved += 1;
            return animate.apply(this, how);
        };
    }"""
    for wanted, moves in (("reduce", False), ("no-preference", True)):
        console = opening(user="user-7", reduced_motion=wanted)
        console.ids()
        console.page.evaluate(count)
        console.card(1).get_by_role("button", name="Buy").click()
        expect(console.page.locator(".news")).to_contain_text("Bought")
        assert (console.page.evaluate("window.moved") > 0) is moves
