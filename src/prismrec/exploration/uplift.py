"""What showing an item earned on top of not showing it: a causal estimate, not a difference of
means.

People to whom a policy shows an item differ from the others, because it was chosen for them. Its
propensities say how likely it was to be shown at each place, given the places before, so that
weighting by them makes the two groups alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prismrec.core import Candidates, QueryBatch, generator
from prismrec.core.arrays import Floats, Longs, Positions
from prismrec.exploration.diagnostics import LEAST_SUPPORT, NoSupport, effective_sample_size
from prismrec.exploration.estimators import Terms, terms
from prismrec.exploration.intervals import bootstrap
from prismrec.exploration.people import require_people
from prismrec.exploration.reward_models import folds_of
from prismrec.exploration.sequential import SequentialPolicy

__all__ = ["Showings", "Uplift", "showings", "uplift"]

FOLDS = 5
RIDGE = 1.0


@dataclass(frozen=True)
class Showings:
    """For n requests whose shortlist had the item: the `place` (n,) where it was shown, -1 nowhere,
    and its `chances` (n, k) at each place given what was shown before; 0 once it was shown."""

    place: Longs
    chances: Floats

    @property
    def reach(self) -> Floats:
        """(n, k + 1) how likely it was not to be shown before each place, and not at all, along
        the slate that came."""
        still = np.cumprod(1.0 - self.chances, axis=1)
        return np.concatenate([np.ones((len(still), 1)), still], axis=1)

    def weights(self) -> tuple[Floats, Floats]:
        """(n,) importance weights of showing it, at each place as often as the log showed it there,
        and of never showing it. Each is 1 in the mean where the log has support for both."""
        rows, shown = np.arange(len(self.place)), self.place >= 0
        usual = np.bincount(self.place[shown], minlength=self.chances.shape[1]) / max(
            shown.sum(), 1
        )
        likely = self.reach[rows, self.place] * self.chances[rows, self.place]
        showing = np.divide(
            usual[self.place], likely, out=np.zeros(len(rows)), where=shown & (likely > 0)
        )
        hidden = np.divide(1.0, self.reach[:, -1], out=np.zeros(len(rows)), where=~shown)
        return showing, hidden


@dataclass(frozen=True)
class Uplift:
    """`value` is what a slate with the item earned more than one without, over the `requests` whose
    shortlist had it, with a 95% interval; `shown` and `hidden` are the two means behind it.

    The interval draws people with all their requests. `naive` is the plain difference of the slates
    with it and without it, for comparison. `times` is
    how often it was shown; the effective sample sizes are of the weights of each side.
    """

    value: float
    interval: tuple[float, float]
    shown: float
    hidden: float
    naive: float
    requests: int
    times: int
    effective: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        """As `prismrec uplift --json` prints it."""
        return {
            "value": self.value,
            "interval": list(self.interval),
            "shown": self.shown,
            "hidden": self.hidden,
            "naive": self.naive,
            "diagnostics": {
                "requests": self.requests,
                "times_shown": self.times,
                "effective_sample_size_shown": self.effective[0],
                "effective_sample_size_hidden": self.effective[1],
            },
        }


def showings(
    policy: SequentialPolicy,
    queries: QueryBatch,
    candidates: Candidates,
    columns: Positions,
    item: Longs,
) -> Showings:
    """Where the item at column `item` (n,) was shown in the slates `columns` (n, k), and how likely
    `policy`, which chose them, was to show it at each place."""
    n, k = columns.shape
    at = columns == item[:, None]
    place = np.where(at.any(axis=1), at.argmax(axis=1), -1)
    chances = np.zeros((n, k))
    for index in range(k):
        asked = np.concatenate([columns[:, :index], item[:, None]], axis=1).astype(np.int32)
        open_ = (columns[:, index] >= 0) & ((place < 0) | (place >= index))
        asked[~open_] = -1
        chances[open_, index] = policy.propensities(queries, candidates, asked)[open_, index]
    return Showings(place.astype(np.int64), chances)


def uplift(
    rewards: Floats, shown: Showings, features: Floats, people: Longs, *, seed: int
) -> Uplift:
    """Estimate it from what each slate earned (n,), with `features` (n, d) of the requests that
    were known before, and whose each was, `people` (n,), as `people.grouped` numbers them.

    The difference of two self-normalised AIPW means (Robins, Rotnitzky and Zhao, "Estimation of
    regression coefficients when some regressors are not always observed", JASA 1994), each with a
    cross-fitted linear model of the rewards on its own side. Raises `NoSupport` where chance did
    not decide often enough whether the item is shown.
    """
    showing, hiding = shown.weights()
    _require_both(shown, showing, hiding)
    require_people(people)
    folds = folds_of(int(people.max()) + 1, FOLDS, generator(seed, "uplift"))[people]
    sides = [_side(rewards, weights, features, folds) for weights in (showing, hiding)]
    difference = Terms(
        *(np.hstack([getattr(sides[0], part), sign * getattr(sides[1], part)])
          for part, sign in (("plain", -1.0), ("weighted", -1.0), ("weights", 1.0)))
    ).by(people)  # fmt: skip
    at = shown.place >= 0
    return Uplift(
        value=difference.value,
        interval=bootstrap(difference, generator(seed, "uplift", "bootstrap")),
        shown=sides[0].value,
        hidden=sides[1].value,
        naive=float(rewards[at].mean() - rewards[~at].mean()),
        requests=len(rewards),
        times=int(at.sum()),
        effective=(effective_sample_size(showing), effective_sample_size(hiding)),
    )


def _side(rewards: Floats, weights: Floats, features: Floats, folds: Longs) -> Terms:
    """The mean reward if all requests were on this side."""
    known = np.column_stack([np.ones(len(rewards)), _standard(features)])
    model = np.zeros(len(rewards))
    for fold in range(int(folds.max()) + 1):
        rest = folds != fold
        weighted = known[rest] * weights[rest, None]
        ridge = RIDGE * np.eye(known.shape[1])
        best = np.linalg.solve(weighted.T @ known[rest] + ridge, weighted.T @ rewards[rest])
        model[~rest] = known[~rest] @ best
    return terms(plain=model, weighted=weights * (rewards - model), weights=weights)


def _standard(features: Floats) -> Floats:
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def _require_both(shown: Showings, showing: Floats, hiding: Floats) -> None:
    """Refuse a log in which the item was (nearly) always or never shown."""
    places = np.unique(shown.place[shown.place >= 0])
    possible = (shown.chances[:, places] > 0).any(axis=1) if len(places) else np.zeros(1)
    for share, what in (
        (float(np.mean(possible)), "could have shown the item"),
        (float(np.mean(shown.reach[:, -1] > 0)), "could have left the item out"),
    ):
        if share < LEAST_SUPPORT:
            raise NoSupport(
                f"In only {100 * share:.1f}% of the requests the policy {what} where the log "
                "shows it; both must have been possible.",
                hint="Log with exploration that reaches the item (such as epsilon-greedy), or ask "
                "about an item nearer to the top of the shortlists.",
            )
    if not showing.any() or not hiding.any():
        raise NoSupport(
            "The item was shown always or never.",
            hint="Use a longer log, or explore more.",
        )
