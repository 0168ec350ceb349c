"""The profiles of people while a collection is served, as the models learned to read them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence

from prismrec.core import Bags, User
from prismrec.data.tokens import TokenVocabulary, user_facts

__all__ = ["Profiles"]


class Profiles:
    """What is known of each user, spelled in tokens.

    `vocabulary` is the one that the release was trained with, `None` where it was told of no
    profile: then nobody has one. Safe to use from several threads.
    """

    def __init__(
        self,
        vocabulary: TokenVocabulary | None,
        users: Iterable[User] = (),
        *,
        age_attribute: str = "age",
    ) -> None:
        self._vocabulary, self._age_attribute = vocabulary, age_attribute
        self._rows: dict[str, list[int]] = {}
        self._ages: dict[str, float] = {}
        self._names: tuple[str, ...] = ()
        self._turn = threading.Lock()
        self.put(users)

    def put(self, users: Iterable[User]) -> None:
        """Add users, or replace what was known of them."""
        with self._turn:
            for user in users:
                age = _number(user.attributes.get(self._age_attribute))
                self._ages.pop(user.user_id, None)
                if age is not None:
                    self._ages[user.user_id] = age
                if self._vocabulary is not None:
                    self._rows[user.user_id] = self._vocabulary.row(user_facts(user))

    def forget(self, user_id: str) -> None:
        """Know nothing of a user any more."""
        with self._turn:
            self._rows.pop(user_id, None)
            self._ages.pop(user_id, None)

    def age(self, user_id: str) -> float | None:
        """The age of a user, the least of a span such as `26-35`; `None` where it is not known."""
        return self._ages.get(user_id)

    def bags(self, user_ids: Sequence[str]) -> Bags | None:
        """A bag of tokens for each user, empty where nothing is known; `None` where the models read
        no profiles."""
        if self._vocabulary is None:
            return None
        rows = [self._rows.get(user_id, []) for user_id in user_ids]
        if len(self._names) < len(self._vocabulary.tokens):
            self._names = tuple(self._vocabulary.tokens)
        return Bags.of(rows, self._names)


def _number(told: object) -> float | None:
    """The number that an attribute is, or begins with."""
    found = re.match(r"\d+(\.\d+)?", str(told).strip())
    return float(found.group()) if found else None
