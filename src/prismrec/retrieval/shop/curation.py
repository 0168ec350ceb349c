"""Which rules speak about a query, and what they do to its candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from prismrec.core import Candidates, Rule
from prismrec.core.arrays import Positions
from prismrec.language.segmentation import contains_han, normalise

__all__ = ["PART", "Curated", "Curation", "is_pinned"]

PART = "rule.curated"
"""The part of a score by which pinned items stand above all others, and buried ones below."""
GAP = 1.0


@dataclass(frozen=True)
class Curated:
    """What the rules say about one query: item ids to pin, in order, to bury, to block, and the ids
    of the rules that said it. Blocking outdoes pinning, pinning outdoes burying."""

    pin: tuple[str, ...] = ()
    bury: frozenset[str] = frozenset()
    block: frozenset[str] = frozenset()
    rules: tuple[str, ...] = ()

    def applied(self, found: Candidates, pinned: Positions, buried: Positions) -> Candidates:
        """The candidates (1, k) with the pinned ones above the best of them, in order, and the
        buried ones below the worst, by an additive part, so that parts still sum to scores.

        Pinned items that were not found join with no other part.
        """
        if not len(pinned) and not len(buried):
            return found
        found = _with(found, pinned[~np.isin(pinned, found.positions[0])])
        positions, scores = found.positions[0], found.scores[0]
        real = positions >= 0
        extra = np.zeros(len(positions), np.float32)
        high, low = scores[real].max(initial=0.0), scores[real].min(initial=0.0)
        for place, position in enumerate(pinned):
            at = np.flatnonzero(positions == position)
            extra[at] = high + GAP * (len(pinned) - place) - scores[at]
        down = np.isin(positions, buried) & ~np.isin(positions, pinned) & real
        extra[down] = low - GAP - (high - low)
        assert found.parts is not None
        out = replace(
            found,
            scores=np.where(real, scores + extra, -np.inf)[None, :].astype(np.float32),
            parts=np.concatenate([found.parts, extra[None, :, None]], axis=2),
            part_names=(*found.part_names, PART),
        )
        return out.best(len(positions))


class Curation:
    """The rules of a collection, by the text they speak about. Immutable.

    >>> rules = Curation([Rule("r1", "desk lamp", "contains", pin=("p1",))])
    >>> rules.of("Red DESK  lamp", at=0).pin
    ('p1',)
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = tuple(sorted(rules, key=lambda rule: rule.rule_id))
        self._exact: dict[str, list[Rule]] = {}
        self._contains: list[tuple[str, Rule]] = []
        for rule in self.rules:
            text = plain(rule.query)
            if rule.match == "exact":
                self._exact.setdefault(text, []).append(rule)
            else:
                self._contains.append((text, rule))

    def of(self, text: str, at: int) -> Curated:
        """What the rules that hold at the time `at` say about `text`: exact ones first, then in
        order of their ids; an item keeps its first pinned place."""
        asked = plain(text)
        if not asked or not self.rules:
            return Curated()
        found = list(self._exact.get(asked, ()))
        found += [rule for words, rule in self._contains if has(asked, words)]
        found = [rule for rule in found if rule.holds(at)]
        block = _all(rule.block for rule in found)
        pin = [item for rule in found for item in rule.pin if item not in block]
        return Curated(
            pin=tuple(dict.fromkeys(pin)),
            bury=frozenset(_all(rule.bury for rule in found)),
            block=frozenset(block),
            rules=tuple(rule.rule_id for rule in found),
        )


def is_pinned(found: Candidates, column: int) -> bool:
    """Whether the candidate at `column` of the one row was pinned."""
    if PART not in found.part_names or found.parts is None:
        return False
    return bool(found.parts[0, column, found.part_names.index(PART)] > 0)


def plain(text: str) -> str:
    """A query without what makes no difference: case, accents, width, spaces."""
    return " ".join(normalise(text).split())


def has(asked: str, words: str) -> bool:
    """Whether the plain text `asked` has these words; Chinese, where words touch, as it stands."""
    if not words:
        return False
    if contains_han(words):
        return words.replace(" ", "") in asked.replace(" ", "")
    return f" {words} " in f" {asked} "


def _all(groups: Iterable[Sequence[str]]) -> set[str]:
    return {item for group in groups for item in group}


def _with(found: Candidates, more: Positions) -> Candidates:
    """The candidates and `more` (m,), which score 0 in every part."""
    m = len(more)
    if not m:
        return found
    assert found.parts is not None
    wide = lambda a, b: np.concatenate([a, b], axis=1)  # noqa: E731
    sources = found.sources
    return replace(
        found,
        positions=wide(found.positions, more[None, :].astype(np.int32)),
        scores=wide(found.scores, np.zeros((1, m), np.float32)),
        parts=wide(found.parts, np.zeros((1, m, found.parts.shape[2]), np.float32)),
        sources=None if sources is None else wide(sources, np.zeros((1, m), sources.dtype)),
    )
