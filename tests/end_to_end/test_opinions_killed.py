"""kill -9 of a process that watches a stream: its alarms are those of one that nobody killed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from prismrec.core import generator
from prismrec.language.classifier.classifier import TextClassifier
from prismrec.language.classifier.fit import fit_classifier
from prismrec.language.classifier.settings import ClassifierSettings
from prismrec.language.monitor.settings import MonitorSettings
from prismrec.language.monitor.watch import Monitor, Said
from prismrec.opinions import Opinion, Opinions
from prismrec.store import open_store

GOOD = ["很好 great", "works well, thanks", "I like the colour"]
BAD = ["很差 fell apart", "broken after a day", "never arrived, I want my money"]
SETTINGS = MonitorSettings(using="bad.model", watch=("bad",), topics="bad.model", baseline=120)
BATCH = 6
KILLS = 3
CHILD = """
import json, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from end_to_end.test_opinions_killed import BATCH, Shop
from prismrec.opinions import Opinion, Opinions

folder, first = Path(sys.argv[1]), int(sys.argv[2])
rows = json.loads((folder / "rows.json").read_text())
shop = Shop(folder)
with shop.store:
    opinions = Opinions(shop)
    for at in range(first, len(rows), BATCH):
        opinions.hear([Opinion(text, day, f"t{at + i}")
                       for i, (text, day) in enumerate(rows[at : at + BATCH])])
        print(at + BATCH, flush=True)
"""

ERASER = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from end_to_end.test_opinions_killed import Shop
from prismrec.opinions import Opinions

Opinions(Shop(Path(sys.argv[1]))).erase("t30")
os.kill(os.getpid(), signal.SIGKILL)
"""


class Shop:
    """As much of a collection as is watched."""

    def __init__(self, folder: Path) -> None:
        from prismrec.config import Settings

        self.path = folder
        self.settings = Settings(monitor=SETTINGS)
        self.store = open_store(f"sqlite:///{folder / 'store.db'}", "shop")


def rows() -> list[tuple[str, str]]:
    """180 calm texts, 40 of a surge, 100 calm ones, 40 of another."""
    rng, out = generator(0), []
    for day, (count, rate) in enumerate([(180, 0.15), (40, 0.8), (100, 0.15), (40, 0.9)]):
        for _ in range(count):
            text = (BAD if rng.random() < rate else GOOD)[int(rng.integers(3))]
            out.append((f"{text} {len(out)}", f"2026-01-0{day + 1}"))
    return out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A classifier, and the stream."""
    labels = (["good"] * 3 + ["bad"] * 3) * 10
    learned = fit_classifier((GOOD + BAD) * 10, labels, ClassifierSettings(mode="words"))
    learned.save(tmp_path / "bad.model")
    (tmp_path / "rows.json").write_text(json.dumps(rows()))
    return tmp_path


def test_a_killed_process_goes_on_as_if_it_had_not_been(folder: Path) -> None:
    stream, draw = rows(), random.Random(0)
    kinds = [TextClassifier.load(folder / "bad.model") for _ in range(2)]
    whole = Monitor(kinds[0], ("bad",), SETTINGS, kinds[1])
    alerts = [
        alert.to_json()
        for at in range(0, len(stream), BATCH)
        for alert in whole.see([Said(text, day) for text, day in stream[at : at + BATCH]])
    ]
    assert len(alerts) >= 2
    done = 0
    for life in range(KILLS + 1):
        last = life == KILLS
        done = lived(folder, done, None if last else draw.randint(2, 10))
    assert done == len(stream)
    shop = Shop(folder)
    with shop.store:
        kept = [dict(one.body) for one in reversed(shop.store.opinions.alerts())]
        assert kept == json.loads(json.dumps(alerts))
        told = Opinions(shop).overview()
    assert told["texts"] == len(stream)
    assert told["usual"] == whole.usual
    assert [{"day": d["day"], "texts": d["texts"], **d["rates"]} for d in told["days"]] == (
        whole.rates()
    )


def test_what_was_erased_before_a_kill_stays_erased(folder: Path) -> None:
    shop = Shop(folder)
    with shop.store:
        opinions = Opinions(shop)
        opinions.hear([Opinion(text, day, f"t{i}") for i, (text, day) in enumerate(rows()[:60])])
    roots = [entry for entry in sys.path if entry]
    child = subprocess.run([sys.executable, "-c", ERASER, str(folder), *roots], check=False)
    assert child.returncode == -signal.SIGKILL
    text = rows()[30][0].encode()
    assert not [file for file in folder.glob("store.db*") if text in file.read_bytes()]
    shop = Shop(folder)
    with shop.store:
        assert [i for i, row in enumerate(shop.store.opinions.last(60)) if not row.text] == [30]
        assert [line.action for line in shop.store.audit.lines()] == ["opinion.erase"]


def lived(folder: Path, first: int, batches: int | None) -> int:
    """A process that takes texts from `first` on and is killed while it works on the batch after
    `batches` (none: never); how many texts it had acknowledged then."""
    roots = [entry for entry in sys.path if entry]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(first), *roots],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    done = first
    for count, line in enumerate(child.stdout, 1):
        done = int(line)
        if count == batches:
            child.kill()
    child.wait()
    return done
