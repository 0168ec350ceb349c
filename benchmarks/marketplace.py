"""What exploring is worth in a marketplace that drifts, where products and people arrive.

    python -m benchmarks.marketplace [--arms greedy,...] [--seeds 101,102,103] [--visits 50000]

Every arm serves the same people, with the same luck, from the same fitted model through the
collection's own scoring; nothing is trained again while it runs, so that what differs is the
policy. Products arrive through the collection as they do in a shop. A click earns 1, a cart 3, a
purchase 10 when it comes. Printed for each arm: the reward beside greedy's with a 95% interval over
people, the worst it stood against greedy at any checkpoint (every tenth of the visits), what the
model itself expected to lose, how many different products were shown, and how long good new
products took to reach their people.

`WORLD` and `PEOPLE` were settled with the greedy policy alone, before any other was tried; arms are
chosen on seeds below 100 and reported on those from 101 on. What the people are like:
docs/guides/simulator.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.marketplace_shop import Shop, fitted
from prismrec.core import generator
from prismrec.core.arrays import Floats, Longs
from prismrec.evaluation.significance import paired
from prismrec.evaluation.simulator import (
    Environment,
    EnvironmentSettings,
    SimulatorSettings,
    Visits,
    simulate,
)
from prismrec.exploration import ExplorationSettings
from prismrec.threads import one_thread_each

WORLD = SimulatorSettings(
    items=5_000, users=3_000, events=60_000, days=180, new_items=0.4, new_users=0.3, drift=0.3
)
PEOPLE = EnvironmentSettings(visits=50_000, together=100, begins=0.5)
EARNED = np.array([1.0, 3.0, 10.0])
"""What a click, a cart and a purchase earn."""
LOSS = 0.05
"""The budget of every arm that explores: the share of the expected value that may be lost."""
ARMS = {
    "greedy": ExplorationSettings(),
    "epsilon-greedy": ExplorationSettings(
        policy="epsilon-greedy", epsilon=0.1, max_expected_loss=LOSS
    ),
    "plackett-luce": ExplorationSettings(policy="plackett-luce", max_expected_loss=LOSS),
    "thompson": ExplorationSettings(
        policy="thompson",
        width=0.3,
        expected=0.05,
        position_bias=0.7,
        first_place=4,
        max_expected_loss=LOSS,
        new_chance=1.0,
        new_place=10,
        new_days=14,
    ),
}
"""Chosen on world 1: `first_place` 4 or 6, `new_days` 14 or 30."""
CHECKPOINTS = 10
AUDIENCE = 0.05
"""The share of the people that is a product's audience: those to whom it is worth the most."""
REACHED = 10
"""So many different people of the audience must have met a product to say that it arrived."""
GOOD = 0.25
"""The share of the new products that counts as good: those worth the most to their audience."""


@dataclass
class Ran:
    """What one arm did in one world: `earned` (visits,) by the visit that brought it, `users`
    (visits,) who came (-1: had left before), `shown` (items,) how often each product was, `reach`
    when new ones were known, `lost` the expected loss of each slate by the model's own estimate,
    `left` how many people left for good."""

    earned: Floats
    users: Longs
    shown: Longs
    reach: Reach
    lost: list[Floats] = field(default_factory=list)
    left: int = 0
    seconds: float = 0.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the arms in every world and print their table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--arms", default=",".join(ARMS), help="greedy is always run")
    parser.add_argument("--seeds", default="101,102,103")
    parser.add_argument("--visits", type=int, default=PEOPLE.visits)
    parser.add_argument("--folder", type=Path, default=Path("runs/marketplace"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    one_thread_each()
    names = list(dict.fromkeys(["greedy", *asked.arms.split(",")]))
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    ran: dict[str, list[Ran]] = {name: [] for name in names}
    for seed in seeds:
        market = simulate(WORLD, seed)
        world = Environment(market, replace(PEOPLE, visits=asked.visits), seed)
        model = fitted(market, world.begins, asked.folder / f"{seed}.prism")
        for name in names:
            print(f"world {seed}, {name}", file=sys.stderr, flush=True)
            ran[name].append(run(world, model, ARMS[name], seed))
    table = {name: told(ran[name], ran["greedy"]) for name in names}
    print(json.dumps(table) if asked.json else text(table))
    return 0


def run(world: Environment, model: Path, settings: ExplorationSettings, seed: int) -> Ran:
    """One arm from the first visit to the last, in a copy of the fitted collection."""
    began, visits, reach = time.process_time(), world.reset(), Reach(world)
    planned, items = world.settings.visits, len(world.market.items)
    out = Ran(np.zeros(planned), np.full(planned, -1), np.zeros(items, np.int64), reach)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(shutil.copytree(model, Path(place) / "shop.prism"))
        with contextlib.closing(Shop(copy, world, settings)) as shop:
            while visits is not None:
                rng = generator(seed, "marketplace", "policy", int(visits.numbers[0]))
                slates, lost = shop.show(visits, rng)
                feedback, following = world.step(slates)
                shop.learn(feedback, EARNED)
                np.add.at(out.earned, feedback.visits, EARNED[feedback.kinds])
                np.add.at(out.shown, slates[slates >= 0], 1)
                out.users[visits.numbers] = visits.users
                out.left += int(feedback.left.sum())
                out.lost.append(lost)
                reach.see(visits, slates)
                visits = following
    out.seconds = time.process_time() - began
    return out


class Reach:
    """When each product that arrives in the first half of the run has met enough of its audience.

    `good` (new,) marks those that are worth the most to their audience; who wants them is the truth
    of the simulation, which no policy reads.
    """

    def __init__(self, world: Environment) -> None:
        told, created = world.market.settings, world.market.truth.products.created_at
        half = world.begins + (told.end - world.begins) // 2
        self._first, last = np.searchsorted(created, [world.begins, half])
        items, people = np.arange(self._first, last), np.arange(told.users)
        worth = world.reward(people, np.tile(items, (len(people), 1)), world.begins, EARNED).T
        size = max(REACHED, round(AUDIENCE * len(people)))
        self._audience = worth >= -np.sort(-worth, axis=1)[:, size - 1 : size]
        value = np.where(self._audience, worth, 0.0).sum(axis=1) / self._audience.sum(axis=1)
        self.good = value >= np.quantile(value, 1.0 - GOOD)
        self._visits = world.settings.visits
        share = (created[items] - world.begins) / (told.end - world.begins)
        self._from = share * self._visits
        self._met = np.zeros(self._audience.shape, bool)
        self._at = np.full(len(items), np.inf)

    def see(self, visits: Visits, slates: Longs) -> None:
        """Notes who met which new product."""
        rows, places = np.nonzero((slates >= self._first) & (slates < self._first + len(self._at)))
        new, who = slates[rows, places] - self._first, visits.users[rows]
        self._met[new, who] |= self._audience[new, who]
        there = (self._met.sum(axis=1) >= REACHED) & ~np.isfinite(self._at)
        self._at[there] = visits.numbers[0]

    @property
    def waited(self) -> Floats:
        """(new,) visits from arriving to being known; those that never were wait to the end."""
        return np.asarray(np.maximum(np.minimum(self._at, self._visits) - self._from, 1.0))


def told(arm: Sequence[Ran], greedy: Sequence[Ran], seed: int = 0) -> dict[str, float]:
    """The figures of an arm over all worlds, beside greedy's."""
    per_person = [(_by_person(a), _by_person(g)) for a, g in zip(arm, greedy, strict=True)]
    ours, theirs = (np.concatenate([pair[i] for pair in per_person]) for i in (0, 1))
    people = np.arange(len(ours), dtype=np.int32)
    apart = paired(ours, theirs, people, generator(seed, "marketplace", "paired"))
    base = float(theirs.mean())
    behind = [
        float(np.min(a.earned.cumsum()[marks] / g.earned.cumsum()[marks]))
        for a, g in zip(arm, greedy, strict=True)
        for marks in [np.arange(1, CHECKPOINTS + 1) * len(a.earned) // CHECKPOINTS - 1]
    ]
    waits = [
        float(np.median(np.concatenate([ran.reach.waited[ran.reach.good] for ran in runs])))
        for runs in (arm, greedy)
    ]
    shown = [float(np.mean([(ran.shown > 0).mean() for ran in runs])) for runs in (arm, greedy)]
    return {
        "reward": float(np.mean([ran.earned.sum() for ran in arm])),
        "gain": apart.mean / base,
        "gain_low": apart.low / base,
        "gain_high": apart.high / base,
        "worst_checkpoint": min(behind) - 1.0,
        "expected_loss": float(np.mean([np.concatenate(ran.lost).mean() for ran in arm])),
        "coverage": shown[0],
        "coverage_ratio": shown[0] / shown[1],
        "wait": waits[0],
        "sooner": waits[1] / waits[0],
        "left": float(np.mean([ran.left for ran in arm])),
        "seconds": float(np.mean([ran.seconds for ran in arm])),
    }


def _by_person(ran: Ran) -> Floats:
    """(users,) what each person brought."""
    came = ran.users >= 0
    return np.asarray(np.bincount(ran.users[came], ran.earned[came], minlength=WORLD.users))


def text(table: dict[str, dict[str, float]]) -> str:
    """The figures as a table for people."""
    head = "| arm | reward | against greedy | worst checkpoint | expected loss | coverage "
    lines = [head + "| good new products wait | left | s |", "|---|" + "---:|" * 8]
    for name, row in table.items():
        against = f"{row['gain']:+.1%} ({row['gain_low']:+.1%} to {row['gain_high']:+.1%})"
        lines.append(
            f"| {name} | {row['reward']:,.0f} | {against} | {row['worst_checkpoint']:+.1%} "
            f"| {row['expected_loss']:.2%} | {row['coverage']:.1%} ({row['coverage_ratio']:.2f}x) "
            f"| {row['wait']:,.0f} visits ({row['sooner']:.1f}x sooner) | {row['left']:,.0f} "
            f"| {row['seconds']:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
