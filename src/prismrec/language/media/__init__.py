"""Vectors of pictures, sounds and video, and of the texts that ask for them. Needs the extra
`media`."""

from __future__ import annotations

from prismrec.language.media.encoder import CachedMedia, MediaEncoder, MediaTexts
from prismrec.language.media.table import with_vectors

__all__ = ["CachedMedia", "MediaEncoder", "MediaTexts", "with_vectors"]
