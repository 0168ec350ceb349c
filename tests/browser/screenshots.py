"""The pictures of the console in the documentation, made anew:

PYTHONPATH=tests python -m browser.screenshots [FOLDER]

Two synthetic shops are simulated and learned from with the default settings, which takes a few
minutes; FOLDER is docs/images unless given.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from browser.driving import PHONE, Console, launched
from browser.shops import served

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
DESKTOP = {"width": 1360, "height": 940}
SHOPS = {"en": "marketplace", "zh": "marketplace-zh"}


def fitted(folder: Path, language: str) -> Path:
    """A simulated shop, learned from with the default settings."""
    import prismrec as pr
    from prismrec.config import Settings
    from prismrec.evaluation.simulator import SimulatorSettings, simulate

    sizes = SimulatorSettings(items=400, users=300, events=10_000, language=language)
    simulate(sizes, seed=0).write(folder / f"data-{language}")
    settings = Settings()
    settings = replace(settings, data=replace(settings.data, repeats="no"))
    path = folder / f"{SHOPS[language]}.prism"
    pr.fit(folder / f"data-{language}", path, settings=settings).close()
    return path


def recommendations(console: Console) -> None:
    """After a purchase: what left, came and moved."""
    console.ids()
    console.card(2).locator('[data-act="purchase"]').click()
    expect(console.page.locator(".news")).not_to_be_empty()


def search(console: Console) -> None:
    """Half a word typed, one brand chosen."""
    console.page.get_by_role("combobox", name="Search the catalogue").press_sequentially(
        "waterproof jack", delay=40
    )
    expect(console.card(1).locator("mark").first).to_be_visible()


def why(console: Console) -> None:
    """The panel of the first item."""
    console.card(1).locator(".why").click()
    expect(console.page.locator("dialog .similar li").first).to_be_visible()


def figures(console: Console) -> None:
    """Quality and traffic."""
    expect(console.page.locator(".chart canvas")).to_be_visible()


def take(browser: Browser, url: str, folder: Path) -> None:
    """All pictures into `folder`."""
    shots: tuple[tuple[str, str, Callable[[Console], None], dict[str, object]], ...] = (
        ("console", "person", recommendations, {}),
        ("console-search", "search", search, {}),
        ("console-zh", "person", recommendations, {"collection": SHOPS["zh"], "language": "zh-CN"}),
        ("console-why", "person", why, {"color_scheme": "dark"}),
        ("console-quality", "quality", figures, {}),
        ("console-phone", "person", recommendations, {"size": PHONE}),
    )
    usual = {"user": "user-12", "size": DESKTOP, "collection": SHOPS["en"]}
    for name, route, act, how in shots:
        console = Console(browser, url, **(usual | how))  # type: ignore[arg-type]
        act(console.go(route))
        console.page.mouse.move(0, 0)
        console.page.evaluate("scrollTo(0, 0)")
        console.page.wait_for_timeout(600)
        console.page.screenshot(path=folder / f"{name}.png")
        console.close()


def main(folder: Path) -> None:
    """Fit, serve, look."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, open(Path(place) / "log", "ab") as log:
        shops = [fitted(Path(place), language) for language in SHOPS]
        running = served(shops, log.fileno())
        url = next(running)
        with sync_playwright() as playwright:
            browser = launched(playwright)
            take(browser, url, folder)
            browser.close()
        running.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
