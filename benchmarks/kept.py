"""Results that outlast the run: the values of every case, so that what was measured at different
times, or in another environment, can still be compared person by person."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import prismrec
from prismrec.core import Cases
from prismrec.core.arrays import Floats, Positions

__all__ = ["Kept", "Result", "cases_hash", "code_hash"]

ROOMS = ("core", "data", "descent", "language", "models")
"""The rooms whose code decides what a model learns."""


@dataclass(frozen=True)
class Result:
    """One model with one seed on one set.

    `columns` holds a value a case for each metric, (cases,); `clusters` (cases,) the person behind
    it. `cases` and `version` say which cases these are and what made them. `told` is JSON-able:
    seconds, memory, curve, whether it converged, settings.
    """

    data: str
    model: str
    seed: int
    cases: str
    version: str
    columns: dict[str, Floats]
    clusters: Positions
    told: dict[str, Any]


class Kept:
    """A folder of results, the latest of each (set, model, seed)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, result: Result) -> None:
        """Keep `result` in place of an earlier one; a reader never sees half of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        about = {
            name: getattr(result, name)
            for name in ("data", "model", "seed", "cases", "version", "told")
        }
        path = self._path(result.data, result.model, result.seed)
        draft = path.with_suffix(".draft")
        columns = {f"column:{name}": values for name, values in result.columns.items()}
        with draft.open("wb") as file:
            np.savez_compressed(
                file,
                allow_pickle=False,
                about=np.array(json.dumps(about)),
                clusters=result.clusters,
                **columns,
            )
        draft.replace(path)

    def find(self, data: str, model: str, seed: int) -> Result | None:
        """The result kept for these, if there is one."""
        path = self._path(data, model, seed)
        return _read(path) if path.is_file() else None

    def every(self, data: str) -> Iterator[Result]:
        """All results kept of one set, by model and seed."""
        for path in sorted(self._folder.glob(f"{data}.*.npz")):
            yield _read(path)

    def _path(self, data: str, model: str, seed: int) -> Path:
        return self._folder / f"{data}.{model}.{seed}.npz"


def _read(path: Path) -> Result:
    with np.load(path, allow_pickle=False) as file:
        columns = {
            name.removeprefix("column:"): file[name]
            for name in file.files
            if name.startswith("column:")
        }
        about = json.loads(str(file["about"]))
        return Result(columns=columns, clusters=file["clusters"], **about)


def cases_hash(cases: Cases) -> str:
    """What was asked: histories, targets and people."""
    histories = cases.queries.histories
    return _digest(
        column.tobytes()
        for column in (histories.indptr, histories.items, cases.targets, cases.clusters)
    )


def code_hash(settings: object) -> str:
    """What answered: the code of the rooms that learn, and the settings."""
    home = Path(prismrec.__file__).parent
    files = [path for room in ROOMS for path in sorted((home / room).rglob("*.py"))]
    return _digest([*(path.read_bytes() for path in files), repr(settings).encode()])


def _digest(parts: Any) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:16]
