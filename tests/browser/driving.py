"""Chromium, and the console in it as a person sees it."""

from __future__ import annotations

import re
import shutil
from typing import Any

from playwright.sync_api import Browser, Locator, Page, Playwright, Request, expect

__all__ = ["PHONE", "Console", "chromium", "launched"]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}
PATIENCE = 20_000
"""Milliseconds that anything may take: a busy machine must not fail a test."""


def chromium() -> str | None:
    """Where Chromium is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def launched(playwright: Playwright) -> Browser:
    """A headless Chromium."""
    expect.set_options(timeout=PATIENCE)
    return playwright.chromium.launch(executable_path=chromium(), args=FLAGS)


class Console:
    """A window on the console. `complaints` collects errors and requests that leave the server."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        collection: str = "en",
        user: str = "",
        language: str = "en-GB",
        size: dict[str, int] | None = None,
        **more: Any,
    ) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.sent: list[Request] = []
        self._context = browser.new_context(
            viewport=size or DESKTOP, locale=language, **({"reduced_motion": "reduce"} | more)
        )
        self._context.add_init_script(
            f"localStorage.getItem('prismrec.collection') ?? "
            f"localStorage.setItem('prismrec.collection', '{collection}');"
            f"sessionStorage.getItem('prismrec.user') ?? "
            f"sessionStorage.setItem('prismrec.user', '{user}')"
        )
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("request", self._watch)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._listen)
        self._expected: list[str] = []

    def go(self, route: str) -> Console:
        """Open a page of the console."""
        self.page.goto(f"{self.url}/#/{route}")
        self.page.wait_for_selector("main[data-page]")
        return self

    def expecting(self, text: str) -> Console:
        """A complaint of the browser that names `text` is what the test is about."""
        self._expected.append(text)
        return self

    def close(self) -> None:
        """Close the window."""
        self._context.close()

    @property
    def cards(self) -> Locator:
        """The items shown."""
        return self.page.locator("main article.card")

    def card(self, place: int) -> Locator:
        """The item at `place`, counted from 1."""
        return self.cards.nth(place - 1)

    def ids(self) -> list[str]:
        """The ids of the items shown, in order."""
        expect(self.page.locator(".cards[aria-busy=false]")).to_be_visible()
        return self.cards.evaluate_all("cards => cards.map(card => card.dataset.item)")

    def button(self, name: str) -> Locator:
        """The button that starts with this name."""
        return self.page.get_by_role("button", name=re.compile(f"^{re.escape(name)}"))

    def asked(self, route: str) -> list[dict[str, Any]]:
        """The bodies that were posted to a route so far."""
        return [r.post_data_json for r in self.sent if r.url.endswith(route) and r.post_data]

    def _watch(self, request: Request) -> None:
        self.sent.append(request)
        if not request.url.startswith(self.url):
            self.complaints.append(f"left the server: {request.url}")

    def _listen(self, message: Any) -> None:
        known = any(text in message.text for text in self._expected)
        if message.type in ("error", "warning") and not known:
            self.complaints.append(message.text)
