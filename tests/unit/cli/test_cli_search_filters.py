"""Filters as they are written on the command line."""

from __future__ import annotations

import pytest

from prismrec.cli.search import filters_of
from prismrec.core import BadInput


def test_filters_are_read() -> None:
    given = ["brand=Acme", "brand=Zoom", "category=Running = fast", "price<=50", "price>=9.5"]
    assert filters_of([*given, "available=any"]) == {
        "attributes": {"brand": ["Acme", "Zoom"]},
        "categories": ["Running = fast"],
        "max_price": 50.0,
        "min_price": 9.5,
        "available": False,
    }
    assert filters_of([]) == {"attributes": {}, "categories": []}


@pytest.mark.parametrize("wrong", ["brand", "=Acme", "brand=", "price<=cheap"])
def test_what_is_no_filter_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput):
        filters_of([wrong])
