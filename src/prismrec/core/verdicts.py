"""Whether an answer solved a question."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AnswerVerdict"]


@dataclass(frozen=True, slots=True)
class AnswerVerdict:
    """The answer `item_id` was given to `question` and `solved` it, or not. `feedback_id` is the
    client's idempotency key."""

    question: str
    item_id: str
    solved: bool = True
    feedback_id: str = ""
