"""Small worlds for the end-to-end tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from prismrec.config import Settings, write_settings
from prismrec.evaluation.simulator import SimulatorSettings, simulate

__all__ = ["light", "light_config", "marketplace"]


def light() -> Settings:
    """Settings under which fitting takes seconds: no transformer, an encoder fitted on the spot."""
    plain = Settings()
    return replace(
        plain,
        language=replace(plain.language, encoder="tfidf", tfidf_dimension=16, hub=False),
        models=replace(plain.models, experts=("popularity", "transitions", "text_knn")),
        learning=replace(plain.learning, watch_events=5, watch_seconds=0.01),
    )


def light_config(folder: Path) -> Path:
    """The same as a settings file."""
    path = folder / "light.toml"
    write_settings(light(), path)
    return path


def marketplace(folder: Path, *, language: str = "en", seed: int = 3) -> Path:
    """A folder of tables from the simulator: 80 items, 40 users."""
    sizes = SimulatorSettings(items=80, users=40, events=1_500, language=language)
    return simulate(sizes, seed=seed).write(folder / f"data-{language}-{seed}")
