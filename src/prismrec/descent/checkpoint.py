"""How far a training has come, on disk: JSON and safetensors, there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from prismrec.core import BadInput, Corrupt

__all__ = ["Progress", "read_checkpoint", "write_checkpoint"]

_STATE = "progress.json"
_PARTIAL = ".partial"


@dataclass
class Progress:
    """Where training stands after `epochs` epochs.

    `losses` and `figures` (of validation, lower is better) have one number an epoch; `trained` are
    the weights as they are, `best` those of epoch `best_epoch`, the one with the lowest figure;
    `optimiser` is its state by parameter and name. `identity` names data, settings and seed.
    """

    identity: str
    epochs: int = 0
    losses: list[float] = field(default_factory=list)
    figures: list[float] = field(default_factory=list)
    best_epoch: int = -1
    trained: dict[str, Tensor] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    optimiser: dict[str, Tensor] = field(default_factory=dict)


_TENSORS = ("trained", "best", "optimiser")


def write_checkpoint(folder: Path, progress: Progress) -> None:
    """Puts `progress` beside what `folder` holds, then removes what it replaces."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / f"epoch-{progress.epochs:04d}"
    partial = folder / f"{whole.name}{_PARTIAL}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    told: dict[str, Any] = {k: v for k, v in asdict(progress).items() if k not in _TENSORS}
    (partial / _STATE).write_text(json.dumps(told, sort_keys=True) + "\n", "utf-8")
    for name in _TENSORS:
        tensors = {key: value.contiguous() for key, value in getattr(progress, name).items()}
        save_file(tensors, partial / f"{name}.safetensors")
    for path in partial.iterdir():
        _to_disk(path)
    partial.replace(whole)
    _to_disk(folder)
    for other in folder.glob("epoch-*"):
        if other != whole:
            shutil.rmtree(other)


def read_checkpoint(folder: Path, identity: str) -> Progress | None:
    """The latest progress in `folder`, `None` where there is none.

    Raises `BadInput` where it is of other data, settings or seed, and `Corrupt` where it cannot be
    read.
    """
    found = [path for path in sorted(folder.glob("epoch-*")) if path.suffix != _PARTIAL]
    if not found:
        return None
    try:
        told = json.loads((found[-1] / _STATE).read_text("utf-8"))
        tensors: dict[str, Any] = {
            name: load_file(found[-1] / f"{name}.safetensors") for name in _TENSORS
        }
        progress = Progress(**told, **tensors)
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise Corrupt(
            f"The checkpoint {found[-1]} cannot be read: {error}.",
            hint="Remove it, and training begins again.",
        ) from error
    if progress.identity != identity:
        raise BadInput(
            f"The checkpoint in {folder} is of other data, other settings or another seed.",
            hint="Name another folder for this training, or remove that one.",
        )
    return progress


def optimiser_state(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an AdamW by the place of its parameter, flat."""
    kept = optimiser.state_dict()["state"]
    return {f"{i}.{name}": value.clone() for i, of in kept.items() for name, value in of.items()}


def put_back(optimiser: torch.optim.Optimizer, state: dict[str, Tensor]) -> None:
    """Gives `optimiser` what `optimiser_state` took from one with the same parameters."""
    whole = optimiser.state_dict()
    for key, value in state.items():
        place, _, name = key.partition(".")
        whole["state"].setdefault(int(place), {})[name] = value
    optimiser.load_state_dict(whole)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
