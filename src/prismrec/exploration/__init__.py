"""Policies: the only place where randomness enters a slate."""

from prismrec.exploration.bandits import Bootstrap, LinUCB, RegCB, SquareCB, Thompson
from prismrec.exploration.belief import BeliefSettings
from prismrec.exploration.learned import Learned, LearnedSettings, LearningPolicy
from prismrec.exploration.new_items import NewItems, Quota
from prismrec.exploration.pinned import Pinned
from prismrec.exploration.policies import (
    EpsilonGreedy,
    Greedy,
    PlackettLuce,
    learned_from,
    policy_from,
)
from prismrec.exploration.price import Price, Priced
from prismrec.exploration.sequential import SequentialPolicy
from prismrec.exploration.settings import ExplorationSettings

__all__ = [
    "BeliefSettings",
    "Bootstrap",
    "EpsilonGreedy",
    "ExplorationSettings",
    "Greedy",
    "Learned",
    "LearnedSettings",
    "LearningPolicy",
    "LinUCB",
    "NewItems",
    "Pinned",
    "PlackettLuce",
    "Price",
    "Priced",
    "Quota",
    "RegCB",
    "SequentialPolicy",
    "SquareCB",
    "Thompson",
    "learned_from",
    "policy_from",
]
