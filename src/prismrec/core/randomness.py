"""Random generators, named: the same seed and words give the same stream on every machine."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["generator"]


def generator(seed: int, *words: str | int) -> np.random.Generator:
    """A generator for one purpose, independent of every other purpose.

    `words` name the purpose (`generator(7, "fit", "bpr")`), so that adding a consumer of
    randomness never shifts the draws of another. Two calls with equal arguments give equal draws.
    """
    digest = hashlib.blake2b("\x1f".join(map(str, words)).encode(), digest_size=16).digest()
    return np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, *np.frombuffer(digest, np.uint32)])
