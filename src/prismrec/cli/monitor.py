"""`prismrec monitor`: what is said, and when it changes."""

from __future__ import annotations

import json as jsons
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prismrec.cli.options import AsJson, Config
from prismrec.cli.output import errors, out, print_json, print_table

if TYPE_CHECKING:
    from prismrec.language.monitor.alerts import Alert
    from prismrec.language.monitor.watch import Monitor, Said

__all__ = ["monitor"]

BATCH = 64


def monitor(
    stream: Annotated[
        str,
        typer.Argument(help="A table of texts (and timestamp), or - for JSON lines as they come."),
    ],
    using: Annotated[Path, typer.Option(help="A classifier kept by prismrec classify --out.")],
    watch: Annotated[list[str], typer.Option(help="A label to watch; again for more.")],
    topics: Annotated[
        Path | None, typer.Option(help="A second classifier: watch within each of its labels too.")
    ] = None,
    config: Config = None,
    json: AsJson = False,
) -> None:
    """Read texts, tell rates by day, and give the alarm when the rate of a label rises.

    Set up by [monitor] in a prism.toml: what is looked for, how rare false alarms are, a webhook.
    """
    from prismrec.config import read_settings
    from prismrec.language.classifier.classifier import TextClassifier
    from prismrec.language.monitor.alerts import Webhook, to_log
    from prismrec.language.monitor.watch import Monitor

    settings = read_settings(config).monitor
    webhook = Webhook(settings) if settings.webhook else None
    about = TextClassifier.load(topics) if topics else None
    watcher = Monitor(TextClassifier.load(using), tuple(watch), settings, about)
    alerts: list[Alert] = []
    said = _read(stream)
    size = 1 if stream == "-" else BATCH
    while batch := list(islice(said, size)):
        for alert in watcher.see(batch):
            alerts.append(alert)
            to_log(alert)
            if webhook is not None:
                webhook.send(alert)
    _tell(stream, watcher, alerts, json)


def _read(stream: str) -> Iterator[Said]:
    from prismrec.data.labelled import read_said
    from prismrec.language.monitor.watch import Said

    if stream != "-":
        yield from (Said(text, at) for text, at in read_said(stream))
        return
    for number, line in enumerate(sys.stdin, 1):
        try:
            row = jsons.loads(line)
            yield Said(str(row["text"]), str(row.get("timestamp", "")))
        except (ValueError, TypeError, KeyError, AttributeError):
            errors.print(f"Line {number} is no JSON object with a text; it is left out.")


def _tell(stream: str, watcher: Monitor, alerts: list[Alert], json: bool) -> None:
    rates = watcher.rates()
    if json:
        print_json({"rates": rates, "alerts": [alert.to_json() for alert in alerts]})
        return
    if not rates:
        out.print("Fewer texts than monitor.baseline: nothing is usual yet.")
        return
    print_table(stream, list(rates[0]), [tuple(row.values()) for row in rates])
    for alert in alerts:
        out.print(
            f"{alert.series}: from {alert.usual:.1%} to {alert.now:.1%} since text {alert.since} "
            f"{alert.at}",
            markup=False,
        )
        for _, text, _ in alert.causes:
            out.print(f"  {text[:100]}", markup=False, style="dim")
