"""Trained state on disk: JSON settings and safetensors arrays, a folder for each child, no pickle.

The bytes depend on the state alone, so that two equal fits write equal files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from prismrec.core import BadInput, Corrupt, NotFound, State

__all__ = ["content_hash", "read_state", "write_state"]

SETTINGS_FILE = "scorer.json"
ARRAYS_FILE = "arrays.safetensors"


def write_state(state: State, folder: Path) -> None:
    """Write `state` into `folder` (made if it is missing): `scorer.json`, where it has arrays also
    `arrays.safetensors`, and a subfolder for each child.

    Arrays of strings go into the JSON file. Raises `BadInput` for a child whose name is no plain
    folder name, or an array that is neither numbers nor strings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers, strings = _sorted_arrays(state)
    document = {
        "kind": state.kind,
        "settings": dict(state.settings),
        "strings": {name: array.tolist() for name, array in strings.items()},
        "arrays": sorted(numbers),
        "children": sorted(state.children),
    }
    (folder / SETTINGS_FILE).write_bytes(_canonical(document) + b"\n")
    if numbers:
        save_file(numbers, folder / ARRAYS_FILE)
    for name in sorted(state.children):
        if not _is_plain(name):
            raise BadInput(
                f"A part of a model is named {name!r}, which is no plain folder name.",
                hint="Use letters, digits, - and _ in the names of experts.",
            )
        write_state(state.children[name], folder / name)


def read_state(folder: Path) -> State:
    """The state that `write_state` put into `folder`.

    Raises `NotFound` where there is none and `Corrupt` where the files do not belong together.
    """
    path = folder / SETTINGS_FILE
    if not path.is_file():
        raise NotFound(f"There is no model in {folder}.", hint="Fit one, or restore the release.")
    try:
        document = json.loads(path.read_bytes())
        numbers = load_file(folder / ARRAYS_FILE) if document["arrays"] else {}
        if sorted(numbers) != document["arrays"]:
            raise KeyError("arrays")
        strings = {name: np.array(v, dtype=np.str_) for name, v in document["strings"].items()}
        kind, settings, children = document["kind"], document["settings"], document["children"]
        if not all(map(_is_plain, children)):
            raise ValueError(f"its parts are named {children}")
    except (ValueError, KeyError, TypeError, OSError, SafetensorError) as error:
        raise Corrupt(
            f"The model in {folder} cannot be read: {error}.", hint="Restore the release."
        ) from error
    inside = {name: read_state(folder / name) for name in children}
    return State(kind, settings, {**numbers, **strings}, inside)


def content_hash(state: State) -> str:
    """SHA-256 (hexadecimal) of all that was learned: kinds, settings, and the name, type, shape and
    bytes of every array, children included; the same on every run with the same data and seed."""
    digest = hashlib.sha256()
    _feed(digest, state)
    return digest.hexdigest()


def _feed(digest: Any, state: State) -> None:
    numbers, strings = _sorted_arrays(state)
    strings_as_json = {name: array.tolist() for name, array in strings.items()}
    digest.update(_canonical([state.kind, dict(state.settings), strings_as_json]))
    for name, array in numbers.items():
        digest.update(_canonical([name, array.dtype.str, list(array.shape)]))
        digest.update(array.tobytes())
    for name in sorted(state.children):
        digest.update(_canonical(["child", name]))
        _feed(digest, state.children[name])


def _sorted_arrays(state: State) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The arrays of numbers and the arrays of strings, each in order of name, little-endian."""
    numbers: dict[str, np.ndarray] = {}
    strings: dict[str, np.ndarray] = {}
    for name in sorted(state.arrays):
        array = np.asarray(state.arrays[name])
        if array.dtype.kind == "U":
            strings[name] = array
        elif array.dtype.kind in "biuf":
            little = array.astype(array.dtype.newbyteorder("<"), copy=False)
            numbers[name] = np.ascontiguousarray(little).reshape(array.shape)
        else:
            raise BadInput(
                f"The array {name!r} of a {state.kind} model has the type {array.dtype}.",
                hint="Only numbers and strings can be stored.",
            )
    return numbers, strings


def _is_plain(name: str) -> bool:
    """Whether `name` can only mean a folder inside this one."""
    return name.replace("-", "").replace("_", "").isalnum()


def _canonical(document: Mapping[str, Any] | list[Any]) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
