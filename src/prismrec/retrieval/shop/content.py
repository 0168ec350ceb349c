"""What may be shown, and to whom: lists of words, a classifier, and what people decided."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from prismrec.core import BadSettings, Item, NotFound, Ruling
from prismrec.core.arrays import Bools, Positions, Scores
from prismrec.retrieval.lexical.analysis import Analyzer, texts_of

__all__ = ["ContentPolicy", "ContentSettings", "Doubt", "Finding", "Judge", "read_terms"]

ALLOWED, ADULT, HELD, BLOCKED = range(4)
"""What is known of an item, the strictest last."""
UNDECIDED = -1
STATES = ("allowed", "adult", "review", "blocked")
States = npt.NDArray[np.int8]
Judge = Callable[[Sequence[str]], Scores]
"""Texts (n) -> the chances (n, 2) that each must be blocked, and that it is for adults alone."""


@dataclass(frozen=True)
class ContentSettings:
    """The content policy of a collection; by default everything may be shown to everyone.

    `terms` is a TOML file in the collection's folder with lists of words or phrases under
    `blocked`, `adult` and `review`: an item that has one in its texts is treated so. `classifier`
    is a folder made by `prismrec classify --out`; texts with one of its labels `blocks` are
    harmful, with one of `restricts` for adults. From the probability `sure` on it acts by itself;
    from `doubt` on the item waits for a person, and is not shown meanwhile where `hold` says so.
    Adults are people whose attribute `age_attribute` begins with a number of `adult_age` or more;
    nobody else sees what is for adults, the unknown neither.
    """

    terms: str = ""
    classifier: str = ""
    blocks: tuple[str, ...] = ()
    restricts: tuple[str, ...] = ()
    sure: float = 0.95
    doubt: float = 0.5
    hold: bool = True
    age_attribute: str = "age"
    adult_age: int = 18

    def __post_init__(self) -> None:
        if not 0.0 <= self.doubt <= self.sure <= 1.0:
            raise BadSettings(
                f"content.doubt is {self.doubt} and content.sure is {self.sure}.",
                hint="Give two probabilities, doubt no more than sure.",
            )
        if self.classifier and not (self.blocks or self.restricts):
            raise BadSettings(
                "content.classifier is set, but no label of it means anything.",
                hint="Name labels in content.blocks or content.restricts.",
            )


@dataclass(frozen=True, slots=True)
class Finding:
    """Why an item is not simply shown: a `term` of the list, or the classifier, which gives
    `state` the probability `p`."""

    state: str
    term: str = ""
    p: float = 1.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """An item at `position` that waits for a person, and what was found in it."""

    position: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class ContentPolicy:
    """What may be shown of a catalogue. Immutable; `extended` and `ruled` make the next one.

    `sure` (n,) is what lists and classifier say of each item for certain, `doubtful` (n,) whether a
    person should look, `findings` why. `decided` (n,) is what people said, from `rulings` by item
    id, and outdoes both; `UNDECIDED` where nobody did.
    """

    settings: ContentSettings
    terms: Mapping[tuple[str, ...], int]
    judge: Judge | None
    sure: States
    doubtful: Bools
    decided: States
    ids: tuple[str, ...]
    findings: Mapping[int, tuple[Finding, ...]] = field(default_factory=dict)
    rulings: Mapping[str, Ruling] = field(default_factory=dict)

    @staticmethod
    def of(
        settings: ContentSettings,
        items: Sequence[Item],
        rulings: Iterable[Ruling],
        *,
        terms: Mapping[str, Sequence[str]] | None = None,
        judge: Judge | None = None,
    ) -> ContentPolicy:
        """The policy over `items`, by position; `terms` by state, as `read_terms` gives them."""
        cut = _listed(terms or {})
        none = np.zeros(0, np.int8)
        empty = ContentPolicy(settings, cut, judge, none, none.astype(bool), none, ())
        everything = np.arange(len(items), dtype=np.int32)
        return empty.extended(everything, items).ruled(rulings)

    def extended(self, changed: Positions, items: Sequence[Item]) -> ContentPolicy:
        """The policy after `items` at the positions `changed` arrived or were replaced."""
        more = max(0, int(changed.max(initial=-1)) + 1 - len(self.ids))
        sure, doubtful, decided = (
            np.concatenate([old, np.full(more, new, old.dtype)])
            for old, new in ((self.sure, HELD), (self.doubtful, True), (self.decided, UNDECIDED))
        )
        ids, findings = [*self.ids, *[""] * more], dict(self.findings)
        for position, item, seen in zip(changed, items, self._seen(items), strict=True):
            states = [STATES.index(one.state) for one in seen]
            sure[position] = max((s for s in states if s != HELD), default=ALLOWED)
            doubtful[position] = HELD in states
            decided[position] = self._ruling(item.item_id)
            ids[position] = item.item_id
            findings.pop(int(position), None)
            if seen:
                findings[int(position)] = seen
        return replace(
            self, sure=sure, doubtful=doubtful, decided=decided, ids=tuple(ids), findings=findings
        )

    def ruled(self, rulings: Iterable[Ruling]) -> ContentPolicy:
        """The policy under what people decided."""
        after = replace(self, rulings={ruling.item_id: ruling for ruling in rulings})
        decided = np.array([after._ruling(item_id) for item_id in self.ids], np.int8)
        return replace(after, decided=decided)

    def _ruling(self, item_id: str) -> int:
        ruling = self.rulings.get(item_id)
        return UNDECIDED if ruling is None else STATES.index(ruling.label)

    def shown(self, n: int, *, adult: bool) -> Bools:
        """(n,): what an adult, or somebody else, may see; nothing beyond the items known. Without
        `hold` a doubt hides nothing, but what is certain beside it still does."""
        states = self.states if self.settings.hold else self._certain
        out = np.zeros(n, bool)
        known = min(n, len(states))
        out[:known] = states[:known] <= (ADULT if adult else ALLOWED)
        return out

    @cached_property
    def states(self) -> States:
        """(n,) what holds for each item, an index of `STATES`."""
        held = self.doubtful & (self.sure < HELD) & (self.decided == UNDECIDED)
        states: States = np.where(held, np.int8(HELD), self._certain)
        return states

    @cached_property
    def _certain(self) -> States:
        """(n,) what people decided, else what is certain without them."""
        states: States = np.where(self.decided == UNDECIDED, self.sure, self.decided)
        return states

    def queue(self, alive: Bools) -> list[Doubt]:
        """What waits for a person among the items `alive`, the most doubtful first: those nearest
        to a probability of one half, after those that a list names."""
        known = alive[: len(self.states)]
        waiting = np.flatnonzero((self.states[: len(known)] == HELD) & known)
        doubts = [Doubt(int(p), self.findings.get(int(p), ())) for p in waiting]
        return sorted(doubts, key=lambda doubt: (_certainty(doubt), doubt.position))

    def _seen(self, items: Sequence[Item]) -> list[tuple[Finding, ...]]:
        """What is found in each item, strictest first."""
        texts = [" \n ".join(filter(None, texts_of(item))) for item in items]
        judged = None if self.judge is None or not items else self.judge(texts)
        out = []
        for row, text in enumerate(texts):
            seen = [Finding(STATES[state], term) for term, state in self._terms_in(text)]
            if judged is not None:
                seen += _judged(judged[row], self.settings)
            out.append(tuple(sorted(seen, key=lambda one: -STATES.index(one.state))))
        return out

    def _terms_in(self, text: str) -> list[tuple[str, int]]:
        if not self.terms:
            return []
        words, longest = _CUT.words(text), max(map(len, self.terms))
        runs = {
            tuple(words[start : start + length])
            for start in range(len(words))
            for length in range(1, longest + 1)
        }
        return [(" ".join(term), state) for term, state in self.terms.items() if term in runs]


def read_terms(path: Path) -> dict[str, list[str]]:
    """The lists of a TOML file, by state. Raises `NotFound` or `BadSettings`."""
    if not path.is_file():
        raise NotFound(f"There is no list of words at {path}.", hint="See content.terms.")
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeError) as error:
        raise BadSettings(f"{path} is not TOML: {error}", hint="See content.terms.") from None
    lists = STATES[1:]
    if any(name not in lists or not _is_list(words) for name, words in told.items()):
        raise BadSettings(
            f"{path} has more than lists of words.", hint=f"Name them: {', '.join(lists)}."
        )
    return told


_CUT = Analyzer("English")


def _is_list(words: object) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def _listed(terms: Mapping[str, Sequence[str]]) -> dict[tuple[str, ...], int]:
    """Every term as its words, with its state; the strictest where it stands on two lists."""
    out: dict[tuple[str, ...], int] = {}
    for name, listed in terms.items():
        for term in listed:
            words = tuple(_CUT.words(term))
            if words:
                out[words] = max(out.get(words, ALLOWED), STATES.index(name))
    return out


def _judged(chances: Scores, settings: ContentSettings) -> list[Finding]:
    """What the classifier's chances of being harmful, and of being for adults, come to."""
    out = []
    for state, chance in (("blocked", float(chances[0])), ("adult", float(chances[1]))):
        if chance >= settings.sure:
            out.append(Finding(state, p=chance))
        elif chance >= settings.doubt:
            out.append(Finding("review", p=chance))
    return out


def _certainty(doubt: Doubt) -> float:
    """0 for what a list names, else how far the classifier is from one half."""
    chances = [finding.p for finding in doubt.findings if not finding.term]
    return min((abs(p - 0.5) for p in chances), default=0.0)
