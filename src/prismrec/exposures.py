"""What is remembered of an answer."""

from __future__ import annotations

from prismrec.core import Candidates, Choice, Exposure, Policy, Query, Slate
from prismrec.snapshot import Snapshot

__all__ = ["exposure"]


def exposure(
    seen: Snapshot,
    query: Query,
    shortlist: Candidates,
    slate: Slate,
    choice: Choice,
    policy: Policy,
) -> Exposure:
    """The slate that `policy` chose as the log keeps it, with all that off-policy evaluation
    needs."""
    kept = shortlist.positions[0] >= 0
    return Exposure(
        exposure_id=slate.exposure_id,
        at=slate.at,
        release=slate.release,
        policy=slate.policy,
        policy_version=policy.version,
        seed=slate.seed,
        shortlist=tuple(seen.catalogue.ids.names(shortlist.positions[0][kept])),
        scores=tuple(round(float(s), 5) for s in shortlist.scores[0][kept]),
        chosen=tuple(slate.ids),
        propensities=tuple(item.propensity for item in slate),
        draws=choice.draws,
        user_id=query.user_id,
        session_id=query.session_id,
        text=query.text,
        features={} if seen.learned is None else seen.learned.logged(shortlist),
        context=dict(query.context),
    )
