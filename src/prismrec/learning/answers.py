"""A desk that answers questions from a collection whose items are answers.

The question is the query: the engine finds candidates as in every search; then the desk says how
likely the best of them answers it, puts an answer together from passages where none does, and hands
over to a person where neither is sure.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prismrec.collection import Collection
from prismrec.core import AnswerVerdict, BadInput, Corrupt, generator
from prismrec.core.arrays import Floats
from prismrec.language.answers.composing import Cited, composed
from prismrec.language.answers.confidence import Confidence
from prismrec.language.answers.passages import Passage, Reader
from prismrec.language.answers.remembered import Remembered, moved

__all__ = ["Desk", "Reply"]

LEARNED = "answers.json"
CANDIDATES = 150
COMPARED = 10
"""Of the candidates with a question of their own, the best so many are compared, and of the
passages without one the best so many are quoted from."""
OWN_QUESTIONS = 400
"""Questions of the catalogue itself that are learned from, at most: two fewer for every real one,
which shows how people ask."""
LEFT_OUT = OTHER = 0.2
"""The shares of the words of such a question that are left out, and that are exchanged for a word
of another question, since people leave out words and use others."""


@dataclass(frozen=True)
class Reply:
    """`kind` is `stored` (one answer, whole), `composed` (sentences of several), `unsure` (a person
    should answer) or `out_of_scope` (a person should, and nothing here is about it). `confidence`
    is how likely the best stored answer is right, `item_id` which one that is, whatever the kind;
    `sentences` is what goes out, each with its source, empty where a person answers."""

    kind: str
    confidence: float
    item_id: str
    sentences: tuple[Cited, ...]

    @property
    def handed_over(self) -> bool:
        """Whether a person should answer."""
        return not self.sentences


class Desk:
    """Answers from `collection`; what it learned is kept in the collection's folder.

    Verdicts (see `Collection.store`) count from the next `learn` on. `least` is the confidence
    below which a stored answer does not go out.
    """

    def __init__(self, collection: Collection, *, least: float = 0.5) -> None:
        self._collection, self._least = collection, least
        seen = collection.snapshot
        self.reader = Reader(seen.encoder, seen.catalogue.texts())
        told = _read(collection.path / LEARNED)
        self._confidence = None if told is None else Confidence.from_json(told)
        verdicts = collection.store.verdicts.list(told.get("verdicts", 0)) if told else []
        self.remembered = Remembered(self.reader, verdicts)

    def prepare(self) -> None:
        """Learn from the catalogue's own questions, where nothing was learned yet."""
        if self._confidence is None:
            self.learn()

    def ask(
        self, question: str, *, without: Sequence[str] = (), least: float | None = None
    ) -> Reply:
        """The reply to `question`; answers `without` are left out, as if they were not there.
        Learns from the catalogue's own questions first, where nothing was learned yet. `least`
        is the desk's own unless given."""
        if not question.strip():
            raise BadInput("The question is blank.", hint="Ask something.")
        self.prepare()
        assert self._confidence is not None
        verdicts = self.remembered.of(question)
        found = [one for one in self.candidates(question) if one.item_id not in without]
        answers, passages = _parted(found)
        answers += self._remembered_answers(verdicts, [*without, *(one.item_id for one in answers)])
        sure, nearest, item_id = 0.0, 0.0, ""
        if answers:
            features = self.reader.features(question, answers)
            said = [verdicts.get(one.item_id, (0.0, 0.0)) for one in answers]
            chances = moved(self._confidence.of(features), said)
            best = answers[int(np.argmax(chances))]
            sure, item_id, nearest = float(chances.max()), best.item_id, float(features[:, 1].max())
            if sure >= (self._least if least is None else least):
                return Reply("stored", sure, item_id, (Cited(best.answer, item_id),))
        made = composed(question, passages, self.reader)
        if made.enough:
            return Reply("composed", sure, item_id, made.sentences)
        foreign = max(nearest, made.nearest) < FOREIGN
        return Reply("out_of_scope" if foreign else "unsure", sure, item_id, ())

    def candidates(self, question: str) -> list[Passage]:
        """What the engine finds for `question`, best first; no slate is shown, so none logged."""
        slate = self._collection.search(question, n=CANDIDATES, explore=False)
        items = [self._collection.item(one.item_id) for one in slate]
        return [Passage(item.item_id, item.title, item.description) for item in items]

    def learn(self, told: Sequence[AnswerVerdict] = (), *, seed: int = 0) -> Confidence:
        """Learn how sure to be: from the verdicts in the store and those `told` beside them, and
        from the catalogue's own questions in other words, each once with its answer at hand and
        once without. From now on the verdicts are remembered too; those that are `told` as long as
        this desk is. Raises `BadInput` where that is too little."""
        last = self._collection.store.verdicts.last
        told = [*self._collection.store.verdicts.list(last), *told]
        self.remembered = Remembered(self.reader, told)
        rows: list[Floats] = []
        right: list[bool] = []
        for one in told:
            self._adds(one, rows, right)
        solved = sum(one.solved for one in told)
        for one in self._own(max(0, OWN_QUESTIONS - 2 * solved), seed):
            self._adds(one, rows, right)
        features = np.concatenate(rows) if rows else np.zeros((0, 1))
        self._confidence = Confidence.learned(features, np.array(right, bool))
        kept = self._confidence.to_json() | {"verdicts": last}
        text = json.dumps(kept, sort_keys=True) + "\n"
        path = self._collection.path / LEARNED
        fresh = path.with_suffix(".fresh")
        fresh.write_text(text, "utf-8")
        os.replace(fresh, path)
        return self._confidence

    def _remembered_answers(
        self, verdicts: Mapping[str, tuple[float, float]], known: Sequence[str]
    ) -> list[Passage]:
        """Answers that solved questions like this one, though the search did not find them."""
        seen = self._collection.snapshot
        found = []
        for item_id, (solved, _) in verdicts.items():
            place = seen.catalogue.position(item_id)
            if solved and item_id not in known and place >= 0 and seen.alive[place]:
                item = seen.catalogue.item(place)
                found.append(Passage(item_id, item.title, item.description))
        return [one for one in found if one.answer.strip()]

    def _adds(self, told: AnswerVerdict, rows: list[Floats], right: list[bool]) -> None:
        """The candidates of a question, each an example, with the answer and without it."""
        passages, _ = _parted(self.candidates(told.question))
        place = next((i for i, p in enumerate(passages) if p.item_id == told.item_id), None)
        if place is None:
            return
        answer = passages[place].answer
        if not told.solved:
            rows.append(self.reader.features(told.question, passages)[place][None])
            right.append(False)
            return
        rows.append(self.reader.features(told.question, passages))
        right.extend(p.answer == answer for p in passages)
        others = [p for p in passages if p.answer != answer]
        if others:
            rows.append(self.reader.features(told.question, others))
            right.extend([False] * len(others))

    def _own(self, count: int, seed: int) -> list[AnswerVerdict]:
        catalogue = self._collection.snapshot.catalogue
        items = [catalogue.item(place) for place in range(len(catalogue))]
        asked = [item for item in items if item.title.strip() and item.description.strip()]
        rng = generator(seed, "answers")
        chosen = rng.permutation(len(asked))[:count]
        words = [word for item in asked for word in item.title.split()]
        return [
            AnswerVerdict(_otherwise(asked[i].title, words, rng), asked[i].item_id)
            for i in np.sort(chosen)
        ]


FOREIGN = 0.4
"""Where nothing is as like the question as that, it is about something else."""


def _parted(found: Sequence[Passage]) -> tuple[list[Passage], list[Passage]]:
    """The candidates that answer a question of their own, and those that anything may be quoted
    from: an answer to one question is not quoted as the answer to another."""
    answers = [one for one in found if one.question.strip() and one.answer.strip()]
    return answers[:COMPARED], [one for one in found if not one.question.strip()][:COMPARED]


def _otherwise(question: str, others: Sequence[str], rng: np.random.Generator) -> str:
    words = question.split()
    kept = [
        others[int(rng.integers(len(others)))] if draw < LEFT_OUT + OTHER else word
        for word, draw in zip(words, rng.random(len(words)), strict=True)
        if draw >= LEFT_OUT
    ]
    return " ".join(kept or words)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise Corrupt(f"{path} is not JSON: {error}", hint="Remove it, and learn again.") from None
    return told
