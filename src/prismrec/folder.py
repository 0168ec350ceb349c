"""The folder of a collection: its settings, and where its durable state is."""

from __future__ import annotations

from pathlib import Path

from prismrec.config import Settings, read_settings, write_settings

__all__ = ["create_folder", "database_of", "key_of", "settings_of"]

OWN_KEY = "main"


def create_folder(path: Path, settings: Settings) -> None:
    """Make the folder of a new collection, with its settings."""
    path.mkdir(parents=True, exist_ok=True)
    write_settings(settings, path / "prism.toml")


def settings_of(path: Path) -> Settings:
    """The settings of the collection at `path`: its `prism.toml` under the environment."""
    file = path / "prism.toml"
    return read_settings(file if file.is_file() else None)


def database_of(path: Path, settings: Settings) -> str:
    """Where the collection keeps its durable state."""
    return settings.store.url or f"sqlite:///{path / 'store.db'}"


def key_of(path: Path, database: str) -> str:
    """What the collection is called inside its database. A database in its own folder holds nobody
    else, so the folder can be renamed; in a shared one it goes by the folder's name."""
    own = database == f"sqlite:///{path / 'store.db'}"
    return OWN_KEY if own else path.name.removesuffix(".prism")
