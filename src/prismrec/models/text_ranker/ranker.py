"""The trained text ranker: scores given items, re-ranks a shortlist, and goes to disk and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from prismrec.core import BadInput, Candidates, Cases, Corrupt, Interactions, NotFound, QueryBatch
from prismrec.core.arrays import Positions, Scores
from prismrec.language.folder import ModelFolder
from prismrec.language.trainable import TrainableEncoder
from prismrec.models.text_ranker.model import PairModel, PairReader
from prismrec.models.text_ranker.pairs import Negatives, Pairs, acted_pairs, case_pairs
from prismrec.models.text_ranker.settings import TextRankerSettings
from prismrec.models.text_ranker.training import Lesson, logits_of, train

__all__ = ["TextRanker", "fit_text_ranker"]

_SETTINGS, _HEAD, _ENCODER = "ranker.json", "head.safetensors", "encoder"
_MOST_VALIDATION = 200  # cases; each costs as many readings as an acted pair of training
_CENTRED = 64  # acted pairs that tell the usual cosine


class TextRanker:
    """P(acted | history, item), read off two texts by a fine-tuned language model.

    It is a `Ranker` of shortlists, and scores given items as a `Scorer` does. Its cost is one pass
    of the language model a pair, so that it is meant for tens of items, not for a catalogue.
    `texts` are the items' texts by position; an item beyond them reads as empty.
    """

    kind: ClassVar[str] = "text_ranker"
    part_names: tuple[str, ...] = ("text_ranker",)

    def __init__(
        self, model: PairModel, texts: Sequence[str], settings: TextRankerSettings
    ) -> None:
        self.model, self.settings, self.texts = model.eval(), settings, tuple(texts)
        self.reader = PairReader(model.encoder, self.texts, settings)

    def with_texts(self, texts: Sequence[str]) -> TextRanker:
        """The same ranker over a catalogue with these texts, by position."""
        return TextRanker(self.model, texts, self.settings)

    def score(self, queries: QueryBatch, items: Positions) -> Scores:
        """(b, m) float32 logits of the items (m,) shared by all queries, or (b, m), -1 padding
        scoring 0."""
        b = len(queries)
        chosen = np.broadcast_to(items, (b, items.shape[-1])).astype(np.int32)
        read = queries.histories.where(queries.histories.weights > 0)
        histories = self._known(read.padded(self.settings.history))
        rows, columns = np.nonzero(chosen >= 0)
        asked = self._known(chosen[rows, columns])
        nobody = np.full(len(rows), -1, np.int32)
        pairs = Pairs(histories[rows], asked, np.zeros(len(rows), np.float32), nobody)
        out = np.zeros(chosen.shape, np.float32)
        out[rows, columns] = logits_of(self.model, self.reader, pairs)
        return out

    def parts(self, queries: QueryBatch, items: Positions) -> Scores:
        """(b, m, 1): the score is one part."""
        return self.score(queries, items)[:, :, None]

    def probabilities(self, queries: QueryBatch, items: Positions) -> Scores:
        """(b, m) float32 in (0, 1): as likely as among one acted item and the `negatives` it was
        trained with; a share other than that shifts the logit by the difference of the log-odds."""
        return (1 / (1 + np.exp(-self.score(queries, items)))).astype(np.float32)

    def rank(self, queries: QueryBatch, candidates: Candidates) -> Candidates:
        """The same items by this ranker's score, best first, with one more part `text_ranker`: its
        score minus the one before, so that the parts still sum to the score."""
        padding = candidates.positions < 0
        scores = np.where(padding, -np.inf, self.score(queries, candidates.positions))
        before = np.where(padding, 0, candidates.scores)
        added = np.where(padding, 0, scores - before)[:, :, None]
        old, names = candidates.parts, candidates.part_names
        if old is None:
            old, names = before[:, :, None], ("score",)
        parts = np.concatenate([old, added], axis=-1, dtype=np.float32)
        ranked = replace(
            candidates,
            scores=scores.astype(np.float32),
            parts=parts,
            part_names=(*names, *self.part_names),
        )
        return ranked.best(candidates.positions.shape[1])

    def save(self, folder: Path) -> None:
        """Writes settings, head and language model, all that is needed but the texts, into the new
        folder `folder`. Raises `BadInput` where it is there already."""
        if folder.exists():
            raise BadInput(
                f"{folder} is there already.", hint="Name a folder that is not there yet."
            )
        folder.mkdir(parents=True)
        self.model.encoder.save(folder / _ENCODER)
        head = {name: tensor.contiguous() for name, tensor in self.model.head.state_dict().items()}
        save_file(head, folder / _HEAD)
        (folder / _SETTINGS).write_text(json.dumps(asdict(self.settings), sort_keys=True) + "\n")

    @staticmethod
    def load(folder: Path, texts: Sequence[str]) -> TextRanker:
        """The ranker that `save` put into `folder`, over a catalogue with these texts.

        Raises `NotFound` where there is none, `Corrupt` where its files cannot be read.
        """
        if not (folder / _SETTINGS).is_file():
            raise NotFound(f"There is no text ranker in {folder}.", hint="Train one first.")
        try:
            settings = TextRankerSettings(**json.loads((folder / _SETTINGS).read_text("utf-8")))
            head = load_file(folder / _HEAD)
        except (OSError, ValueError, TypeError, SafetensorError) as error:
            raise Corrupt(
                f"The text ranker in {folder} cannot be read: {error}.", hint="Train it again."
            ) from error
        rng = np.random.default_rng(0)  # what it draws is replaced
        encoder = TrainableEncoder(folder / _ENCODER, "frozen", rng)
        model = PairModel(encoder, settings, rng)
        model.head.load_state_dict(head)
        return TextRanker(model, texts, settings)

    def _known(self, positions: Positions) -> Positions:
        return np.where(positions < len(self.texts), positions, -1)


def fit_text_ranker(
    folder: Path,
    texts: Sequence[str],
    train_on: Interactions,
    rng: np.random.Generator,
    settings: TextRankerSettings | None = None,
    *,
    validation: Cases | None = None,
    shown: Pairs | None = None,
    checkpoint: Path | None = None,
    report: Callable[[int, float, float], None] = lambda epoch, loss, figure: None,
) -> TextRanker:
    """Fine-tune the language model in `folder` on what people did after what.

    `texts` (n_items,) by position. `shown` are pairs from exposures (`shown_pairs`), learned from
    as they are labelled. `validation` cases decide when to stop. `checkpoint` is a folder that
    holds how far it came after every epoch: called again with the same arguments and an equal
    generator, training goes on from there and comes to the same ranker. `report` is told every
    epoch, its mean loss and validation log loss. Raises `BadInput` where nothing can be learned.
    """
    chosen = settings or TextRankerSettings()
    if len(texts) != train_on.n_items:
        raise BadInput(
            f"There are {len(texts)} texts for {train_on.n_items} items.",
            hint="Give one text an item, empty where it has none.",
        )
    seed = int(rng.integers(2**63))
    draws = np.random.default_rng([seed, 0, 0])
    acted = acted_pairs(train_on, chosen.history, chosen.pairs, draws)
    if not len(acted):
        raise BadInput(
            "No user did two things, so that there is no history to learn from.",
            hint="Train on users with at least two events.",
        )
    negatives = Negatives(train_on, chosen.popularity)
    lesson = Lesson(acted, shown, negatives, _validation(validation, negatives, chosen, draws))
    encoder = TrainableEncoder(folder, chosen.mode, draws, rank=chosen.rank)
    model = PairModel(encoder, chosen, draws)
    reader = PairReader(encoder, texts, chosen)
    model.eval().centre_on(reader.read(acted.histories[:_CENTRED], acted.items[:_CENTRED]))
    identity = _identity(folder, texts, lesson, chosen, seed) if checkpoint else ""
    with torch.enable_grad():
        train(
            model,
            reader,
            lesson,
            chosen,
            seed,
            checkpoint=checkpoint,
            identity=identity,
            report=report,
        )
    encoder.merge()
    return TextRanker(model, texts, chosen)


def _validation(
    cases: Cases | None,
    negatives: Negatives,
    settings: TextRankerSettings,
    rng: np.random.Generator,
) -> Pairs | None:
    if cases is None or not len(cases):
        return None
    if len(cases) > _MOST_VALIDATION:
        cases = cases.take(np.sort(rng.choice(len(cases), _MOST_VALIDATION, replace=False)))
    pairs = case_pairs(cases, settings.history)
    return negatives.with_negatives(pairs, settings.negatives, rng)


def _identity(
    folder: Path, texts: Sequence[str], lesson: Lesson, settings: TextRankerSettings, seed: int
) -> str:
    """A hash of all that decides what is learned."""
    told = [ModelFolder.read(folder).fingerprint(), asdict(settings), seed, list(texts)]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for pairs in (lesson.acted, lesson.shown, lesson.validation):
        if pairs is not None:
            for array in (pairs.histories, pairs.items, pairs.labels, pairs.users):
                digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(b"|")
    digest.update(lesson.negatives.share.tobytes() + lesson.negatives.had.tobytes())
    return digest.hexdigest()
