"""Vectors as whole numbers of eight bits: a quarter of the memory, for a first look."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from prismrec.core.arrays import Scores, Vectors
from prismrec.retrieval.vectors.exact import ExactVectors

__all__ = ["CodedVectors", "quick"]

MOST = 127
TINY = 1e-30


class CodedVectors(ExactVectors):
    """`ExactVectors` whose numbers are rounded to 127 steps up to `largest`, and those of a query
    to 127 steps up to its own largest. Its scores are inner products of these whole numbers: for an
    order that is looked at again, not for their size.
    """

    numbers = np.int8

    def __init__(self, dimension: int, largest: float) -> None:
        super().__init__(dimension)
        self._step = np.float32(max(largest, TINY) / MOST)

    def _kept(self, vectors: Vectors) -> npt.NDArray[Any]:
        return _rounded(vectors / self._step)

    def _inner(self, vectors: Vectors, kept: npt.NDArray[Any]) -> Scores:
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        return _products(_rounded(vectors * (MOST / np.maximum(largest, TINY))), kept)


def quick() -> bool:
    """Whether this processor multiplies such numbers quicker than it reads longer ones, by an
    operator of torch that is no promised interface: where it is not there or errs, this says no."""
    import torch

    told: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    if not any(told.get(name) for name in ("avx512_vnni", "amx_int8")):
        return False
    codes = (np.arange(33 * 128) * 7 % 255 - MOST).astype(np.int8).reshape(33, 128)
    try:
        return bool((_products(codes[:1], codes) == codes[:1].astype(int) @ codes.T).all())
    except (AttributeError, RuntimeError):
        return False


def _products(codes: npt.NDArray[Any], kept: npt.NDArray[Any]) -> Scores:
    """(b, m): of at most 1,024 numbers each, so that float32 holds them exactly."""
    import torch

    with torch.inference_mode():
        found = torch._int_mm(torch.from_numpy(codes), torch.from_numpy(kept).t())
        return np.asarray(found.float().numpy(), np.float32)


def _rounded(values: Vectors) -> npt.NDArray[Any]:
    return np.clip(np.rint(values), -MOST, MOST).astype(np.int8)
