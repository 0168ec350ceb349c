"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AsJson", "Config", "Count", "FilePath", "Prism", "Seed", "User"]

Prism = Annotated[Path, typer.Argument(help="The collection's folder, X.prism.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Config = Annotated[Path | None, typer.Option("--config", help="Settings, a prism.toml.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Same seed, same result.")]
Count = Annotated[int, typer.Option("-n", min=1, max=200, help="How many items.")]
User = Annotated[str, typer.Option("--user", "-u", help="For which user.")]
FilePath = Annotated[str | None, typer.Option(help="A file, instead of one in DATA.")]
