"""Does the gate let better releases through, and worse ones not? On 200 simulated releases.

    python -m benchmarks.gate [--releases 200] [--requests 5000] [--candidates 6] [--seed 0]

Every request has six candidates, of which a champion shows three by Plackett-Luce; people click
each by its own chance. A challenger scores the same candidates, half of them exactly 5% better by
the true value of what they would show, half 1 to 10% worse, and is judged on the champion's log
alone: it is promoted where the 95% interval of its advantage lies above 0 (`--threshold`, a share
of the champion's value). True values are exact sums over all slates, for a thousand requests.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prismrec.core.arrays import Floats, Longs
from prismrec.exploration.advantage import Advantage, advantage

__all__ = ["main"]

PLACES = 3
TEMPERATURE = 0.5
SOME = 1000


def main(argv: Sequence[str] | None = None) -> int:
    """Print how many of each half were promoted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    sizes = (("releases", 200), ("requests", 5_000), ("candidates", 6), ("seed", 0))
    for name, size in sizes:
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--threshold", type=float, default=0.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    promoted: dict[str, list[bool]] = {"better": [], "worse": []}
    clicks = []
    for number in range(asked.releases):
        better = number % 2 == 0
        found = judged(asked.requests, asked.candidates, better, (asked.seed, number))
        promoted["better" if better else "worse"].append(found.passes(asked.threshold))
        clicks.append(found.champion)
    shares = {name: float(np.mean(each)) for name, each in promoted.items()}
    if asked.json:
        print(json.dumps({"requests": asked.requests, "promoted": shares}))
        return 0
    print(
        f"{asked.releases} releases, each judged on a log of {asked.requests:,} slates of "
        f"{PLACES} of {asked.candidates} that earned {np.mean(clicks):.2f} clicks each"
    )
    for name, share in shares.items():
        print(f"  {name:7} promoted {100 * share:.1f}% of {len(promoted[name])}")
    return 0


def judged(requests: int, candidates: int, better: bool, seed: tuple[int, int]) -> Advantage:
    """One challenger, judged on a log of its own."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(0, 1, (requests, candidates))
    click = 1.0 / (1.0 + np.exp(2.0 - 0.8 * taste))
    champion = 0.5 * taste + rng.normal(0, 0.7, taste.shape)
    world = World(click, champion)
    wanted = 1.05 if better else 1.0 - rng.uniform(0.01, 0.1)
    challenger = world.scores_worth(wanted, taste if better else -taste)
    shown = world.drawn(rng)
    rewards = (rng.random(shown.shape) < np.take_along_axis(click, shown, axis=1)).astype(
        np.float64
    )
    logged, new = (chances(scores, shown) for scores in (champion, challenger))
    alone = np.arange(requests)
    return advantage(rewards, logged, logged, new, alone, seed=seed[1])


@dataclass(frozen=True)
class World:
    """Click chances and the champion's scores, both (requests, candidates)."""

    click: Floats
    champion: Floats

    def worth(self, scores: Floats) -> float:
        """Mean clicks of a slate, summed over every slate there is."""
        slates = np.array(list(itertools.permutations(range(scores.shape[1]), PLACES)))
        chance = np.stack(
            [chances(scores, np.broadcast_to(slate, (len(scores), PLACES))) for slate in slates]
        ).prod(axis=2)
        clicks = self.click[:, slates].sum(axis=2)
        return float((chance.T * clicks).sum(axis=1).mean())

    def scores_worth(self, factor: float, direction: Floats) -> Floats:
        """Scores whose policy is worth `factor` times the champion's, in that direction from it;
        the step is found by halving, on some of the requests."""
        part = slice(0, SOME)
        small = World(self.click[part], self.champion[part])
        wanted, low, high = factor * small.worth(small.champion), 0.0, 2.0
        for _ in range(10):
            step = (low + high) / 2
            short = small.worth(small.champion + step * direction[part]) < wanted
            low, high = (step, high) if short == (factor > 1.0) else (low, step)
        return np.asarray(self.champion + low * direction, np.float64)

    def drawn(self, rng: np.random.Generator) -> Longs:
        """(requests, PLACES): the champion's slates."""
        noise = rng.gumbel(size=self.champion.shape)
        order = np.argsort(-(self.champion / TEMPERATURE + noise), axis=1)
        return np.asarray(order[:, :PLACES], np.int64)


def chances(scores: Floats, shown: Longs) -> Floats:
    """(n, PLACES): how likely Plackett-Luce shows each of `shown`, given the places before."""
    odds = np.exp(scores / TEMPERATURE)
    picked = np.take_along_axis(odds, shown, axis=1)
    before = np.cumsum(picked, axis=1) - picked
    return np.asarray(picked / (odds.sum(axis=1, keepdims=True) - before), np.float64)


if __name__ == "__main__":
    sys.exit(main())
