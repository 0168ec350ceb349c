"""The console in Chromium, over the real server on two tiny fitted collections."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser.driving import Console, chromium, launched
from browser.shops import fitted_shops, server

__all__ = ["fitted_shops", "server"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    if chromium() is None:
        pytest.skip("Chromium is not installed: apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        running = launched(playwright)
        yield running
        running.close()


@pytest.fixture
def opening(browser: Browser, server: str) -> Iterator[Callable[..., Console]]:
    """Opens the console in a window of its own; whatever it complained of fails the test."""
    opened: list[Console] = []

    def open_one(route: str = "person", **how: object) -> Console:
        opened.append(Console(browser, server, **how))
        return opened[-1].go(route)

    yield open_one
    for console in opened:
        console.close()
    assert [what for console in opened for what in console.complaints] == []
