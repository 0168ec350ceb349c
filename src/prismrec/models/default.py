"""The default model: which experts the data can feed, mixed by what validation shows.

Any data gives a working engine: with no text, no clock, three users or a million. What is trained
follows from counts of events, users and items, never from the clock of the machine; a time budget
becomes a plan of such counts (`budget`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from prismrec.core import BadSettings, Cases, Interactions, Learner, Scorer
from prismrec.data import wants_repeats
from prismrec.descent.clock import Deadline, deadline, until
from prismrec.models.budget import NETWORKS, Plan, counts_of, plan_of
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
    "planned",
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
    profiles: bool = False
    links: bool = False


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
        profiles=train.profiles is not None and len(train.profiles.indices) > 0,
        links=train.item_links is not None and len(train.item_links) > 0,
    )


def experts_for(facts: Facts) -> tuple[str, ...]:
    """The experts that data of this kind can feed, cheapest first."""
    rules = (
        ("popularity", True),
        ("profile", facts.profiles and facts.events >= 2),
        ("repeats", facts.repeats),
        ("text_knn", facts.text or facts.attributes),
        ("related", facts.links),
        ("item_knn", facts.events >= 2),
        ("transitions", facts.events >= 2),
        ("user_knn", 2 <= facts.users <= MOST_USERS),
        ("text_ease", facts.events >= 2 and facts.items <= MOST_EASE_ITEMS),
        ("als", facts.events >= FEWEST_EVENTS and facts.users <= MOST_USERS),
        ("two_tower", facts.events >= FEWEST_EVENTS),
        ("prism", facts.events >= FEWEST_EVENTS),
    )
    return tuple(name for name, fits in rules if fits)


LANGUAGE_MODEL = "language_model"
MOST_USERS = 60_000
"""More users than this make user neighbours slow to serve."""
MOST_EASE_ITEMS = 20_000
"""EASE with text inverts a dense matrix of items by items: 1.6 GB, 90 s of a core."""
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
        plan = planned(self.settings, train, validation, repeats)
        lent = start if isinstance(start, MixtureScorer) else None
        earlier: Mapping[str, Scorer] = lent.experts if lent else {}
        streams = {n: np.random.default_rng(rng.integers(2**63, size=2)) for n in plan.experts}
        chosen = replace(self.settings, work=plan.work)
        with _progress(len(plan.experts) + 1) as bar:
            bar.tell(plan)

            def fitted(name: str) -> Scorer:
                made = learner_by_name(
                    name, chosen, repeats=repeats, report=bar.say, watch=self.watch
                )
                before = earlier.get(name)
                return made.fit(train, streams[name], validation=validation, start=before)

            experts = _in_time(fitted, plan, self.settings.budget, bar)
            bar.say("Weighing the experts")
            mixture = fit_mixture(experts, validation, repeats, rng, lent=lent)
            events = np.bincount(train.positives.items, minlength=train.n_items)[: train.n_items]
            price = self.settings.newcomer_price
            return welcoming(mixture, events, validation, repeats, price, rng)


def planned(
    settings: ModelSettings, train: Interactions, validation: Cases | None, repeats: bool
) -> Plan:
    """The experts that are fitted, and the networks' work: what the data can feed or the settings
    name, as far as the budget of the settings holds it, where it has one."""
    names = settings.experts or experts_for(facts_of(train, repeats))
    if settings.language_model and LANGUAGE_MODEL not in names:
        names = (*names, LANGUAGE_MODEL)
    if not settings.budget:
        return Plan(names, settings.work)
    return plan_of(names, settings.work, settings.budget, counts_of(train, validation))


def _in_time(
    fitted: Callable[[str], Scorer], plan: Plan, budget: float, bar: _Bar
) -> dict[str, Scorer]:
    """The experts of the plan in its order; under a budget, those that the clock leaves time for,
    and the first whatever it says."""
    end = deadline() or (Deadline(budget) if budget else None)

    def one(name: str) -> Scorer | None:
        if end and name != plan.experts[0] and end.is_over(plan.reserve):
            end.stop(name)
            return None
        bar.say(f"Fitting {name}")
        with until(end, name, plan.reserve):
            scorer = fitted(name)
        bar.done()
        return scorer

    # The slowest first leaves no core idle at the end; what the clock may cut short comes last.
    order = plan.experts if end else plan.experts[::-1]
    found = dict(zip(order, side_by_side(one, order), strict=True))
    return {name: made for name in plan.experts if (made := found[name]) is not None}


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
    more: dict[str, Any] = {}
    if plain in NETWORKS:
        more["work"] = NETWORKS[plain] * chosen.work
    if plain == LANGUAGE_MODEL and chosen.language_model:
        more = {"folder": chosen.language_model, "epochs": 0}
    return Told(learner(plain, **more), chosen.repeats)


@dataclass(frozen=True)
class Told:
    """`learner`, which knows no settings of the models, told by them whether items may return."""

    learner: Learner
    repeats: str

    @property
    def name(self) -> str:
        return self.learner.name

    def fit(
        self,
        train: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> Scorer:
        data = replace(train, repeats=wants_repeats(train, self.repeats))
        return self.learner.fit(data, rng, validation=validation, start=start)


class _Bar:
    """What is being done, and how much of it is."""

    def __init__(self, progress: RichProgress, steps: int) -> None:
        self._progress = progress
        self._task = progress.add_task("Fitting", total=steps)

    def tell(self, plan: Plan) -> None:
        """Say what a budget leaves out; it stays on the screen."""
        for name, seconds in plan.left_out.items():
            why = f"it takes about {seconds:.0f} s, more than the budget has left"
            self._progress.console.print(f"Left out {name}: {why}.", highlight=False)

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
