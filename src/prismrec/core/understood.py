"""What was understood of a query's text, and from which of its words."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Finding", "Understood"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a text says of what is looked for.

    `kind` is `brand`, `category`, `attribute`, `price`, `without` or `phrase`: `value` stood in
    quotes, and items have its words side by side. `filter` false is a boost: items that fit come
    higher, and none is lost; true leaves out those that do not fit. `name` and
    `value` say what was found (`color`, `Red`); of several alike, the commonest. `words` are the
    words that caused it, `text[start:end]`. `tokens` are the catalogue's attribute tokens it speaks
    of (`color=Red`): wanted by a boost, refused by a `without`; a `without` that has none refuses
    items that speak of `value`. `strength`, in (0, 1], is how sure a boost is: the share of the
    items with these words that do have the value. `low` and `high` are the inclusive bounds of a
    `price`, in `currency` where one was named, which is told and never converted.
    """

    kind: str
    filter: bool
    name: str
    value: str
    words: str
    start: int
    end: int
    tokens: tuple[str, ...] = ()
    strength: float = 1.0
    low: float | None = None
    high: float | None = None
    currency: str = ""

    @property
    def key(self) -> str:
        """What to send back in `ignore` to have the search without this finding."""
        return f"{self.kind}:{self.words.casefold()}"


@dataclass(frozen=True, slots=True)
class Understood:
    """A text and what was understood of it.

    `searched` is what remains to be looked for: without words that only ask (I am looking for) and
    without those that became filters. `language` is told by the script alone: `zh`, `ja`, `ko`,
    `th`, `el`, `he`, else `und-` and the script (`und-Latn`), empty without letters. `correction`
    is the text as it was perhaps meant ("did you mean"), empty where nothing is to correct.
    `unmet` says that the text quotes words that stand together in no item, so that its quotes hold
    nothing back.
    """

    text: str
    searched: str
    language: str = ""
    findings: tuple[Finding, ...] = ()
    correction: str = ""
    unmet: bool = False

    @property
    def low(self) -> float | None:
        """The highest lower bound of the price, `None` without one."""
        return max((f.low for f in self.findings if f.low is not None), default=None)

    @property
    def high(self) -> float | None:
        """The lowest upper bound of the price, `None` without one."""
        return min((f.high for f in self.findings if f.high is not None), default=None)

    @property
    def boosts(self) -> tuple[Finding, ...]:
        """The findings that only move items up."""
        return tuple(f for f in self.findings if not f.filter)

    @property
    def phrases(self) -> tuple[Finding, ...]:
        """What must stand together in an item."""
        return tuple(f for f in self.findings if f.kind == "phrase")

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """What must not be in the answer."""
        return tuple(f for f in self.findings if f.kind == "without")
