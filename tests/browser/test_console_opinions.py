"""The page of opinions: rates by day, and alerts that a person closes."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from browser.driving import Console
from browser.shops import BAD, GOOD

pytestmark = pytest.mark.browser
Opening = Callable[..., Console]
FIRST, DAY = 1_767_225_600_000, 86_400_000


def test_an_alert_shows_its_texts_and_is_closed(opening: Opening, server: str) -> None:
    calm = [{"text": BAD if i % 7 == 0 else GOOD, "timestamp": FIRST} for i in range(200)]
    surge = [{"text": BAD, "timestamp": FIRST + DAY} for _ in range(40)]
    texts = {"texts": calm + surge}
    said = httpx.post(f"{server}/v1/en/opinions", json=texts, timeout=60, trust_env=False).json()
    assert said["accepted"] == 240
    page = opening("opinions").page
    expect(page.locator(".tile").first).to_contain_text("240")
    expect(page.locator(".chart canvas")).to_be_visible()
    page.get_by_text("The figures as a table").click()
    expect(page.get_by_role("row", name="2026-01-02")).to_contain_text("100%")
    alerts = page.locator(".alert")
    expect(alerts).to_have_count(len(said["alerts"]))
    expect(alerts.last).to_contain_text("bad rose from")
    expect(alerts.last.locator("q").first).to_have_text(BAD)
    alerts.last.get_by_role("button", name="Seen to: bad").click()
    expect(alerts.last).to_contain_text("seen to by local")
    left = str(len(said["alerts"]) - 1)
    expect(page.locator(".tile").nth(1).locator(".value")).to_have_text(left)
    quotes = alerts.last.locator("q").count()
    alerts.last.get_by_role("button", name="Erase").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Erase").click()
    expect(alerts.last).to_contain_text("This text was erased.")
    expect(alerts.last.locator("q")).to_have_count(quotes - 1)
    page.reload()
    expect(alerts.last).to_contain_text("seen to by local")
    expect(alerts.last.locator("q")).to_have_count(quotes - 1)


def test_where_nothing_is_watched_it_says_how(opening: Opening) -> None:
    page = opening("opinions", collection="zh", language="zh-CN").page
    expect(page.get_by_role("heading", name="这里尚未监测任何内容")).to_be_visible()
    expect(page.locator("pre")).to_contain_text("[monitor]")
