"""Alerts that are still to be sent are sent, again and again until the other side takes them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from prismrec.language.monitor.alerts import Alert, Webhook

__all__ = ["Delivery"]

_LOG = logging.getLogger("prismrec.monitor")
PAUSE_S = 30.0


class Delivery:
    """A thread that sends what `due` gives, (number, alert) the oldest first, and tells `sent`.

    What it could not send waits `PAUSE_S` seconds and for those before it, so that alerts arrive in
    their order. One that was taken just before the process died is sent once more: whoever
    receives them tells them apart by `series` and `text_number`.
    """

    def __init__(
        self,
        webhook: Webhook,
        due: Callable[[], Sequence[tuple[int, Alert]]],
        sent: Callable[[int], None],
    ) -> None:
        self._webhook, self._due, self._sent = webhook, due, sent
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    def close(self) -> None:
        """Finish what is being sent, and stop."""
        self._over.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        waits: float | None = None
        while True:
            self._wake.wait(waits)
            self._wake.clear()
            if self._over.is_set():
                return
            waits = None if self._all_sent() else PAUSE_S

    def _all_sent(self) -> bool:
        try:
            while due := self._due():
                for number, alert in due:
                    if self._over.is_set() or not self._webhook.send(alert):
                        return False
                    self._sent(number)
        except Exception:
            _LOG.exception("Alerts that are due cannot be read; they are tried again.")
            return False
        return True
