"""The page of exploration: figures of what was shown, and sliders that say what a budget buys."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
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
    expect(page.locator(".budget").get_by_role("slider")).to_have_count(0)


def asked_by(url: str, collection: str, people: int) -> None:
    """People who ask for recommendations, and every second of whom clicks the first."""
    with httpx.Client(base_url=f"{url}/v1/{collection}/", trust_env=False, timeout=60) as http:
        for n in range(people):
            person = {"user_id": f"user-{n}"}
            slate = http.post("recommend", json={**person, "n": 4}).json()
            if n % 2:
                click = {**person, "item_id": slate["items"][0]["item_id"], "event": "click"}
                event = {**click, "exposure_id": slate["exposure_id"]}
                http.post("events", json={"events": [event]}).raise_for_status()


def test_the_preview_says_what_the_settings_would_have_earned_or_why_not(opening: Opening) -> None:
    console = opening(user="user-1")
    asked_by(console.url, "en", 12)
    page = console.go("exploration").page
    worth = page.locator(".worth")
    expect(worth).to_contain_text("Stay closer to the settings")  # epsilon-greedy, of a greedy log
    page.get_by_label("Policy", exact=True).select_option("greedy")
    expect(worth.locator("li").nth(1)).to_contain_text("With these settings")
    expect(worth).to_contain_text("Difference +0 a slate")
    expect(worth).to_contain_text("people")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Share of the people", "Start the experiment", "open", "Stop", "Past experiments")),
        ("zh", ("人群比例", "开始实验", "尚无定论", "停止", "过去的实验")),
    ],
)
def test_an_experiment_is_started_watched_and_stopped(
    opening: Opening, language: str, words: tuple[str, ...]
) -> None:
    share, start, finding, stop, past = words
    tag = {"en": "en-GB", "zh": "zh-CN"}[language]
    console = opening("exploration", collection=language, language=tag)
    page, trials = console.page, console.page.locator(".trials")
    trials.get_by_label(share).fill("0.5")
    trials.get_by_role("button", name=start).click()
    page.locator("dialog").get_by_role("button", name=start).click()
    expect(trials.locator("p.muted").first).to_be_visible()
    expect(trials).to_contain_text("release-2")
    asked_by(console.url, language, 16)
    page.reload()
    expect(trials.locator(".spans li")).to_have_count(2)
    expect(trials.locator(".finding .tag")).to_have_text(finding)
    trials.get_by_role("button", name=stop, exact=True).click()
    page.locator("dialog").get_by_role("button", name=stop, exact=True).click()
    expect(trials.get_by_role("heading", name=past)).to_be_visible()
    expect(trials.get_by_role("button", name=start)).to_be_visible()
    row = trials.locator("tbody tr").first
    row.get_by_role("button").click()
    expect(page.locator("dialog .spans li")).to_have_count(2)
