"""Opinions over HTTP: alarms are those of a monitor in memory, alerts are closed by people and sent
until they are taken, roles hold. Killed processes: tests/end_to_end/test_opinions_killed.py."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from prismrec.core import BadSettings, generator
from prismrec.folder import settings_of
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.fit import fit_classifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.monitor.settings import MonitorSettings
from prismrec.language.monitor.watch import Monitor, Said

GOOD = ["很好 great", "works well, thanks", "I like the colour"]
BAD = ["很差 fell apart", "broken after a day", "never arrived, I want my money"]
DAY = 86_400_000
FIRST = 1_767_225_600_000
"""The first of January 2026."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier that tells good from bad."""
    texts, labels = (GOOD + BAD) * 10, (["good"] * 3 + ["bad"] * 3) * 10
    folder = tmp_path_factory.mktemp("classifier") / "sentiment"
    fit_classifier(texts, labels, ClassifierSettings(mode="words")).save(folder)
    return folder


def watching(kept: Path, **more: Any) -> MonitorSettings:
    return MonitorSettings(using=str(kept), watch=("bad",), baseline=200, **more)


def stream(seed: int = 0) -> list[dict[str, Any]]:
    """300 calm texts, 60 of a surge, 200 calm ones, 60 of another."""
    rng, rows = generator(seed), []
    for day, (count, rate) in enumerate([(300, 0.12), (60, 0.7), (200, 0.12), (60, 0.8)]):
        for _ in range(count):
            text = (BAD if rng.random() < rate else GOOD)[int(rng.integers(3))]
            row = {"text": f"{text} {len(rows)}", "timestamp": FIRST + day * DAY}
            rows.append(row | {"text_id": f"t{len(rows)}"})
    return rows


def expected(kept: Path, rows: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """The alerts and rates of a monitor in memory that reads all texts without a break."""
    monitor = Monitor(TextClassifier.load(kept), ("bad",), watching(kept))
    days = [f"2026-01-0{1 + (row['timestamp'] - FIRST) // DAY}" for row in rows]
    said = [Said(row["text"], f"{day}T00:00:00+00:00") for row, day in zip(rows, days, strict=True)]
    alerts = [alert for at in range(0, len(said), 20) for alert in monitor.see(said[at : at + 20])]
    return [(a.series, a.usual, a.now, a.since, a.text_number, a.causes) for a in alerts], [
        (day["day"], day["texts"], day["bad"]) for day in monitor.rates()
    ]


def told(alerts: list[dict[str, Any]]) -> list[Any]:
    """Alerts as `expected` has them, oldest first."""
    return [
        (
            *(one[name] for name in ("series", "usual", "now", "since", "text_number")),
            tuple((c["text_number"], c["text"], c["share"]) for c in one["causes"]),
        )
        for one in sorted(alerts, key=lambda one: one["alert"])
    ]


def rates(overview: dict[str, Any]) -> list[Any]:
    return [(day["day"], day["texts"], day["rates"]["bad"]) for day in overview["days"]]


def test_alarms_over_http_are_those_of_a_monitor(opening: Any, fitted: Path, kept: Path) -> None:
    rows = stream()
    alerts, days = expected(kept, rows)
    assert len(alerts) >= 2
    shop = opening(replace(settings_of(fitted), monitor=watching(kept)))
    answered: list[dict[str, Any]] = []
    for at in range(0, len(rows), 20):
        if at == 320:  # In the midst of a surge everything in memory is lost.
            shop.collection.opinions = type(shop.collection.opinions)(shop.collection)
        said = shop.post("opinions", {"texts": rows[at : at + 20]})
        assert said["accepted"] == 20
        answered += said["alerts"]
    assert told(answered) == told(shop.get("opinions/alerts")) == alerts
    assert rates(shop.get("opinions")) == days
    again = shop.post("opinions", {"texts": [*rows[-40:], {"text": GOOD[0], "text_id": "t1000"}]})
    assert (again["accepted"], again["duplicate"], again["alerts"]) == (1, 40, [])


def test_an_alert_is_closed_once_by_whoever_may(opening: Any, fitted: Path, kept: Path) -> None:
    shop = opening(replace(settings_of(fitted), monitor=watching(kept)))
    rows = stream(1)
    first = shop.post("opinions", {"texts": rows[:150]})
    assert (first["accepted"], first["alerts"]) == (150, [])
    early = shop.get("opinions")
    assert (early["texts"], early["baseline"], early["usual"]) == (150, 200, {})
    for at in range(150, len(rows), 47):
        shop.post("opinions", {"texts": rows[at : at + 47]})
    newest, *_, oldest = shop.get("opinions/alerts")
    assert newest["alert"] > oldest["alert"] == 1
    assert newest["closed_at"] is None
    assert [a["alert"] for a in shop.get("opinions/alerts", before=2)] == [1]
    for _ in range(2):
        assert shop.post("opinions/alerts/close", {"alert": 1}) == {"closed": 1}
    closed = shop.get("opinions/alerts")[-1]
    assert closed["closed_at"] > 0
    assert closed["closed_by"] == "local"
    lines = [line for line in shop.get("audit") if line["action"] == "alert.close"]
    assert [line["details"] for line in lines] == [{"alert": 1}]
    assert shop.request("POST", "opinions/alerts/close", json={"alert": 99}).status_code == 404


def test_an_erased_text_changes_no_alarm_and_stays_away(
    opening: Any, fitted: Path, kept: Path
) -> None:
    rows = stream()
    alerts, days = expected(kept, rows)
    shop = opening(replace(settings_of(fitted), monitor=watching(kept)))
    for at in range(0, 320, 20):
        shop.post("opinions", {"texts": rows[at : at + 20]})
    first = {cause["text_number"] for cause in shop.get("opinions/alerts")[0]["causes"]}
    number = min(first)
    counts = {"texts": 1, "alerts": 1}
    assert erased(shop, f"opinions/texts/t{number - 1}") == counts
    again = shop.post("opinions", {"texts": [rows[number - 1]]})
    assert (again["accepted"], again["duplicate"]) == (0, 1)
    for at in range(320, len(rows), 20):
        shop.post("opinions", {"texts": rows[at : at + 20]})
    assert told(shop.get("opinions/alerts")) == without(alerts, number)
    assert rates(shop.get("opinions")) == days
    last = shop.get("opinions/alerts")[0]
    place = f"opinions/alerts/{last['alert']}/texts/{last['causes'][0]['text_number']}"
    assert [erased(shop, place), erased(shop, place)] == [counts, {"texts": 0, "alerts": 0}]
    lines = [line for line in shop.get("audit") if line["action"] == "opinion.erase"]
    assert [line["details"]["text"] for line in lines] == [last["causes"][0]["text_number"], number]
    for gone in ("texts/t9999", "alerts/1/texts/9999", "alerts/99/texts/1"):
        assert shop.request("DELETE", f"opinions/{gone}").status_code == 404


def erased(shop: Any, route: str) -> dict[str, int]:
    answer = shop.request("DELETE", route)
    assert answer.status_code == 200
    return dict(answer.json())


def without(alerts: list[Any], number: int) -> list[Any]:
    """Alerts as `expected` has them, that do not quote this text."""
    return [
        (*rest, tuple((n, "" if n == number else text, share) for n, text, share in causes))
        for *rest, causes in alerts
    ]


def test_roles_hold(opening: Any, fitted: Path, kept: Path) -> None:
    shop = opening(replace(settings_of(fitted), monitor=watching(kept)))
    roles = ("read", "write", "admin")
    keys = {role: {"X-API-Key": shop.collection.store.keys.create(role, role)} for role in roles}
    for route, body, least in (
        ("opinions", {"texts": [{"text": "x"}]}, 1),
        ("opinions/alerts/close", {"alert": 1}, 2),
        ("opinions/texts/t1", None, 2),
        ("opinions/alerts/1/texts/1", None, 2),
    ):
        method = "POST" if body else "DELETE"
        for rank, role in enumerate(roles):
            answer = shop.request(method, route, json=body, headers=keys[role])
            assert (answer.status_code == 403) == (rank < least), (route, role)
    assert shop.request("GET", "opinions").status_code == 401
    assert shop.request("GET", "opinions", headers=keys["read"]).status_code == 200


def test_other_settings_begin_anew_and_old_alerts_stay(
    opening: Any, fitted: Path, kept: Path
) -> None:
    shop = opening(replace(settings_of(fitted), monitor=watching(kept)))
    rows = stream(2)
    shop.post("opinions", {"texts": rows})
    raised = shop.get("opinions/alerts")
    assert raised
    collection = shop.collection
    changed = replace(watching(kept), ratios=(3.0,))
    collection.settings = replace(collection.settings, monitor=changed)
    collection.opinions = type(collection.opinions)(collection)
    assert shop.get("opinions")["texts"] == 0
    assert shop.post("opinions", {"texts": rows[:30]})["accepted"] == 30
    assert shop.get("opinions")["texts"] == 30
    assert shop.get("opinions/alerts") == raised


def test_where_nothing_is_watched_texts_are_refused(shop: Any) -> None:
    answer = shop.request("POST", "opinions", json={"texts": [{"text": "x"}]})
    assert answer.status_code == 422
    assert "monitor.using" in answer.json()["hint"]
    assert shop.get("opinions")["watched"] == []
    assert shop.get("opinions/alerts") == []
    with pytest.raises(BadSettings):
        MonitorSettings(using="somewhere")


class Receiver(BaseHTTPRequestHandler):
    """Refuses the first alert that is sent, takes the others."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server: Any = self.server
        server.got.append(body["text_number"])
        self.send_response(503 if len(server.got) == 1 else 204)
        self.end_headers()
        if len(server.got) >= 3:
            server.enough.set()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.enough = [], threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_what_a_webhook_refused_is_sent_again_in_order(
    opening: Any, fitted: Path, kept: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prismrec.language.monitor.delivery.PAUSE_S", 0.01)
    address = f"http://127.0.0.1:{receiver.server_port}/alerts"
    settings = watching(kept, webhook=address, private_hosts=("127.0.0.1",))
    shop = opening(replace(settings_of(fitted), monitor=settings))
    shop.post("opinions", {"texts": stream()})
    numbers = [one["text_number"] for one in reversed(shop.get("opinions/alerts"))]
    assert receiver.enough.wait(60)
    shop.collection.opinions.close()
    assert receiver.got[:3] == [numbers[0], *numbers[:2]]
    left = [one.body["text_number"] for one in shop.collection.store.opinions.due()]
    assert sorted(receiver.got[1:] + left) == numbers
