"""The face between what limits a chat model and what speaks for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from prismrec.language.chat.time_limit import TimeLimit

__all__ = ["Failed", "Messages", "Reply", "Schema", "Source"]

Messages = Sequence[Mapping[str, str]]
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """The text of an answer and how many tokens it took; `None` where that cannot be believed."""

    text: str
    prompt_tokens: int | None
    answer_tokens: int | None


class Failed(Exception):
    """A call without an answer. `again` says whether another may go better, not before `after`
    seconds; `free` that nothing can have been charged for it."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        again: bool = False,
        free: bool = False,
        after: float = 0.0,
    ) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message
        self.again, self.free, self.after = again, free, after


class Source(Protocol):
    """One model, asked once; nothing here retries or remembers."""

    @property
    def name(self) -> str:
        """What identifies the model: answers of different names are never mixed."""
        ...

    def most_tokens(self, messages: Messages, schema: Schema) -> int:
        """No fewer than the tokens that the prompt will be counted as."""
        ...

    def say(self, messages: Messages, schema: Schema, tokens: int, limit: TimeLimit) -> Reply:
        """What the model says, in at most `tokens` tokens, at temperature 0.

        Raises `Failed`, or `ChatRefused` when the time is over.
        """
        ...
