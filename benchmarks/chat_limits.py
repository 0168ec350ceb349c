"""Whether a chat model's limits hold against a server that is slow, fails and lies.

    python -m benchmarks.chat_limits [--runs 1000] [--threads 8] [--deadline 0.5] [--json]

Each run asks a question of its own; the server (`benchmarks.chat_server`) treats the requests in
thirty ways in turn, from honest answers to headers that never end. Counted: runs that were neither
answered nor refused, seconds beyond the deadline, tokens and money beyond their caps, both by the
budget's own books at any moment and by what an honest bill of the server would say.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

from benchmarks.chat_server import serving, truth
from prismrec.core import ChatRefused
from prismrec.language.chat import ChatSettings, LimitedChat, chat_model, prompt

__all__ = ["Found", "main", "measure"]

SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "array", "items": {"enum": ["A", "B"]}, "minItems": 2}},
    "required": ["order"],
    "additionalProperties": False,
}
TOLERANCE = 0.25
"""Seconds that a thread may wait for its processor after the deadline, on a busy machine."""


@dataclass
class Found:
    """What was counted."""

    runs: int
    deadline_s: float
    daily_tokens: int
    daily_spend: float
    ended: dict[str, int] = field(default_factory=dict)
    neither: int = 0
    late: int = 0
    latest_s: float = 0.0
    over_in_books: int = 0
    tokens_in_books: int = 0
    tokens_billed: int = 0
    spend_in_books: float = 0.0
    spend_billed: float = 0.0

    @property
    def broken(self) -> bool:
        """Whether a limit did not hold."""
        over = self.tokens_billed > self.daily_tokens or self.spend_billed > self.daily_spend
        return bool(self.neither or self.late or self.over_in_books or over)


def measure(runs: int, threads: int, deadline: float, daily_tokens: int) -> Found:
    """Ask `runs` times, on so many threads at once."""
    with serving() as port:
        settings = ChatSettings(
            endpoint=f"http://127.0.0.1:{port}/v1",
            model="chaos",
            private_hosts=("127.0.0.1",),
            deadline_s=deadline,
            answer_tokens=64,
            failures=10**9,
            daily_tokens=daily_tokens,
            daily_spend=daily_tokens * 1.5 / 1e6,
            prompt_price=1.0,
            answer_price=4.0,
        )
        chat = chat_model(settings)
        assert chat is not None
        found = Found(runs, deadline, settings.daily_tokens, settings.daily_spend)
        with ThreadPoolExecutor(threads) as pool:
            ends = list(pool.map(lambda number: once(chat, number), range(runs)))
        _count(found, chat, ends)
        bill = truth(port)
        found.tokens_billed = bill["prompt"] + bill["answer"]
        found.spend_billed = chat.budget.prices.of(bill["prompt"], bill["answer"])
    return found


def once(chat: LimitedChat, number: int) -> tuple[str, float, bool]:
    """How one request ended, after how many seconds, and whether the books were over then."""
    began = time.monotonic()
    try:
        chat.complete(prompt("Put them in order.", {"query": f"query {number}"}, SCHEMA), SCHEMA)
        how = "answered"
    except ChatRefused as refused:
        how = refused.reason
    except Exception as error:  # anything else is what this looks for
        how = f"neither: {type(error).__name__}"
    seconds = time.monotonic() - began
    own = chat.settings
    over = sum(chat.budget.taken) > own.daily_tokens or chat.budget.spent > own.daily_spend
    return how, seconds, over


def _count(found: Found, chat: LimitedChat, ends: list[tuple[str, float, bool]]) -> None:
    found.ended = dict(Counter(how for how, _, _ in ends).most_common())
    found.neither = sum(how.startswith("neither") for how, _, _ in ends)
    found.late = sum(seconds > found.deadline_s + TOLERANCE for _, seconds, _ in ends)
    found.latest_s = round(max(seconds for _, seconds, _ in ends), 3)
    found.over_in_books = sum(over for _, _, over in ends)
    found.tokens_in_books = sum(chat.budget.taken)
    found.spend_in_books = round(chat.budget.spent, 6)


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; 0 when every limit held."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--deadline", type=float, default=0.5)
    parser.add_argument("--tokens", type=int, default=250_000, help="the cap of a day")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    found = measure(asked.runs, asked.threads, asked.deadline, asked.tokens)
    if asked.json:
        print(json.dumps(asdict(found)))
    else:
        print(f"{found.runs} requests, {found.deadline_s:g} s each: {found.ended}")
        print(f"neither answered nor refused: {found.neither}; late: {found.late}, the latest took")
        print(f"{found.latest_s} s; over a cap in the books: {found.over_in_books}")
        print(f"tokens: {found.tokens_billed} billed, {found.tokens_in_books} in the books, cap")
        print(f"{found.daily_tokens}; spend: {found.spend_billed:.4f} billed, ", end="")
        print(f"{found.spend_in_books:.4f} in the books, cap {found.daily_spend:.4f}")
    return int(found.broken)


if __name__ == "__main__":
    sys.exit(main())
