"""A synthetic marketplace whose truth is known: products, people, what they did, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prismrec.core import Event, Item, User, generator
from prismrec.evaluation.simulator.behaviour import Impressions, Visitors
from prismrec.evaluation.simulator.products import items_of, products
from prismrec.evaluation.simulator.settings import SimulatorSettings
from prismrec.evaluation.simulator.truth import Truth, tastes
from prismrec.evaluation.simulator.words import Words, words

__all__ = ["Marketplace", "simulate"]


def simulate(settings: SimulatorSettings | None = None, seed: int = 0) -> Marketplace:
    """A marketplace; the same settings and seed give the same one."""
    settings = settings or SimulatorSettings()
    said = words(settings.language)
    made = products(settings, said, seed)
    truth = tastes(settings, made, seed)
    visitors = Visitors(settings, truth, said, seed)
    impressions = visitors.run()
    return Marketplace(
        settings=settings,
        seed=seed,
        items=items_of(made, said, seed),
        users=_users(truth, said, seed),
        events=visitors.events,
        truth=truth,
        impressions=impressions,
    )


@dataclass(frozen=True)
class Marketplace:
    """Synthetic items, users and events (in order of time), and the truth behind them.

    Items arrive in order of `created_at`. `impressions` are the pages that were shown.
    """

    settings: SimulatorSettings
    seed: int
    items: list[Item]
    users: list[User]
    events: list[Event]
    truth: Truth
    impressions: Impressions

    def write(self, folder: Path | str) -> Path:
        """Writes items, events and users as Parquet tables with a README into `folder`."""
        import polars as pl

        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        pl.DataFrame([_item_row(item) for item in self.items]).write_parquet(
            folder / "items.parquet"
        )
        pl.DataFrame(
            [
                (e.user_id, e.item_id, e.event, e.timestamp, e.value, e.query or None)
                for e in self.events
            ],
            schema={
                "user_id": pl.String,
                "item_id": pl.String,
                "event": pl.String,
                "timestamp": pl.Int64,
                "value": pl.Float64,
                "query": pl.String,
            },
            orient="row",
        ).write_parquet(folder / "events.parquet")
        pl.DataFrame(
            [{"user_id": u.user_id, **u.attributes, "tags": list(u.tags)} for u in self.users]
        ).write_parquet(folder / "users.parquet")
        (folder / "README.md").write_text(self._readme(), encoding="utf-8")
        return folder

    def _readme(self) -> str:
        return (
            "# A synthetic marketplace\n\n"
            "Synthetic data, made by the simulator of PrismRec "
            f"(language {self.settings.language}, seed {self.seed}): no person, product or brand "
            "in it exists.\n\n"
            f"{len(self.items):,} items, {len(self.users):,} users, {len(self.events):,} events. "
            "`timestamp` and `created_at` are milliseconds since 1970 UTC; `value` is a grade from "
            "1 to 5 for `rating` and the price for `purchase`.\n"
        )


def _item_row(item: Item) -> dict[str, object]:
    return {
        "item_id": item.item_id,
        "title": item.title,
        "description": item.description,
        "brand": item.brand,
        "categories": list(item.categories),
        "attributes": [f"{name}: {value}" for name, value in item.attributes.items()],
        "price": item.price,
        "created_at": item.created_at,
    }


def _users(truth: Truth, said: Words, seed: int) -> list[User]:
    """People as a shop knows them: two of three tell interests, half are of the typical age."""
    rng = generator(seed, "simulator", "profiles")
    names, ages, cities = said.said["attributes"], said.said["ages"], said.said["cities"]
    out = []
    for u, user_id in enumerate(truth.users):
        liked = np.argsort(-truth.preferences[0, u], kind="stable")[:2]
        tells, typical = rng.random() < 2 / 3, rng.random() < 0.5
        age = int(liked[0]) % len(ages) if typical else int(rng.integers(len(ages)))
        city = cities[int(rng.integers(len(cities)))]
        out.append(
            User(
                user_id,
                {names["age"]: ages[age], names["city"]: city},
                tuple(said.category(int(c))["name"] for c in liked) if tells else (),
            )
        )
    return out
