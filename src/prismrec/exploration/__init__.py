"""Policies: the only place where randomness enters a slate."""

from prismrec.exploration.new_items import NewItems, Quota
from prismrec.exploration.pinned import Pinned
from prismrec.exploration.policies import EpsilonGreedy, Greedy, PlackettLuce, policy_from
from prismrec.exploration.price import Price, Priced
from prismrec.exploration.sequential import SequentialPolicy
from prismrec.exploration.settings import ExplorationSettings

__all__ = [
    "EpsilonGreedy",
    "ExplorationSettings",
    "Greedy",
    "NewItems",
    "Pinned",
    "PlackettLuce",
    "Price",
    "Priced",
    "Quota",
    "SequentialPolicy",
    "policy_from",
]
