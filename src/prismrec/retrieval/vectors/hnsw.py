"""Approximate search over vectors: an HNSW graph (Malkov and Yashunin, arXiv:1603.09320)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import faiss
import numpy as np

from prismrec.core.arrays import Bools, Positions, Scores, Vectors
from prismrec.retrieval.selection import best_first, fitted, top_k
from prismrec.retrieval.settings import RetrievalSettings

__all__ = ["HnswVectors"]


class HnswVectors:
    """Vectors by item position, searched by inner product in a graph; additions need no rebuild.

    The graph only grows: a replaced or removed vector stays as a stepping stone whose owner is
    gone, and never comes out. It is built on one thread in the order given, so that the same
    additions give the same graph. Searches share the graph; an addition waits for them and holds
    new ones back while it runs (about a millisecond an item; tens of milliseconds when
    the storage has to grow).

    A filter that leaves few vectors would cut the graph to pieces, so those are searched exactly;
    a wide one is applied inside the graph with a beam widened by what it leaves out. Zeros are no
    vector, as in `ExactVectors`.
    """

    def __init__(self, dimension: int, settings: RetrievalSettings | None = None) -> None:
        self.dimension = dimension
        self.settings = settings or RetrievalSettings()
        self._graph = faiss.IndexHNSWFlat(
            dimension, self.settings.hnsw_links, faiss.METRIC_INNER_PRODUCT
        )
        self._graph.hnsw.efConstruction = self.settings.hnsw_build
        self._owner = np.zeros(0, np.int32)  # the position of each node, -1 where it is gone
        self._node = np.zeros(0, np.int64)  # the node of each position, -1 where it has none
        self._lock = _Shared()

    def __len__(self) -> int:
        return int((self._owner >= 0).sum())

    def add(self, positions: Positions, vectors: Vectors) -> None:
        """Put `vectors` (m, d) at `positions` (m,), in place of what was there."""
        if len(positions) == 0:
            return
        real = vectors.any(axis=1)
        with self._lock.alone():
            self._forget(positions)
            first = self._graph.ntotal
            self._insert(np.ascontiguousarray(vectors[real], np.float32))
            size = max(len(self._node), int(positions.max()) + 1)
            node = np.full(size, -1, np.int64)
            node[: len(self._node)] = self._node
            node[positions[real]] = np.arange(first, self._graph.ntotal)
            self._node = node
            self._owner = np.concatenate([self._owner, positions[real].astype(np.int32)])

    def remove(self, positions: Positions) -> None:
        """Forget the vectors at `positions`; unknown ones are passed over."""
        with self._lock.alone():
            self._forget(positions)

    def nearest(
        self, vectors: Vectors, k: int, *, allowed: Bools | None = None
    ) -> tuple[Positions, Scores]:
        """As `ExactVectors.nearest`, approximately where many vectors are allowed."""
        vectors = np.ascontiguousarray(vectors, np.float32)
        with self._lock.shared():
            allowed = fitted(allowed, len(self._node))
            if allowed is not None and allowed.ndim == 2:
                rows = [self._search(vectors[i : i + 1], k, row) for i, row in enumerate(allowed)]
                return _stacked(rows)
            return self._search(vectors, k, allowed)

    def _forget(self, positions: Positions) -> None:
        known = positions[positions < len(self._node)]
        nodes = self._node[known]
        self._owner[nodes[nodes >= 0]] = -1
        self._node[known] = -1

    def _insert(self, vectors: Vectors) -> None:
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # more than one makes the graph depend on their timing
        try:
            self._graph.add(vectors)
        finally:
            faiss.omp_set_num_threads(threads)

    def _search(self, vectors: Vectors, k: int, allowed: Bools | None) -> tuple[Positions, Scores]:
        alive = self._owner >= 0
        if allowed is not None:
            alive[alive] = allowed[self._owner[alive]]
        count = int(alive.sum())
        k = min(k, count)
        if k == 0:
            return np.full((len(vectors), 0), -1, np.int32), np.zeros((len(vectors), 0), np.float32)
        if count <= self.settings.filtered_exact_below:
            nodes, scores = self._among(np.flatnonzero(alive), vectors, k)
        else:
            nodes, scores = self._walk(alive, count, vectors, k)
        nodes[~vectors.any(axis=1)] = -1
        scores = np.where(nodes >= 0, scores, -np.inf).astype(np.float32)
        positions = np.where(nodes >= 0, self._owner[nodes], -1).astype(np.int32)
        return best_first(positions, scores)

    def _among(self, nodes: np.ndarray, vectors: Vectors, k: int) -> tuple[np.ndarray, Scores]:
        """Exact search over `nodes`, in order of their owners so that ties fall by position."""
        nodes = nodes[np.argsort(self._owner[nodes])]
        storage = faiss.downcast_index(self._graph.storage)
        size = self._graph.ntotal * self.dimension
        flat = faiss.rev_swig_ptr(storage.get_xb(), size)  # type: ignore[attr-defined]
        columns, scores = top_k(vectors @ flat.reshape(-1, self.dimension)[nodes].T, k)
        return nodes[columns], scores

    def _walk(
        self, alive: Bools, count: int, vectors: Vectors, k: int
    ) -> tuple[np.ndarray, Scores]:
        beam = max(self.settings.hnsw_search, k)
        parameters = _parameters(efSearch=beam)
        if count < len(alive):
            bits = np.packbits(alive, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(alive), faiss.swig_ptr(bits))
            wide = -(-beam * len(alive) // count)
            parameters = _parameters(efSearch=wide, sel=selector)
        scores, nodes = self._graph.search(vectors, k, params=parameters)
        return nodes, scores


def _parameters(**values: Any) -> Any:
    return faiss.SearchParametersHNSW(**values)  # type: ignore[attr-defined]


def _stacked(rows: list[tuple[Positions, Scores]]) -> tuple[Positions, Scores]:
    width = max((positions.shape[1] for positions, _ in rows), default=0)
    positions = np.full((len(rows), width), -1, np.int32)
    scores = np.full((len(rows), width), -np.inf, np.float32)
    for i, (found, value) in enumerate(rows):
        positions[i, : found.shape[1]], scores[i, : found.shape[1]] = found[0], value[0]
    return positions, scores


class _Shared:
    """A lock that many readers share and one writer holds alone; waiting writers go first."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._readers = 0
        self._writing = False
        self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._writing and not self._waiting)
            self._readers += 1
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: not self._writing and not self._readers)
            self._waiting -= 1
            self._writing = True
        try:
            yield
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
