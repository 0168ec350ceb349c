"""All settings in one place: defaults, then `prism.toml`, then the environment. Read once.

Each room keeps its own settings as a frozen dataclass; this file composes them and checks what a
person wrote. A setting `port` of the section `serving` is written

    [serving]
    port = 8000

in `prism.toml` and `PRISMREC_SERVING_PORT=8000` in the environment, which wins. Unknown sections
and keys are errors that name the closest known one.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w

from prismrec.core import BadSettings
from prismrec.data.feedback import Feedback
from prismrec.data.settings import DataSettings
from prismrec.explanation.settings import ExplanationSettings
from prismrec.exploration.experiment import ExperimentSettings
from prismrec.exploration.settings import ExplorationSettings
from prismrec.language.chat.settings import ChatSettings
from prismrec.language.monitor.settings import MonitorSettings
from prismrec.language.settings import LanguageSettings
from prismrec.models.settings import ModelSettings
from prismrec.ranking.settings import RankingSettings
from prismrec.retrieval.settings import RetrievalSettings
from prismrec.retrieval.shop.content import ContentSettings
from prismrec.store.settings import StoreSettings

__all__ = ["LearningSettings", "ServingSettings", "Settings", "read_settings", "write_settings"]

PREFIX = "PRISMREC_"


@dataclass(frozen=True)
class LearningSettings:
    """How releases are made and promoted (the room above reads this).

    `holdout_share` of the users, at most `holdout_users`, lend their last event to validation.
    A refreshed model is gated on the newest event of `gate_share` of the people who did something
    since, at most `gate_cases`; the others' newest events train, so that what is new is learned. It
    is kept back when its nDCG@10 is worse than the serving release's by more than `gate_tolerance`
    (relative) at `gate_confidence`; below `min_gate_cases` events, when its mean is. Stricter is
    `gate_threshold`: the lower bound of the advantage must reach this share of the serving value
    (0: certainly better), or the release is kept back.
    `watch_seconds` is the pause between looks of `refresh --watch`, `watch_events` how many new
    events make a refresh worth while. `keep_releases` is how many old releases stay on disk.
    From `search_clicks` clicks on searches on, `refresh` learns the ranking of searches from them
    (0: never), unless judgments taught it.
    `track` is where training reports to: `tensorboard:FOLDER`, `mlflow:ADDRESS`, `wandb:PROJECT`.
    """

    holdout_users: int = 5_000
    holdout_share: float = 0.5
    gate_cases: int = 5_000
    gate_share: float = 0.3
    min_gate_cases: int = 50
    gate_tolerance: float = 0.02
    gate_confidence: float = 0.95
    gate_threshold: float | None = None
    watch_seconds: float = 30.0
    watch_events: int = 500
    keep_releases: int = 5
    search_clicks: int = 2_000
    track: str = ""


@dataclass(frozen=True)
class ServingSettings:
    """How the service listens and defends itself (the room above reads this).

    `workers` above 1 needs PostgreSQL. `queue` is how many requests may wait for a thread before
    the answer is 503. `rate` is requests a second for one key or address (0: no limit),
    `max_body_mib` the largest request body, `max_batch` the most events or items in one request.
    A request is answered within `timeout_s` seconds or with 503, and its body must arrive within
    them. `allowed_hosts` are the host names the server answers to (empty: any, or only loopback
    names where a collection has no key).
    """

    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 0
    queue: int = 256
    rate: float = 0.0
    max_body_mib: float = 8.0
    max_batch: int = 1_000
    max_n: int = 200
    timeout_s: float = 30.0
    allowed_hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Every setting of a collection, by section; see each section's class for its keys."""

    data: DataSettings = field(default_factory=DataSettings)
    feedback: Feedback = field(default_factory=Feedback)
    language: LanguageSettings = field(default_factory=LanguageSettings)
    chat: ChatSettings = field(default_factory=ChatSettings)
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    ranking: RankingSettings = field(default_factory=RankingSettings)
    exploration: ExplorationSettings = field(default_factory=ExplorationSettings)
    experiment: ExperimentSettings = field(default_factory=ExperimentSettings)
    explanation: ExplanationSettings = field(default_factory=ExplanationSettings)
    content: ContentSettings = field(default_factory=ContentSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    learning: LearningSettings = field(default_factory=LearningSettings)
    serving: ServingSettings = field(default_factory=ServingSettings)


def read_settings(
    path: Path | str | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of the TOML file at `path` (none: the defaults) under those of `environment`
    (`None`: the process's own).

    Raises `BadSettings` for a file that is not TOML, an unknown section or key, or a wrong type.
    """
    written = {} if path is None else _parse(Path(path))
    environment = os.environ if environment is None else environment
    sections = {section.name: section for section in dataclasses.fields(Settings)}
    for name in written:
        if name not in sections:
            raise _unknown("section", name, sections)
    hints = typing.get_type_hints(Settings)
    return Settings(
        **{
            name: _section(name, hints[name], written.get(name, {}), environment)
            for name in sections
        }
    )


def write_settings(settings: Settings, path: Path) -> None:
    """Write what differs from the defaults as TOML, so that the file stays short and readable."""
    out: dict[str, dict[str, Any]] = {}
    for section in dataclasses.fields(settings):
        value = getattr(settings, section.name)
        default = type(value)()
        changed = {
            key.name: _plain(getattr(value, key.name))
            for key in dataclasses.fields(value)
            if getattr(value, key.name) != getattr(default, key.name)
        }
        if changed:
            out[section.name] = {k: v for k, v in changed.items() if v is not None}
    path.write_text(tomli_w.dumps(out), encoding="utf-8")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _parse(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise BadSettings(f"There is no settings file at {path}.", hint="Check the path.")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path} is not valid TOML: {error}.", hint="Mend that line.") from None


def _section(name: str, kind: type, written: Any, environment: Mapping[str, str]) -> Any:
    if not isinstance(written, dict):
        raise BadSettings(f"[{name}] must be a table of settings.", hint=f"Write [{name}] first.")
    hints = typing.get_type_hints(kind)
    keys = [key.name for key in dataclasses.fields(kind)]
    for key in written:
        if key not in keys:
            raise _unknown(f"setting in [{name}]", key, keys)
    values = {key: _typed(f"{name}.{key}", value, hints[key]) for key, value in written.items()}
    for key in keys:
        text = environment.get(f"{PREFIX}{name}_{key}".upper())
        if text is not None:
            values[key] = _from_text(f"{name}.{key}", text, hints[key])
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise BadSettings(f"[{name}] cannot be used: {error}.", hint="Mend that value.") from None


def _unknown(what: str, name: str, known: Any) -> BadSettings:
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known)}."
    return BadSettings(f"Unknown {what}: '{name}'.", hint=hint)


def _typed(where: str, value: Any, hint: Any) -> Any:
    """`value` as the type `hint`, or a `BadSettings` that says what was expected."""
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        origin = typing.get_origin(option) or option
        if origin is tuple and isinstance(value, list):
            inner = typing.get_args(option)[0]
            return tuple(_typed(where, entry, inner) for entry in value)
        if origin in (dict, Mapping) or getattr(origin, "__name__", "") == "Mapping":
            if isinstance(value, dict):
                inner = typing.get_args(option)[1]
                return {key: _typed(f"{where}.{key}", entry, inner) for key, entry in value.items()}
            continue
        if origin is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if isinstance(origin, type) and type(value) is origin:
            return value
    raise BadSettings(f"{where} = {value!r} has the wrong type.", hint=f"It must be {hint}.")


def _from_text(where: str, text: str, hint: Any) -> Any:
    """An environment variable's text as TOML would read it; bare words are strings."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    try:
        return _typed(where, value, hint)
    except BadSettings:
        return _typed(where, text, hint)
