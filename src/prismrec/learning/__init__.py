"""The loop: fit, refresh, gates, promotion."""

from prismrec.learning.fit import fit
from prismrec.learning.gates import Verdict
from prismrec.learning.refresh import Refreshed, refresh, watch

__all__ = ["Refreshed", "Verdict", "fit", "refresh", "watch"]
