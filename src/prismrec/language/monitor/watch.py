"""The monitor: texts in, rates by day and label out, and an alert when one of them rises."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from prismrec.core import BadInput
from prismrec.core.arrays import Floats
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.monitor.alerts import Alert
from prismrec.language.monitor.rise import Rise
from prismrec.language.monitor.settings import MonitorSettings
from prismrec.language.monitor.shift import at_rates, rates_of

__all__ = ["Monitor", "Said"]

_KEPT = 2_000
"""Texts that an alert can look back on."""


@dataclass(frozen=True)
class Said:
    """One text of the stream, and when it came (ISO 8601, or empty)."""

    text: str
    at: str = ""

    @property
    def day(self) -> str:
        """The day of `at`; empty where that is."""
        return self.at[:10]


@dataclass
class _Series:
    """One rate that is watched: a label, alone or within a topic."""

    name: str
    label: int
    topic: int = -1
    rise: Rise | None = None


@dataclass
class _Day:
    """The sums of a day, by series."""

    texts: int
    sums: Floats


@dataclass
class Monitor:
    """Reads a stream with `classifier` and watches the labels `watched`, each over all texts and,
    with a classifier of `topics`, within each topic: the share of texts that are both.

    The first `baseline` texts say what is usual and raise no alarm. There the rates of the labels
    are found and the classifiers turned to them (see `shift`); a rate is usual up to one standard
    error above its mean. From then on each text is a bet (see `rise`). All of it depends on the
    texts and their order alone. Raises `BadInput` for a label that is not known.
    """

    classifier: TextClassifier
    watched: tuple[str, ...]
    settings: MonitorSettings = field(default_factory=MonitorSettings)
    topics: TextClassifier | None = None
    _before: list[tuple[Said, Floats]] = field(default_factory=list)
    _series: list[_Series] = field(default_factory=list)
    _turned: list[tuple[Floats, Floats]] = field(default_factory=list)
    _days: dict[str, _Day] = field(default_factory=dict)
    _seen: int = 0

    def __post_init__(self) -> None:
        for name in self.watched:
            if name not in self.classifier.labels:
                known = ", ".join(self.classifier.labels[:8])
                raise BadInput(f"There is no label '{name}'.", hint=f"Known are: {known}.")
        places = [self.classifier.labels.index(name) for name in self.watched]
        self._series = [_Series(self.classifier.labels[i], i) for i in places]
        if self.topics is not None:
            self._series += [
                _Series(f"{self.classifier.labels[i]} of {topic}", i, place)
                for i in places
                for place, topic in enumerate(self.topics.labels)
            ]
        self._recent: deque[tuple[int, Said, Floats]] = deque(maxlen=_KEPT)

    def see(self, said: Sequence[Said]) -> list[Alert]:
        """The next texts of the stream, in order; the alerts they raise."""
        if not said:
            return []
        texts = [one.text for one in said]
        found = [self.classifier.probabilities(texts)]
        if self.topics is not None:
            found.append(self.topics.probabilities(texts))
        rows = [np.concatenate(row) for row in zip(*found, strict=True)]
        alerts: list[Alert] = []
        for one, row in zip(said, rows, strict=True):
            if not self._turned:
                self._before.append((one, row))
                if len(self._before) >= self.settings.baseline:
                    self._settle()
                continue
            alerts += self._sees(one, self._values(row[None])[0])
        return alerts

    def rates(self) -> list[dict[str, object]]:
        """By day: how many texts, and the rate of each series, in the order of the days. They
        are of the labels themselves as far as the classifiers can tell, not of what they named."""
        return [
            {"day": day, "texts": sums.texts}
            | {
                series.name: float(total / sums.texts)
                for series, total in zip(self._series, sums.sums, strict=True)
            }
            for day, sums in sorted(self._days.items())
        ]

    def _settle(self) -> None:
        """Learn from the first texts what is usual."""
        table = np.stack([row for _, row in self._before])
        at = 0
        for one in filter(None, (self.classifier, self.topics)):
            trained = np.asarray(one.facts["shares"], np.float64)
            said = table[:, at : at + len(trained)]
            self._turned.append((trained, rates_of(said, trained, self.settings.least_rate)))
            at += len(trained)
        values = self._values(table)
        errors = values.std(axis=0) / np.sqrt(len(values))
        usual = np.clip(values.mean(axis=0) + errors, self.settings.least_rate, 0.95)
        threshold = self.settings.texts_between_false_alarms * len(self._series)
        for series, rate in zip(self._series, usual, strict=True):
            series.rise = Rise.of(float(rate), self.settings.ratios, threshold)
        for (said_then, _), value in zip(self._before, values, strict=True):
            self._counts(said_then, value)
        self._before.clear()

    def _values(self, rows: Floats) -> Floats:
        """(n, series) how far each text speaks for each series."""
        parts, at = [], 0
        for trained, rates in self._turned:
            parts.append(at_rates(rows[:, at : at + len(trained)], trained, rates))
            at += len(trained)
        columns = [
            parts[0][:, one.label] * (parts[1][:, one.topic] if one.topic >= 0 else 1.0)
            for one in self._series
        ]
        return np.stack(columns, axis=1)

    def _counts(self, said: Said, values: Floats) -> None:
        self._seen += 1
        day = self._days.setdefault(said.day, _Day(0, np.zeros(len(values))))
        day.texts += 1
        day.sums += values
        self._recent.append((self._seen, said, values))

    def _sees(self, said: Said, values: Floats) -> list[Alert]:
        self._counts(said, values)
        alerts = []
        for place, series in enumerate(self._series):
            assert series.rise is not None
            if series.rise.sees(float(values[place])):
                alerts.append(self._alert(place, series, said))
                series.rise.restart()
        return alerts

    def _alert(self, place: int, series: _Series, said: Said) -> Alert:
        assert series.rise is not None
        rise = series.rise
        first = self._seen - rise.seen + rise.began + 1
        those = [(n, one.text, float(x[place])) for n, one, x in self._recent if n >= first]
        now = float(np.mean([x for _, _, x in those]))
        told = sorted(those, key=lambda row: (-row[2], row[0]))[: self.settings.evidence]
        return Alert(
            series.name, rise.usual, now, self._seen, first, said.at,
            self.settings.texts_between_false_alarms, tuple(told),
        )  # fmt: skip
