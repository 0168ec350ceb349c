"""`train_llm`: a causal language model that names what people take next, as a folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from prismrec.config import Settings
from prismrec.core import BadInput, generator
from prismrec.data import Dataset, Sources, interactions, read, wants_repeats
from prismrec.data.catalogue import Catalogue
from prismrec.descent.clock import Deadline, until
from prismrec.learning.training import held_out
from prismrec.models.language_model.learner import LanguageModel
from prismrec.models.language_model.scorer import NAMES
from prismrec.models.language_model.training import Epoch
from prismrec.threads import one_thread_each

__all__ = ["train_llm"]

CHECKPOINT = "checkpoint"


def train_llm(
    data: str | Path | Sources | Dataset,
    out: Path,
    learner: LanguageModel,
    *,
    settings: Settings,
    seed: int = 0,
    report: Callable[[Epoch], None] = lambda _: None,
) -> dict[str, Any]:
    """Train `learner` on `data` and write the model into `out`, in transformers' form.

    The last event of some people is held out to stop by, as in a fit. Until the model is whole,
    `out/checkpoint` holds how far it came: called again with the same arguments, training goes on
    from there. Raises `BadInput` where `out` holds a model already.
    """
    kept = out / CHECKPOINT
    unfinished = kept.exists() and not (out / NAMES).exists()  # names are what is written last
    if (out / "config.json").exists() and not unfinished:
        raise BadInput(f"{out} holds a model already.", hint="Name another folder, or remove it.")
    dataset = data if isinstance(data, Dataset) else read(data, settings.data)
    catalogue = Catalogue.of(dataset.iter_items())
    whole = interactions(dataset, catalogue.features(), settings.feedback)
    whole = replace(whole, repeats=wants_repeats(whole, settings.data.repeats))
    split = held_out(whole, settings, seed)
    epochs: list[Epoch] = []

    def note(epoch: Epoch) -> None:
        epochs.append(epoch)
        report(epoch)

    began, end = time.perf_counter(), Deadline(60 * learner.minutes) if learner.minutes else None
    made = replace(learner, checkpoint=str(kept), report=note)
    one_thread_each()
    with until(end, learner.name):
        scorer = made.fit(split.train, generator(seed, "train-llm"), validation=split.validation)
    scorer.save(out)
    shutil.rmtree(kept, ignore_errors=True)
    return {
        "items": whole.n_items,
        "events": len(whole.sequences.items),
        "weights": sum(p.numel() for p in scorer.model.parameters()),
        "epochs": [{"loss": round(e.loss, 4), "ndcg@10": round(e.figure, 4)} for e in epochs],
        "stopped_by_clock": bool(end and end.stopped),
        "seconds": round(time.perf_counter() - began, 1),
    }
