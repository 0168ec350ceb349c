"""Alerts: what they say, and how they reach a log and an address of the operator's."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from prismrec.core import ChatRefused
from prismrec.language.chat.addresses import place_of, resolved
from prismrec.language.chat.source import Failed
from prismrec.language.chat.time_limit import TimeLimit
from prismrec.language.chat.wire import post
from prismrec.language.monitor.settings import MonitorSettings

__all__ = ["Alert", "Webhook", "to_log"]

_LOG = logging.getLogger("prismrec.monitor")
_MOST_ANSWERED = 65_536
_MOST_SHOWN = 500


@dataclass(frozen=True)
class Alert:
    """The rate of `series` rose: from `usual` to `now`, both shares of the texts.

    `text_number` counts the texts of the stream from 1; since `since` the rate is probably higher.
    `causes` are (text number, text, how far it speaks for the series, 0 to 1), the most telling
    first. Texts are data that came from outside: nothing in them is believed.
    """

    series: str
    usual: float
    now: float
    text_number: int
    since: int
    at: str
    texts_between_false_alarms: float
    causes: tuple[tuple[int, str, float], ...]

    def to_json(self) -> dict[str, Any]:
        """As it is sent and kept."""
        return asdict(self)

    @staticmethod
    def from_json(told: Mapping[str, Any]) -> Alert:
        """The one that was told."""
        causes = tuple((int(n), str(text), float(share)) for n, text, share in told["causes"])
        return Alert(**{**told, "causes": causes})


def to_log(alert: Alert) -> None:
    """One warning; texts are written as JSON, so that none can look like a line of the log."""
    shown = [text[:_MOST_SHOWN] for _, text, _ in alert.causes]
    _LOG.warning(
        "%s rose from %.1f%% to %.1f%% since text %d (now %d): %s",
        alert.series, 100 * alert.usual, 100 * alert.now, alert.since, alert.text_number,
        json.dumps(shown),
    )  # fmt: skip


class Webhook:
    """Sends alerts to the address of the settings, which is looked up once and pinned; redirects
    are not followed, private addresses only where they are listed.

    Raises `BadSettings` where the address is none.
    """

    def __init__(self, settings: MonitorSettings) -> None:
        self._settings = settings
        self._place = place_of(settings.webhook, settings.private_hosts)
        self._addresses: tuple[str, ...] = ()

    def send(self, alert: Alert) -> bool:
        """Whether the other side took it. What goes wrong is logged, without the address, whose
        path may be a secret; watching goes on."""
        shown = tuple((number, text[:_MOST_SHOWN], x) for number, text, x in alert.causes)
        body = json.dumps(replace(alert, causes=shown).to_json()).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        limit = TimeLimit(self._settings.deadline_s)
        try:
            self._addresses = self._addresses or resolved(
                self._place, self._settings.private_hosts, limit
            )
            answer = post(self._place, self._addresses, body, headers, limit, _MOST_ANSWERED)
        except (Failed, ChatRefused) as error:
            _LOG.error("An alert did not reach monitor.webhook (%s).", type(error).__name__)
            return False
        if not 200 <= answer.status < 300:
            _LOG.error("monitor.webhook answered %d to an alert.", answer.status)
            return False
        return True
