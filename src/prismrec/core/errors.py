"""Every error a user of PrismRec can meet: what went wrong, and what to change."""

from __future__ import annotations

__all__ = [
    "BadInput",
    "BadSettings",
    "Busy",
    "ChatRefused",
    "Conflict",
    "Corrupt",
    "Locked",
    "MissingExtra",
    "NewerFormat",
    "NotFound",
    "PrismError",
    "TrainingDiverged",
]


class PrismError(Exception):
    """Base of all errors raised on purpose.

    `message` says what went wrong, `hint` what to change. The command line prints both and exits
    with `exit_code`; the server answers `status` with an RFC 9457 problem document.
    """

    status = 500
    exit_code = 1
    title = "PrismRec error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class BadInput(PrismError):
    """A file, row, argument or request that cannot be used as it stands."""

    status = 422
    exit_code = 2
    title = "Bad input"


class BadSettings(PrismError):
    """A setting that is unknown, of the wrong type, or unsafe."""

    status = 422
    exit_code = 2
    title = "Bad settings"


class NotFound(PrismError):
    """A collection, item, user, release or file that does not exist."""

    status = 404
    exit_code = 3
    title = "Not found"


class Locked(PrismError):
    """Another process owns this collection; where that is a server, `url` says where it listens."""

    status = 409
    exit_code = 4
    title = "Collection in use"

    def __init__(self, message: str, *, hint: str = "", url: str = "") -> None:
        super().__init__(message, hint=hint)
        self.url = url


class Conflict(PrismError):
    """What is asked for does not go with what is under way."""

    status = 409
    exit_code = 4
    title = "Conflict"


class Busy(PrismError):
    """The queue is full; try again after `retry_after` seconds."""

    status = 503
    exit_code = 5
    title = "Busy"

    def __init__(self, message: str, *, hint: str = "", retry_after: float = 1.0) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ChatRefused(PrismError):
    """A language model gave no answer that may be used: take the way that needs none.

    `reason` is one word for machines: `deadline`, `tokens`, `spend`, `resting` (it failed too often
    lately), `address`, `unreachable`, `rejected`, `protocol`, `too-large` or `invalid`.
    """

    status = 503
    exit_code = 5
    title = "No answer from the language model"

    def __init__(self, reason: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason


class Corrupt(PrismError):
    """A file whose content does not match its manifest."""

    exit_code = 6
    title = "Corrupt artifact"


class NewerFormat(PrismError):
    """An artifact written by a newer PrismRec than this one."""

    exit_code = 6
    title = "Newer format"


class MissingExtra(PrismError):
    """An optional library is not installed."""

    exit_code = 7
    title = "Missing extra"

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(
            f"This needs the library '{library}', which is not installed.",
            hint=f"Install it with: pip install 'prismrec[{extra}]'",
        )


class TrainingDiverged(PrismError):
    """A loss or a parameter became NaN or infinite during training."""

    title = "Training diverged"
