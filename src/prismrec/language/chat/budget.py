"""What may be used: reserved before a call, settled after it, never exceeded in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from prismrec.core import ChatRefused

__all__ = ["Budget", "Prices", "Reservation", "utc_day"]

SECONDS_A_DAY = 86_400


def utc_day() -> int:
    """Days since 1970, UTC."""
    return int(time.time() // SECONDS_A_DAY)


@dataclass(frozen=True)
class Prices:
    """What a million tokens of prompts and of answers cost, in whatever unit the operator pays."""

    prompt: float = 0.0
    answer: float = 0.0

    def of(self, prompt: int, answer: int) -> float:
        """The cost of so many tokens."""
        return (prompt * self.prompt + answer * self.answer) / 1e6


class Budget:
    """Counts tokens used and reserved, all in whole numbers, so that sums never drift.

    `tokens` and `spend` are the limits of each `period` (0: none). Safe for several threads: what
    is used and what is reserved together never exceed a limit at any moment.
    """

    def __init__(
        self,
        tokens: int,
        spend: float = 0.0,
        prices: Prices | None = None,
        period: Callable[[], int] = utc_day,
    ) -> None:
        self.tokens, self.spend, self.prices = tokens, spend, prices or Prices()
        self._period = period
        self._current = period()
        self._prompt = self._answer = 0  # used and reserved, in this period
        self._lock = threading.Lock()

    @property
    def taken(self) -> tuple[int, int]:
        """Tokens of prompts and of answers, used or reserved, in this period."""
        with self._lock:
            self._turn()
            return self._prompt, self._answer

    @property
    def spent(self) -> float:
        """What they cost."""
        return self.prices.of(*self.taken)

    def reserve(self, prompt: int, answer: int) -> Reservation:
        """Takes so many tokens at most. Raises `ChatRefused` where a limit would be exceeded."""
        with self._lock:
            self._turn()
            prompts, answers = self._prompt + prompt, self._answer + answer
            if self.tokens and prompts + answers > self.tokens:
                raise ChatRefused(
                    "tokens",
                    "The language model may not be asked for so many tokens.",
                    hint="See chat.request_tokens and chat.daily_tokens.",
                )
            if self.spend and self.prices.of(prompts, answers) > self.spend:
                raise ChatRefused(
                    "spend",
                    "What the language model may cost today is used up.",
                    hint="See chat.daily_spend.",
                )
            self._prompt, self._answer = prompts, answers
            return Reservation(self, self._current, prompt, answer)

    def give_back(self, period: int, prompt: int, answer: int) -> None:
        """Of what was reserved in `period`, so many tokens were not used."""
        with self._lock:
            self._turn()
            if period == self._current:
                self._prompt -= prompt
                self._answer -= answer

    def _turn(self) -> None:
        now = self._period()
        if now != self._current:
            self._current, self._prompt, self._answer = now, 0, 0


class Reservation:
    """Tokens that one call may use. Not settled, they count as used."""

    def __init__(self, budget: Budget, period: int, prompt: int, answer: int) -> None:
        self._budget, self._period = budget, period
        self.prompt, self.answer = prompt, answer

    def settle(self, prompt: int, answer: int) -> None:
        """So many tokens were used, each at most what was reserved; the rest is free again."""
        used = min(max(prompt, 0), self.prompt), min(max(answer, 0), self.answer)
        self._budget.give_back(self._period, self.prompt - used[0], self.answer - used[1])
        self.prompt, self.answer = used
