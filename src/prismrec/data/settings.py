"""What a person can set about reading data and about what an event means."""

from __future__ import annotations

from dataclasses import dataclass

from prismrec.core import BadSettings

__all__ = ["DEFAULTS", "DataSettings"]

REPEATS = ("auto", "yes", "no")


@dataclass(frozen=True)
class DataSettings:
    """How tables are read (`[data]` in the settings file).

    `columns` maps the words of PrismRec to the columns of your files, one `"word=column"` each:
    `"user_id=Customer No"` for every table that has such a column, or `"events.timestamp=when"`
    for one table. What is not mapped is guessed from common names.
    `default_event` is the event type of a log without such a column and without ratings.
    `encoding` and `separator` are those of CSV files; an empty separator is guessed.
    `repeats` says whether items a person already has may be recommended again; `auto` measures it.
    `consumed` names the event types that mean a person has the item; empty takes purchases, orders,
    ratings and the like where there are any, else every type.
    """

    columns: tuple[str, ...] = ()
    default_event: str = "view"
    encoding: str = "utf-8"
    separator: str = ""
    repeats: str = "auto"
    consumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.repeats not in REPEATS:
            raise BadSettings(
                f"repeats is {self.repeats!r}.",
                hint="Set it to one of: " + ", ".join(REPEATS) + ".",
            )
        if not self.default_event.strip():
            raise BadSettings("default_event is empty.", hint='Give it a name, such as "view".')
        if len(self.separator.encode()) > 1 or self.separator in ('"', "\n", "\r", "\0"):
            raise BadSettings(
                f"separator is {self.separator!r}.",
                hint="Give one plain character such as ; or leave it empty.",
            )
        try:
            "".encode(self.encoding)
        except LookupError as error:
            raise BadSettings(
                f"encoding {self.encoding!r} is not known.",
                hint='Use a name such as "utf-8", "gb18030" or "latin-1".',
            ) from error
        for entry in self.columns:
            split_mapping(entry)


def split_mapping(entry: str) -> tuple[str, str, str]:
    """`"events.user_id=uid"` as table (empty for any), word and column."""
    word, equals, column = entry.partition("=")
    table, dot, name = word.strip().rpartition(".")
    if not equals or not name or not column.strip() or (dot and not table):
        raise BadSettings(
            f"The column mapping {entry!r} cannot be read.",
            hint='Write "word=column", for example "user_id=customer" or "events.timestamp=when".',
        )
    return table, name, column.strip()


DEFAULTS = DataSettings()
