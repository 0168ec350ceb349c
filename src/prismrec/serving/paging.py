"""Stable pages: a cursor names the exposure, its seed and its time, never a fresh draw."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace

from prismrec.core import BadInput, Query, Slate

__all__ = ["cursor_of", "next_page"]

DEEPEST = 1_000


def cursor_of(slate: Slate, query: Query) -> str:
    """What to send back for the next page; empty where this page was the last."""
    shown = query.skip + len(slate)
    if len(slate) < query.n or not slate.exposure_id or shown >= DEEPEST:
        return ""
    text = json.dumps([slate.exposure_id, slate.seed, slate.at, shown], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def next_page(query: Query, cursor: str) -> Query:
    """The query for the page that `cursor` names: the same slate, continued.

    The query is asked as of the first page's time and with its seed, so that the policy draws the
    same slate again and the page carries on where the last one ended.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        exposure, seed, at, shown = json.loads(text)
        if not (isinstance(exposure, str) and all(isinstance(x, int) for x in (seed, at, shown))):
            raise ValueError
        if not (0 <= seed < 2**53 and 0 < shown <= DEEPEST and abs(at) < 2**53):
            raise ValueError
    except (ValueError, binascii.Error, UnicodeDecodeError, RecursionError):
        raise BadInput("The cursor is not one of this server's.", hint="Start at page 1.") from None
    return replace(
        query, seed=seed, at=at, skip=shown, context={**query.context, "page_of": exposure}
    )
