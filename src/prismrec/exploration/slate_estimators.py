"""Off-policy estimators for slates: several items at once, a reward at every place.

All arrays are (n, k) over n slates and k places, the value is the expected sum of rewards of a
slate. A place that a slate does not have carries reward 0 and weight 1. `weights` are importance
weights of single places; whether they are marginal or given the places before is said at each
estimator, because it is what makes it right.
"""

from __future__ import annotations

import numpy as np

from prismrec.core.arrays import Floats
from prismrec.exploration.estimators import Terms, terms

__all__ = [
    "cascade_doubly_robust",
    "independent_ips",
    "pseudo_inverse",
    "reward_interaction_ips",
    "self_normalised_reward_interaction_ips",
    "slate_ips",
]


def slate_ips(rewards: Floats, weights: Floats) -> Terms:
    """The whole slate as one action: the product of its weights times its reward.

    `weights` are given the places before. Unbiased whatever people do, with a variance that grows
    exponentially in k.
    """
    return terms(weighted=np.prod(weights, axis=1) * np.sum(rewards, axis=1))


def independent_ips(rewards: Floats, weights: Floats) -> Terms:
    """Every place on its own: unbiased where a reward depends only on its own item and place.

    `weights` are of the marginal probability of the item at the place, not given the places before.
    Li, Abbasi-Yadkori, Kveton, Muthukrishnan, Vinay and Wen, "Offline evaluation of ranking
    policies with click models", KDD 2018.
    """
    return terms(weighted=weights * rewards)


def reward_interaction_ips(rewards: Floats, weights: Floats) -> Terms:
    """RIPS: a place counts with the weights of the places up to it.

    Unbiased where people read from the top, so that a reward depends on the items at and above its
    place. `weights` are given the places before. McInerney, Brost, Chandar, Mehrotra and
    Carterette, "Counterfactual evaluation of slate recommendations with sequential reward
    interactions", KDD 2020.
    """
    return terms(weighted=np.cumprod(weights, axis=1) * rewards)


def self_normalised_reward_interaction_ips(rewards: Floats, weights: Floats) -> Terms:
    """RIPS with the weights of every place divided by their mean, as its authors recommend."""
    upto = np.asarray(np.cumprod(weights, axis=1), np.float64)
    return terms(weighted=upto * rewards, weights=upto)


def cascade_doubly_robust(
    rewards: Floats, weights: Floats, expected: Floats, predicted: Floats
) -> Terms:
    """RIPS with a reward model as control variate; unbiased under the same reading from the top.

    `predicted[:, j]` is the model's value of the item shown at place j given those above,
    `expected[:, j]` its mean over the target policy's choice there. Kiyohara, Saito, Matsuhiro,
    Narita, Shimizu and Yamamoto, "Doubly robust off-policy evaluation for ranking policies under
    the cascade behavior model", WSDM 2022.
    """
    upto = np.cumprod(weights, axis=1)
    before = np.concatenate([np.ones((len(upto), 1)), upto[:, :-1]], axis=1)
    return terms(plain=before * expected, weighted=upto * (rewards - predicted))


def pseudo_inverse(rewards: Floats, weights: Floats) -> Terms:
    """The slate's reward times 1 + the sum of (w - 1) over its places.

    For logging policies that fill the places independently of each other (then `weights` have no
    places before to be given): unbiased where the slate's reward is a sum of unknown parts, one a
    place. Swaminathan et al., "Off-policy evaluation for slate recommendation", NIPS 2017; this
    closed form is in Vlassis, Chandrashekar, Amat and Kallus, "Control variates for slate
    off-policy evaluation", NeurIPS 2021.
    """
    return terms(weighted=(1.0 + np.sum(weights - 1.0, axis=1)) * np.sum(rewards, axis=1))
