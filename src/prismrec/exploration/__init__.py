"""Policies: the only place where randomness enters a slate."""

from prismrec.exploration.policies import EpsilonGreedy, Greedy, policy_from
from prismrec.exploration.settings import ExplorationSettings

__all__ = ["EpsilonGreedy", "ExplorationSettings", "Greedy", "policy_from"]
