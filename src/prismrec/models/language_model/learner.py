"""The language model that names the next item, as a learner."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from prismrec.core import BadSettings, Cases, Interactions, Scorer, Sequences
from prismrec.core.arrays import Longs
from prismrec.data import wants_repeats
from prismrec.descent.randomness import seeded
from prismrec.models.language_model.lesson import Windows
from prismrec.models.language_model.names import END, short_names, trained_tokenizer
from prismrec.models.language_model.network import CausalModel, opened
from prismrec.models.language_model.scorer import NAMES, LanguageModelScorer, Reading
from prismrec.models.language_model.spelling import Spelling, Vocabulary
from prismrec.models.language_model.training import Course, Epoch, train
from prismrec.models.sequence.cooccurrence import START_SCALE, ppmi_vectors
from prismrec.models.validation import validator

__all__ = ["BEFORE", "LanguageModel"]

MODES = ("full", "lora")
RATES = {"new": 2e-3, "full": 5e-5, "lora": 5e-4}
"""Learning rates: of a model that is made here, and of one that comes in a folder, by mode."""
BEFORE = "\n"
"""Stands before each name, so that a history is a list of lines."""
PRODUCTS = 2e10
"""Multiplications a second of one core of the machine on which `benchmarks.language_model` ran."""
MOST_VALIDATION = 1000


@dataclass(frozen=True)
class LanguageModel:
    """Learner of the language model that names the next item.

    `folder` holds a causal language model in transformers' form, fine-tuned here whole (`mode`
    `full`) or by low-rank additions of rank `rank` (`lora`). Without a folder a GPT-2 of
    `dimension`, `layers`, `heads` and `dropout` is made on the spot, with a tokenizer of
    `vocabulary` tokens trained on the names.

    A name has `words` words of the title or as many as make it the only one. The model reads the
    last names that together have about `history` tokens, a batch has about `batch` of them, and
    `width` prefixes are followed when a name is sought. `learning_rate` 0 is the usual one.
    Training ends after `epochs` passes (0 takes the model of the folder as it is), after `patience`
    without a better validation, or after what `minutes` of one core are counted to hold (0: no
    limit). With a `checkpoint` folder a fit that was stopped goes on where it was, if it is called
    with the same arguments again.
    """

    folder: str = ""
    mode: str = "full"
    rank: int = 8
    dimension: int = 128
    layers: int = 2
    heads: int = 2
    dropout: float = 0.3
    vocabulary: int = 16384
    words: int = 6
    history: int = 64
    width: int = 16
    batch: int = 3000
    learning_rate: float = 0.0
    weight_decay: float = 0.0
    epochs: int = 12
    patience: int = 2
    minutes: float = 0.0
    checkpoint: str = ""
    report: Callable[[Epoch], None] = lambda _: None
    name: str = "language_model"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise BadSettings(
                f"'{self.mode}' is no way to train a language model.",
                hint=f"Choose one of: {', '.join(MODES)}.",
            )
        if self.mode == "lora" and not self.folder:
            raise BadSettings(
                "A language model that is made here has nothing that low-rank additions add to.",
                hint="Name the folder of a pretrained model, or train it in full.",
            )

    def fit(
        self,
        train_on: Interactions,
        rng: np.random.Generator,
        *,
        validation: Cases | None = None,
        start: Scorer | None = None,
    ) -> LanguageModelScorer:
        """Learn to name what comes next; `validation` stops the training early. A `start` changes
        nothing: its tokens are others.

        Raises `TrainingDiverged` where a loss is not finite, and what `opened` raises.
        """
        seed = int(rng.integers(2**62))
        draws = np.random.default_rng([seed, 0])
        positives = train_on.positives
        model, vocabulary, spelling = self._opened(train_on, positives, draws)
        read = Reading(self._room(model, spelling), self.width)

        def made() -> LanguageModelScorer:
            return LanguageModelScorer(model, spelling, vocabulary, read, train_on.n_items)

        windows = Windows(positives, read.history, spelling)
        if len(windows.items) and self.epochs:
            asked = validator(made, validation, wants_repeats(train_on), draws, MOST_VALIDATION)
            train(
                model,
                windows,
                self._course(model, windows, seed),
                asked,
                checkpoint=Path(self.checkpoint) if self.checkpoint else None,
                identity=self._identity(vocabulary, positives, seed) if self.checkpoint else "",
                report=self.report,
            )
        model = model.merged().eval().requires_grad_(False)
        return made()

    def _opened(
        self, data: Interactions, positives: Sequences, rng: np.random.Generator
    ) -> tuple[CausalModel, Vocabulary, Spelling]:
        """The model before it learns, and how it spells the items of `data`."""
        words = self._words()
        names = short_names(data.features.titles or ("",) * data.n_items, words)
        lines = [BEFORE + name for name in names]
        counts = np.bincount(positives.items, minlength=len(names))[: len(names)]
        if self.folder:
            model, tokenizer, end = opened(Path(self.folder))
        else:
            tokenizer = trained_tokenizer(lines, counts, self.vocabulary)
            end = int(tokenizer.token_to_id(END) or 0)
        spelt = tokenizer.encode_batch(lines, add_special_tokens=False)
        spelling = Spelling.of([encoding.ids for encoding in spelt], end).shortest()
        if not self.folder:
            model = self._made(tokenizer.get_vocab_size(), spelling, positives, counts, rng)
        elif self.mode == "lora":
            model = model.with_lora(self.rank, rng)
        return model, Vocabulary(tokenizer.to_str(), tuple(names), words), spelling

    def _words(self) -> int:
        """Of how many words a name is made: a model that was trained to name knows best."""
        kept = Path(self.folder) / NAMES
        if not self.folder or not kept.is_file():
            return self.words
        return int(json.loads(kept.read_text("utf-8"))["words"])

    def _made(
        self,
        vocabulary: int,
        spelling: Spelling,
        positives: Sequences,
        counts: Longs,
        rng: np.random.Generator,
    ) -> CausalModel:
        """A new model. A token begins as the mean co-occurrence vector of the items whose names
        hold it, weighed by how often each was taken, so that training begins with what is taken
        together."""
        dropout = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), self.dropout)
        sizes = {"n_embd": self.dimension, "n_layer": self.layers, "n_head": self.heads}
        with seeded(rng):
            longest = self.history + 2 * spelling.tree.levels + 1
            model = CausalModel.new(vocabulary, longest, spelling.end, sizes | dropout)
        together = START_SCALE * ppmi_vectors(positives, len(spelling), self.dimension, rng)
        items = np.repeat(np.arange(len(spelling)), spelling.lengths)
        weights = counts[items].astype(np.float64)
        sums = np.zeros((vocabulary, self.dimension))
        np.add.at(sums, spelling.tokens, weights[:, None] * together[items])
        total = np.bincount(spelling.tokens, weights, minlength=vocabulary)
        means = sums / np.maximum(total, 1)[:, None]
        model.head.data.add_(torch.from_numpy(means.astype(np.float32)))
        return model

    def _room(self, model: CausalModel, spelling: Spelling) -> int:
        """The tokens of history that the model can read, and a name after them."""
        room = min(self.history, model.longest - 2 * spelling.tree.levels - 1)
        if room < 1:
            raise BadSettings(
                f"A model that reads {model.longest} tokens has no room for a history of names.",
                hint="Take shorter names (words), or a model that reads more.",
            )
        return room

    def _course(self, model: CausalModel, windows: Windows, seed: int) -> Course:
        """The plan: as many epochs as the settings and the minutes allow, at least one."""
        epochs = self.epochs
        if self.minutes:
            weights = sum(p.numel() for p in model.parameters()) - model.head.numel()
            choices = windows.spelling.tree.roots * model.head.shape[1]
            products = 3.0 * (int(windows.sizes.sum()) * weights + len(windows.items) * choices)
            epochs = max(1, min(epochs, int(60 * self.minutes * PRODUCTS / products)))
        rate = self.learning_rate or RATES[self.mode if self.folder else "new"]
        return Course(epochs, self.batch, rate, self.weight_decay, self.patience, seed)

    def _identity(self, vocabulary: Vocabulary, positives: Sequences, seed: int) -> str:
        """A hash of all that decides what is learned."""
        told = {f.name: getattr(self, f.name) for f in fields(self)}
        for free in ("report", "checkpoint"):
            del told[free]
        digest = hashlib.sha256(json.dumps([told, seed, vocabulary.names], sort_keys=True).encode())
        for array in (positives.indptr, positives.items):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()
