"""The log tells what happened, never to whom or with which key."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismrec.serving.logs import MaskedJson, masked

WORDS = st.text(st.characters(categories=["L", "N"]), min_size=6, max_size=30).map(
    lambda word: f"zq{word}"
)


@given(secret=st.from_regex(r"prism_[0-9a-f]{12}_[0-9a-f]{64}", fullmatch=True), around=st.text())
def test_a_key_is_masked_wherever_it_stands(secret: str, around: str) -> None:
    assert secret not in masked(f"{around} {secret} {around}")


@given(person=WORDS)
@pytest.mark.parametrize(
    "line",
    [
        "/v1/shop/users/{}/history",
        "/v1/shop/users/a/{}",
        "GET /v1/shop/recommend?user_id={}&n=3",
        "GET /v1/shop/search?q={}",
        '{{"user_id": "{}"}}',
        "session_id={}",
        "Authorization: Bearer {}",
        "x-api-key: {}",
        "postgresql://prism:{}@host/db",
    ],
)
def test_personal_fields_are_masked(line: str, person: str) -> None:
    assert person not in masked(line.format(person))


@given(person=WORDS)
def test_the_message_of_an_exception_is_never_told(person: str) -> None:
    try:
        try:
            raise KeyError(person)
        except KeyError as error:
            raise RuntimeError(f"no {person}") from error
    except RuntimeError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "broken", (), sys.exc_info())
    line: dict[str, Any] = json.loads(MaskedJson().format(record))
    assert person not in json.dumps(line, ensure_ascii=False)
    assert line["error"] == "RuntimeError after KeyError"
    assert "test_api_logs.py" in line["at"]


def test_what_is_not_personal_is_told() -> None:
    assert (
        masked("serving shop on http://127.0.0.1:8000") == "serving shop on http://127.0.0.1:8000"
    )
