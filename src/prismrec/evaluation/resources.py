"""What a step costs: seconds on the clock, and the peak of resident memory."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["peak_rss_mib", "reset_peak", "timed"]

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
T = TypeVar("T")


def timed(step: Callable[[], T]) -> tuple[T, float]:
    """What `step` returns, and how many seconds it took."""
    start = time.perf_counter()
    result = step()
    return result, time.perf_counter() - start


def reset_peak() -> bool:
    """Forget the peak of resident memory so far; false where the system does not allow it.

    Linux resets VmHWM when a 5 is written to clear_refs (proc(5)).
    """
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


def peak_rss_mib() -> float:
    """The peak of resident memory in MiB since `reset_peak`, or since the process began."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
