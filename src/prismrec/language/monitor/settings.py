"""What is watched for, and where an alert goes. Only the operator sets this."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from prismrec.core import BadSettings

__all__ = ["MonitorSettings"]


@dataclass(frozen=True)
class MonitorSettings:
    """`using` is the folder of a classifier made by `prismrec classify --out`, in the collection's
    folder unless absolute, and `watch` are the labels of it that a server watches; with `topics`, a
    second classifier, within each topic too. (`prismrec monitor` is told these on its line.)

    `baseline` texts are read first and say what is usual. From then on a rate that rises to one
    of `ratios` times the usual is looked for; `texts_between_false_alarms` is how many texts pass
    on average, at least, before an alarm where nothing rose, over everything that is watched.

    An alert names the `evidence` texts that spoke most for it. `webhook` is an address that is sent
    every alert as JSON (empty: none), within `deadline_s` seconds; `private_hosts` are the host
    names, addresses and networks that it may be though they are private or plain `http`. A rate is
    told of at least `least_rate`.
    """

    using: str = ""
    watch: tuple[str, ...] = ()
    topics: str = ""
    baseline: int = 3_000
    ratios: tuple[float, ...] = (1.5, 2.0, 4.0)
    texts_between_false_alarms: float = 30_000.0
    evidence: int = 5
    least_rate: float = 0.001
    webhook: str = ""
    private_hosts: tuple[str, ...] = ()
    deadline_s: float = 5.0

    def __post_init__(self) -> None:
        if bool(self.using) != bool(self.watch):
            raise BadSettings(
                "monitor.using and monitor.watch go together.",
                hint="Name a classifier, and the labels of it to watch.",
            )
        if not self.ratios or min(self.ratios) <= 1:
            raise BadSettings(
                f"monitor.ratios is {list(self.ratios)}.", hint="Give numbers above 1."
            )
        lowest = {"baseline": 100, "texts_between_false_alarms": 1, "evidence": 0, "deadline_s": 0}
        for name, least in lowest.items():
            value = getattr(self, name)
            if not (isfinite(value) and value >= least):
                raise BadSettings(
                    f"monitor.{name} is {value}.", hint=f"Give a number of {least} or more."
                )
        if not 0 < self.least_rate < 1:
            raise BadSettings(
                f"monitor.least_rate is {self.least_rate}.", hint="Give a share above 0."
            )
