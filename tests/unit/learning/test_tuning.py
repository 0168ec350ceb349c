"""`tune`: chosen on validation, within a budget, gone on with, and blind to the test."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.config import Settings, read_settings, write_settings
from prismrec.core import (
    BadInput,
    BadSettings,
    Cases,
    Interactions,
    ItemFeatures,
    MissingExtra,
    Sequences,
    TrainingDiverged,
    generator,
)
from prismrec.data.splits import leave_one_out
from prismrec.learning.search_space import SPACE, Choice, applied, space_around
from prismrec.learning.tuning import Budget, Material, search, tune
from prismrec.models.settings import ModelSettings

pytest.importorskip("optuna")
BASE = ModelSettings(dimension=8, layers=1, work=0.004, batch=64, negatives=16, patience=2)
ITEMS = 20


def walks(people: int = 60, seed: int = 1) -> list[list[int]]:
    """Everybody walks round a ring of items: what comes next can be learned exactly."""
    rng = generator(seed, "walks")
    return [[int((s + t) % ITEMS) for t in range(7)] for s in rng.integers(0, ITEMS, people)]


@pytest.fixture(scope="module")
def material() -> Material:
    split = leave_one_out(Interactions(Sequences.of(walks()), ItemFeatures.bare(ITEMS)))
    return Material.of(split.train, split.validation, False, 0)


def test_a_setting_that_cannot_learn_loses(material: Material, tmp_path: Path) -> None:
    idle = replace(BASE, learning_rate=1e-9)  # identity vectors as they start, and no more
    found = search(material, tmp_path, idle, Budget(8), ["learning_rate"])
    assert found.changed["learning_rate"] > 1e-4
    assert found.after > found.before
    assert found.finished + found.given_up == 8
    assert found.chosen == replace(idle, learning_rate=found.chosen.learning_rate)


def test_gone_on_with_it_counts_what_is_there_and_repeats_nothing(
    material: Material, tmp_path: Path
) -> None:
    search(material, tmp_path, BASE, Budget(2), ["dropout"])
    began = {path: path.stat().st_mtime_ns for path in tmp_path.glob("trial-*.npy")}
    assert len(began) == 2
    again = search(material, tmp_path, BASE, Budget(2), ["dropout"])
    assert again.finished == 2
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("trial-*.npy")} == began
    more = search(material, tmp_path, BASE, Budget(4), ["dropout"])
    assert more.finished + more.given_up == 4
    with pytest.raises(BadInput, match="another search"):
        search(material, tmp_path, BASE, Budget(4), ["dropout"], seed=1)


def test_the_same_seed_chooses_the_same(material: Material, tmp_path: Path) -> None:
    found = [search(material, tmp_path / str(i), BASE, Budget(3), ["dropout"]) for i in (0, 1)]
    assert found[0] == found[1]


def test_when_the_minutes_are_over_the_first_trial_still_stands(
    material: Material, tmp_path: Path
) -> None:
    found = search(material, tmp_path, BASE, Budget(50, minutes=1e-6), ["dropout"])
    assert found.finished == 1
    assert found.changed == {}
    assert found.gain.mean == 0
    assert found.importance == {}


def test_people_are_divided_between_choosing_and_proving(material: Material) -> None:
    assert not set(material.choose.clusters) & set(material.prove.clusters)
    assert len(material.choose) + len(material.prove) == 60
    nobody = material.choose.take(np.arange(2))
    for cases in (None, nobody):
        with pytest.raises(BadInput, match="too few"):
            Material.of(material.train, cases, False, 0)


def test_the_space_holds_what_one_begins_with() -> None:
    odd = ModelSettings(dimension=48, heads=6, learning_rate=0.1, history=33)
    space = space_around(odd, [])
    assert set(space) == set(SPACE)
    widths, histories = space["dimension"], space["history"]
    assert isinstance(widths, Choice)
    assert isinstance(histories, Choice)
    assert widths.values == (48, 96)  # six heads
    assert 33 in histories.values
    assert applied(odd, {"layers": 3.0}).layers == 3
    with pytest.raises(BadSettings, match="heads cannot be tuned"):
        space_around(odd, ["heads"])


@pytest.mark.parametrize("wrong", [(0, 1.0), (1, 0.0)])
def test_a_budget_is_more_than_nothing(wrong: tuple[int, float]) -> None:
    with pytest.raises(BadInput, match="more than zero"):
        Budget(*wrong)


def write(folder: Path, people: list[list[int]]) -> Path:
    folder.mkdir()
    with (folder / "items.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["item_id", "title"])
        rows.writerows([f"i{i}", f"thing number {i}"] for i in range(ITEMS))
    with (folder / "events.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user_id", "item_id", "event", "timestamp"])
        for user, walk in enumerate(people):
            rows.writerows([f"u{user:03}", f"i{item}", "view", t] for t, item in enumerate(walk))
    return folder


def light() -> Settings:
    plain = Settings()
    language = replace(plain.language, encoder="tfidf", tfidf_dimension=8, hub=False)
    return replace(plain, language=language, models=BASE)


def test_test_events_are_not_read(tmp_path: Path) -> None:
    walked = walks()
    others = [[*walk[:-1], (walk[-1] + 7) % ITEMS] for walk in walked]  # other test targets
    earlier = [[*walk[:-2], (walk[-2] + 7) % ITEMS, *walk[-1:]] for walk in walked]
    found = [
        tune(
            write(tmp_path / f"data{i}", people),
            tmp_path / f"out{i}",
            budget=Budget(2),
            vary=["dropout"],
            settings=light(),
        )
        for i, people in enumerate((walked, others, earlier))
    ]
    assert found[0] == found[1]
    assert found[0].before != found[2].before  # validation targets do matter


def test_what_is_written_can_be_used(tmp_path: Path) -> None:
    data = write(tmp_path / "data", walks())
    settings = replace(light(), models=replace(BASE, learning_rate=1e-9))
    found = tune(
        data, tmp_path / "out", budget=Budget(4), vary=["learning_rate"], settings=settings
    )
    assert read_settings(tmp_path / "out" / "prism.toml", {}).models == found.chosen
    page = (tmp_path / "out" / "report.md").read_text()
    assert "| learning_rate |" in page
    assert "The test was not read." in page


def test_diverged_trials_do_not_end_the_search(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prismrec.models.sequence.prism import Prism

    fit = Prism.fit

    def odd(self: Prism, train: Interactions, rng: np.random.Generator, **more: Cases) -> object:
        if self.settings.dropout != BASE.dropout:
            raise TrainingDiverged("no")
        return fit(self, train, rng, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Prism, "fit", odd)
    found = search(material, tmp_path, BASE, Budget(3), ["dropout"])
    assert (found.finished, found.given_up) == (1, 0)


def test_the_command_prints_json_and_goes_on(tmp_path: Path) -> None:
    data = write(tmp_path / "data", walks(30))
    write_settings(light(), tmp_path / "light.toml")
    call = ["tune", str(data), "--out", str(tmp_path / "out"), "--vary", "dropout", "--json"]
    call += ["--config", str(tmp_path / "light.toml")]
    for trials in (1, 2):
        result = CliRunner().invoke(app, [*call, "--trials", str(trials)])
        assert result.exit_code == 0, result.output
        told = json.loads(result.stdout)
        assert sum(told["trials"].values()) == trials
        assert set(told["changed"]) <= {"dropout"}


def test_the_command_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write(tmp_path / "data", walks())
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.setenv("PRISMREC_LANGUAGE_ENCODER", "tfidf")
    result = CliRunner().invoke(app, ["tune", str(data), "--out", str(tmp_path / "out")])
    assert isinstance(result.exception, MissingExtra)
    assert "prismrec[tune]" in str(result.exception)
