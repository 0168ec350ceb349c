"""Conversations under way, in bounded memory."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from prismrec.dialogue.state import State

__all__ = ["Conversations"]


class Conversations:
    """The states of the last `size` conversations, each forgotten after `idle_s` seconds without a
    turn. Safe for several threads. Ids are drawn so that nobody can guess another's."""

    def __init__(
        self,
        size: int = 10_000,
        idle_s: float = 3_600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._size, self._idle, self._clock = size, idle_s, clock
        self._states: OrderedDict[str, tuple[float, State]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._states)

    def get(self, conversation_id: str, user_id: str = "") -> State | None:
        """The state of a conversation that this user had; `None` where it is not known."""
        with self._lock:
            found = self._states.get(conversation_id)
            if found is None or self._clock() - found[0] > self._idle:
                return None
            return found[1] if found[1].user_id == user_id else None

    def forget(self, user_id: str) -> int:
        """Drop the conversations of a user; how many there were."""
        with self._lock:
            theirs = [key for key, (_, state) in self._states.items() if state.user_id == user_id]
            for key in theirs:
                del self._states[key]
            return len(theirs)

    def put(self, conversation_id: str, state: State) -> str:
        """Remember the state; the id, a new one for an empty one."""
        key = conversation_id or secrets.token_hex(16)
        with self._lock:
            self._states[key] = (self._clock(), state)
            self._states.move_to_end(key)
            while len(self._states) > self._size:
                self._states.popitem(last=False)
        return key
