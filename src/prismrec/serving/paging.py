"""Stable pages: a cursor names the exposure, its seed and time, and all that was shown.

The next page asks the first page's question again, as of its time and with its seed, and leaves out
what was shown. So pages never repeat an item and miss none, also where items came, went or changed
in between; where nothing did, the pages together are the one slate.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import replace

from prismrec.core import PAGE_OF, BadInput, Query, Slate
from prismrec.snapshot import Snapshot

__all__ = ["LONGEST", "cursor_of", "deepest", "next_page"]

DEEPEST = 1_000
LONGEST = 8_000
"""Characters of a cursor: every item shown takes a few."""
MOST_POSITION = 2**31


def deepest(seen: Snapshot, query: Query) -> int:
    """How many items the pages of one slate may show together.

    A policy that draws, or a diversity step, chooses from a shortlist; past its end a longer slate
    is not the shorter one continued, so the pages end there.
    """
    policy = seen.policy_for(query)
    plain = policy.name == "greedy" and getattr(policy, "diversity", None) is None
    return DEEPEST if plain else seen.shortlist


def cursor_of(slate: Slate, query: Query, seen: Snapshot) -> str:
    """What to send back for the next page; empty where this page was the last."""
    shown = [*query.shown, *slate.ids]
    if len(slate) < query.n or len(shown) >= deepest(seen, query):
        return ""
    places = (seen.catalogue.position(item_id) for item_id in shown)
    packed = _text(_packed(place for place in places if place >= 0))
    first = query.context.get(PAGE_OF, slate.exposure_id)
    return _text(json.dumps([first, slate.seed, slate.at, packed]).encode())


def next_page(query: Query, cursor: str, seen: Snapshot) -> Query:
    """The query for the page that `cursor` names. Raises `BadInput` for what is no cursor."""
    try:
        exposure, seed, at, packed = json.loads(_bytes(cursor))
        if not (isinstance(exposure, str) and type(seed) is int and type(at) is int):
            raise ValueError
        if not (0 <= seed < 2**53 and abs(at) < 2**53):
            raise ValueError
        exposure.encode()
        places = _unpacked(_bytes(packed))
    except (ValueError, TypeError, binascii.Error, RecursionError, AttributeError):
        raise BadInput("The cursor is not one of this server's.", hint="Start at page 1.") from None
    most = deepest(seen, query)
    if not 0 < len(places) < most:
        raise BadInput("The slate ends here.", hint="Start at page 1.")
    ids = seen.catalogue.ids
    return replace(
        query,
        seed=seed,
        at=at,
        shown=tuple(ids[place] for place in places if place < len(seen.catalogue)),
        n=min(query.n, most - len(places)),
        context={**query.context, PAGE_OF: exposure} if exposure else query.context,
    )


def _packed(places: Iterable[int]) -> bytes:
    """Ascending numbers by their differences, seven bits a byte, the last of each above 127."""
    out, last = bytearray(), 0
    for place in sorted(places):
        step, last = place - last, place
        while step > 127:
            out.append(step & 127)
            step >>= 7
        out.append(step | 128)
    return bytes(out)


def _unpacked(packed: bytes) -> list[int]:
    places, last, step, shift = [], 0, 0, 0
    for byte in packed:
        step |= (byte & 127) << shift
        shift += 7
        if byte > 127:
            last += step
            places.append(last)
            step = shift = 0
        if shift > 35 or last >= MOST_POSITION or len(places) > DEEPEST:
            raise ValueError
    if shift or len(set(places)) < len(places):
        raise ValueError
    return places


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
