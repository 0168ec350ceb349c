"""Search as you type, filters, and the catalogue: what is added is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from browser.driving import Console

pytestmark = pytest.mark.browser
Opening = Callable[..., Console]


def test_results_follow_each_keystroke(opening: Opening) -> None:
    console = opening("search", user="user-1")
    field = console.page.get_by_role("searchbox")
    expect(field).to_be_focused()
    field.press_sequentially("coff", delay=30)
    expect(console.cards.first).to_be_visible()
    expect(console.card(1).locator("mark").first).to_have_text("coffee")
    typed = console.asked("/search")[-1]
    assert typed["text"] == "coff"
    assert typed["typing"] is True
    assert typed["explore"] is False
    assert typed["user_id"] == "user-1"
    field.press("Enter")
    expect(console.page.locator(".cards[aria-busy=false]")).to_be_visible()
    assert console.asked("/search")[-1]["typing"] is False


def test_a_late_answer_does_not_replace_a_newer_one(opening: Opening) -> None:
    console = opening("search")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.post_data_json["text"] == "tent":
            held.append(route)
        else:
            route.continue_()

    console.page.route("**/search", hold)
    field = console.page.get_by_role("searchbox")
    with console.page.expect_request("**/search"):
        field.fill("tent")
    field.fill("lamp")
    expect(console.card(1).locator("mark").first).to_have_text("lamp", ignore_case=True)
    lamps = console.ids()
    with console.page.expect_response("**/search"):
        held[0].continue_()
    console.page.wait_for_timeout(300)  # what an answer changes, it changes at once
    assert console.ids() == lamps


def test_the_taste_of_the_person_can_be_left_out(opening: Opening) -> None:
    console = opening("search?q=coffee", user="user-1")
    expect(console.cards.first).to_be_visible()
    console.page.get_by_label("To the taste of user-1").uncheck()
    expect(console.page.locator(".cards[aria-busy=false]")).to_be_visible()
    assert "user_id" not in console.asked("/search")[-1]


def test_facets_and_prices_narrow(opening: Opening) -> None:
    console = opening("search?q=coffee")
    brands = console.page.get_by_role("group", name="Brand")
    expect(brands.get_by_role("checkbox").first).to_be_visible()
    row = brands.locator("label").first
    name = row.locator(".grow").inner_text()
    row.click()
    expect(console.page.locator(f'.brand-of:not(:text-is("{name}"))')).to_have_count(0)
    expect(console.cards.first).to_be_visible()
    assert console.asked("/search")[-1]["filters"]["attributes"] == {"brand": [name]}
    assert brands.get_by_role("checkbox").count() > 1  # one may add another
    console.page.get_by_role("button", name="Clear filters").click()
    highest = console.page.get_by_label("Price to")
    highest.fill("30")
    highest.press("Enter")
    expect(console.page.locator(".cards[aria-busy=false]")).to_be_visible()
    console.page.wait_for_function(
        "[...document.querySelectorAll('.card .price')].every(p => Number(p.textContent) <= 30)"
    )


def test_a_product_is_added_found_edited_and_removed(opening: Opening) -> None:
    console = opening("catalogue")
    page = console.page
    page.get_by_label("Product id").fill("kettle-1")
    page.get_by_label("Title").fill("Quokka whistling kettle")
    page.get_by_label("Brand").fill("Quokka")
    page.get_by_label("Price", exact=True).fill("39,90")
    page.get_by_label("Categories").fill("Home, Kettles")
    page.get_by_label("Features").fill("colour: teal")
    page.get_by_role("button", name="Save product").click()
    page.get_by_role("button", name="Find it").click()
    expect(page.get_by_text("Found at place 1")).to_be_visible()
    page.get_by_role("link", name="See the results").click()
    expect(console.card(1)).to_contain_text("Quokka whistling kettle")
    expect(console.card(1)).to_contain_text("39.90")
    console.go("catalogue?item=kettle-1")
    expect(page.get_by_label("Features")).to_have_value("colour: teal")
    page.get_by_label("Title").fill("Quokka silent kettle")
    page.get_by_role("button", name="Save product").click()
    expect(page.get_by_text("“Quokka silent kettle” is in the catalogue.")).to_be_visible()
    page.get_by_role("searchbox").fill("quokka kettle")
    page.get_by_role("button", name="Remove: Quokka silent kettle").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("“Quokka silent kettle” is removed.")).to_be_visible()
    expect(page.locator('.products [data-item="kettle-1"]')).to_have_count(0)


def test_wrong_fields_are_named(opening: Opening) -> None:
    console = opening("catalogue").expecting("status of 422")
    page = console.page
    page.get_by_label("Price", exact=True).fill("cheap")
    page.get_by_role("button", name="Save product").click()
    expect(page.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Title")).to_be_focused()
    expect(page.get_by_text("Give a number, 0 or more.")).to_be_visible()
    page.get_by_label("Title").fill("Kettle")
    page.get_by_label("Price", exact=True).fill("10")
    page.get_by_label("Brand").fill("B" * 3_000)  # what only the API refuses
    page.get_by_role("button", name="Save product").click()
    expect(page.get_by_label("Brand")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field-brand .wrong")).not_to_be_empty()


def test_markup_in_a_title_stays_text(opening: Opening) -> None:
    title = "<img src=x onerror=\"document.title='owned'\"> zorkmid"
    console = opening("catalogue")
    page = console.page
    page.get_by_label("Title").fill(title)
    page.get_by_label("Brand").fill("<script>document.title='owned'</script>")
    page.get_by_role("button", name="Save product").click()
    expect(page.get_by_role("button", name="Find it")).to_be_visible()
    console.go("search?q=zorkmid")
    expect(console.card(1).locator("h3")).to_have_text(title)
    console.card(1).get_by_role("button", name="Why").click()
    expect(page.get_by_role("dialog").locator("h2")).to_have_text(title)
    expect(page.get_by_role("dialog").locator(".reason")).to_be_visible()
    assert page.locator("main img, dialog img, body script").count() == 0
    assert "owned" not in page.title()
