"""The caches: only what changed is encoded, and a crash or a damaged file costs time only."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from prismrec.language import CachedEncoder, QueryCache
from prismrec.language.cache import VectorFiles, content_key


class CountingEncoder:
    """Three numbers a text, and a note of every text it was asked for."""

    name = "counting"
    dimension = 3

    def __init__(self, version: str = "v1") -> None:
        self.version = version
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.array([[len(t), ord(t[0]), ord(t[-1])] for t in texts], np.float32)


TEXTS = [f"item {i}" for i in range(20)]


def test_a_second_run_encodes_only_what_changed(tmp_path: Path) -> None:
    first = CountingEncoder()
    expected = CachedEncoder(first, tmp_path).encode([*TEXTS, "", TEXTS[0]])
    assert first.asked == TEXTS
    assert not expected[20].any()
    second = CountingEncoder()
    out = CachedEncoder(second, tmp_path).encode([*TEXTS[:5], "changed", *TEXTS[6:]])
    assert second.asked == ["changed"]
    np.testing.assert_array_equal(out[[0, 19]], expected[[0, 19]])
    third = CountingEncoder()
    CachedEncoder(third, tmp_path).encode([*TEXTS, "changed"])
    assert third.asked == []


def test_versions_never_mix(tmp_path: Path) -> None:
    CachedEncoder(CountingEncoder("v1"), tmp_path).encode(TEXTS)
    other = CountingEncoder("v2")
    CachedEncoder(other, tmp_path).encode(TEXTS)
    assert other.asked == TEXTS


def test_queries_are_not_written(tmp_path: Path) -> None:
    CachedEncoder(CountingEncoder(), tmp_path).encode(["a query"])
    assert list(tmp_path.rglob("*.npy")) == []


def test_an_interrupted_run_keeps_the_blocks_it_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prismrec.language.cache._BLOCK", 8)

    class Dying(CountingEncoder):
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            if len(self.asked) >= 8:
                raise KeyboardInterrupt
            return super().encode(texts)

    with pytest.raises(KeyboardInterrupt):
        CachedEncoder(Dying(), tmp_path).encode(TEXTS)
    after = CountingEncoder()
    CachedEncoder(after, tmp_path).encode(TEXTS)
    assert after.asked == TEXTS[8:]


def test_an_interrupted_write_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(descriptor: int) -> None:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", crash)
        with pytest.raises(OSError, match="power cut"):
            CachedEncoder(CountingEncoder(), tmp_path).encode(TEXTS)
    assert len(list(tmp_path.rglob("*.partial"))) == 1
    after = CountingEncoder()
    CachedEncoder(after, tmp_path).encode(TEXTS)
    assert after.asked == TEXTS
    assert list(tmp_path.rglob("*.partial")) == []


def test_a_damaged_file_is_dropped_with_a_warning(tmp_path: Path) -> None:
    expected = CachedEncoder(CountingEncoder(), tmp_path).encode(TEXTS)
    (path,) = tmp_path.rglob("*.npy")
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    after = CountingEncoder()
    with pytest.warns(UserWarning, match="damaged"):
        cached = CachedEncoder(after, tmp_path)
    np.testing.assert_array_equal(cached.encode(TEXTS), expected)
    assert after.asked == TEXTS


def test_many_files_become_one_and_the_oldest_go(tmp_path: Path) -> None:
    files = VectorFiles(tmp_path, 3, limit_mb=1)
    for i in range(40):
        files.put([content_key(f"{i}")], np.full((1, 3), i, np.float32))
    again = VectorFiles(tmp_path, 3, limit_mb=1)
    assert len(list(tmp_path.glob("*.npy"))) == 1
    known, vectors = again.get([content_key(str(i)) for i in range(41)])
    assert known == list(range(40))
    np.testing.assert_array_equal(vectors[:, 0], np.arange(40))
    assert len(VectorFiles(tmp_path, 3, limit_mb=0)) == 0


def test_keys_that_end_in_zeros_are_found(tmp_path: Path) -> None:
    files = VectorFiles(tmp_path, 1, limit_mb=1)
    texts = [f"{i}" for i in range(2000)]  # about 8 of their hashes end in a zero byte
    keys = [content_key(text) for text in texts]
    files.put(keys, np.arange(2000, dtype=np.float32)[:, None])
    known, vectors = VectorFiles(tmp_path, 1, limit_mb=1).get(keys)
    assert known == list(range(2000))
    np.testing.assert_array_equal(vectors[:, 0], np.arange(2000))


def test_the_query_cache_remembers_the_last_ones() -> None:
    inner = CountingEncoder()
    cache = QueryCache(inner, size=2)
    cache.encode(["a", "b", "a"])
    cache.encode(["a"])
    cache.encode(["c"])  # b was used longest ago and goes
    cache.encode(["a", "c", "b"])
    assert inner.asked == ["a", "b", "c", "b"]
    assert QueryCache(inner, size=0).encode(["a", "b"]).shape == (2, 3)
    assert cache.encode([]).shape == (0, 3)


def test_the_query_cache_gives_away_no_row_of_its_own() -> None:
    cache = QueryCache(CountingEncoder())
    cache.encode(["abc"])[:] = 0
    assert cache.encode(["abc"])[0, 0] == 3


def test_the_query_cache_serves_many_threads() -> None:
    cache = QueryCache(CountingEncoder(), size=8)
    wrong: list[str] = []

    def work(seed: int) -> None:
        asked = np.random.default_rng(seed).choice(TEXTS, 300).tolist()
        wrong.extend(text for text in asked if cache.encode([text])[0, 0] != len(text))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
