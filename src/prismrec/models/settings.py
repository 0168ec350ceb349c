"""What a user may set about the models; every default was chosen on validation data."""

from __future__ import annotations

from dataclasses import dataclass

from prismrec.core import BadSettings

__all__ = ["ModelSettings"]


@dataclass(frozen=True)
class ModelSettings:
    """Settings of the default model and of the multi-view transformer inside it.

    `experts` names the models to mix; empty lets the data decide. `repeats` is `yes` where an item
    may come again, `no` where what was had must not return, `auto` to tell from the events.
    `newcomer_price` is the share of their nDCG@10 that items with events may lose so that items
    without any are shown. `budget` is how many seconds a fit may take, 0 for as many as it takes:
    see `prismrec.models.budget`. `language_model` is a folder that `prismrec train-llm` wrote: the
    model in it becomes one more expert, as it is.
    The transformer: `dimension` of every view, `layers` and `heads`, `history` (how many events it
    reads), `dropout`, `view_dropout` (of a view of the items from a step, so that it may be missing
    later), `negatives` (shared by a batch), `batch` (predictions a step),
    `learning_rate`, `weight_decay`, and `work`: how many million predictions it may train on,
    which together with `patience` (rounds without a better validation) bounds the time.
    """

    experts: tuple[str, ...] = ()
    repeats: str = "auto"
    newcomer_price: float = 0.01
    budget: float = 0.0
    language_model: str = ""
    dimension: int = 64
    layers: int = 2
    heads: int = 2
    history: int = 50
    dropout: float = 0.5
    view_dropout: float = 0.5
    negatives: int = 1024
    batch: int = 2048
    learning_rate: float = 0.003
    weight_decay: float = 0.0
    work: float = 4.0
    patience: int = 5

    def __post_init__(self) -> None:
        if self.repeats not in ("auto", "yes", "no"):
            raise BadSettings(
                f"repeats is '{self.repeats}'.", hint="Set models.repeats to auto, yes or no."
            )
        positive = ("dimension", "layers", "heads", "history", "negatives", "batch", "patience")
        for name in (*positive, "learning_rate", "work"):
            if getattr(self, name) <= 0:
                raise BadSettings(
                    f"models.{name} is {getattr(self, name)}.", hint="Set it above zero."
                )
        if not 0 <= self.newcomer_price < 1:
            raise BadSettings(
                f"models.newcomer_price is {self.newcomer_price}.", hint="Set it in [0, 1)."
            )
        if not 0 <= self.budget < float("inf"):
            raise BadSettings(
                f"models.budget is {self.budget}.", hint="Set it to seconds, 0 for no limit."
            )
        for name in ("dropout", "view_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise BadSettings(
                    f"models.{name} is {getattr(self, name)}.", hint="Set it in [0, 1)."
                )
        if self.dimension % self.heads:
            raise BadSettings(
                f"models.dimension {self.dimension} does not divide into {self.heads} heads.",
                hint="Choose a dimension that is a multiple of models.heads.",
            )
