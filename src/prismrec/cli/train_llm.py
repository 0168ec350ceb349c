"""`prismrec train-llm`: a language model that names what people take next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prismrec.cli.fit import sources_of
from prismrec.cli.options import AsJson, Config, FilePath, Seed
from prismrec.cli.output import errors, out, print_json

if TYPE_CHECKING:
    from prismrec.models.language_model.training import Epoch

__all__ = ["train_llm"]


def train_llm(
    data: Annotated[str | None, typer.Argument(help="A folder with items and events.")] = None,
    into: Annotated[Path, typer.Option("--out", help="The folder for the model.")] = Path("llm"),
    model: Annotated[
        Path | None,
        typer.Option(help="A causal model in transformers' form; without one a small one is made."),
    ] = None,
    lora: Annotated[bool, typer.Option("--lora", help="Train low-rank additions only.")] = False,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the events, at most.")] = 12,
    minutes: Annotated[float, typer.Option(min=0, help="How long it may take; 0: no limit.")] = 0,
    items: FilePath = None,
    events: FilePath = None,
    users: FilePath = None,
    config: Config = None,
    seed: Seed = 0,
    json: AsJson = False,
) -> None:
    """Fine-tune a language model to name what people take next; stopped, it goes on where it was.

    As `language_model` in the settings of the models, the folder becomes one more expert of a fit.
    """
    from prismrec.config import read_settings
    from prismrec.learning.language_model import train_llm as learn
    from prismrec.models.language_model.learner import LanguageModel

    learner = LanguageModel(
        folder=str(model or ""), mode="lora" if lora else "full", epochs=epochs, minutes=minutes
    )
    source = sources_of(data, items, events, users)
    report = learn(source, into, learner, settings=read_settings(config), seed=seed, report=_told)
    if json:
        print_json({"model": str(into), **report})
        return
    out.print(f"Wrote {into}: {report['weights']:,} weights in {report['seconds']} s", markup=False)


def _told(epoch: Epoch) -> None:
    figure = "" if epoch.figure != epoch.figure else f", validation nDCG@10 {epoch.figure:.4f}"
    errors.print(f"Pass {epoch.number + 1}: loss {epoch.loss:.3f}{figure}", highlight=False)
