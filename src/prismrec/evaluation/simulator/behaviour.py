"""What people do: visits, pages, looks, clicks, carts, purchases, ratings and searches.

A visit is one to a few pages. On each page the person has an intent: a category they care for,
what goes with something they just looked at or bought (a case after the phone, best of the same
brand), or none. The shop fills the page by intent, by what was clicked before, and only a little
by taste. The person looks at a place with a chance that falls with the place, and clicks what they
look at and like. A view may become a cart, a cart a purchase, a purchase a rating days later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from prismrec.core import Event, generator
from prismrec.core.arrays import Floats, Longs
from prismrec.evaluation.simulator.choices import BUYS, carting, going_together, liking, looking
from prismrec.evaluation.simulator.searches import search_for
from prismrec.evaluation.simulator.settings import SimulatorSettings
from prismrec.evaluation.simulator.truth import Truth
from prismrec.evaluation.simulator.words import CATEGORIES, Words

__all__ = ["Impressions", "Visitors", "arrivals"]

EVENTS_A_VISIT = 5.8
"""Measured with the default settings; how many visits there are follows from it."""
DAY = 86_400_000
NONE = -1


@dataclass(frozen=True)
class Impressions:
    """What was shown, one row a product on a page: positions of `users` and `items`, the `places`
    counted from 0, whether it was `clicked`, and the time `at` (milliseconds)."""

    users: Longs
    items: Longs
    places: Longs
    clicked: np.ndarray
    at: Longs


@dataclass
class Intent:
    """What a person is after on a page: a category and a brand (-1: any), in their words."""

    category: int = NONE
    brand: int = NONE
    style: int = NONE
    query: str = ""


@dataclass
class Visitors:
    """The people and the shop while the simulation runs."""

    settings: SimulatorSettings
    truth: Truth
    said: Words
    seed: int
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = len(self.truth.items)
        self._rng = generator(self.seed, "simulator", "visits")
        self._clicks = np.zeros(n)
        kinds = self.truth.products.category
        self._shelves = [np.flatnonzero(kinds == c) for c in range(len(CATEGORIES))]
        # What the crowd and the shop make of each product, kept up to date click by click.
        self._drawn = self.settings.popularity_bias * self.truth.products.appeal
        self._bought: dict[int, list[int]] = {}
        self._wants: dict[int, tuple[int, int, int]] = {}
        self._pages: list[tuple[int, int, Longs, np.ndarray]] = []
        keys = [category.key for category in CATEGORIES]
        self._then = [[keys.index(key) for key in category.then] for category in CATEGORIES]
        self._ids = list(self.truth.items)

    def run(self) -> Impressions:
        """Every visit in order of time; events come sorted, the impressions are returned."""
        who, when = _visits(self.settings, self.seed)
        for u, at in zip(who.tolist(), when.tolist(), strict=True):
            self._visit(u, at)
        self.events.sort(key=lambda event: event.timestamp or 0)
        sizes = [len(shown) for _, _, shown, _ in self._pages]
        empty = np.zeros(0, np.int64)
        return Impressions(
            users=np.repeat([u for u, *_ in self._pages], sizes).astype(np.int64),
            items=np.concatenate([empty, *(shown for _, _, shown, _ in self._pages)]),
            places=np.concatenate([empty, *map(np.arange, sizes)]),
            clicked=np.concatenate([empty, *(clicked for *_, clicked in self._pages)]).astype(bool),
            at=np.repeat([at for _, at, _, _ in self._pages], sizes).astype(np.int64),
        )

    def _visit(self, u: int, at: int) -> None:
        live = int(np.searchsorted(self.truth.products.created_at, at, side="right"))
        if not live:
            return
        week = self.truth.week(at)
        wanted = self.truth.row(u, week)[:live]
        for page in range(4):
            if page and self._rng.random() < 0.5:
                return
            intent = self._intent(u, week, at)
            shown = self._page(u, wanted, intent)
            clicked = self._clicked(wanted, shown, intent)
            self._pages.append((u, at, shown, clicked))
            for item in shown[clicked].tolist():
                at += int(1000 * self._rng.lognormal(4.0, 0.7))
                self._look(u, item, at, float(wanted[item]), intent.query)
            at += 20_000

    def _intent(self, u: int, week: int, at: int) -> Intent:
        """What goes with what was just met; else a category they care for; else nothing."""
        category, brand, until = self._wants.get(u, (NONE, NONE, 0))
        if at < until and self._rng.random() < 0.6:
            del self._wants[u]
            intent = Intent(category, brand)
        elif self._rng.random() < 0.25:
            return Intent()
        else:
            chances = np.cumsum(self.truth.preferences[week, u])
            drawn = int(np.searchsorted(chances, self._rng.random() * chances[-1]))
            intent = Intent(drawn)
        if self._rng.random() < self.settings.searches:
            asked = search_for(intent.category, self.truth.styles[week, u], self.said, self._rng)
            intent.query, intent.style = asked.text, asked.style
            intent.brand = asked.brand if asked.brand != NONE else intent.brand
        return intent

    def _page(self, u: int, wanted: Floats, intent: Intent) -> Longs:
        """What the shop shows, best first: a draw without replacement (Gumbel top-k)."""
        told, live = self.truth.products, len(wanted)
        worth = self._drawn[:live] + 0.3 * wanted
        if intent.category != NONE:
            fits = self._shelves[intent.category]
            fits = fits[: np.searchsorted(fits, live)]
            worth[fits] += 5.0 + 1.5 * (told.brand[fits] == intent.brand)
        if intent.style != NONE:
            worth += 2.0 * told.styles[:live, intent.style]
        worth[[item for item in self._bought.get(u, ()) if item < live]] = -np.inf
        worth -= np.log(np.maximum(self._rng.standard_exponential(live), 1e-12))
        size = min(self.settings.page, live)
        best = np.argpartition(-worth, size - 1)[:size]
        shown = best[np.argsort(-worth[best], kind="stable")]
        return shown[np.isfinite(worth[shown])]

    def _clicked(self, wanted: Floats, shown: Longs, intent: Intent) -> np.ndarray:
        """Looked at by place, and liked by truth and by what goes together."""
        told = self.truth.products
        after = wanted[shown]
        if intent.category != NONE:
            fits = told.category[shown] == intent.category
            after = after + going_together(fits, told.brand[shown] == intent.brand)
        looked = looking(len(shown), self.settings.position_bias)
        return np.asarray(self._rng.random(len(shown)) < looked * liking(after))

    def _look(self, u: int, item: int, at: int, wanted: float, query: str) -> None:
        """A view, and what may follow from it."""
        rng = self._rng
        told = self.truth.products
        self._clicks[item] += 1
        crowd = float(np.log1p(self._clicks[item]) + told.appeal[item])
        self._drawn[item] = self.settings.popularity_bias * crowd
        self._say(u, item, "view", at, query=query)
        carts = rng.random() < carting(wanted)
        if carts:
            self._say(u, item, "cart", at + 15_000)
        if carts and rng.random() < BUYS:
            self._buy(u, item, at + 60_000, wanted)
        if carts or rng.random() < 0.4:
            then, brand = self._then[int(told.category[item])], int(told.brand[item])
            goes_with = then[int(rng.integers(len(then)))]
            self._wants[u] = (goes_with, brand, at + 21 * DAY)

    def _buy(self, u: int, item: int, at: int, wanted: float) -> None:
        rng, told = self._rng, self.truth.products
        category = CATEGORIES[int(told.category[item])]
        price = round(category.price * float(np.exp(0.35 * told.price[item])), 2)
        self._say(u, item, "purchase", at, value=price)
        if not category.again:
            self._bought.setdefault(u, []).append(item)
        if rng.random() < 0.4:
            grade = 3.4 + 0.4 * (wanted - 2.0) + 0.6 * told.quality[item] + rng.normal(0, 0.5)
            later = at + int(rng.integers(2 * DAY, 10 * DAY))
            self._say(u, item, "rating", later, value=float(np.clip(round(grade), 1, 5)))

    def _say(
        self,
        u: int,
        item: int,
        event: str,
        at: int,
        *,
        value: float | None = None,
        query: str = "",
    ) -> None:
        if at < self.settings.end:
            user = self.truth.users[u]
            self.events.append(Event(self._ids[item], event, user, at, value, query=query))


def arrivals(settings: SimulatorSettings, seed: int) -> Longs:
    """(users,) when each person first comes, in order; early ones come on the first day."""
    rng = generator(seed, "simulator", "arrivals")
    new = round(settings.users * settings.new_users)
    span = settings.end - settings.start
    late = rng.integers(0, max(1, int(span * 0.9)), new)
    early = rng.integers(0, min(DAY, span), settings.users - new)
    return settings.start + np.sort(np.concatenate([early, late]))


def _visits(settings: SimulatorSettings, seed: int) -> tuple[Longs, Longs]:
    """Who comes and when, in order of time: a few come often, and everyone once on arriving."""
    rng = generator(seed, "simulator", "activity")
    first = arrivals(settings, seed)
    stay = (settings.end - first) / (settings.end - settings.start)
    keen = rng.lognormal(0, 0.8, settings.users) * stay
    more = max(0, round(settings.events / EVENTS_A_VISIT) - settings.users)
    who = np.repeat(np.arange(settings.users), rng.multinomial(more, keen / keen.sum()))
    when = first[who] + (rng.random(more) * (settings.end - first[who])).astype(np.int64)
    who, when = np.concatenate([np.arange(settings.users), who]), np.concatenate([first, when])
    order = np.argsort(when, kind="stable")
    return who[order], when[order]
