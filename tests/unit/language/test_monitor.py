"""Monitoring: rates are those of the world whatever the classifier errs, false alarms are as rare
as promised, and an alert names the texts that caused it."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.core import BadInput, BadSettings, generator
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.fit import fit_classifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.monitor.alerts import Alert, Webhook, to_log
from prismrec.language.monitor.rise import Rise, advanced, stakes
from prismrec.language.monitor.settings import MonitorSettings
from prismrec.language.monitor.shift import at_rates, rates_of
from prismrec.language.monitor.watch import Monitor, Said

QUICK = MonitorSettings(baseline=400, texts_between_false_alarms=5_000)


class Scores:
    """A classifier's part that reads the logit of "bad" out of the text."""

    kind = "scores"

    def logits(self, texts):
        return np.array([[float(text.split()[0]), 0.0] for text in texts], np.float32)


def reader(shares=(0.5, 0.5)):
    return TextClassifier(("bad", "good"), (Scores(),), (1.0,), (), {"shares": list(shares)})


def texts(rng, rate, n, apart=3.0):
    """Texts whose score tells bad from good with errors; trained where both were as frequent."""
    bad = rng.random(n) < rate
    scores = apart * (rng.normal(size=n) + apart * (bad - 0.5))
    return [Said(f"{score:.3f} text", "2026-01-01") for score in scores], bad


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), max_size=60), st.floats(0.01, 0.9))
def test_one_text_after_another_is_the_formula(values, usual):
    rise = Rise.of(usual, (1.5, 2.0), 1e9)
    evidence = np.zeros(2)
    for value in values:
        rise.sees(value)
        evidence = advanced(
            evidence, np.array([value]), np.array([usual]), stakes(usual, (1.5, 2.0))
        )
    np.testing.assert_allclose(rise.evidence, evidence)
    assert (rise.evidence >= 0).all()


def test_the_evidence_grows_by_one_a_text_where_nothing_rose():
    """E[M_n] = n exactly: what makes the false-alarm rate a theorem."""
    rng, n = generator(0), 60
    values = rng.beta(1, 3, size=(40_000, n))  # mean 0.25, and any distribution will do
    evidence = np.zeros((len(values), 1))
    for i in range(n):
        evidence = advanced(evidence, values[:, i : i + 1], np.array([0.25]), stakes(0.25, [1.5]))
    error = evidence.std() / np.sqrt(len(values))
    assert abs(evidence.mean() - n) < 4 * error
    assert error < 2


def test_false_alarms_are_rarer_than_promised_and_surges_are_found():
    rng, waits, delays = generator(1), [], []
    for _ in range(60):
        rise = Rise.of(0.15, (2.0, 4.0), 300)
        waits.append(next(i for i in range(1, 100_000) if rise.sees(float(rng.random() < 0.15))))
        rise = Rise.of(0.15, (2.0, 4.0), 300)
        delays.append(next(i for i in range(1, 100_000) if rise.sees(float(rng.random() < 0.45))))
    assert np.mean(waits) > 300
    assert np.mean(delays) < 40


def test_it_says_where_the_rise_began():
    rise = Rise.of(0.1, (4.0,), 1e4)
    values = [0.0] * 100 + [1.0] * 50
    alarm = next(i for i, value in enumerate(values) if rise.sees(value))
    assert alarm >= 100
    assert rise.began == 100
    rise.restart()
    assert not rise.sees(0.0)


def test_rates_are_found_though_the_classifier_errs():
    rng = generator(2)
    said, bad = texts(rng, 0.15, 20_000)
    found = reader().probabilities([one.text for one in said])
    assert (found.argmax(axis=1) == 0).mean() > 0.17  # it names too many
    rates = rates_of(found, np.array([0.5, 0.5]))
    assert rates[0] == pytest.approx(bad.mean(), abs=0.01)
    turned = at_rates(found, np.array([0.5, 0.5]), rates)
    assert turned[:, 0].mean() == pytest.approx(rates[0], abs=1e-4)
    np.testing.assert_allclose(turned.sum(axis=1), 1)


def test_a_surge_raises_one_alert_with_its_texts():
    rng = generator(3)
    calm, _ = texts(rng, 0.15, 2_000)
    surge, _ = texts(rng, 0.60, 200)
    watcher = Monitor(reader(), ("bad",), QUICK)
    assert watcher.see(calm) == []
    alerts = watcher.see([replace(one, at="2026-01-02T03:04:05") for one in surge])
    assert alerts
    first = alerts[0]
    assert 2_000 < first.text_number < 2_100
    assert abs(first.since - 2_000) < 60
    assert first.usual == pytest.approx(0.17, abs=0.04)
    assert first.now > 2 * first.usual
    assert len(first.causes) == QUICK.evidence
    assert all(float(text.split()[0]) > 3 for _, text, _ in first.causes)
    days = watcher.rates()
    assert [day["texts"] for day in days] == [2_000, 200]
    assert days[1]["bad"] == pytest.approx(0.6, abs=0.12)


def test_cutting_the_stream_changes_nothing():
    said, _ = texts(generator(4), 0.15, 1_000)
    said += texts(generator(5), 0.7, 60)[0]
    whole, pieces = (Monitor(reader(), ("bad",), QUICK) for _ in range(2))
    at_once = whole.see(said)
    one_by_one = [alert for one in said for alert in pieces.see([one])]
    assert at_once == one_by_one
    assert at_once


def test_within_a_topic_a_surge_is_seen_by_its_name():
    class Topics:
        kind = "topics"

        def logits(self, texts):
            return np.array([[9.0, 0.0] if "text" in t else [0.0, 9.0] for t in texts], np.float32)

    topics = TextClassifier(("one", "two"), (Topics(),), (1.0,), (), {"shares": [0.5, 0.5]})
    watcher = Monitor(reader(), ("bad",), QUICK, topics)
    calm, _ = texts(generator(6), 0.15, 1_500)
    watcher.see([replace(o, text=o.text.replace("text", "x")) if i % 2 else o
                 for i, o in enumerate(calm)])  # fmt: skip
    surge = [Said("9.0 x") if i % 4 == 0 else Said("-9.0 text") for i in range(200)]
    named = {alert.series for alert in watcher.see(surge)}
    assert "bad of two" in named
    assert "bad of one" not in named


def test_labels_and_settings_are_checked():
    with pytest.raises(BadInput):
        Monitor(reader(), ("unheard of",))
    for wrong in ({"ratios": (0.5,)}, {"baseline": 3}, {"least_rate": 0.0}):
        with pytest.raises(BadSettings):
            MonitorSettings(**wrong)


ALERT = Alert("bad", 0.15, 0.4, 90, 70, "2026-01-02", 3e4, ((80, "line\nWARNING forged", 0.9),))


def test_a_text_cannot_forge_a_line_of_the_log(caplog):
    with caplog.at_level(logging.WARNING):
        to_log(ALERT)
    assert len(caplog.records) == 1
    assert "\n" not in caplog.records[0].getMessage()


class Receiver(BaseHTTPRequestHandler):
    """Takes alerts at /ok, redirects elsewhere."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, json.loads(body)))
        self.send_response(204 if self.path == "/ok" else 302)
        self.send_header("Location", "/ok")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def hook(server, path, hosts=("127.0.0.1",)):
    address = f"http://127.0.0.1:{server.server_port}{path}"
    return Webhook(MonitorSettings(webhook=address, private_hosts=hosts))


def test_a_webhook_gets_the_alert_once_and_redirects_lead_nowhere(receiver, caplog):
    assert hook(receiver, "/ok").send(ALERT)
    assert receiver.got[0][1]["series"] == "bad"
    assert receiver.got[0][1]["causes"][0][1].endswith("forged")
    assert not hook(receiver, "/secret").send(ALERT)
    assert [path for path, _ in receiver.got] == ["/ok", "/secret"]
    assert "/secret" not in caplog.text


def test_a_webhook_that_is_private_must_be_listed(receiver):
    with pytest.raises(BadSettings):
        hook(receiver, "/ok", hosts=())
    secure = f"https://127.0.0.1:{receiver.server_port}/ok"
    assert not Webhook(MonitorSettings(webhook=secure)).send(ALERT)
    assert receiver.got == []


def test_the_command_reads_a_stream(tmp_path):
    good, bad = "很好 great", "很差 fell apart"
    kept = fit_classifier([good, bad] * 20, ["good", "bad"] * 20, ClassifierSettings(mode="words"))
    kept.save(tmp_path / "kept")
    (tmp_path / "prism.toml").write_text("[monitor]\nbaseline = 200\n")
    rows = [{"text": bad if i % 7 == 0 else good, "timestamp": "2026-01-01"} for i in range(500)]
    rows += [{"text": bad, "timestamp": "2026-01-02"}] * 40
    lines = "\n".join([*map(json.dumps, rows), "no json"]) + "\n"
    words = ["--using", str(tmp_path / "kept"), "--watch", "bad", "--json"]
    words += ["--config", str(tmp_path / "prism.toml")]
    (tmp_path / "stream.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for stream, fed in ((str(tmp_path / "stream.jsonl"), None), ("-", lines)):
        done = CliRunner().invoke(app, ["monitor", stream, *words], input=fed)
        assert done.exit_code == 0, done.output
        told = json.loads(done.stdout)
        assert [row["texts"] for row in told["rates"]] == [500, 40]
        assert told["rates"][0]["bad"] == pytest.approx(1 / 7, abs=0.02)
        assert 500 < told["alerts"][0]["text_number"] < 530
        assert told["alerts"][0]["causes"][0][1] == bad
