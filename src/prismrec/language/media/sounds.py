"""Sounds from files, as models of sound hear them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from prismrec.core.arrays import Scores
from prismrec.language.media.files import decoder, opened_stream

__all__ = ["SECONDS", "sound"]

SECONDS = 30.0
"""How much of a sound is heard."""


def sound(path: Path, rate: int) -> Scores:
    """The first `SECONDS` of a file, mono, (samples,) float32 at `rate` a second. Raises BadInput
    where there is nothing to hear."""
    most, blocks, heard = int(SECONDS * rate), [], 0
    with opened_stream(path, "audio") as (container, stream):
        resampler = decoder().AudioResampler(format="flt", layout="mono", rate=rate)
        for frame in container.decode(stream):
            for part in resampler.resample(frame):
                blocks.append(part.to_ndarray().ravel())
                heard += blocks[-1].size
            if heard >= most:
                break
        blocks.extend(part.to_ndarray().ravel() for part in resampler.resample(None))
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    return np.nan_to_num(samples[:most].astype(np.float32))
