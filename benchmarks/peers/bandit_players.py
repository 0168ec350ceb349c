"""Bandit libraries as players of a problem: runs in an environment of their own.

    python -m benchmarks.peers.bandit_players FOLDER

FOLDER holds `task.json` (the players' settings and the seeds) and a `SEED.npz` for every problem;
`regret.json` comes beside them: for every player, the regret of each seed.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


def main(folder: Path) -> None:
    """Play every problem of the folder with every player."""
    task = json.loads((folder / "task.json").read_text())
    regret: dict[str, list[float]] = {}
    for seed in task["seeds"]:
        with np.load(folder / f"{seed}.npz", allow_pickle=False) as file:
            problem = {name: file[name] for name in file.files}
        for name in task["players"]:
            found = player_of(name)(problem, int(seed))
            regret.setdefault(name, []).append(found)
    (folder / "regret.json").write_text(json.dumps(regret))


def player_of(name: str) -> Callable[[Arrays, int], float]:
    """The player of a name: `vw: OPTIONS` or `mabwiser: POLICY NUMBER`."""
    library, _, settings = name.partition(": ")
    play = {"vw": vowpal_wabbit, "mabwiser": mabwiser}[library]
    return lambda problem, seed: play(problem, seed, settings)


def vowpal_wabbit(problem: Arrays, seed: int, options: str) -> float:
    """The regret of Vowpal Wabbit: namespaces `q` the round's vector, `i` the item's id, `a` its
    vector, `p` their elementwise product and its sum where they are as long as each other."""
    import vowpalwabbit

    fixed = "--cb_explore_adf --quiet --min_prediction=-1 --max_prediction=2"
    space = vowpalwabbit.Workspace(f"{fixed} --random_seed {seed + 1} {options}")
    rng = np.random.default_rng([seed, 77])
    items = [f"|i {k}:1 |a {words(row)}" for k, row in enumerate(problem["items"])]
    alike = problem["items"].shape[1] == problem["queries"].shape[1]
    total = 0.0
    for t, candidates in enumerate(problem["candidates"]):
        query = problem["queries"][t]
        lines = [items[k] for k in candidates]
        if alike:
            products = problem["items"][candidates] * query
            lines = [
                f"{a} |p {words(p)} sum:{p.sum():.5g}" for a, p in zip(lines, products, strict=True)
            ]
        shared = f"shared |q {words(query)}"
        chances = np.array(space.predict([shared, *lines]))
        column = int(rng.choice(len(chances), p=chances / chances.sum()))
        cost = -float(problem["rewards"][t, column])
        lines[column] = f"0:{cost}:{chances[column]:.6f} {lines[column]}"
        space.learn([shared, *lines])
        total += float(problem["values"][t].max() - problem["values"][t, column])
    space.finish()
    return total


def words(vector: np.ndarray) -> str:
    """A vector as features of Vowpal Wabbit."""
    return " ".join(f"{number}:{value:.5g}" for number, value in enumerate(vector.tolist()))


def mabwiser(problem: Arrays, seed: int, settings: str) -> float:
    """The regret of MABWiser: an arm for every item, the round's vector and 1 as its context."""
    from mabwiser.mab import MAB, LearningPolicy

    name, number = settings.split()
    policy: Any = {
        "LinUCB": lambda x: LearningPolicy.LinUCB(alpha=x),
        "LinTS": lambda x: LearningPolicy.LinTS(alpha=x),
        "LinGreedy": lambda x: LearningPolicy.LinGreedy(epsilon=x),
        "EpsilonGreedy": lambda x: LearningPolicy.EpsilonGreedy(epsilon=x),
        "UCB1": lambda x: LearningPolicy.UCB1(alpha=x),
        "ThompsonSampling": lambda x: LearningPolicy.ThompsonSampling(),
    }[name](float(number))
    arms = list(range(len(problem["items"])))
    contextual = name.startswith("Lin")
    bandit = MAB(arms, policy, seed=seed)
    context = np.concatenate([np.ones((len(problem["queries"]), 1)), problem["queries"]], axis=1)
    # Every arm has to be fitted once before it can be asked; this teaches nothing.
    start = (np.zeros((1, context.shape[1])),) if contextual else ()
    bandit.fit([arms[0]], [0], *start)
    total = 0.0
    for t, candidates in enumerate(problem["candidates"]):
        now = (context[t : t + 1],) if contextual else ()
        expected = bandit.predict_expectations(*now)
        column = int(np.argmax([expected[k] for k in candidates]))
        bandit.partial_fit([int(candidates[column])], [problem["rewards"][t, column]], *now)
        total += float(problem["values"][t].max() - problem["values"][t, column])
    return total


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    main(Path(sys.argv[1]))
