"""What the people of the environment remember: what they tired of, bought, want next, and the mood.

Everything is an array over users (or users by items), so that a step costs the same for one visitor
and for hundreds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Bools, Floats, Longs
from prismrec.evaluation.simulator.choices import going_together
from prismrec.evaluation.simulator.truth import Truth
from prismrec.evaluation.simulator.words import CATEGORIES

__all__ = ["DAY", "People"]

DAY = 86_400_000
HAD = 50.0
"""Taken off the affinity with what one has and does not need twice: nobody clicks that."""
NONE = -1
_KEYS = [category.key for category in CATEGORIES]
_AGAIN = np.array([category.again for category in CATEGORIES])
_THEN = [[_KEYS.index(key) for key in category.then] for category in CATEGORIES]


@dataclass
class People:
    """The state of u users towards n items.

    `tired` (u, n) is how often an item was shown without a click, halved every `rest` days;
    `empty` (u,) counts pages without a click in a row; `gone` (u,) who will never come back;
    `owned` (u, n) what was bought and is not wanted again; `category`, `brand` and `until` (u,)
    what each is after since the last click, and until when.
    """

    truth: Truth
    rest: float

    def __post_init__(self) -> None:
        users, items = len(self.truth.users), len(self.truth.items)
        self.tired = np.zeros((users, items), np.float32)
        self.empty = np.zeros(users, np.int64)
        self.gone = np.zeros(users, bool)
        self.owned = np.zeros((users, items), bool)
        self.category = np.full(users, NONE)
        self.brand = np.full(users, NONE)
        self.until = np.zeros(users, np.int64)
        self._met = np.zeros(users, np.int64)

    def wants(self, users: Longs, items: Longs, at: int, fatigue: float) -> Floats:
        """(b, n) how much each user wants their own `items` (b, n) now, with all that was seen."""
        told, rows = self.truth.products, users[:, None]
        after = np.where(self.until[users] > at, self.category[users], NONE)[:, None]
        fits = told.category[items] == after
        return np.asarray(
            self.truth.wanted(users, items, at)
            + going_together(fits, told.brand[items] == self.brand[rows])
            - fatigue * np.log1p(self.tired[rows, items])
            - HAD * self.owned[rows, items]
        )

    def meet(self, users: Longs, at: int) -> None:
        """Time has passed since each was here: what they were tired of is half forgotten."""
        away = (at - self._met[users]) / (self.rest * DAY)
        self.tired[users] *= (0.5 ** np.maximum(away, 0.0))[:, None].astype(np.float32)
        self._met[users] = at

    def see(self, users: Longs, items: Longs, shown: Bools, clicked: Bools) -> None:
        """A page was shown (`shown` (b, n) says which places had an item), and `clicked` on."""
        rows = np.broadcast_to(users[:, None], items.shape)
        unmoved = shown & ~clicked
        self.tired[rows[unmoved], items[unmoved]] += 1.0
        self.tired[rows[clicked], items[clicked]] = 0.0
        self.empty[users] = np.where(clicked.any(axis=1), 0, self.empty[users] + 1)

    def turn_to(self, user: int, item: int, at: int, draw: float) -> None:
        """After a click: something that goes with the item, of its brand, for three weeks."""
        then = _THEN[int(self.truth.products.category[item])]
        self.category[user] = then[int(draw * len(then))]
        self.brand[user] = self.truth.products.brand[item]
        self.until[user] = at + 21 * DAY

    def buy(self, users: Longs, items: Longs) -> None:
        """What is bought is not wanted again, unless it is used up."""
        once = ~_AGAIN[self.truth.products.category[items]]
        self.owned[users[once], items[once]] = True
