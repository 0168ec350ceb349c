"""Unsure readings put to a chat model, which may only choose among values the catalogue knows.

The model sees the item's text and, for every field, a few choices by number; it answers with
numbers. Texts, fields and values are data in the prompt, and an answer that is no number of a
choice is no answer, so nothing that the text says can become a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prismrec.core import ChatModel, ChatRefused
from prismrec.language.chat.prompts import prompt
from prismrec.language.knowledge.reader import Reading

__all__ = ["Judge", "Probe", "choose"]

TASK = (
    "You sort items into a shop's catalogue. For each question, give the number of the choice that "
    "the text of the item supports, or 0 where it supports none."
)
LONGEST = 1500
"""Characters of an item's text that are shown."""
PROBES = 20
"""Labelled items on which a model is measured."""
Probe = tuple[str, Mapping[str, Reading], Mapping[str, Sequence[str]]]
"""A labelled item that taught nothing: its text, what was read of it, and what it has."""


@dataclass(frozen=True)
class Judge:
    """A chat model for readings less sure than `least`; `sure` says for each field how often it was
    right where it answered."""

    chat: ChatModel
    least: float
    sure: Mapping[str, float]

    @staticmethod
    def measured(chat: ChatModel, least: float, probes: Iterable[Probe]) -> Judge:
        """The judge, asked about the first of `probes` of which anything was unsure."""
        right: Counter[str] = Counter()
        said: Counter[str] = Counter()
        judge = Judge(chat, least, {})
        unsure = [probe for probe in probes if judge.open(probe[1])]
        for text, readings, has in unsure[:PROBES]:
            for field, value in choose(chat, text, judge.open(readings)).items():
                said[field] += 1
                right[field] += value in has.get(field, ())
        return Judge(chat, least, {field: right[field] / (said[field] + 1) for field in said})

    def open(self, readings: Mapping[str, Reading]) -> dict[str, tuple[str, ...]]:
        """The fields of which not enough is known, with their choices."""
        return {f: r.shortlist for f, r in readings.items() if r.confidence < self.least}

    def judged(self, text: str, readings: Mapping[str, Reading]) -> dict[str, tuple[str, float]]:
        """Values and how sure they are, of open fields in which the model can be believed."""
        choices = {f: some for f, some in self.open(readings).items() if self.believed(f)}
        if not choices:
            return {}
        told = choose(self.chat, text, choices)
        return {field: (value, self.sure[field]) for field, value in told.items()}

    def believed(self, field: str) -> bool:
        """Whether the model was right often enough."""
        return self.sure.get(field, 0.0) >= self.least


def choose(chat: ChatModel, text: str, choices: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What `chat` says of an item with this `text`: for fields of `choices`, one of the values
    there. A field of which it says nothing, or anything else, is left out; so are all of them where
    it refuses."""
    fields = list(choices)
    names = [f"q{i}" for i in range(1, len(fields) + 1)]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            name: {"type": "integer", "enum": list(range(len(choices[field]) + 1))}
            for name, field in zip(names, fields, strict=True)
        },
        "required": names,
        "additionalProperties": False,
    }
    questions = {
        name: {"field": field, "choices": dict(enumerate(choices[field], 1))}
        for name, field in zip(names, fields, strict=True)
    }
    try:
        answer = chat.complete(
            prompt(TASK, {"item": text[:LONGEST], "questions": questions}, schema), schema
        )
    except ChatRefused:
        return {}
    told = {field: answer.get(name) for name, field in zip(names, fields, strict=True)}
    return {
        field: choices[field][number - 1]
        for field, number in told.items()
        if type(number) is int and 1 <= number <= len(choices[field])
    }
