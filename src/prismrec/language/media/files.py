"""Sound and video files, opened so that they can name no other file and no address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prismrec.core import BadInput, MissingExtra

__all__ = ["VIDEOS", "decoder", "opened_stream"]

VIDEOS = frozenset((".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ogv"))
CONTAINERS = "mov,matroska,webm,avi,mpeg,mpegts,ogg,wav,mp3,flac,aac,aiff"
"""What is read. Playlists and lists of parts, which name further files, are not among them."""


def decoder() -> Any:
    """The library that decodes. Raises MissingExtra."""
    try:
        import av
    except ImportError:
        raise MissingExtra("av", "media") from None
    return av


@contextmanager
def opened_stream(path: Path, kind: str) -> Iterator[tuple[Any, Any]]:
    """The container in a file and its first stream of `kind` (`audio` or `video`). Whatever the
    decoder finds wrong, then or later, is BadInput."""
    av = decoder()
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": ""}
    try:
        with path.open("rb") as file, av.open(file, options=options) as container:
            streams = [stream for stream in container.streams if stream.type == kind]
            if not streams:
                raise BadInput(f"{path.name} has no {kind}.", hint="Check the file.")
            yield container, streams[0]
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadInput(
            f"{path.name} cannot be read ({error}).", hint=f"Formats that can: {CONTAINERS}."
        ) from None
