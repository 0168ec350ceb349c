"""Pictures from files, and the pictures that stand for a video. Files are data of strangers: few
formats, bounded sizes, nothing fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from prismrec.core import BadInput, MissingExtra
from prismrec.core.arrays import Floats
from prismrec.language.media.files import opened_stream

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["FRAMES", "frames", "picture"]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
LARGEST = 64_000_000
"""Pixels of a picture that is still read."""
FRAMES = 4
"""Pictures that stand for a video."""
LOOKED_AT = 64
"""Key frames decoded to choose from."""


def picture(path: Path) -> Image:
    """The picture in a file, turned as its camera says, RGB. Raises BadInput where there is none
    that is read here."""
    try:
        from PIL import Image as pil
        from PIL import ImageOps
    except ImportError:
        raise MissingExtra("pillow", "media") from None
    try:
        with pil.open(path, formats=FORMATS) as found:
            if found.width * found.height > LARGEST:
                raise BadInput(
                    f"{path.name} has {found.width} x {found.height} pixels.",
                    hint=f"Make it smaller than {LARGEST:,} pixels.",
                )
            return ImageOps.exif_transpose(found).convert("RGB")
    except (OSError, ValueError, SyntaxError, pil.DecompressionBombError) as error:
        raise BadInput(
            f"{path.name} cannot be read as a picture ({error}).",
            hint=f"Save it as one of: {', '.join(FORMATS)}.",
        ) from None


def frames(path: Path) -> list[Image]:
    """Up to `FRAMES` key frames of a video that look least alike, in their order.

    Chosen farthest first by their histograms of colour (Gonzalez, "Clustering to minimize the
    maximum intercluster distance", 1985), from the middle of the video. Raises BadInput.
    """
    with opened_stream(path, "video") as (container, stream):
        stream.codec_context.skip_frame = "NONKEY"
        found: list[Image] = []
        for frame in container.decode(stream):
            if frame.width * frame.height > LARGEST:
                raise BadInput(f"{path.name} has frames that are too large.", hint="Scale it down.")
            found.append(frame.to_image().convert("RGB"))
            if len(found) == LOOKED_AT:
                break
    if not found:
        raise BadInput(f"{path.name} has no picture.", hint="Check the file.")
    return [found[place] for place in _apart(np.stack([_colours(each) for each in found]))]


def _colours(image: Image) -> Floats:
    """(96,) shares of 32 levels of each colour."""
    counts = np.array(image.resize((32, 32)).histogram(), np.float64).reshape(3, 32, 8).sum(axis=2)
    shares: Floats = (counts / counts.sum()).ravel()
    return shares


def _apart(points: Floats) -> list[int]:
    """Up to `FRAMES` rows of `points`, each the farthest from those before, in order."""
    chosen = [len(points) // 2]
    nearest = np.full(len(points), np.inf)
    while len(chosen) < min(FRAMES, len(points)):
        nearest = np.minimum(nearest, np.abs(points - points[chosen[-1]]).sum(axis=1))
        if not nearest.max() > 0:
            break
        chosen.append(int(np.argmax(nearest)))
    return sorted(chosen)
