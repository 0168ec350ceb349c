"""How much of the reasons is told."""

from __future__ import annotations

from dataclasses import dataclass

from prismrec.core import BadSettings

__all__ = ["ExplanationSettings"]


@dataclass(frozen=True, slots=True)
class ExplanationSettings:
    """`reasons` is how many reasons a sentence names at most, `influences` how many past items.

    `language` of the sentences is `en` or `zh`; empty takes the language of the catalogue. Where
    `spoken`, the chat model of the settings (`[chat]`) words the answer of `explain`, of which only
    what the contributions carry is said.
    """

    language: str = ""
    reasons: int = 2
    influences: int = 3
    spoken: bool = False

    def __post_init__(self) -> None:
        if self.language not in ("", "en", "zh"):
            raise BadSettings(
                f"explanation.language is '{self.language}'.", hint="Give en, zh, or nothing."
            )
        for name in ("reasons", "influences"):
            if getattr(self, name) < 1:
                raise BadSettings(
                    f"explanation.{name} is {getattr(self, name)}.",
                    hint="Give a whole number above 0.",
                )
