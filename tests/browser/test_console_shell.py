"""Languages, screens, keys, safety, and the page of figures."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Error, Route, expect

from browser.driving import PHONE, Console

pytestmark = pytest.mark.browser
Opening = Callable[..., Console]
PAGES = {
    "person": ".card",
    "search?q=coffee": ".card",
    "catalogue": ".products li",
    "exploration": ".answer table",
    "chat": ".hints button",
    "opinions": ".panel",
    "answers": ".asking",
    "review": ".doubt",
    "quality": ".trail table",
}
"""Each page, and what is there once it is drawn."""


def test_a_chinese_browser_gets_chinese(opening: Opening) -> None:
    console = opening(collection="zh", user="user-1", language="zh-CN")
    expect(console.page.get_by_role("heading", level=1)).to_have_text("为 user-1 推荐")
    expect(console.card(1).locator(".reason")).to_contain_text("与其他候选相比")
    expect(console.page.locator("html")).to_have_attribute("lang", "zh-CN")
    console.page.get_by_role("link", name="搜索").click()
    console.page.get_by_role("combobox", name="搜索商品目录").fill("咖啡")
    expect(console.card(1).locator("mark").first).to_contain_text("咖啡")


def test_language_and_shop_are_chosen_and_kept(opening: Opening) -> None:
    console = opening(user="user-1")
    page = console.page
    console.button("Settings").click()
    page.get_by_label("Language").select_option("中文")
    expect(page.get_by_role("link", name="目录", exact=True)).to_be_visible()
    page.get_by_role("button", name="设置").click()
    page.get_by_label("数据集").select_option("zh")
    expect(page.locator(".brand-shop")).to_have_text("zh")
    page.reload()
    expect(page.locator(".brand-shop")).to_have_text("zh")
    expect(page.get_by_role("link", name="目录", exact=True)).to_be_visible()


def test_the_dictionaries_say_the_same_things(opening: Opening) -> None:
    keys = """async () => {
        const [en, zh] = await Promise.all(
            ["en", "zh"].map(name => import(`/i18n/${name}.js`)));
        return [Object.keys(en.default).sort(), Object.keys(zh.default).sort()];
    }"""
    english, chinese = opening().page.evaluate(keys)
    assert english == chinese
    assert len(english) > 100


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_nothing_scrolls_sideways_on_a_phone(opening: Opening, language: str) -> None:
    console = opening(size=PHONE, user="user-1", language=language)
    for route, drawn in PAGES.items():
        console.go(route)
        console.page.wait_for_selector(drawn)
        console.page.wait_for_load_state("networkidle")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert console.page.evaluate(wide) == 0, route


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_no_tab_is_cut_off_on_a_screen(opening: Opening, language: str) -> None:
    page = opening(user="user-1", language=language).page
    for width in (1920, 1440, 1280, 1024, 800):
        page.set_viewport_size({"width": width, "height": 700})
        hidden = "nav => nav.scrollWidth - nav.clientWidth"
        assert page.locator(".top nav").evaluate(hidden) == 0, width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(opening: Opening, theme: str) -> None:
    """WCAG AA: text at least 4.5 to 1, the edges of fields and the bars 3 to 1."""
    console = opening(color_scheme=theme)
    pairs = {
        4.5: "ink/paper ink/surface muted/paper muted/surface accent/surface accent/paper "
        "accent/wash ink/wash on-accent/accent good/good-wash bad/bad-wash ink/mark bad/surface",
        3.0: "edge/surface vermilion/surface orange/surface yellow/surface green/surface "
        "cyan/surface blue/surface indigo/surface violet/surface grey/surface",
    }
    contrast = """names => names.map(name => {
        const light = token => {
            const probe = document.body.appendChild(document.createElement("i"));
            probe.style.color = `var(--${token})`;
            const rgb = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3);
            probe.remove();
            const [r, g, b] = rgb.map(x => x / 255)
                .map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b;
        };
        const [low, high] = name.split("/").map(light).sort((a, b) => a - b);
        return (high + .05) / (low + .05);
    })"""
    for least, names in pairs.items():
        found = console.page.evaluate(contrast, names.split())
        weak = {n: round(x, 2) for n, x in zip(names.split(), found, strict=True) if x < least}
        assert weak == {}


def test_markup_cannot_be_injected_by_script(opening: Opening) -> None:
    console = opening().expecting("TrustedHTML")
    with pytest.raises(Error, match="TrustedHTML"):
        console.page.evaluate("document.body.innerHTML = '<b>x</b>'")


def test_figures_plots_and_releases(opening: Opening) -> None:
    console = opening("quality")
    page = console.page
    expect(page.locator(".tile .value").first).to_be_visible()
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_text("The figures as a table").click()
    expect(page.get_by_role("columnheader", name="bought")).to_be_visible()
    expect(page.locator(".timing td", has_text="stats")).to_be_visible()
    expect(page.locator(".report")).to_contain_text("tfidf")
    made = page.locator(".made")
    expect(made.get_by_role("row", name="kept back")).to_contain_text(
        "−0.013 a slate against release 1 (−0.02 to +0.005, 1,500 slates)"
    )
    made.get_by_role("button", name="Serve").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(made.get_by_role("row", name="1").get_by_text("served now")).to_be_visible()
    made.get_by_role("button", name="Serve").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Serve").click()
    expect(page.get_by_text("Release 2 is served now.")).to_be_visible()
    expect(page.locator(".trail tbody tr").first).to_contain_text("promote")
    made.get_by_role("button", name="Roll back").click()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("Release 1 is served now.")).to_be_visible()


def test_synthetic_data_is_called_synthetic(opening: Opening) -> None:
    console = opening()  # the tests' shops come from the simulator
    expect(console.page.get_by_text("Synthetic data")).to_be_visible()

    def deny(route: Route) -> None:
        answer = route.fetch().json()
        answer["report"]["synthetic"] = False
        route.fulfill(json=answer)

    console.page.route("**/stats", deny)
    console.page.reload()
    expect(console.page.get_by_text("History", exact=True).first).to_be_visible()
    expect(console.page.get_by_text("Synthetic data")).not_to_be_visible()


def test_what_is_learned_of_the_shop_late_takes_nobody_the_focus(opening: Opening) -> None:
    console = opening(user="user-6")
    held: list[Route] = []
    console.page.route("**/stats", lambda route: held.append(route))
    console.page.reload()
    expect(console.cards).to_have_count(9)
    person = console.page.get_by_role("combobox")
    person.focus()
    expect(console.page.get_by_text("Synthetic data")).not_to_be_visible()
    held[0].continue_()
    expect(console.page.get_by_text("Synthetic data")).to_be_visible()
    expect(person).to_be_focused()


def test_a_key_is_asked_for_and_sent(opening: Opening) -> None:
    problem = {"title": "Unauthorized", "detail": "This collection needs an API key.", "hint": ""}

    def guard(route: Route) -> None:
        if route.request.headers.get("x-api-key") == "secret":
            route.continue_()
        else:
            body = json.dumps(problem)
            route.fulfill(status=401, body=body, content_type="application/problem+json")

    console = opening(user="user-1").expecting("status of 401")
    page = console.page
    page.route("**/v1/**", guard)
    page.reload()
    trouble = page.locator(".trouble").first
    expect(trouble).to_contain_text("This collection needs an API key.")
    expect(trouble).to_contain_text("Enter an API key under Settings")
    console.button("Settings").click()
    page.get_by_label("API key").fill("secret")
    page.get_by_role("button", name="Save").click()
    expect(console.cards).to_have_count(9)
    assert page.evaluate("JSON.stringify(localStorage)").count("secret") == 0
