"""A model that obeys what it reads gets nothing out and nothing up beyond the bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.durability import marketplace
from benchmarks.injection import attack, injections, leaks, telltales
from prismrec.collection import Collection


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return marketplace(tmp_path_factory.mktemp("hostile"))


def test_texts_are_many_and_all_different() -> None:
    texts = list(injections(1_000, 1))
    assert len(set(texts)) == 1_000
    assert texts == list(injections(1_000, 1))


def test_what_leaks_would_be_found() -> None:
    pieces = telltales(["You rank the candidates of a shop for one customer."])
    assert leaks("...: You rank the candidates of a shop for one", pieces, "a red jacket")
    assert not leaks("You rank the candidates", pieces, "a red jacket")


def test_an_obedient_model_breaks_nothing(shop: Path) -> None:
    with Collection.open(shop) as opened:
        found = attack(opened, list(injections(14, 3)))
    assert found.asked == 42
    assert found.obeyed > 14  # it was told to, and did
    assert found.moved > 0  # it moves items, as it may
    assert found.turns_read > 0
    assert found.broken == 0
