"""What a release says of chances: learned from pages as they were, or would have been, shown.

Where a collection logged exposures, each event type that came of them has a chance of its own
(`click`, `purchase`): from the scores that the release of that time gave, before it could know the
outcome. The chance that is there from the start is `next`: of the pages that validation cases would
have been shown, which item the person took next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl

from prismrec.core import PAGE_OF, Cases, Event, Exposure, Scorer
from prismrec.core.arrays import Floats
from prismrec.evaluation.ranks import HistoryFilter, top
from prismrec.exploration.rewards import join_rewards
from prismrec.models.calibration import Calibration

__all__ = ["NEXT", "calibrated", "calibrated_by_log"]

NEXT = "next"
PAGE = 10
CASES = 5_000
CHUNK = 128
EVENT = ("item_id", "event", "user_id", "timestamp", "event_id", "session_id", "exposure_id")
MOST_EXPOSURES = 20_000
"""The newest exposures that are learned from."""


def calibrated(scorer: Scorer, cases: Cases, rule: HistoryFilter) -> Calibration:
    """The centre and scale of the scores on the first pages of `cases`, and the chances of `next`.

    The weights of a mixture were chosen on these cases too, so that chances are a little high.
    """
    some = cases.take(np.arange(min(len(cases), CASES)))
    pages = [np.zeros((0, PAGE))]
    hits = [np.zeros((0, PAGE), bool)]
    for start in range(0, len(some), CHUNK):
        part = some.take(np.arange(start, min(start + CHUNK, len(some))))
        every = np.array(scorer.score(part.queries), np.float32)
        every[~rule.allowed(part.queries, every.shape[1])] = -np.inf
        shown = top(every, PAGE)
        found = np.take_along_axis(every, np.maximum(shown, 0), axis=1).astype(np.float64)
        pages.append(np.where(shown >= 0, found, np.nan))
        hits.append((shown == part.targets[:, None]) & (shown >= 0))
    scores = np.concatenate(pages)
    return Calibration.of(scores).learned(NEXT, scores, np.concatenate(hits))


def calibrated_by_log(
    serving: Calibration, release: int, exposures: Iterable[Exposure], events: pl.DataFrame
) -> Calibration:
    """`serving`, the calibration of `release`, with the chances of every event type that came of
    the pages that release showed: first pages of recommendations, its newest 20,000. `events` are
    the store's."""
    own = (
        one
        for one in exposures
        if one.release == release and one.chosen and not one.text and PAGE_OF not in one.context
    )
    shown = list(deque(own, MOST_EXPOSURES))
    if not shown:
        return serving
    scores = _scores(shown)
    head = Calibration.of(scores) if serving == Calibration() else serving
    named = events.filter(pl.col("exposure_id") != "").select(EVENT)
    came = [Event(**row) for row in named.iter_rows(named=True)]
    for outcome in sorted({event.event for event in came}):
        earned = join_rewards(shown, came, {outcome: 1.0}).rewards
        head = head.learned(outcome, scores, earned > 0)
    return head


def _scores(shown: Sequence[Exposure]) -> Floats:
    """(exposures, places) the logged scores of what was shown, NaN beyond the end of a slate, and
    where a rule of the shop put an item there that had no score."""
    out = np.full((len(shown), max(len(one.chosen) for one in shown)), np.nan)
    for row, one in enumerate(shown):
        known = dict(zip(one.shortlist, one.scores, strict=True))
        found = [known.get(item, np.nan) for item in one.chosen]
        out[row, : len(found)] = np.where(np.isfinite(found), found, np.nan)
    return out
