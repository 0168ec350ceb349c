"""Two tiny synthetic shops, English and Chinese, and the real server over them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

__all__ = ["BAD", "GOOD", "USERS", "fitted_shops", "served", "server"]

USERS = [f"user-{n}" for n in range(40)]
BOOT = "from prismrec.cli.main import main; main()"
PATIENCE = 120.0
GOOD, BAD = "很好 great, works well", "很差 fell apart <b>at once</b>"
VERDICT = {
    "promote": False,
    "why": "the lower bound of its advantage stays below +1%",
    "difference": -0.0125,
    "interval": [-0.02, 0.005],
    "cases": 1500,
    "against": 1,
}
"""What a log said of the second release."""


@pytest.fixture(scope="session")
def fitted_shops(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Collections `en` and `zh` of 150 items, where nobody buys the same item twice; each has two
    releases, the first of which serves."""
    folder = tmp_path_factory.mktemp("shops")
    return [fitted(folder, language) for language in ("en", "zh")]


def fitted(folder: Path, language: str) -> Path:
    """A collection learned from a simulated marketplace, closed."""
    import prismrec as pr
    from prismrec.config import Settings
    from prismrec.evaluation.simulator import SimulatorSettings, simulate
    from prismrec.language.monitor.settings import MonitorSettings
    from prismrec.release import load_release

    sizes = SimulatorSettings(items=150, users=len(USERS), events=1500, language=language)
    simulate(sizes, seed=2).write(folder / f"data-{language}")
    plain = Settings()
    settings = replace(
        plain,
        data=replace(plain.data, repeats="no"),
        language=replace(plain.language, encoder="tfidf", tfidf_dimension=32, hub=False),
        models=replace(plain.models, experts=("popularity", "item_knn", "text_knn")),
    )
    (folder / "terms.toml").write_text('review = ["487", "894"]')
    listed = replace(settings.content, terms=str(folder / "terms.toml"))
    watched = MonitorSettings(using=str(sentiment(folder)), watch=("bad",), baseline=120)
    if language == "en":  # In the other shop nothing is watched.
        settings = replace(settings, monitor=watched)
    settings = replace(settings, content=listed)
    path = folder / f"{language}.prism"
    with pr.fit(folder / f"data-{language}", path, settings=settings) as shop:
        shop.add_release(load_release(shop.releases.open(1), 1))
        shop.releases.judge(2, VERDICT)
    return path


def sentiment(folder: Path) -> Path:
    """A classifier that tells bad from good."""
    from prismrec.language.classifier.fit import fit_classifier
    from prismrec.language.classifier.settings import ClassifierSettings

    place = folder / "sentiment.model"
    if not place.exists():
        settings = ClassifierSettings(mode="words")
        fit_classifier([GOOD, BAD] * 20, ["good", "bad"] * 20, settings).save(place)
    return place


@pytest.fixture(scope="session")
def server(fitted_shops: list[Path]) -> Iterator[str]:
    """The address of `prismrec serve` over both shops."""
    with open(fitted_shops[0].parent / "server.log", "ab") as log:
        yield from served(fitted_shops, log.fileno())


def served(shops: list[Path], log: int) -> Iterator[str]:
    """Runs the server until closed; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", BOOT, "serve", *map(str, shops), "--port", str(port)]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server is ready."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")
