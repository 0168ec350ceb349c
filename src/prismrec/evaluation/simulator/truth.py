"""What people truly want, and how it changes: the planted answer that an engine is to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core import BadInput, Ids, generator
from prismrec.core.arrays import Floats, Longs
from prismrec.evaluation.simulator.products import HIDDEN, Products
from prismrec.evaluation.simulator.settings import SimulatorSettings
from prismrec.evaluation.simulator.words import CATEGORIES, DEPARTMENTS

__all__ = ["Truth", "tastes"]

WEEK = 7 * 86_400_000
INTERESTS = 3
"""Categories a person cares for at a time."""
BY_CATEGORY, BY_STYLE, BY_HIDDEN, BY_PRICE, BY_QUALITY = 0.7, 1.4, 0.7, 0.25, 0.3


@dataclass(frozen=True)
class Truth:
    """Tastes of u users over e weeks, and the affinity that follows from them.

    `preferences` (e, u, c) are probabilities of caring for each category, from three interests and
    a tenth for all others; `styles` (e, u, s) are unit vectors; `hidden` (u, 4) and `budget` (u,)
    do not change. The affinity of a user with a product is

        0.7 log(c * preference) + 1.4 <style> + 0.7 <hidden> - 0.25 (price - budget)^2 + 0.3 quality

    It has no part in popularity, in what was just looked at, or in where a product is shown.
    """

    users: Ids
    items: Ids
    products: Products
    weeks: Longs
    preferences: Floats
    styles: Floats
    hidden: Floats
    budget: Floats

    def affinity(self, user_id: str, item_id: str, at: int) -> float:
        """How much the user truly wants the item at a time (milliseconds)."""
        return float(self.affinities([user_id], [at], [item_id])[0, 0])

    def affinities(
        self, user_ids: Sequence[str], at: Sequence[int], item_ids: Sequence[str] | None = None
    ) -> Floats:
        """(b, m): of each user, at the time in `at` (b,), with each item (default: all)."""
        who = _known(self.users, user_ids, "user")
        what = slice(None) if item_ids is None else _known(self.items, item_ids, "item")
        rows = [self.row(int(u), self.week(t))[what] for u, t in zip(who, at, strict=True)]
        return np.stack(rows) if rows else np.zeros((0, len(self.items)))

    def taste(self, user_id: str) -> Floats:
        """(e, c + s): the preferences and the style of one user, week by week."""
        u = self.users.position(user_id)
        return np.concatenate([self.preferences[:, u], self.styles[:, u]], axis=1)

    def week(self, at: int) -> int:
        """Which week a time falls into; before the first it is the first."""
        return max(0, int(np.searchsorted(self.weeks, at, side="right")) - 1)

    def wanted(self, users: Longs, items: Longs, at: int) -> Floats:
        """(b, n) affinity of each user at positions (b,) with their own items (b, n), at a time."""
        week, told = self.week(at), self.products
        liked = BY_CATEGORY * np.log(len(CATEGORIES) * self.preferences[week, users])
        return np.asarray(
            np.take_along_axis(liked, told.category[items], axis=1)
            + BY_STYLE * np.einsum("bns,bs->bn", told.styles[items], self.styles[week, users])
            + BY_HIDDEN * np.einsum("bnh,bh->bn", told.hidden[items], self.hidden[users])
            - BY_PRICE * (told.price[items] - self.budget[users, None]) ** 2
            + BY_QUALITY * told.quality[items]
        )

    def row(self, u: int, week: int) -> Floats:
        """(n,) affinity of the user at position `u` with every product."""
        liked = BY_CATEGORY * np.log(len(CATEGORIES) * self.preferences[week, u])
        told = self.products
        return np.asarray(
            liked[told.category]
            + BY_STYLE * (told.styles @ self.styles[week, u])
            + BY_HIDDEN * (told.hidden @ self.hidden[u])
            - BY_PRICE * (told.price - self.budget[u]) ** 2
            + BY_QUALITY * told.quality
        )


def tastes(settings: SimulatorSettings, made: Products, seed: int) -> Truth:
    """Draws every user's tastes and lets them drift, week by week."""
    rng, users = generator(seed, "simulator", "tastes"), settings.users
    weeks = settings.start + WEEK * np.arange(1 + (settings.days - 1) // 7)
    cared, logits = _interests(users, rng), rng.normal(size=(users, INTERESTS))
    style = _unit(rng.normal(size=(users, made.styles.shape[1])))
    preferences, styles = [_preferences(cared, logits)], [style]
    stays = np.sqrt(1.0 - settings.drift**2)  # Keeps the spread of the logits as it began.
    for _ in weeks[1:]:
        logits = stays * logits + settings.drift * rng.normal(size=logits.shape)
        changed = rng.random(cared.shape) < 0.2 * settings.drift
        cared = np.where(changed, rng.integers(len(CATEGORIES), size=cared.shape), cared)
        style = _unit(style + 0.3 * settings.drift * rng.normal(size=style.shape))
        preferences.append(_preferences(cared, logits))
        styles.append(style)
    return Truth(
        users=Ids(f"user-{u}" for u in range(users)),
        items=Ids(f"item-{i}" for i in range(len(made))),
        products=made,
        weeks=weeks.astype(np.int64),
        preferences=np.stack(preferences),
        styles=np.stack(styles),
        hidden=rng.normal(size=(users, HIDDEN)),
        budget=rng.normal(0, 0.8, users),
    )


def _interests(users: int, rng: np.random.Generator) -> Longs:
    """(users, 3) categories; the second and third often from the department of the first."""
    cared = rng.integers(len(CATEGORIES), size=(users, INTERESTS))
    where = np.array([DEPARTMENTS.index(category.department) for category in CATEGORIES])
    for row in np.flatnonzero(rng.random(users) < 0.6):
        near = np.flatnonzero(where == where[cared[row, 0]])
        cared[row, 1:] = rng.choice(near, INTERESTS - 1)
    return cared


def _preferences(cared: Longs, logits: Floats) -> Floats:
    """Nine tenths over the interests, one tenth over all categories."""
    weights = np.exp(logits)
    weights /= weights.sum(axis=1, keepdims=True)
    out = np.full((len(cared), len(CATEGORIES)), 0.1 / len(CATEGORIES))
    np.add.at(out, (np.arange(len(cared))[:, None], cared), 0.9 * weights)
    return out


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _known(ids: Ids, names: Sequence[str], what: str) -> Longs:
    positions = ids.positions(names).astype(np.int64)
    if (positions < 0).any():
        unknown = names[int(np.argmin(positions))]
        raise BadInput(f"There is no {what} '{unknown}'.", hint="Ask for one that was simulated.")
    return positions
