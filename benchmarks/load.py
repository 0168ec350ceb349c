"""Requests like those of visitors, and what their times come to."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Load", "Times", "times"]


class Load:
    """Makes requests like those of visitors, from users and titles of the collection itself."""

    def __init__(
        self,
        route: str,
        users: list[str],
        titles: list[str],
        items: list[str],
        *,
        searches_only: bool = False,
    ) -> None:
        self.route, self.users, self.titles, self.items = route, users, titles, items
        self.searches_only = searches_only
        self.rng = random.Random(1)

    def request(self, number: int) -> tuple[str, str, dict[str, Any]]:
        """Kind, path and body of request `number`."""
        user = self.rng.choice(self.users)
        if self.searches_only:
            return self.search(number, user)
        if number % 10 < 5:
            return "recommend", f"{self.route}/recommend", {"user_id": user}
        if number % 10 < 8:
            return "search", f"{self.route}/search", {"text": self.text(), "user_id": user}
        item = self.rng.choice(self.items)
        event = {"user_id": user, "item_id": item, "event": "view", "event_id": f"load-{number}"}
        return "events", f"{self.route}/events", {"events": [event]}

    def search(self, number: int, user: str) -> tuple[str, str, dict[str, Any]]:
        """One of ten searches: seven plain ones, two as a search page asks, one of these sorted."""
        body: dict[str, Any] = {"text": self.text(), "user_id": user}
        kind = number % 10
        if kind < 7:
            return "search", f"{self.route}/search", body
        body |= {"facets": True, "snippets": True, "n": 18}
        if kind < 9:
            return "search page", f"{self.route}/search", body
        return "sorted page", f"{self.route}/search", {**body, "sort": "price-asc"}

    def text(self) -> str:
        """One to three neighbouring words of some title: hardly any text is asked for twice."""
        words = self.rng.choice(self.titles).split()
        start = self.rng.randrange(len(words))
        return " ".join(words[start : start + self.rng.randint(1, 3)])


@dataclass
class Times:
    """Milliseconds of one kind of request."""

    requests: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    worst_ms: float


def times(waits: Sequence[float]) -> Times:
    """Percentiles of what was waited."""
    p50, p95, p99, worst = np.percentile(waits, [50, 95, 99, 100]).round(2).tolist()
    return Times(len(waits), p50, p95, p99, worst)
