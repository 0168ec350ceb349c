"""Which of two releases would have earned more, from what the serving one logged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prismrec.core import BadInput, BadSettings
from prismrec.core.arrays import Floats
from prismrec.exploration.advantage import advantage
from prismrec.exploration.rewards import DEFAULT_REWARDS
from prismrec.exploration.sequential import SequentialPolicy
from prismrec.exploration.stored import rewards_from
from prismrec.folder import database_of, key_of, settings_of
from prismrec.learning.gates import Verdict, verdict_of
from prismrec.learning.replay import Requests, read_requests, replay, snapshot_at
from prismrec.snapshot import Snapshot
from prismrec.store import Releases, read_store

__all__ = ["Contender", "compare_releases"]


@dataclass(frozen=True)
class Contender:
    """A release of a collection; `number` 0 is the one that is served."""

    path: Path
    number: int = 0

    def snapshot(self) -> Snapshot:
        """What serves it, under the settings of its collection."""
        number = self.number or Releases(self.path).served()
        return snapshot_at(self.path, number, settings_of(self.path))

    def learned_until(self) -> int:
        """When the newest event that it learned from was received, in milliseconds."""
        releases, settings = Releases(self.path), settings_of(self.path)
        last = int(releases.manifest(self.number or releases.served()).facts["last_seq"])
        database = database_of(self.path, settings)
        with read_store(database, key_of(self.path, database), settings.store) as store:
            events = store.events(last - 1).head(1)
        return int(events["received_at"][0]) if len(events) else 0


def compare_releases(
    champion: Contender,
    challenger: Contender,
    log: Path,
    *,
    rewards: str = "",
    threshold: float | None = None,
    seed: int = 0,
) -> Verdict:
    """The verdict on the challenger, from the recommendations that `log` showed after both releases
    had learned: neither may be judged by what it was taught.

    Both rank the shortlists that were logged, under the policy of their own settings; what else
    they would have retrieved is not known to the log. `threshold` is the share of the champion's
    value that the lower bound of the advantage must reach, by default the setting
    `learning.gate_threshold`, else 0. Raises `BadInput` where there is nothing to judge by and
    `NoSupport` where the log never explored.
    """
    settings = settings_of(champion.path)
    if threshold is None:
        threshold = settings.learning.gate_threshold or 0.0
    earned = DEFAULT_REWARDS if not rewards else rewards_from(rewards)
    requests = read_requests(log, settings_of(log), earned)
    requests = requests.since(max(champion.learned_until(), challenger.learned_until()))
    old, new = champion.snapshot(), challenger.snapshot()
    requests = requests.known_to(old).known_to(new)
    if not len(requests.exposures):
        raise BadInput(
            "No recommendation was logged after both releases had learned.",
            hint="Serve for a while after training the candidate, then compare.",
        )
    chances = [_propensities(requests, each) for each in (old, new)]
    found = advantage(
        requests.rewards,
        requests.propensities,
        chances[0],
        chances[1],
        requests.people,
        seed=seed,
        confidence=settings.learning.gate_confidence,
    )
    return verdict_of(found, threshold)


def _propensities(requests: Requests, snapshot: Snapshot) -> Floats:
    policy = snapshot.policy
    if not isinstance(policy, SequentialPolicy):
        raise BadSettings("This policy cannot say how likely a slate was.", hint="Use another.")
    return replay(requests, snapshot).scored(snapshot).propensities(policy)
