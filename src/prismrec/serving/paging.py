"""Stable pages: a cursor names the exposure, its seed and its time, never a fresh draw."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace

from prismrec.core import PAGE_OF, BadInput, Query, Slate
from prismrec.snapshot import Snapshot

__all__ = ["cursor_of", "deepest", "next_page"]

DEEPEST = 1_000


def deepest(seen: Snapshot) -> int:
    """How many items the pages of one slate may show together.

    A policy that draws, or a diversity step, chooses from a shortlist; past its end a longer slate
    is not the shorter one continued, so the pages end there.
    """
    plain = seen.policy.name == "greedy" and getattr(seen.policy, "diversity", None) is None
    return DEEPEST if plain else seen.shortlist


def cursor_of(slate: Slate, query: Query, most: int = DEEPEST) -> str:
    """What to send back for the next page; empty where this page was the last, or not logged."""
    shown = query.skip + len(slate)
    if len(slate) < query.n or not slate.exposure_id or shown >= most:
        return ""
    text = json.dumps([slate.exposure_id, slate.seed, slate.at, shown], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def next_page(query: Query, cursor: str, most: int = DEEPEST) -> Query:
    """The query for the page that `cursor` names: the same slate, continued.

    The query is asked as of the first page's time and with its seed, so that the policy draws the
    same slate again and the page carries on where the last one ended. Raises `BadInput` for what is
    no cursor.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        exposure, seed, at, shown = json.loads(text)
        if not (isinstance(exposure, str) and all(type(x) is int for x in (seed, at, shown))):
            raise ValueError
        if not (0 <= seed < 2**53 and 0 < shown < DEEPEST and abs(at) < 2**53):
            raise ValueError
        exposure.encode()
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadInput("The cursor is not one of this server's.", hint="Start at page 1.") from None
    if shown >= most:
        raise BadInput("The slate ends here.", hint="Start at page 1.")
    context = {**query.context, PAGE_OF: exposure}
    n = min(query.n, most - shown)
    return replace(query, seed=seed, at=at, skip=shown, n=n, context=context)
