"""The trained classifier: says how likely each label is, when to ask a person, and goes to disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from prismrec.core import BadInput, Corrupt, NewerFormat, NotFound, State
from prismrec.core.arrays import Floats, Scores
from prismrec.language.classifier.weighing import pooled
from prismrec.language.classifier.words import WordsPart
from prismrec.language.folder import file_sha256

__all__ = ["FORMAT", "MANIFEST", "Part", "TextClassifier", "Verdict"]

FORMAT = 1
MANIFEST, _ENCODER = "classifier.json", "encoder"


class Part(Protocol):
    """One way to tell classes apart."""

    @property
    def kind(self) -> str:
        """Its name on disk."""
        ...

    def logits(self, texts: Sequence[str]) -> Scores:
        """(n, c) float32, higher is likelier, comparable within a row."""
        ...

    def state(self) -> State:
        """What it learned, its encoder left out."""
        ...


@dataclass(frozen=True)
class Verdict:
    """The likeliest `label` of a text and its `probability`; `handed_over` where that is below the
    threshold asked for, so that a person should decide."""

    label: str
    probability: float
    handed_over: bool


@dataclass(frozen=True)
class TextClassifier:
    """`labels` in order, `parts` with their `weights`, what `held_out` texts got as their highest
    probability (ascending), and `facts` of the training, which are JSON."""

    labels: tuple[str, ...]
    parts: tuple[Part, ...]
    weights: tuple[float, ...]
    held_out: tuple[float, ...]
    facts: dict[str, Any]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """(n, labels) float64, every row sums to 1."""
        if not texts:
            return np.zeros((0, len(self.labels)))
        return pooled([part.logits(texts) for part in self.parts], self.weights)

    def threshold(self, share: float) -> float:
        """The probability below which a `share` of the held-out texts lay: hand over texts below
        it, and about that share of the traffic goes to a person. Raises `BadInput` where `share` is
        none."""
        if not 0 <= share <= 1:
            raise BadInput(f"{share} is not a share.", hint="Give a number from 0 to 1.")
        if not self.held_out or share == 0:
            return 0.0
        return float(np.quantile(np.array(self.held_out), share))

    def classify(self, texts: Sequence[str], *, hand_over: float = 0.0) -> list[Verdict]:
        """A verdict a text; `hand_over` is the share of texts that a person should decide."""
        limit = self.threshold(hand_over)
        found = self.probabilities(texts)
        places = found.argmax(axis=1) if len(found) else np.zeros(0, np.int64)
        best = found[np.arange(len(found)), places]
        return [
            Verdict(self.labels[place], float(p), bool(p < limit))
            for place, p in zip(places, best, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Writes it into the new folder `folder`: JSON, safetensors, the encoder in a folder of its
        own, SHA-256 of what was learned. Raises `BadInput` where the folder is there already."""
        if folder.exists():
            raise BadInput(f"{folder} is there already.", hint="Name a folder that is not there.")
        folder.mkdir(parents=True)
        told = []
        for part in self.parts:
            state = part.state()
            file = folder / f"{part.kind}.safetensors"
            save_file({k: np.ascontiguousarray(v) for k, v in state.arrays.items()}, file)
            told.append(
                {"kind": part.kind, "settings": dict(state.settings), "sha256": file_sha256(file)}
            )
            if part.kind == "reading":
                part.save(folder / _ENCODER)  # type: ignore[attr-defined]
        manifest = {
            "format": FORMAT,
            "labels": self.labels,
            "parts": told,
            "weights": self.weights,
            "held_out": self.held_out,
            "facts": self.facts,
        }
        text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1)
        (folder / MANIFEST).write_text(text + "\n", "utf-8")

    @staticmethod
    def load(folder: Path) -> TextClassifier:
        """The classifier that `save` put into `folder`. Raises `NotFound` where there is none,
        `NewerFormat` where a later version wrote it, `Corrupt` where its files do not match."""
        path = folder / MANIFEST
        if not path.is_file():
            raise NotFound(
                f"There is no classifier in {folder}.", hint="Train one: prismrec classify --out."
            )
        try:
            told = json.loads(path.read_text("utf-8"))
            if told["format"] > FORMAT:
                raise NewerFormat(
                    f"The classifier in {folder} was written by a later version.",
                    hint="Upgrade PrismRec.",
                )
            parts = tuple(_part(folder, one) for one in told["parts"])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise Corrupt(
                f"The classifier in {folder} cannot be read: {error}.", hint="Train it again."
            ) from error
        weights, held_out = tuple(told["weights"]), tuple(told["held_out"])
        return TextClassifier(tuple(told["labels"]), parts, weights, held_out, told["facts"])


def _part(folder: Path, told: dict[str, Any]) -> Part:
    kind = told["kind"]
    if kind not in ("words", "reading"):
        raise ValueError(f"a part '{kind}' is not known")
    file = folder / f"{kind}.safetensors"
    if file_sha256(file) != told["sha256"]:
        raise Corrupt(f"{file} is not what was written.", hint="Train the classifier again.")
    state = State(kind, told["settings"], load_file(file))
    if kind == "words":
        return WordsPart.from_state(state)
    from prismrec.language.classifier.reading import ReadingPart

    return ReadingPart.from_state(state, folder / _ENCODER)
