"""Two small made-up shops to talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.conversations.catalogue import chinese, english, fitted
from prismrec.collection import Collection


@pytest.fixture(scope="session")
def english_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with Collection.open(fitted(english(), tmp_path_factory.mktemp("english"))) as shop:
        yield shop


@pytest.fixture(scope="session")
def chinese_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with Collection.open(fitted(chinese(), tmp_path_factory.mktemp("chinese"))) as shop:
        yield shop
