"""Logs that say what happened without saying to whom: keys and personal fields are masked."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from types import TracebackType

__all__ = ["MaskedJson", "masked", "set_up"]

PERSONAL = r"user_id|session_id|api_key|x-api-key|authorization|password|token|email|text|q|like"
PAIRS = re.compile(rf"(?i)\b({PERSONAL})(['\"]?\s*[=:]\s*['\"]?)(?:bearer\s+)?([^\s&,;'\"}}]+)")
PATHS = re.compile(r"(/users/)([^?\s\"]+)")
KEYS = re.compile(r"\bprism_[A-Za-z0-9_-]{8,}")
CREDENTIALS = re.compile(r"(\w+://[^:/\s]+:)([^@\s]+)(@)")


def masked(text: str) -> str:
    """`text` with API keys, passwords in URLs, and personal fields replaced by `***`."""
    text = KEYS.sub("***", text)
    text = CREDENTIALS.sub(r"\1***\3", text)
    text = PATHS.sub(r"\1***", text)
    return PAIRS.sub(r"\1\2***", text)


class MaskedJson(logging.Formatter):
    """One JSON object a line, masked. Of an exception it tells the kinds and the places, not the
    message: that may quote what a person sent."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _told(record.exc_info[1])
            line["at"] = " < ".join(_places(record.exc_info[2]))
        return json.dumps(line, ensure_ascii=False)


def _told(error: BaseException) -> str:
    cause = error.__cause__ or error.__context__
    return type(error).__name__ + (f" after {type(cause).__name__}" if cause else "")


def _places(trace: TracebackType | None) -> list[str]:
    """The innermost places first."""
    frames = traceback.extract_tb(trace)[-12:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]


def set_up(level: int = logging.INFO) -> None:
    """Send every log line of this process, the web server's included, masked to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(MaskedJson())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    for name in ("alembic", "httpx", "jieba", "sentence_transformers"):
        logging.getLogger(name).setLevel(logging.WARNING)
