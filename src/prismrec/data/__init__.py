"""Reading, validating and splitting data; the catalogue by position; behaviour as sequences."""

from prismrec.data.behaviour import attribute_view, interactions, time_gaps
from prismrec.data.catalogue import Catalogue, Columns
from prismrec.data.dataset import Dataset
from prismrec.data.feedback import Feedback, consumed_types
from prismrec.data.reading import read
from prismrec.data.repeats import repeat_share, wants_repeats
from prismrec.data.report import FileReport, ReadReport
from prismrec.data.settings import DataSettings
from prismrec.data.sources import Sources, SqlSource
from prismrec.data.splits import Split, by_user, leave_one_out, temporal
from prismrec.data.tokens import TokenVocabulary

__all__ = [
    "Catalogue",
    "Columns",
    "DataSettings",
    "Dataset",
    "Feedback",
    "FileReport",
    "ReadReport",
    "Sources",
    "Split",
    "SqlSource",
    "TokenVocabulary",
    "attribute_view",
    "by_user",
    "consumed_types",
    "interactions",
    "leave_one_out",
    "read",
    "repeat_share",
    "temporal",
    "time_gaps",
    "wants_repeats",
]
