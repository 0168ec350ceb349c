"""How far a training has come: the best weights so far, when to stop, and all of it on disk as JSON
and safetensors, there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from prismrec.core import BadInput, Corrupt

__all__ = ["Progress", "put_weights", "read_checkpoint", "taken_up", "write_checkpoint"]

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

    def note(self, model: nn.Module, loss: float, figure: float) -> None:
        """Add an epoch of `model`; where `figure` is NaN, without validation, the last is best."""
        self.trained = _learned(model)
        if not self.figures or not figure >= min(self.figures):
            self.best_epoch, self.best = self.epochs, self.trained
        self.losses.append(loss)
        self.figures.append(figure)
        self.epochs += 1

    def is_over(self, patience: int) -> bool:
        """Whether `patience` epochs have passed without a better one."""
        return self.epochs > 0 and self.epochs - 1 - self.best_epoch >= patience


_TENSORS = ("trained", "best", "optimiser")


def taken_up(
    folder: Path | None, identity: str, model: nn.Module, optimiser: torch.optim.Optimizer
) -> Progress:
    """Where `folder` left the training of `model` and `optimiser`, which are put back there; the
    beginning where it holds nothing, or is `None`. Raises what `read_checkpoint` raises."""
    progress = read_checkpoint(folder, identity) if folder else None
    if progress is None:
        return Progress(identity)
    put_weights(model, progress.trained)
    _put_optimiser(optimiser, progress.optimiser)
    return progress


def write_checkpoint(folder: Path, progress: Progress, optimiser: torch.optim.Optimizer) -> None:
    """Puts `progress`, with the state of `optimiser`, beside what `folder` holds, then removes what
    it replaces."""
    progress.optimiser = _optimiser_state(optimiser)
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / f"epoch-{progress.epochs:04d}"
    partial = folder / f"{whole.name}{_PARTIAL}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    told: dict[str, Any] = {k: v for k, v in vars(progress).items() if k not in _TENSORS}
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


def put_weights(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Gives the parameters of `model` that `weights` name those values."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in weights:
                parameter.copy_(weights[name])


def _learned(model: nn.Module) -> dict[str, Tensor]:
    """A copy of every weight that is trained, by name."""
    return {
        name: parameter.detach().clone()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def _optimiser_state(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The state of an AdamW by the place of its parameter, flat."""
    kept = optimiser.state_dict()["state"]
    return {f"{i}.{name}": value.clone() for i, of in kept.items() for name, value in of.items()}


def _put_optimiser(optimiser: torch.optim.Optimizer, state: dict[str, Tensor]) -> None:
    """Gives `optimiser` what `_optimiser_state` took from one with the same parameters."""
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
