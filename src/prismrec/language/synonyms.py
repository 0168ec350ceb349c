"""Words that mean the same, from a file that a person writes.

    # one group a line, its members in any order
    tv, television, telly
    # one way only: who asks for the left finds the right too
    ps4, playstation 4 => sony console
    手机, mobile phone

Members may be several words. A line that starts with `#` is a comment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prismrec.core import BadSettings
from prismrec.language.segmentation import Alternative

__all__ = ["Synonyms"]

MOST_WORDS = 6
"""Words of one member."""
MOST_OTHERS = 8
"""Other ways to say one thing that a query is widened by."""
Cut = Callable[[str], Sequence[str]]
_Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Synonyms:
    """Groups of phrases, each cut into words as items and queries are."""

    groups: dict[_Phrase, tuple[_Phrase, ...]] = field(default_factory=dict)

    @staticmethod
    def read(path: Path | str, cut: Cut) -> Synonyms:
        """The synonyms in the file at `path`; raises `BadSettings` naming a line that is none."""
        try:
            text = Path(path).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(
                f"The synonyms at {path} cannot be read: {error}.",
                hint="Set retrieval.synonyms to a text file in UTF-8, or leave it empty.",
            ) from None
        return Synonyms.of(text.splitlines(), cut)

    @staticmethod
    def of(lines: Iterable[str], cut: Cut) -> Synonyms:
        """The synonyms in `lines`; `cut` is what cuts items and queries into words."""
        found: dict[_Phrase, dict[_Phrase, None]] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            asked, _, given = line.partition("=>")
            left, right = _members(asked, cut, number), _members(given or asked, cut, number)
            for phrase in left:
                others = found.setdefault(phrase, {})
                others.update(dict.fromkeys(other for other in right if other != phrase))
        return Synonyms({phrase: tuple(others) for phrase, others in found.items() if others})

    def of_words(self, words: Sequence[str]) -> list[Alternative]:
        """What else can be said for parts of a query's `words`, the longest parts first come."""
        found: list[Alternative] = []
        at = 0
        while at < len(words) and self.groups:
            end = at + min(MOST_WORDS, len(words) - at)
            while end > at and tuple(words[at:end]) not in self.groups:
                end -= 1
            if end > at:
                found.append(Alternative(at, end, self.groups[tuple(words[at:end])][:MOST_OTHERS]))
            at = max(end, at + 1)
        return found


def _members(text: str, cut: Cut, number: int) -> list[_Phrase]:
    members = [tuple(cut(part)) for part in text.replace("，", ",").split(",") if part.strip()]
    if not members or not all(0 < len(member) <= MOST_WORDS for member in members):
        raise BadSettings(
            f"Line {number} of the synonyms is not understood: {text.strip()[:80]!r}.",
            hint=f"Write words or phrases of at most {MOST_WORDS} words, with commas between them.",
        )
    return members
