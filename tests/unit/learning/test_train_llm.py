"""`prismrec train-llm`: from tables to a folder that a fit takes as one more expert."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from prismrec.cli.main import app
from prismrec.config import Settings
from prismrec.core import BadInput
from prismrec.learning.language_model import train_llm
from prismrec.models.language_model.learner import LanguageModel
from prismrec.models.language_model.scorer import LanguageModelScorer

TINY = LanguageModel(dimension=16, layers=1, heads=1, vocabulary=280, batch=100, epochs=2)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    items = [{"item_id": f"i{i}", "title": f"Thing {i % 4} of kind {i}"} for i in range(12)]
    events = [
        {"user_id": f"u{u}", "item_id": f"i{(u + t) % 12}", "event": "view", "timestamp": t}
        for u in range(30)
        for t in range(6)
    ]
    pl.DataFrame(items).write_parquet(folder / "items.parquet")
    pl.DataFrame(events).write_parquet(folder / "events.parquet")
    return folder


def test_the_command_writes_a_model_that_transformers_reads(tables, tmp_path):
    from transformers import AutoModelForCausalLM

    into = tmp_path / "llm"
    said = CliRunner().invoke(
        app, ["train-llm", str(tables), "--out", str(into), "--epochs", "1", "--json"]
    )
    assert said.exit_code == 0, said.output
    report = json.loads(said.stdout)
    assert report["items"] == 12
    assert len(report["epochs"]) == 1
    files = sorted(path.name for path in into.iterdir())
    assert "checkpoint" not in files
    assert {"config.json", "model.safetensors", "names.json", "tokenizer.json"} <= set(files)
    model = AutoModelForCausalLM.from_pretrained(into, local_files_only=True)
    assert sum(p.numel() for p in model.parameters()) == report["weights"]


def test_a_stopped_training_goes_on_where_it_was(tables, tmp_path):
    def stop(epoch) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "llm"
    with pytest.raises(KeyboardInterrupt):
        train_llm(tables, out, TINY, settings=Settings(), report=stop)
    assert (out / "checkpoint").is_dir()
    later = train_llm(tables, out, TINY, settings=Settings())
    whole = train_llm(tables, tmp_path / "whole", TINY, settings=Settings())
    assert later["epochs"] == whole["epochs"][1:]
    weights = [(folder / "model.safetensors").read_bytes() for folder in (out, tmp_path / "whole")]
    assert weights[0] == weights[1]


def test_a_model_half_written_is_written_again(tables, tmp_path, monkeypatch):
    def stop(self, folder) -> None:
        self.model.core.save_pretrained(folder)
        raise KeyboardInterrupt

    out = tmp_path / "llm"
    with monkeypatch.context() as patched:
        patched.setattr(LanguageModelScorer, "save", stop)
        with pytest.raises(KeyboardInterrupt):
            train_llm(tables, out, TINY, settings=Settings())
    assert (out / "config.json").exists()
    assert train_llm(tables, out, TINY, settings=Settings())["epochs"] == []
    assert (out / "names.json").exists()


def test_a_model_is_not_overwritten(tables, tmp_path):
    train_llm(tables, tmp_path / "llm", TINY, settings=Settings())
    with pytest.raises(BadInput, match="holds a model"):
        train_llm(tables, tmp_path / "llm", TINY, settings=Settings())
