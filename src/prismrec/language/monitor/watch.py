"""The monitor: texts in, rates by day and label out, and an alert when one of them rises."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prismrec.core import BadInput
from prismrec.core.arrays import Floats
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.monitor.alerts import Alert
from prismrec.language.monitor.rise import Rise
from prismrec.language.monitor.settings import MonitorSettings
from prismrec.language.monitor.shift import at_rates, rates_of

__all__ = ["LOOKS_BACK", "Day", "Monitor", "Said"]

LOOKS_BACK = 2_000
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
class Day:
    """How many texts came on a day, and the sums of what they say for each series."""

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
    _days: dict[str, Day] = field(default_factory=dict)
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
        self._recent: deque[tuple[int, Said, Floats]] = deque(maxlen=LOOKS_BACK)

    def see(self, said: Sequence[Said]) -> list[Alert]:
        """The next texts of the stream, in order; the alerts they raise."""
        return self.take(said, self.read([one.text for one in said]))

    def read(self, texts: Sequence[str]) -> Floats:
        """(n, labels and topics) what the classifiers say of `texts`; changes nothing, so that
        several threads may read at once."""
        found = [one.probabilities(texts) for one in self._classifiers]
        return np.concatenate(found, axis=1)

    def take(self, said: Sequence[Said], rows: Floats) -> list[Alert]:
        """The same as `see`, for texts of which `read` has said `rows`."""
        alerts: list[Alert] = []
        for one, row in zip(said, rows, strict=True):
            if not self._turned:
                self._before.append((one, row))
                if len(self._before) >= self.settings.baseline:
                    self._settle()
                continue
            alerts += self._sees(one, self._values(row[None])[0])
        return alerts

    @property
    def seen(self) -> int:
        """How many texts came so far, those that said what is usual included."""
        return self._seen + len(self._before)

    @property
    def series(self) -> tuple[tuple[str, str, str], ...]:
        """(name, label, topic) of all that is watched; no topic where it is over all texts."""
        labels, topics = self.classifier.labels, self.topics.labels if self.topics else ()
        return tuple(
            (one.name, labels[one.label], topics[one.topic] if one.topic >= 0 else "")
            for one in self._series
        )

    @property
    def usual(self) -> dict[str, float]:
        """What is usual of each series; empty until the baseline is read."""
        return {one.name: one.rise.usual for one in self._series if one.rise is not None}

    @property
    def days(self) -> Mapping[str, Day]:
        """The days so far, by their names."""
        return self._days

    def state(self) -> dict[str, Any]:
        """All that the next alarm depends on but the texts of late, as JSON; see `resume`."""
        rises = [one.rise.to_json() for one in self._series if one.rise is not None]
        return {
            "seen": self._seen,
            "rates": [rates.tolist() for _, rates in self._turned],
            "rises": rises,
        }

    def resume(
        self,
        state: Mapping[str, Any],
        days: Mapping[str, Day],
        late: Iterable[tuple[Said, Floats]],
    ) -> None:
        """Go on where a monitor with the same classifiers, labels and settings was: its `state`,
        its `days`, and the last texts that it took, with what `read` said of them: all of them
        before there is a baseline, else `LOOKS_BACK`. What follows is the same to the last bit."""
        late = list(late)
        if not state["rates"]:
            self._before = late
            return
        self._turned = [
            (np.asarray(one.facts["shares"], np.float64), np.asarray(rates, np.float64))
            for one, rates in zip(self._classifiers, state["rates"], strict=True)
        ]
        for series, told in zip(self._series, state["rises"], strict=True):
            series.rise = Rise.from_json(told)
        self._days, self._seen = dict(days), int(state["seen"])
        first = self._seen - len(late) + 1
        for number, (said, row) in enumerate(late, first):
            self._recent.append((number, said, self._values(row[None])[0]))

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

    @property
    def _classifiers(self) -> list[TextClassifier]:
        return [self.classifier] if self.topics is None else [self.classifier, self.topics]

    def _settle(self) -> None:
        """Learn from the first texts what is usual."""
        table = np.stack([row for _, row in self._before])
        at = 0
        for one in self._classifiers:
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
        day = self._days.setdefault(said.day, Day(0, np.zeros(len(values))))
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
