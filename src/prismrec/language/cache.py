"""Vectors kept: on disk by content of the text and version of the encoder, and in memory."""

from __future__ import annotations

import hashlib
import os
import threading
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prismrec.core import TextEncoder
from prismrec.core.arrays import Vectors

__all__ = ["CachedEncoder", "QueryCache", "VectorFiles"]

_BLOCK = 4096  # texts encoded between two writes: what an interruption can cost
_SMALLEST = 8  # a call with fewer texts (queries, one new item) writes nothing
_MERGE_FROM = 32  # files


class VectorFiles:
    """Vectors by key in a folder of immutable files; a file is there whole, or not at all.

    Each file is a numpy array of records (key of 16 bytes, vector) named by the hash of its own
    content, so that a damaged one is found when the folder is opened, and dropped: all here can be
    computed again. At most `limit_mb` are kept, the newest first.
    """

    def __init__(self, folder: Path, dimension: int, limit_mb: int) -> None:
        self._folder = folder
        self._record = np.dtype([("key", "S16"), ("vector", "<f4", (dimension,))])
        self._limit = limit_mb * 2**20 // self._record.itemsize
        self._files: list[np.ndarray] = []
        self._places: dict[bytes, tuple[int, int]] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._open()

    def __len__(self) -> int:
        return len(self._places)

    def get(self, keys: Sequence[bytes]) -> tuple[list[int], Vectors]:
        """Which of `keys` are here (their places in the list), and their vectors, row by row."""
        with self._lock:
            known = [i for i, key in enumerate(keys) if key in self._places]
            vectors = np.empty((len(known), *self._record["vector"].shape), np.float32)
            for row, i in enumerate(known):
                file, place = self._places[keys[i]]
                vectors[row] = self._files[file][place]["vector"]
        return known, vectors

    def put(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Writes one more file; on return it is on disk."""
        records = np.zeros(len(keys), self._record)
        records["key"] = np.array([_stored(key) for key in keys], "S16")
        records["vector"] = vectors
        with self._lock:
            self._remember(np.load(self._write(records), mmap_mode="r", allow_pickle=False))

    def _open(self) -> None:
        for leftover in self._folder.glob("*.partial"):
            if not _is_running(int(leftover.name.partition("-")[0])):
                leftover.unlink(missing_ok=True)
        paths = sorted(self._folder.glob("*.npy"), key=lambda p: (p.stat().st_mtime_ns, p.name))
        loaded = [(path, records) for path in paths if (records := self._read(path)) is not None]
        total = sum(len(records) for _, records in loaded)
        if len(loaded) >= _MERGE_FROM or total > self._limit:
            loaded = self._merge(loaded)
        for _, records in loaded:
            self._remember(records)

    def _merge(self, loaded: list[tuple[Path, np.ndarray]]) -> list[tuple[Path, np.ndarray]]:
        newest = np.concatenate([records for _, records in loaded])
        newest = newest[max(len(newest) - self._limit, 0) :]
        whole = self._write(newest)
        for path, _ in loaded:
            if path != whole:
                path.unlink(missing_ok=True)
        return [(whole, np.load(whole, mmap_mode="r", allow_pickle=False))]

    def _read(self, path: Path) -> np.ndarray | None:
        try:
            content = _content_name(path)
        except FileNotFoundError:  # another process has merged it into a newer file
            return None
        if path.stem != content:
            warnings.warn(
                f"{path} is damaged and was dropped; its texts are encoded again.", stacklevel=2
            )
            path.unlink(missing_ok=True)
            return None
        records: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        return records

    def _remember(self, records: np.ndarray) -> None:
        for row, key in enumerate(records["key"].tolist()):
            self._places[key] = (len(self._files), row)
        self._files.append(records)

    def _write(self, records: np.ndarray) -> Path:
        partial = self._folder / f"{os.getpid()}-{threading.get_ident()}.partial"
        with partial.open("wb") as file:
            np.save(file, records, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        whole = self._folder / f"{_content_name(partial)}.npy"
        partial.replace(whole)
        return whole


class CachedEncoder:
    """An encoder that remembers on disk what it encoded: a second run encodes only what changed.

    The vectors of each version of an encoder stand in a folder of their own.
    """

    def __init__(self, inner: TextEncoder, folder: Path, limit_mb: int = 1024) -> None:
        self.inner = inner
        self.name, self.version, self.dimension = inner.name, inner.version, inner.dimension
        self._files = VectorFiles(folder / inner.version, inner.dimension, limit_mb)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder inside; what is new is written, unless the call is only a few texts."""
        keys = [content_key(text) for text in texts]
        known, vectors = self._files.get(keys)
        out = np.zeros((len(texts), self.dimension), np.float32)
        out[known] = vectors
        missing: dict[bytes, list[int]] = {}
        for row in sorted(set(range(len(texts))) - set(known)):
            if texts[row] and not texts[row].isspace():
                missing.setdefault(keys[row], []).append(row)
        fresh = list(missing)
        for start in range(0, len(fresh), _BLOCK):
            block = fresh[start : start + _BLOCK]
            encoded = self.inner.encode([texts[missing[key][0]] for key in block])
            for key, vector in zip(block, encoded, strict=True):
                out[missing[key]] = vector
            if len(texts) >= _SMALLEST:
                self._files.put(block, encoded)
        return out


class QueryCache:
    """An encoder that remembers the last `size` texts in memory. Safe for several threads."""

    def __init__(self, inner: TextEncoder, size: int = 4096) -> None:
        self.inner = inner
        self.name, self.version, self.dimension = inner.name, inner.version, inner.dimension
        self._size = size
        self._rows: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As the encoder inside."""
        found = self._recall(texts)
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            found.update(zip(missing, self.inner.encode(missing), strict=True))
            self._keep(missing, found)
        out = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            out[row] = found[text]
        return out

    def _recall(self, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._lock:
            found = {text: self._rows[text] for text in texts if text in self._rows}
            for text in found:
                self._rows.move_to_end(text)
        return found

    def _keep(self, texts: Sequence[str], found: dict[str, Vectors]) -> None:
        with self._lock:
            for text in texts:
                self._rows[text] = found[text].copy()
            while len(self._rows) > self._size:
                self._rows.popitem(last=False)


def content_key(text: str) -> bytes:
    """16 bytes that name a text by what it says, as numpy stores them."""
    return _stored(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())


def _stored(key: bytes) -> bytes:
    """Numpy drops trailing zero bytes of a string; the key is compared without them."""
    return key.rstrip(b"\0")


def _content_name(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()
