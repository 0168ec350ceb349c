"""A tiny causal model made on the spot, and settings that reach a server on loopback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.tiny_chat import make_causal
from prismrec.language.chat import ChatSettings

TITLES = [
    f"{colour} {kind} {thing}"
    for colour in ("red", "blue", "green")
    for kind in ("leather", "cotton", "waterproof")
    for thing in ("shoes", "jacket", "garden hose")
]


@pytest.fixture(scope="session")
def causal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model on disk."""
    return make_causal(tmp_path_factory.mktemp("causal") / "tiny", TITLES)


@pytest.fixture
def at_port() -> Callable[..., ChatSettings]:
    """Settings for a server at a port of loopback."""

    def settings(port: int, **more: Any) -> ChatSettings:
        own: dict[str, Any] = {"model": "any", "private_hosts": ("127.0.0.1",), **more}
        return ChatSettings(endpoint=f"http://127.0.0.1:{port}/v1", **own)

    return settings
