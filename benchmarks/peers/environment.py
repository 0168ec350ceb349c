"""The peers' environments: RecTools needs an older numpy than this project, obp much besides."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from prismrec.core import PrismError

__all__ = ["OBP", "environment"]

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
OBP = Path(__file__).with_name("requirements-obp.txt")


def environment(folder: Path, requirements: Path = REQUIREMENTS) -> Path:
    """The Python of the environment in `folder`, made and filled where it is not yet so.

    Raises `PrismError` where pip fails.
    """
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    seal = folder / ".requirements"
    if seal.is_file() and seal.read_text() == wanted:
        return python
    print(f"Making the peers' environment in {folder}", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(python), "-m", "pip", "install", "-q", "-r", str(requirements)])
    seal.write_text(wanted)
    return python


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode:
        raise PrismError(
            f"'{' '.join(command)}' failed.", hint="See above; the network may be in the way."
        )
