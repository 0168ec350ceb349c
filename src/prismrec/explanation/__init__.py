"""Why this item: the contributions of the parts, what in the past caused it, and a sentence."""

from prismrec.explanation.leave_one_out import influences
from prismrec.explanation.parts import Contribution, contributions, contributions_of_all
from prismrec.explanation.settings import ExplanationSettings
from prismrec.explanation.wording import sentence

__all__ = [
    "Contribution",
    "ExplanationSettings",
    "contributions",
    "contributions_of_all",
    "influences",
    "sentence",
]
