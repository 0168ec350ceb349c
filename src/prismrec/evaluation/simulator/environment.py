"""The marketplace as an environment: visitors come, a slate is shown to each, and they react.

    shop = Environment(simulate(), EnvironmentSettings(visits=50_000), seed=1)
    visits = shop.reset()
    while visits is not None:
        feedback, visits = shop.step(slates)          # (b, n) item positions, -1 for no item

Who comes when, and every draw of luck, are fixed by the seed and do not depend on what is shown, so
that two policies meet the same people in the same mood: differences are the policies' own. What is
planted: tastes that drift week by week, products and people that arrive, a chance to look at a
place that falls with the place, weariness of what was shown and not clicked, a wish for what goes
with the last click, purchases that come days after the click, and people who leave for good after
pages without a single click. docs/guides/simulator.md says what is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prismrec.core import BadInput, BadSettings, generator
from prismrec.core.arrays import Bools, Floats, Longs, Positions
from prismrec.evaluation.simulator.behaviour import arrivals
from prismrec.evaluation.simulator.choices import BUYS, carting, liking, looking
from prismrec.evaluation.simulator.marketplace import Marketplace
from prismrec.evaluation.simulator.people import DAY, People

__all__ = ["KINDS", "Environment", "EnvironmentSettings", "Feedback", "Visits"]

KINDS = ("click", "cart", "purchase")


@dataclass(frozen=True, slots=True)
class EnvironmentSettings:
    """How long the environment runs, and how its people react.

    `visits` are planned, `together` at a time, spread evenly from the share `begins` of the
    marketplace's days to its end; pages have up to `places` items. Each time an item was shown
    without a click takes `fatigue * log(1 + times)` off its affinity, forgotten by half in `rest`
    days. After a page without a click, the k-th in a row, a person leaves for good with the chance
    `boredom * k`. A purchase follows its click after an exponential time of `delay` days.
    """

    visits: int = 50_000
    together: int = 100
    begins: float = 0.5
    places: int = 10
    fatigue: float = 0.5
    rest: float = 14.0
    boredom: float = 0.002
    delay: float = 2.0

    def __post_init__(self) -> None:
        for name in ("visits", "together", "places"):
            if getattr(self, name) < 1:
                raise BadSettings(f"{name} is {getattr(self, name)}.", hint="Give 1 or more.")
        for name in ("fatigue", "boredom", "delay", "begins"):
            if not getattr(self, name) >= 0.0:
                raise BadSettings(f"{name} is {getattr(self, name)}.", hint="Give 0 or more.")
        if not self.begins < 1.0:
            raise BadSettings(f"begins is {self.begins}.", hint="Give a number from 0 to below 1.")
        if not self.rest > 0.0:
            raise BadSettings(f"rest is {self.rest}.", hint="Give a number of days above 0.")


@dataclass(frozen=True)
class Visits:
    """People who are here at the time `at` (milliseconds): their positions `users` (b,), the
    `numbers` (b,) of their visits, and how many items are `live` (those before that position)."""

    numbers: Longs
    users: Longs
    at: int
    live: int


@dataclass(frozen=True)
class Feedback:
    """What came in with one step: `clicked` (b, n) of the slates just shown, `left` (b,) who will
    not return, and every event that became known, in order of time: the number of the `visits` it
    belongs to, its `users`, `items`, `kinds` (indices of `KINDS`) and times `at`, all (e,)."""

    clicked: Bools
    left: Bools
    visits: Longs
    users: Longs
    items: Longs
    kinds: Longs
    at: Longs


class Environment:
    """A marketplace that answers slates, from the share `begins` of its days on.

    The events of `market` before that time are the history that a model may learn from; those
    after it never happen here.
    """

    def __init__(
        self, market: Marketplace, settings: EnvironmentSettings | None = None, seed: int = 0
    ) -> None:
        self.market = market
        self.settings = settings or EnvironmentSettings()
        self.seed = seed
        told = market.settings
        self.begins = told.start + int(self.settings.begins * (told.end - told.start))
        self._rounds = -(-self.settings.visits // self.settings.together)
        self._looking = looking(self.settings.places, told.position_bias)

    def reset(self) -> Visits | None:
        """Begins anew: the same people as the first time. None where nobody is there."""
        self._round = -1
        self._people = People(self.market.truth, self.settings.rest)
        self._late = np.zeros((0, 5), np.int64)
        self._remember()
        return self._next()

    def step(self, slates: Longs | Positions) -> tuple[Feedback, Visits | None]:
        """What the visitors do with the `slates` (b, n) of item positions, -1 where there is none,
        and who comes next; None at the end.

        Raises `BadInput` where a slate has an item twice, or one that is not there yet.
        """
        visits, items = self._here, np.asarray(slates, np.int64)
        self._check(visits, items)
        rng = generator(self.seed, "environment", "reactions", self._round)
        shown, items = items >= 0, np.maximum(items, 0)
        wanted = self._people.wants(visits.users, items, visits.at, self.settings.fatigue)
        b, n = items.shape
        # One draw for every person and place, whether used or not: luck does not depend on slates.
        luck = rng.random((6, self.settings.together, self.settings.places))[:, self._seats, :n]
        clicked = shown & (luck[0] < self._looking[:n]) & (luck[1] < liking(wanted))
        self._people.see(visits.users, items, shown, clicked)
        events = self._follow(visits, items, clicked, wanted, luck)
        moody = self.settings.boredom * self._people.empty[visits.users]
        left = luck[5, :, 0] < moody if n else np.zeros(b, bool)
        self._people.gone[visits.users[left]] = True
        following = self._next()
        now = self._due(events, following)
        return Feedback(clicked, left, *now.T[[1, 2, 3, 4, 0]]), following

    def reward(self, users: Longs, items: Longs, at: int, worth: Floats) -> Floats:
        """(b, n) what a person who looks at an item brings in expectation, fresh to it: the truth
        that no policy may read. `worth` (3,) is the reward of each of `KINDS`."""
        wanted = self.market.truth.wanted(users, items, at)
        carts = carting(wanted)
        click, cart, purchase = worth
        return np.asarray(liking(wanted) * (click + carts * (cart + BUYS * purchase)))

    # -- what follows ---------------------------------------------------------------------------

    def _follow(
        self, visits: Visits, items: Longs, clicked: Bools, wanted: Floats, luck: Floats
    ) -> Longs:
        """(e, 5) events that follow from the clicks: time, visit, user, item, kind."""
        rows, places = np.nonzero(clicked)
        drawn = luck[:, rows, places]
        users, what = visits.users[rows], items[rows, places]
        at = visits.at + 1_000 * (1 + places)
        carts = drawn[2] < carting(wanted[rows, places])
        buys = carts & (drawn[3] < BUYS)
        later = at + 60_000 + (-np.log1p(-drawn[4]) * self.settings.delay * DAY).astype(np.int64)
        told = np.stack([at, visits.numbers[rows], users, what, np.zeros(len(rows), int)], axis=1)
        cart, bought = told[carts].copy(), told[buys].copy()
        cart[:, 0] += 15_000
        cart[:, 4] = 1
        bought[:, 0] = later[buys]
        bought[:, 4] = 2
        for user, item, draw in zip(users, what, drawn[4], strict=True):
            self._people.turn_to(int(user), int(item), visits.at, float(draw))
        self._people.buy(users[buys], what[buys])
        return np.concatenate([told, cart, bought])

    def _due(self, events: Longs, following: Visits | None) -> Longs:
        """What is known by the next visits, in order of time; the rest waits for its day."""
        self._late = np.concatenate([self._late, events])
        until = self.market.settings.end if following is None else following.at
        ready = self._late[:, 0] < until
        now, self._late = self._late[ready], self._late[~ready]
        return now[np.lexsort((now[:, 4], now[:, 3], now[:, 1], now[:, 0]))]

    # -- who comes ------------------------------------------------------------------------------

    def _next(self) -> Visits | None:
        """The next round in which somebody is there."""
        while self._round + 1 < self._rounds:
            self._round += 1
            visits, self._seats = self._visitors()
            if len(visits.users) and visits.live:
                self._people.meet(visits.users, visits.at)
                self._here = visits
                return visits
        return None

    def _visitors(self) -> tuple[Visits, Longs]:
        """The people planned for this round who have not left, and their seats among the planned.

        The keen come often: a draw without replacement, weighed by how keen each is (Gumbel top-k).
        """
        told, asked = self.market.settings, self.settings
        at = self.begins + (told.end - self.begins) * self._round // self._rounds
        rng = generator(self.seed, "environment", "visitors", self._round)
        keys = np.log(self._keen) - np.log(rng.standard_exponential(len(self._keen)))
        keys[self._arrived > at] = -np.inf
        planned = min(asked.together, asked.visits - self._round * asked.together)
        users = np.argsort(-keys, kind="stable")[:planned]
        seats = np.flatnonzero(np.isfinite(keys[users]) & ~self._people.gone[users])
        live = int(np.searchsorted(self.market.truth.products.created_at, at, side="right"))
        numbers = self._round * asked.together + seats
        return Visits(numbers, users[seats], at, live), seats

    def _remember(self) -> None:
        """How keen each is and when they first come, and what they bought before the beginning."""
        told, truth = self.market.settings, self.market.truth
        rng = generator(self.seed, "environment", "keenness")
        self._keen = rng.lognormal(0.0, 0.8, told.users)
        self._arrived = arrivals(told, self.market.seed)
        before = [
            (truth.users.position(event.user_id), truth.items.position(event.item_id))
            for event in self.market.events
            if event.event == "purchase" and (event.timestamp or 0) < self.begins
        ]
        bought = np.array(before, np.int64).reshape(-1, 2)
        self._people.buy(bought[:, 0], bought[:, 1])

    def _check(self, visits: Visits, items: Longs) -> None:
        b, most = len(visits.users), self.settings.places
        if items.ndim != 2 or len(items) != b or items.shape[1] > most:
            raise BadInput(
                f"Slates of shape {items.shape} for {b} visitors.",
                hint=f"Give a row for each visitor, of at most {most} places.",
            )
        if items.size and (items.max() >= visits.live or items.min() < -1):
            raise BadInput(
                "A slate has an item that is not there yet.",
                hint=f"Only positions below {visits.live} are live; -1 stands for no item.",
            )
        ordered = np.sort(items, axis=1)
        if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
            raise BadInput("A slate has the same item twice.", hint="Show each item once.")
