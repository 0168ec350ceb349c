"""The peers' own environment: RecTools needs an older numpy than this project."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from prismrec.core import PrismError

__all__ = ["environment"]

REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def environment(folder: Path) -> Path:
    """The Python of the environment in `folder`, made and filled where it is not yet so.

    Raises `PrismError` where pip fails.
    """
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    seal = folder / ".requirements"
    if seal.is_file() and seal.read_text() == wanted:
        return python
    print(f"Making the peers' environment in {folder}", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(python), "-m", "pip", "install", "-q", "-r", str(REQUIREMENTS)])
    seal.write_text(wanted)
    return python


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        raise PrismError(
            f"'{' '.join(command)}' failed.", hint="See above; the network may be in the way."
        )
