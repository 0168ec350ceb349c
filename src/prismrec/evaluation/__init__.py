"""Is it any good? Metrics, protocols, significance, reports, and a simulator with known truth."""

from prismrec.evaluation.evaluate import Plan, evaluate
from prismrec.evaluation.report import table, write_html, write_json
from prismrec.evaluation.results import Comparison, ModelReport, Report
from prismrec.evaluation.run import Examination, examine
from prismrec.evaluation.settings import EvaluationSettings

__all__ = [
    "Comparison",
    "EvaluationSettings",
    "Examination",
    "ModelReport",
    "Plan",
    "Report",
    "evaluate",
    "examine",
    "table",
    "write_html",
    "write_json",
]
