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
    field = console.page.get_by_role("combobox", name="Search the catalogue")
    expect(field).to_be_focused()
    field.press_sequentially("coff", delay=30)
    expect(console.cards.first).to_be_visible()
    expect(console.card(1).locator("h3 mark")).to_have_text("coffee")
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
    field = console.page.get_by_role("combobox", name="Search the catalogue")
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
    assert "f=brand" in console.page.url  # it can be sent to somebody else
    console.page.get_by_role("button", name=f"Remove the filter Brand: {name}").click()
    expect(brands.get_by_role("checkbox").first).not_to_be_checked()
    highest = console.page.get_by_label("Price to")
    highest.fill("30")
    highest.press("Enter")
    expect(console.page.locator(".cards[aria-busy=false]")).to_be_visible()
    console.page.wait_for_function(
        "[...document.querySelectorAll('.card .price')].every(p => Number(p.textContent) <= 30)"
    )


def test_a_count_is_what_ticking_shows(opening: Opening) -> None:
    console = opening("search?q=coffee")
    row = console.page.get_by_role("group", name="Brand").locator("label").first
    expect(row).to_be_visible()
    count = row.locator(".count").inner_text()
    row.click()
    expect(console.page.get_by_role("status").first).to_contain_text(f"{count} product")
    expect(console.cards).to_have_count(int(count))


def test_suggestions_are_chosen_by_keyboard(opening: Opening) -> None:
    console = opening("search")
    field = console.page.get_by_role("combobox", name="Search the catalogue")
    options = console.page.get_by_role("option")
    field.press_sequentially("coffe", delay=30)
    expect(options.first).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    kind, name = options.first.get_attribute("data-kind"), options.first.locator(".grow")
    assert kind == "category"
    chosen = name.inner_text()
    field.press("Enter")
    expect(options.first).to_be_hidden()
    expect(field).to_have_value("")
    expect(console.page.get_by_role("button", name=f"Category: {chosen}")).to_be_visible()
    assert console.asked("/search")[-1]["filters"]["categories"] == [chosen]
    field.press_sequentially("coffe", delay=30)
    expect(options.first).to_be_visible()
    field.press("Escape")
    expect(options.first).to_be_hidden()
    expect(field).to_have_value("coffe")


def test_results_can_be_sorted_and_continued(opening: Opening) -> None:
    console = opening("search")
    expect(console.cards).to_have_count(18)
    console.page.get_by_label("Sort by").select_option("price-asc")
    console.page.wait_for_function("location.hash.includes('sort=price-asc')")
    expect(console.page.locator(".cards[aria-busy=false]")).to_be_visible()
    console.page.get_by_role("button", name="Show more").click()
    expect(console.cards).to_have_count(36)
    assert len(set(console.ids())) == 36
    prices = [
        float(price.replace(",", ""))
        for price in console.page.locator(".card .price").all_inner_texts()
    ]
    assert prices == sorted(prices)


def test_the_address_holds_the_question(opening: Opening) -> None:
    console = opening("search?q=coffee&sort=price-desc&from=20&stock=all")
    expect(console.page.get_by_label("Sort by")).to_have_value("price-desc")
    expect(console.page.get_by_role("button", name="from 20.00")).to_be_visible()
    asked = console.asked("/search")[-1]
    assert (asked["sort"], asked["filters"]["min_price"]) == ("price-desc", 20)
    assert asked["filters"]["available"] is False


def test_what_was_understood_is_shown_and_taken_back(opening: Opening) -> None:
    console = opening("search?q=coffee+under+30+euros+please")
    page = console.page
    field = page.get_by_role("combobox", name="Search the catalogue")
    field.press("Enter")
    bound = page.get_by_role("button", name="Search without up to 30.00")
    expect(bound).to_be_visible()
    page.wait_for_function(
        "[...document.querySelectorAll('.card .price')].every(p => Number(p.textContent) <= 30)"
    )
    bound.click()
    expect(bound).to_have_count(0)
    assert console.asked("/search")[-1]["ignore"] == ["price:under 30 euros"]


def test_a_misspelt_search_says_what_was_perhaps_meant(opening: Opening) -> None:
    console = opening("search?q=coffe+xx")
    page = console.page
    field = page.get_by_role("combobox", name="Search the catalogue")
    field.fill("cofee beans")
    field.press("Enter")
    meant = page.get_by_role("button", name="coffee beans", exact=True)
    meant.click()
    expect(field).to_have_value("coffee beans")
    expect(console.card(1).locator("h3 mark").first).to_have_text("coffee")


def test_a_product_is_pinned_for_a_search_and_let_go(opening: Opening) -> None:
    console = opening("search?q=lamp")
    page = console.page
    expect(console.cards.nth(1)).to_be_visible()
    second = console.ids()[1]
    console.card(2).locator(".why").click()
    page.get_by_role("dialog").get_by_role("button", name="Pin to the top").click()
    expect(console.card(1)).to_have_attribute("data-item", second)
    expect(console.card(1)).to_contain_text("Pinned")
    page.keyboard.press("Escape")
    console.go("quality")
    row = page.locator(".rules tr", has_text="lamp")
    expect(row).to_contain_text(second)
    row.get_by_role("button", name="Remove: lamp").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No rules yet.")).to_be_visible()
    expect(page.locator(".trail")).to_contain_text("rule.remove")


def test_a_product_is_pinned_for_longer_searches_too(opening: Opening) -> None:
    console = opening("search?q=lamp")
    page = console.page
    expect(console.cards.nth(1)).to_be_visible()
    second = console.ids()[1]
    console.card(2).locator(".why").click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("This has to be").select_option("part of the text")
    panel.get_by_role("button", name="Pin to the top").click()
    expect(console.card(1)).to_have_attribute("data-item", second)
    page.keyboard.press("Escape")
    field = page.get_by_role("combobox", name="Search the catalogue")
    field.fill("steel lamp")
    field.press("Enter")
    expect(console.card(1)).to_have_attribute("data-item", second)
    expect(console.card(1)).to_contain_text("Pinned")
    console.go("quality")
    row = page.locator(".rules tr", has_text="lamp")
    expect(row).to_contain_text("part of the text")
    row.get_by_role("button", name="Remove: lamp").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No rules yet.")).to_be_visible()


def test_chinese_is_searched_suggested_and_marked(opening: Opening) -> None:
    console = opening("search", collection="zh", language="zh-CN")
    console.page.get_by_role("combobox", name="搜索商品目录").press_sequentially("咖啡", delay=30)
    expect(console.page.get_by_role("option").first).to_contain_text("咖啡")
    expect(console.card(1).locator("h3 mark")).to_have_text("咖啡")
    expect(console.page.get_by_role("status").first).to_contain_text("件商品")


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
