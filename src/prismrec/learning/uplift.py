"""What showing an item earned, from the exposures of a collection."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from prismrec.core import BadInput
from prismrec.core.arrays import Floats
from prismrec.exploration.sequential import SequentialPolicy
from prismrec.exploration.stored import rewards_from
from prismrec.exploration.uplift import Uplift, showings, uplift
from prismrec.folder import settings_of
from prismrec.learning.replay import Replay, Requests, read_requests, replay, snapshot_at
from prismrec.snapshot import Snapshot
from prismrec.store import Releases

__all__ = ["item_uplift"]

CLOSE = 1e-3
LEAST_AGREEING = 0.5


def item_uplift(path: Path, item_id: str, *, rewards: str = "", seed: int = 0) -> Uplift:
    """The uplift of an item over the logged recommendations whose shortlist had it.

    The policy of the settings must be the one that logged: requests whose propensities it does not
    give again are left out. Raises `BadInput` where most are, `NoSupport` where chance did not
    decide whether the item was shown.
    """
    settings = settings_of(path)
    requests = read_requests(path, settings, rewards_from(rewards))
    snapshot = snapshot_at(path, Releases(path).served(), settings)
    snapshot.catalogue.get(item_id)
    requests = requests.known_to(snapshot)
    having = [row for row, shown in enumerate(requests.exposures) if item_id in shown.shortlist]
    if not having:
        raise BadInput(
            f"'{item_id}' was in no logged shortlist.", hint="Ask about an item that was."
        )
    requests = requests.take(having)
    policy = _policy(snapshot)
    agreeing = _agreeing(requests, replay(requests, snapshot), policy)
    if len(agreeing) < LEAST_AGREEING * len(having):
        raise BadInput(
            f"The policy of the settings logged only {len(agreeing)} of {len(having)} requests.",
            hint="Ask while the policy that logged them is set.",
        )
    requests = requests.take(agreeing)
    seen = replay(requests, snapshot)
    item = (seen.candidates.positions == snapshot.catalogue.position(item_id)).argmax(axis=1)
    shown = showings(policy, seen.queries, seen.candidates, seen.columns, item)
    features = _features(seen, item)
    earned = requests.rewards.sum(axis=1)
    return uplift(earned, shown, features, requests.people, seed=seed)


def _policy(snapshot: Snapshot) -> SequentialPolicy:
    policy = snapshot.policy
    if not isinstance(policy, SequentialPolicy):
        raise BadInput("This policy cannot say how likely a slate was.", hint="Use another.")
    return policy


def _agreeing(requests: Requests, seen: Replay, policy: SequentialPolicy) -> list[int]:
    """The requests whose logged propensities the policy gives again."""
    told = seen.propensities(policy)
    same = np.isclose(told, requests.propensities, rtol=CLOSE, atol=CLOSE**2).all(axis=1)
    return np.flatnonzero(same).tolist()


def _features(seen: Replay, item: np.ndarray) -> Floats:
    """(n, 2): the item's score, and the best one: what was believed before anything was shown."""
    scores = seen.candidates.scores
    own = np.take_along_axis(scores, item[:, None], axis=1)[:, 0]
    return np.column_stack([own, scores.max(axis=1)]).astype(np.float64)
