"""Do intervals hold the truth when rounds of one person are alike? Drawn by person and by round.

    python -m benchmarks.people [--logs 300] [--people 200] [--seed 0]

Everybody has a level of their own and a taste for each of four items, and comes 1 to 40 times, 8 in
the mean; a click is drawn anew every time. The log shows items by an epsilon-greedy policy, single
ones or slates of two; the policy that is asked about prefers other items. True values are exact:
sums over all slates of click chances, which are integrals over people. Every interval is made twice
from the same log: as `prismrec` makes it, by person, and as if each round were somebody else's.
In the experiment both arms serve the same release; it is looked at 15 times while people return.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from prismrec.core import Exposure
from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.advantage import advantage
from prismrec.exploration.experiment import ARMS, EXPERIMENT, told, watched
from prismrec.exploration.logs import BanditLog, SlateLog
from prismrec.exploration.ope import evaluate_log
from prismrec.exploration.ope_slates import evaluate_slates
from prismrec.exploration.people import grouped

__all__ = ["main"]

BASE = np.array([-1.5, -1.0, -0.5, 0.0])
LEVEL, TASTE = 1.2, 0.8  # standard deviations of a person's level, and of their taste for an item
OLD = np.array([0.55, 0.15, 0.15, 0.15])
NEW = np.array([0.1, 0.1, 0.2, 0.6])
LOOKS = 15
Held = dict[str, list[tuple[bool, float]]]


@dataclass(frozen=True)
class Log:
    """n rounds: whose each is, what was shown (n, k), and the clicks."""

    people: Longs
    shown: Longs
    clicks: Floats

    def chances(self, policy: Floats) -> Floats:
        """(n, k): how likely `policy` shows it, given the places before; no item twice."""
        picked = policy[self.shown]
        return np.asarray(picked / (1.0 - (np.cumsum(picked, axis=1) - picked)), np.float64)


def main(argv: Sequence[str] | None = None) -> int:
    """Print how often each interval holds the truth."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, size in (("logs", 300), ("people", 200), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    held: Held = defaultdict(list)
    for number in range(asked.logs):
        rng = np.random.default_rng([asked.seed, number])
        single(drawn(asked.people, 1, rng), number, held)
        slates(drawn(asked.people, 2, rng), number, held)
        experiment(drawn(asked.people, 1, rng), rng, held)
    found = {name: np.mean(rows, axis=0).tolist() for name, rows in held.items()}
    if asked.json:
        print(json.dumps({"logs": asked.logs, "people": asked.people, "coverage": found}))
        return 0
    print(f"{asked.logs} logs of {asked.people} people; how often the interval holds the truth")
    for name, (share, width) in found.items():
        print(f"  {name:44} {100 * share:5.1f}%   mean width {width:.3f}")
    return 0


def drawn(people: int, places: int, rng: np.random.Generator) -> Log:
    """A log; people come back in an order that chance decides."""
    times = np.minimum(rng.geometric(1 / 8, people), 40)
    names = rng.permutation(np.repeat(np.arange(people), times))
    taste = BASE + LEVEL * rng.normal(0, 1, (people, 1)) + TASTE * rng.normal(0, 1, (people, 4))
    noise = rng.gumbel(size=(len(names), 4))
    shown = np.argsort(-(np.log(OLD) + noise), axis=1)[:, :places]
    click = 1.0 / (1.0 + np.exp(-taste[names[:, None], shown]))
    clicks = (rng.random(shown.shape) < click).astype(np.float64)
    return Log(grouped(map(str, names)), shown.astype(np.int64), clicks)


def worth(policy: Floats, places: int) -> float:
    """What a slate of it earns in the mean over people, exactly (Gauss-Hermite quadrature)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    spread = np.hypot(LEVEL, TASTE)
    click = (1.0 / (1.0 + np.exp(-(BASE[:, None] + spread * nodes)))) @ weights / weights.sum()
    slates = np.array(list(itertools.permutations(range(4), places)))
    chance = Log(np.zeros(0, np.int64), slates, np.zeros(0)).chances(policy).prod(axis=1)
    return float(chance @ click[slates].sum(axis=1))


def single(log: Log, seed: int, held: Held) -> None:
    """`prismrec ope` on a table."""
    truth, shown = worth(NEW, 1), log.shown[:, 0]
    items = tuple("0123")
    table = BanditLog(
        items, ("",), shown, shown * 0, log.clicks[:, 0], OLD[shown], log.people
    )  # fmt: skip
    for how, people in ways(log):
        report = evaluate_log(replace(table, people=people), NEW[None, :], seed=seed)
        dr = next(each for each in report.estimates if each.name == "dr")
        note(held, f"dr, {how}", dr.interval, truth)
        note(held, f"empirical Bernstein, {how}", report.bernstein, truth)


def slates(log: Log, seed: int, held: Held) -> None:
    """`prismrec ope` on a collection, and the gate."""
    old, new = log.chances(OLD), log.chances(NEW)
    truth, gap = worth(NEW, 2), worth(NEW, 2) - worth(OLD, 2)
    for how, people in ways(log):
        slate_log = SlateLog(log.clicks, old, new, old, people, log.shown, people * 0 + 4)
        report = evaluate_slates(slate_log, new, seed=seed)
        best = next(each for each in report.estimates if each.name == report.headline)
        note(held, f"cascade-dr, {how}", best.interval, truth)
        found = advantage(log.clicks, old, old, new, people, seed=seed)
        note(held, f"the gate's difference, {how}", found.interval, gap)


def experiment(log: Log, rng: np.random.Generator, held: Held) -> None:
    """`prismrec experiment`, looked at again and again: no false alarm at any look."""
    arms = rng.random(int(log.people.max()) + 1) < 0.5
    clicks = log.clicks[:, 0]
    for how, people in ways(log):
        shown = [_exposure(row, f"{people[row]}", bool(arms[log.people[row]]))
                 for row in range(len(people))]  # fmt: skip
        looks = [int(n) for n in np.linspace(len(shown) / LOOKS, len(shown), LOOKS)]
        seen = [watched("x", shown[:n], clicks[:n]) for n in looks]
        inside = all(look.interval[0] <= 0.0 <= look.interval[1] for look in seen)
        low, high = seen[-1].interval
        held[f"an experiment, {LOOKS} looks, {how}"].append((inside, high - low))


def ways(log: Log) -> tuple[tuple[str, Longs], ...]:
    """By person, and as if nobody came twice."""
    return ("by person", log.people), ("by round", np.arange(len(log.people)))


def note(held: Held, name: str, interval: tuple[float, float], truth: float) -> None:
    """Whether the interval holds the truth, and how wide it is."""
    held[name].append((interval[0] <= truth <= interval[1], interval[1] - interval[0]))


def _exposure(row: int, user: str, challenger: bool) -> Exposure:
    context = {EXPERIMENT: told("x", ARMS[challenger])}
    return Exposure(
        exposure_id=str(row), at=row, release=1, policy="p", policy_version="1", seed=0,
        shortlist=("a",), scores=(1.0,), chosen=("a",), propensities=(1.0,), user_id=user,
        context=context,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
