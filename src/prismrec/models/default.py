"""The default model: which experts the data can feed, mixed by what validation shows.

Any data gives a working engine: with no text, no clock, three users or a million. What is trained
follows from counts of events, users and items, never from the clock of the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from prismrec.core import BadSettings, Cases, Interactions, Learner, Scorer
from prismrec.data import wants_repeats
from prismrec.models.mixture.scorer import MixtureScorer
from prismrec.models.registry import LEARNERS, learner
from prismrec.models.settings import ModelSettings
from prismrec.threads import side_by_side

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from prismrec.descent.loop import Round

__all__ = [
    "NAMES",
    "Default",
    "Facts",
    "default_learner",
    "experts_for",
    "facts_of",
    "learner_by_name",
]

ALIASES = {"mf": "matrix_factorisation", "content": "text_knn", "markov": "transitions"}
NAMES = tuple(sorted({*LEARNERS, "default", "hstu", "prism", "sasrec"}))
"""The names that `learner_by_name` knows; hyphens are as good as underscores."""


@dataclass(frozen=True)
class Facts:
    """What the choice of experts depends on."""

    users: int
    items: int
    events: int
    text: bool
    attributes: bool
    repeats: bool


def facts_of(train: Interactions, repeats: bool) -> Facts:
    """Counts of the positive training events, and which features there are."""
    events = train.positives
    texts = train.features.text_vectors
    return Facts(
        users=int((events.lengths > 0).sum()),
        items=train.n_items,
        events=len(events.items),
        text=texts is not None and bool(np.any(texts)),
        attributes=len(train.features.attributes.indices) > 0,
        repeats=repeats,
    )


def experts_for(facts: Facts) -> tuple[str, ...]:
    """The experts that data of this kind can feed, cheapest first."""
    rules = (
        ("popularity", True),
        ("repeats", facts.repeats),
        ("text_knn", facts.text or facts.attributes),
        ("item_knn", facts.events >= 2),
        ("transitions", facts.events >= 2),
        ("user_knn", 2 <= facts.users <= MOST_USERS),
        ("ease", facts.events >= 2 and facts.items <= MOST_EASE_ITEMS),
        ("als", facts.events >= FEWEST_EVENTS and facts.users <= MOST_USERS),
        ("two_tower", facts.events >= FEWEST_EVENTS),
        ("prism", facts.events >= FEWEST_EVENTS),
    )
    return tuple(name for name, fits in rules if fits)


MOST_USERS = 60_000
"""More users than this make user neighbours slow to serve."""
MOST_EASE_ITEMS = 20_000
"""EASE inverts a dense matrix of items by items: 1.6 GB, and a minute and a half on one core."""
TOWERS = 0.75
"""The part of the settings' `work` that two towers need: they see every event in each pass."""
FEWEST_EVENTS = 500
"""With fewer events a sequence model learns nothing that counting does not."""


@dataclass(frozen=True)
class Default:
    """Learner of the mixture. `repeats` says whether an item may come again to who had it; `None`
    leaves it to the settings, and these to the events. `watch` is told the name of a transformer
    and what each of its rounds came to."""

    settings: ModelSettings = field(default_factory=ModelSettings)
    repeats: bool | None = None
    watch: Callable[[str, Round], None] = lambda *_: None
    name: str = "default"

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> MixtureScorer:
        """Fit every expert, then the weights on `validation`; progress goes to standard error.

        A `start` that is a mixture warm-starts the experts that can use it, and lends its weights
        where there is no validation to choose by.
        """
        from prismrec.models.mixture.fit import fit_mixture
        from prismrec.models.mixture.welcome import welcoming

        repeats = self.repeats
        if repeats is None:
            repeats = wants_repeats(train, self.settings.repeats)
        names = self.settings.experts or experts_for(facts_of(train, repeats))
        earlier: Mapping[str, Scorer] = start.experts if isinstance(start, MixtureScorer) else {}
        streams = {name: np.random.default_rng(rng.integers(2**63, size=2)) for name in names}
        slowest_first = names[::-1]
        with _progress(len(names) + 1) as bar:

            def fitted(name: str) -> Scorer:
                bar.say(f"Fitting {name}")
                made = learner_by_name(
                    name, self.settings, repeats=repeats, report=bar.say, watch=self.watch
                )
                before = earlier.get(name)
                scorer = made.fit(train, streams[name], validation=validation, start=before)
                bar.done()
                return scorer

            found = dict(zip(slowest_first, side_by_side(fitted, slowest_first), strict=True))
            bar.say("Weighing the experts")
            experts = {name: found[name] for name in names}
            lent = start if isinstance(start, MixtureScorer) else None
            mixture = fit_mixture(experts, validation, repeats, rng, lent=lent)
            seen = np.bincount(train.positives.items, minlength=train.n_items)[: train.n_items] > 0
            price = self.settings.newcomer_price
            return welcoming(mixture, seen, validation, repeats, price, rng)


def default_learner(
    settings: ModelSettings | None = None, *, repeats: bool | None = None
) -> Default:
    """The learner called `default`."""
    return Default(settings or ModelSettings(), repeats)


def learner_by_name(
    name: str,
    settings: ModelSettings | None = None,
    *,
    repeats: bool | None = None,
    report: Callable[[str], None] = lambda _: None,
    watch: Callable[[str, Round], None] = lambda *_: None,
) -> Learner:
    """The learner called `name`, as in `evaluate --models`; raises `BadSettings` for another.

    `repeats` is whether an item may come again, `None` where the data shall tell; `report` is told
    in words how the training of a transformer goes, `watch` its name and each round.
    """
    chosen = settings or ModelSettings()
    if repeats is not None:
        chosen = replace(chosen, repeats="yes" if repeats else "no")
    plain = ALIASES.get(name.replace("-", "_"), name.replace("-", "_"))
    if plain == "default":
        return Default(chosen, repeats, watch)
    if plain in ("hstu", "prism", "sasrec"):
        from prismrec.models.sequence.prism import Prism

        def told(done: Round) -> None:
            report(f"Fitting {plain}: loss {done.loss:.3f}")
            watch(plain, done)

        return Prism(
            chosen,
            told,
            identity_only=plain == "sasrec",
            layer="hstu" if plain == "hstu" else "transformer",
        )
    if plain not in LEARNERS:
        raise BadSettings(
            f"There is no model named {name!r}.", hint=f"Choose one of: {', '.join(NAMES)}."
        )
    if plain == "two_tower":
        return learner(plain, work=TOWERS * chosen.work, repeats=chosen.repeats)
    return learner(plain)


class _Bar:
    """What is being done, and how much of it is."""

    def __init__(self, progress: RichProgress, steps: int) -> None:
        self._progress = progress
        self._task = progress.add_task("Fitting", total=steps)

    def say(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    def done(self) -> None:
        self._progress.advance(self._task)


@contextmanager
def _progress(steps: int) -> Iterator[_Bar]:
    """A bar on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, steps)
