"""What reading found, for people and machines."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["FileReport", "ReadReport"]


@dataclass(frozen=True)
class FileReport:
    """One table: `rows` there were, `accepted` of them; `quarantined` counts the rest by reason.

    `columns` says which column was taken for which word, `guessed` which of those nobody named,
    `ignored` which columns have no word (for items and users they become attributes). `examples`
    are a few of the bad rows.
    """

    table: str
    file: str
    rows: int
    accepted: int
    quarantined: dict[str, int] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    guessed: dict[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    examples: tuple[dict[str, object], ...] = ()


@dataclass(frozen=True)
class ReadReport:
    """All tables, whether times are times, and what else a person should know."""

    files: tuple[FileReport, ...] = ()
    has_clock: bool = False
    notes: tuple[str, ...] = ()
    quarantine: str = ""

    @property
    def quarantined(self) -> int:
        """Bad rows in all files."""
        return sum(sum(file.quarantined.values()) for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self) | {"quarantined": self.quarantined}
