"""What can be set about the text ranker."""

from __future__ import annotations

from dataclasses import dataclass

from prismrec.core import BadSettings

__all__ = ["TextRankerSettings"]

MODES = ("frozen", "lora", "full")
_RATES = {"frozen": 0.0, "lora": 3e-4, "full": 3e-5}


@dataclass(frozen=True)
class TextRankerSettings:
    """How a text ranker reads and learns.

    `mode`: `frozen` trains the head alone, `lora` also low-rank additions of rank `rank` to the
    language model, `full` all of it. It reads the last `history` items, each cut after
    `item_tokens` tokens, of both at most `max_tokens`, the oldest left out first. The head is a
    perceptron with `hidden` units. An epoch has `pairs` acted pairs at most, each with `negatives`
    items drawn in proportion to count^`popularity` (Mikolov et al. 2013 found 0.75), `batch` acted
    pairs a step. Learning rates, one for the head and one for the language model (0: the usual one
    of the mode), rise over the first `warm_up` share of the steps and fall to nothing. Training
    stops after `patience` epochs without a better validation; gradients are cut to length `clip`.
    """

    mode: str = "lora"
    rank: int = 8
    history: int = 5
    item_tokens: int = 32
    max_tokens: int = 192
    hidden: int = 128
    dropout: float = 0.1
    negatives: int = 4
    popularity: float = 0.75
    pairs: int = 4000
    batch: int = 16
    epochs: int = 3
    head_learning_rate: float = 1e-3
    learning_rate: float = 0.0
    warm_up: float = 0.1
    patience: int = 1
    clip: float = 1.0

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise BadSettings(
                f"A text ranker cannot be trained by '{self.mode}'.",
                hint=f"Choose one of: {', '.join(MODES)}.",
            )
        positive = ("rank", "history", "item_tokens", "hidden", "negatives", "pairs", "batch")
        for name in (*positive, "epochs", "patience", "head_learning_rate", "clip"):
            if getattr(self, name) <= 0:
                raise BadSettings(f"{name} is {getattr(self, name)}.", hint="Set it above zero.")
        if not 0 <= self.dropout < 1:
            raise BadSettings(f"dropout is {self.dropout}.", hint="Set it in [0, 1).")
        if self.max_tokens < self.item_tokens + 4:
            raise BadSettings(
                f"{self.max_tokens} tokens have no room for an item of {self.item_tokens}.",
                hint="Set max_tokens at least 4 above item_tokens.",
            )

    @property
    def encoder_rate(self) -> float:
        """The learning rate of the language model."""
        return self.learning_rate or _RATES[self.mode]
