"""How a classifier is trained, and the one rule that chooses by how much there is to learn from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from prismrec.core import BadSettings

__all__ = ["MODES", "ClassifierSettings", "Course", "course_for"]

MODES = ("auto", "words", "frozen", "lora", "full")
"""What learns: chosen by `course_for`; words alone; a head on the encoder as it is; low-rank
additions to the encoder; the encoder itself."""
FEW = 16
"""Texts of a class below which there are too few to train an encoder on: it would learn them by
heart and lose what it knew. docs/decisions/text-classifiers.md has the figures."""
PASSES = 5
"""Over the texts."""
READINGS = 60_000
"""Texts read in training at most, all passes together, but for a first and a second pass."""
FROZEN_FROM = 40_000
"""With more texts than this the encoder is read once and left as it is."""


@dataclass(frozen=True)
class ClassifierSettings:
    """`mode` is one of `MODES`. A text is cut after `max_tokens` tokens. `held_out` is the share of
    the training texts that tells how to weigh the parts, where no other texts are given for that.
    `passes` over the texts; 0 for as many as `course_for` says."""

    mode: str = "auto"
    max_tokens: int = 64
    held_out: float = 0.1
    passes: int = 0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise BadSettings(
                f"A classifier cannot be trained by '{self.mode}'.",
                hint=f"Choose one of: {', '.join(MODES)}.",
            )
        if not 0 < self.held_out < 1 or self.max_tokens < 4 or self.passes < 0:
            raise BadSettings(
                "A classifier needs some texts held out, and at least 4 tokens of a text.",
                hint="Set held_out between 0 and 1, max_tokens to 4 or more, passes to 0 or more.",
            )


@dataclass(frozen=True)
class Course:
    """How the encoder is trained. `mode` is frozen, lora or full.

    `passes` over the texts in batches of `batch`; `learning_rate` is that of the uppermost layer,
    each layer below learns at `decay` of the one above it (Howard and Ruder, "Universal language
    model fine-tuning for text classification", 2018); `head_rate` is the head's. `smoothing` is of
    the labels (Szegedy et al., 2016).
    """

    mode: str = "full"
    passes: int = PASSES
    batch: int = 32
    learning_rate: float = 2e-4
    head_rate: float = 5e-3
    decay: float = 0.9
    warm_up: float = 0.1
    smoothing: float = 0.1
    rank: int = 16

    def further(self) -> Course:
        """What is learned when the texts that were held out come in: a few more passes over all."""
        passes = max(1, round(0.4 * self.passes))
        rate, head = 0.4 * self.learning_rate, 0.4 * self.head_rate
        return replace(self, passes=passes, learning_rate=rate, head_rate=head)


def course_for(texts: int, classes: int, settings: ClassifierSettings) -> Course | None:
    """How to train the encoder on so many texts; `None` where it is not to be used.

    Few of a class, or a great many in all: a head on the encoder as it is. Between them: the whole
    encoder, as many passes as the readings allow.
    """
    if settings.mode == "words":
        return None
    mode = settings.mode
    if mode == "auto":
        mode = "full" if FEW * classes <= texts <= FROZEN_FROM else "frozen"
    passes = settings.passes or min(max(READINGS // max(texts, 1), 2), PASSES)
    rate = Course.learning_rate if mode == "full" else 10 * Course.learning_rate
    return Course(mode, passes, learning_rate=rate)
