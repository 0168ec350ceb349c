"""Answers remembered by what was asked."""

from __future__ import annotations

import copy
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["KeptAnswers"]


class KeptAnswers:
    """The last `size` answers, by a hash of all that decides them. Safe for several threads.

    An answer belongs to the very messages and schema it was given for: whatever is private in
    them cannot be found by asking anything else.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[bytes, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    @staticmethod
    def key(*decisive: str | Sequence[Mapping[str, str]] | Mapping[str, Any]) -> bytes:
        """32 bytes that stand for model, messages and schema."""
        text = json.dumps(decisive, ensure_ascii=True, default=dict)
        return hashlib.sha256(text.encode()).digest()

    def get(self, key: bytes) -> dict[str, Any] | None:
        """A copy of the answer, if it is remembered."""
        with self._lock:
            found = self._answers.get(key)
            if found is None:
                return None
            self._answers.move_to_end(key)
            return copy.deepcopy(found)

    def put(self, key: bytes, answer: dict[str, Any]) -> None:
        """Remembers an answer."""
        with self._lock:
            self._answers[key] = copy.deepcopy(answer)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)
