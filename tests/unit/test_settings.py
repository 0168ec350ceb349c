"""Settings: defaults, then the file, then the environment; mistakes are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from prismrec.config import Settings, read_settings, write_settings
from prismrec.core import BadSettings


def written(folder: Path, text: str) -> Path:
    path = folder / "prism.toml"
    path.write_text(text)
    return path


def test_defaults_without_file_and_environment() -> None:
    assert read_settings(None, {}) == Settings()


def test_the_environment_wins_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    path = written(tmp_path, '[serving]\nport = 9000\nhost = "localhost"\n')
    settings = read_settings(path, {"PRISMREC_SERVING_PORT": "9001", "PRISMREC_STORE_URL": "x://y"})
    assert (settings.serving.port, settings.serving.host) == (9001, "localhost")
    assert settings.store.url == "x://y"


def test_lists_tables_and_whole_numbers_for_fractions(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[models]\nexperts = ["popularity"]\nwork = 2\n[feedback.weights]\npurchase = 3\n',
    )
    settings = read_settings(path, {})
    assert settings.models.experts == ("popularity",)
    assert settings.models.work == 2.0
    assert settings.feedback.weights == {"purchase": 3.0}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    plain = Settings()
    changed = replace(
        plain,
        models=replace(plain.models, experts=("ease", "als")),
        serving=replace(plain.serving, port=81, cors_origins=("https://a.example",)),
        feedback=replace(plain.feedback, weights={"cart": 2.0}),
    )
    write_settings(changed, tmp_path / "x.toml")
    assert read_settings(tmp_path / "x.toml", {}) == changed
    write_settings(plain, tmp_path / "y.toml")
    assert (tmp_path / "y.toml").read_text() == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[servign]\nport = 1\n", "Did you mean 'serving'", id="unknown section"),
        pytest.param("[serving]\nprot = 1\n", "Did you mean 'port'", id="unknown key"),
        pytest.param('[serving]\nport = "x"\n', "serving.port", id="text for a number"),
        pytest.param("[serving]\nport = 1.5\n", "serving.port", id="fraction for a whole number"),
        pytest.param("[serving]\nport = true\n", "serving.port", id="flag for a number"),
        pytest.param("[models]\nexperts = [1]\n", "models.experts", id="number in a list of names"),
        pytest.param("serving = 3\n", "table", id="a section that is no table"),
        pytest.param("[serving\n", "not valid TOML", id="broken TOML"),
        pytest.param('[data]\nrepeats = "maybe"\n', "auto", id="a value that is no choice"),
        pytest.param("[models]\ndropout = 2\n", "dropout", id="a value out of range"),
        pytest.param('[exploration]\npolicy = "dice"\n', "greedy", id="unknown policy"),
        pytest.param("[feedback]\ndefault = nan\n", "default", id="a weight that is no number"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings(written(tmp_path, text), {})
    assert said in str(caught.value)


def test_a_mistake_in_the_environment_is_named() -> None:
    with pytest.raises(BadSettings, match=r"serving\.port"):
        read_settings(None, {"PRISMREC_SERVING_PORT": "eighty"})
