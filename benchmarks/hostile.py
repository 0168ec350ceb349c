"""Hostile texts searched for over HTTP: none may be answered with 5xx, or take long.

    python -m benchmarks.fuzz --hostile 10000 [--seed 1] [--json]

Operators, quotes, control characters, mixed scripts, emoji, right-to-left, markup, half of
surrogate pairs, up to 100 kB, in searches of every kind and in completions.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["SLOWEST", "Asked", "ask", "report", "requests", "texts"]

SLOWEST = 5.0
"""Seconds that one answer may take on a busy machine."""
WORDS = (
    "black", "case", "coffee", "red", "jacket", "iphone", "13", "usb-c", "3.2", "100w", "under",
    "50", "not", "acme", "黑色", "手机壳", "蓝牙耳机", "200元以下", "прайс", "سماعة", "אוזניות",
    "กาแฟ", "コーヒー", "커피", "naïve", "œuvre",
)  # fmt: skip
OPERATORS = (
    "AND", "OR", "NOT", "+", "-", "&&", "||", "!", "(", ")", "{", "}", "[", "]", "^", '"', "~",
    "*", "?", ":", "\\", "/", "title:x", "a^1e9", '"a b"~9', "[1 TO 9]",
)  # fmt: skip
EMOJI = "😀👩‍👩‍👧‍👦🏳️‍🌈🇨🇳👍🏽❤️🔥"
BIDI = "\u202e\u202d\u2066\u2067\u2069\u200e\u200f\u061c"
INVISIBLE = "\u200b\u200c\u200d\ufeff\u00ad\u180e\u2060"
CONTROL = "".join(map(chr, range(1, 32))) + "\x7f\x80\x9f\u2028\u2029"
COMBINING = "\u0301\u0336\u20dd\u0489\u0e31"
MARKUP = (
    "<script>alert(1)</script>", "'; DROP TABLE items; --", "{{7*7}}", "${jndi:ldap://x}", "%00%0a",
    "../../etc/passwd", "\\u0000", "(a+)+$", "%s%n%x", '{"text": 1}', "&#0;", "\\\\x\\host",
)  # fmt: skip
LONG = (300, 5_000, 19_999, 20_001, 100_000)


def texts(count: int, seed: int) -> Iterator[str]:
    """`count` hostile texts, the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(count):
        pieces = [_piece(rng) for _ in range(rng.randint(0, 6))]
        text = rng.choice((" ", "", "\t", "\u3000")).join(pieces)
        if rng.random() < 0.05:
            text = (text or "x") * (rng.choice(LONG) // max(len(text), 1) + 1)
        yield text


def _piece(rng: random.Random) -> str:
    kind = rng.randrange(10)
    if kind < 3:
        return rng.choice(WORDS)
    if kind == 3:
        return rng.choice(OPERATORS)
    if kind == 4:
        return rng.choice(MARKUP)
    if kind == 5:
        return rng.choice("'\"`´“”«»\\") * rng.randint(1, 40)
    if kind == 6:
        return rng.choice(WORDS) + rng.choice(COMBINING) * rng.randint(1, 200)
    if kind == 7:
        return "".join(rng.choice(EMOJI + BIDI + INVISIBLE) for _ in range(rng.randint(1, 30)))
    if kind == 8:
        return "".join(rng.choice(CONTROL) for _ in range(rng.randint(1, 20)))
    return "".join(chr(_any(rng)) for _ in range(rng.randint(1, 30)))


def _any(rng: random.Random) -> int:
    """Any code point, also those that are half of a pair, or nothing at all."""
    return rng.choice((rng.randrange(0x80), rng.randrange(0x3000), rng.randrange(0x110000)))


def requests(count: int, seed: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, route and what goes with it, for `count` hostile texts."""
    rng = random.Random(seed + 1)
    for text in texts(count, seed):
        plain = text.encode("utf-8", "replace").decode()
        if rng.random() < 0.15 and len(plain) < 5_000:
            yield "GET", rng.choice(("search", "complete")), {"params": {"q": plain}}
            continue
        if rng.random() < 0.3:
            route, body = "complete", {"text": text}
        else:
            route, body = "search", {"text": text, **_options(rng)}
        content = json.dumps(body).encode()  # \\u escapes carry what UTF-8 cannot
        yield "POST", route, {"content": content, "headers": {"Content-Type": "application/json"}}


def _options(rng: random.Random) -> dict[str, Any]:
    return {
        "typing": rng.random() < 0.5,
        "facets": rng.random() < 0.5,
        "snippets": rng.random() < 0.5,
        "explore": rng.random() < 0.5,
        "sort": rng.choice(("relevance", "relevance", "price-asc", "newest", "popularity")),
        "user_id": rng.choice(("", "user-1", "user-9")),
    }


@dataclass
class Asked:
    """How hostile texts were answered."""

    requests: int = 0
    seconds: float = 0.0
    statuses: dict[str, int] = field(default_factory=dict)
    server_errors: int = 0
    slowest_seconds: float = 0.0
    too_slow: int = 0


def ask(client: Any, collection: str, count: int, seed: int) -> Asked:
    """Send `count` hostile requests through `client`, one after the other."""
    found, began = Asked(), time.perf_counter()
    for method, route, more in requests(count, seed):
        asked = time.perf_counter()
        status = client.request(method, f"/v1/{collection}/{route}", **more).status_code
        took = time.perf_counter() - asked
        found.requests += 1
        found.statuses[str(status)] = found.statuses.get(str(status), 0) + 1
        found.server_errors += status >= 500
        found.slowest_seconds = max(found.slowest_seconds, round(took, 3))
        found.too_slow += took > SLOWEST
    found.seconds = round(time.perf_counter() - began, 1)
    return found


def report(path: Path, count: int, seed: int, as_json: bool) -> int:
    """Ask the collection at `path` and print how it answered; 0 when nothing failed or hung."""
    from fastapi.testclient import TestClient

    from prismrec.collection import Collection
    from prismrec.serving.app import create_app

    with Collection.open(path) as shop:
        app = create_app([shop], trusting=True)
        with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
            found = ask(client, shop.name, count, seed)
    if as_json:
        print(json.dumps(asdict(found)))
    else:
        print(f"{found.requests} hostile texts in {found.seconds} s: {found.server_errors} answers")
        print(
            f"of 5xx, {found.too_slow} slower than {SLOWEST:g} s, slowest {found.slowest_seconds} s"
        )
        print("answers by status: " + ", ".join(f"{k}: {v}" for k, v in found.statuses.items()))
    return 1 if found.server_errors or found.too_slow else 0
