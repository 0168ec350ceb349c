"""What clicks on searches say of items, with the place where they were shown taken out.

A click needs a look, and the first place is looked at far more often than the tenth: an item that
always stands high is clicked for that alone. Where an item was shown at several places for the same
text (explored slates, a ranking that changed), the places can be told from the items.

Sources: T. Joachims, A. Swaminathan and T. Schnabel, "Unbiased learning-to-rank with biased
feedback", WSDM 2017 (clicks weighed by the inverse chance of a look); X. Wang et al., "Position
bias estimation for unbiased learning to rank in personal search", WSDM 2018 (these chances by
expectation maximisation from the same log).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from prismrec.config import Settings
from prismrec.core import PAGE_OF, Event, Exposure, Ids, Judgments
from prismrec.core.arrays import Bools, Floats, Longs, Positions
from prismrec.data.catalogue import Catalogue
from prismrec.exploration.rewards import join_rewards
from prismrec.learning.judged_search import taught
from prismrec.release import Release

__all__ = [
    "Pages",
    "clicked_pages",
    "examination",
    "judged_by_clicks",
    "newest_searches",
    "taught_by_clicks",
]

ROUNDS = 200
PLACES = 50
"""Places beyond are counted as the last of these."""
PRIOR = 10.0
"""Looks of average outcome that every item is given for a text, so that few say little; chosen on
seed 101 of `prismrec bench click_learning`."""
MOST_PAGES = 200_000
"""The newest searches that are learned from."""
EVENT = ("item_id", "event", "user_id", "timestamp", "event_id", "session_id", "exposure_id")


def taught_by_clicks(
    release: Release,
    serving: Release,
    catalogue: Catalogue,
    log: tuple[Sequence[Exposure], pl.DataFrame],
    settings: Settings,
    *,
    path: Path | None = None,
) -> Release:
    """`release` with the ranker of searches of `serving`, or with one that learned from the clicks
    in the `log`, which is its exposures and the store's events.

    Every event of positive feedback that names an exposure is a click. Nothing is learned where
    judgments taught the serving ranker, where there are fewer clicks than
    `learning.search_clicks`, or where every item always stood at the same place for its text. Only
    what was shown is learned from: what was not says nothing. What was found stands in the report
    under `search`, with the chances of a look, `from` being `clicks`.
    """
    before = serving.report.get("search", {})
    told = {**release.report, **({"search": before} if before else {})}
    kept = replace(release, ranker=serving.ranker, report=told)
    judged = serving.ranker is not None and before.get("from") != "clicks"
    if judged or not settings.learning.search_clicks:
        return kept
    shown, events = log
    named = events.filter(pl.col("exposure_id") != "").select(EVENT)
    kinds = sorted(set(named["event"].to_list()))
    wanted = settings.feedback.weights_of(kinds, None) > 0
    types = [kind for kind, positive in zip(kinds, wanted, strict=True) if positive]
    came = (Event(**row) for row in named.iter_rows(named=True))
    pages = clicked_pages(shown, came, catalogue.ids, types)
    if pages.clicked.sum() < settings.learning.search_clicks or not moved(pages):
        return kept
    looks = examination(pages)
    found = taught(
        release, catalogue, judged_by_clicks(pages, looks), settings, path=path, unjudged=0
    )
    log_said = {"clicks": int(pages.clicked.sum()), "looks": looks.round(3).tolist()}
    report = {**found.report["search"], "from": "clicks", **log_said}
    return replace(found, report={**found.report, "search": report})


def newest_searches(exposures: Iterable[Exposure]) -> list[Exposure]:
    """The newest 200,000 of the exposures that answered a text."""
    return list(deque((one for one in exposures if one.text.strip()), MOST_PAGES))


@dataclass(frozen=True)
class Pages:
    """What was shown for texts, a row a shown item: the place of its text among `texts`, the item
    (int32 position), its `places` counted from 0, and whether it was `clicked`."""

    texts: tuple[str, ...]
    queries: Longs
    items: Positions
    places: Longs
    clicked: Bools


def clicked_pages(
    exposures: Sequence[Exposure], events: Iterable[Event], ids: Ids, clicks: Sequence[str]
) -> Pages:
    """The first pages of searches among `exposures`, clicked where an event of a type in `clicks`
    names the exposure and the item."""
    shown = [one for one in exposures if one.text.strip() and PAGE_OF not in one.context]
    earned = join_rewards(shown, events, dict.fromkeys(clicks, 1.0)).rewards > 0
    texts: dict[str, int] = {}
    rows: list[tuple[int, int, int, bool]] = []
    for one, clicked in zip(shown, earned, strict=True):
        query = texts.setdefault(" ".join(one.text.lower().split()), len(texts))
        for place, item in enumerate(one.chosen):
            if (position := ids.position(item)) >= 0:
                rows.append((query, position, place, bool(clicked[place])))
    table = np.array(rows, np.int64).reshape(len(rows), 4)
    queries, items, places, hit = table.T
    return Pages(tuple(texts), queries, items.astype(np.int32), places, hit.astype(bool))


def judged_by_clicks(pages: Pages, looks: Floats | None = None) -> Judgments:
    """A grade from 0 to 1 for every item that was shown for a text: its clicks over the looks it
    had, each place counted by its chance of a look `looks` (places,), `None` for all alike.

    The ratio has the expectation of clicks weighed by inverse propensity, at less variance.
    """
    queries, items, shown, clicks = _counted(pages)
    if looks is None:
        looks = np.ones(shown.shape[1])
    seen, hits = shown @ looks, clicks.sum(axis=1)
    mean = hits.sum() / max(seen.sum(), 1e-9)
    grades = np.minimum((hits + PRIOR * mean) / (seen + PRIOR), 1.0).astype(np.float32)
    indptr = np.searchsorted(queries, np.arange(len(pages.texts) + 1)).astype(np.int64)
    return Judgments(pages.texts, indptr, items.astype(np.int32), grades)


def examination(pages: Pages) -> Floats:
    """(places,) the chance that each place is looked at, the first one's being 1.

    The position-based model, P(click) = look(place) * like(text, item), by expectation
    maximisation. Never rising with the place is not assumed. Where every item kept its place, the
    log cannot tell places from items, and the chances found mean nothing.
    """
    _, _, shown, clicks = _counted(pages)
    look = 1.0 / (1.0 + np.arange(shown.shape[1]))
    like = np.full(len(shown), 0.5)
    missed = shown - clicks
    for _ in range(ROUNDS):
        neither = 1.0 - look[None, :] * like[:, None]
        looked = clicks + missed * (look[None, :] * (1.0 - like[:, None]) / neither)
        liked = clicks + missed * ((1.0 - look[None, :]) * like[:, None] / neither)
        mean = liked.sum() / max(shown.sum(), 1.0)
        look = np.clip(looked.sum(axis=0) / np.maximum(shown.sum(axis=0), 1e-9), 1e-4, 1 - 1e-6)
        like = (liked.sum(axis=1) + mean) / (shown.sum(axis=1) + 1.0)
        like = np.clip(like, 1e-4, 1 - 1e-6)
    return np.asarray(look / look[0])


def moved(pages: Pages) -> bool:
    """Whether any item was shown at several places for one text, without which places and items
    cannot be told apart."""
    return bool((np.count_nonzero(_counted(pages)[2], axis=1) > 1).any())


def _counted(pages: Pages) -> tuple[Longs, Longs, Floats, Floats]:
    """Every pair of text and item, in order: the text, the item, and how often it was shown and
    clicked at each place, (pairs, places)."""
    n = int(pages.items.max(initial=0)) + 1
    pairs, row = np.unique(pages.queries * n + pages.items, return_inverse=True)
    places = np.minimum(pages.places, PLACES - 1)
    shape = (len(pairs), int(places.max(initial=0)) + 1)
    shown, clicks = np.zeros(shape), np.zeros(shape)
    np.add.at(shown, (row, places), 1.0)
    np.add.at(clicks, (row, places), pages.clicked.astype(float))
    return pairs // n, pairs % n, shown, clicks
