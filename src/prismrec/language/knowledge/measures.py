"""Numbers with a unit in a text, as values of numeric fields.

Which unit says which field is learned from the items that have both: "cable length: 3.0" beside a
text that says "3 m". How sure a rule is: how often what stands before the unit is the value of the
field, of all texts in which the unit stands, those of items without the field too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prismrec.language.segmentation import normalise
from prismrec.language.units import MEASURE, number_word

__all__ = ["MeasureReader", "is_number"]

FEWEST = 10
"""Items on which a rule must be right."""
_MEASURE = re.compile(MEASURE)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def is_number(value: str) -> bool:
    """Whether a value is a plain number."""
    return _NUMBER.fullmatch(value) is not None


@dataclass(frozen=True)
class MeasureReader:
    """`rules`: for a field, its unit as it is written in texts and how often that is right;
    `forms`: how the catalogue writes a number of a field."""

    rules: Mapping[str, tuple[str, float]]
    forms: Mapping[tuple[str, float], str]

    @staticmethod
    def learned(
        texts: Sequence[str], given: Sequence[Mapping[str, Sequence[str]]]
    ) -> MeasureReader:
        """From texts and what their items have, field by field."""
        said: Counter[str] = Counter()
        right: Counter[tuple[str, str]] = Counter()
        forms: dict[tuple[str, float], str] = {}
        for text, fields in zip(texts, given, strict=True):
            found = measures_in(text)
            said.update(found.keys())
            for field, values in fields.items():
                if len(values) == 1 and is_number(values[0]):
                    forms.setdefault((field, float(values[0])), values[0])
                    for unit, number in found.items():
                        right[field, unit] += float(values[0]) == float(number)
        rules: dict[str, tuple[str, float]] = {}
        for (field, unit), count in sorted(right.items()):
            share = count / (said[unit] + 1)
            if count >= FEWEST and share > rules.get(field, ("", 0.0))[1]:
                rules[field] = unit, share
        return MeasureReader(rules, forms)

    def read(self, text: str) -> dict[str, tuple[str, float]]:
        """The number and its confidence, for every field whose unit stands in `text`."""
        found = measures_in(text)
        return {
            field: (self.forms.get((field, float(found[unit])), found[unit]), sure)
            for field, (unit, sure) in self.rules.items()
            if unit in found
        }


def measures_in(text: str) -> dict[str, str]:
    """The number before each unit in `text`; units that stand there with several are left out."""
    found: dict[str, set[str]] = {}
    for piece in _MEASURE.finditer(normalise(text)):
        unit = piece["apart"] or piece["glued"] or piece["sign"]
        number = number_word(piece["amount"])
        if is_number(number):
            found.setdefault(unit, set()).add(number)
    return {unit: numbers.pop() for unit, numbers in found.items() if len(numbers) == 1}
