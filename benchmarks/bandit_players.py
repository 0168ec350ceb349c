"""Our policies as players of a bandit problem: choose, see one reward, learn, go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.bandit_problems import Problem
from prismrec.core import Candidates, Exposure, QueryBatch, generator
from prismrec.core.arrays import Floats
from prismrec.exploration import BeliefSettings, Learned, LearnedSettings, LearningPolicy
from prismrec.exploration.bandits import Rule

__all__ = ["Player", "features_of", "play"]


@dataclass(frozen=True)
class Player:
    """A rule, what it learns, and by which features: `match` (the elementwise product of the two
    vectors, and its sum), `outer` (all products of a number of the round with one of the item) or
    `quadratic` (all numbers of both, and all products of two)."""

    rule: Rule
    belief: BeliefSettings
    lens: str


def play(problem: Problem, player: Player, seed: int) -> Floats:
    """(t,) the regret of every round: the best expected reward less that of the chosen one."""
    x = features_of(problem, player.lens)
    names = tuple(map(str, range(x.shape[2])))
    told = LearnedSettings(player.belief, names)
    policy = LearningPolicy(Learned(player.rule, told, int), shortlist=x.shape[1])
    rng, asked = generator(seed, "bandits", "play"), QueryBatch.of([[]])
    regret = problem.values.max(axis=1)
    scores = np.zeros((1, x.shape[1]), np.float32)
    for t, candidates in enumerate(problem.candidates):
        found = Candidates(candidates[None], scores, features=x[t][None], feature_names=names)
        choice = policy.choose(asked, found, 1, rng)
        column = int(choice.columns[0, 0])
        item = str(candidates[column])
        shown = Exposure(
            str(t), t, 1, policy.name, "", seed, (item,), (0.0,), (item,),
            (float(choice.propensities[0, 0]),),
            features={name: (float(v),) for name, v in zip(names, x[t, column], strict=True)},
        )  # fmt: skip
        policy.update([shown], problem.rewards[t, column].reshape(1, 1))
        regret[t] -= problem.values[t, column]
    return regret


def features_of(problem: Problem, lens: str) -> Floats:
    """(t, m, d): 1, and what the lens makes of the round's vector and the item's."""
    t, m = problem.candidates.shape
    q = np.repeat(problem.queries[:, None, :], m, axis=1)
    a = problem.items[problem.candidates]
    one = np.ones((t, m, 1))
    if lens == "match":
        return np.concatenate([one, (q * a).sum(axis=2, keepdims=True), q * a], axis=2)
    if lens == "outer":
        products = np.einsum("tmp,tmq->tmpq", q, a).reshape(t, m, -1)
        return np.concatenate([one, q, a, products], axis=2)
    both = np.concatenate([q, a], axis=2)
    pairs = np.triu_indices(both.shape[2])
    return np.concatenate([one, both, both[..., pairs[0]] * both[..., pairs[1]]], axis=2)
