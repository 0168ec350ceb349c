"""The OpenAPI document is a promise: it changes on purpose, and the app keeps it.

After a change on purpose, `python tests/api/test_api_description.py` writes the document anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.shops import copy_of
from benchmarks.fuzz import fuzz
from prismrec.collection import Collection
from prismrec.serving.app import create_app

WRITTEN = Path(__file__).parent / "openapi.json"


def document() -> dict[str, Any]:
    return json.loads(json.dumps(create_app([]).openapi()))


def test_the_description_is_the_one_that_was_agreed() -> None:
    assert document() == json.loads(WRITTEN.read_text(encoding="utf-8"))


def test_every_operation_is_described() -> None:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            for status, answer in operation["responses"].items():
                if status >= "400":
                    assert list(answer["content"]) == ["application/problem+json"]


@pytest.mark.slow
def test_generated_requests_get_no_server_error_and_answers_in_shape(
    fitted: Path, tmp_path: Path
) -> None:
    with Collection.open(copy_of(fitted, tmp_path)) as shop:
        found = fuzz(create_app([shop], trusting=True), 1_500, 7, shop.name)
    assert found.requests >= 1_500
    assert found.server_errors == 0
    assert found.faults == []
    assert {"200", "404", "422"} <= set(found.statuses)


if __name__ == "__main__":
    WRITTEN.write_text(json.dumps(document(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
