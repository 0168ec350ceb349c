"""The loop: fit, refresh, gates, promotion."""

from prismrec.learning.fit import fit

__all__ = ["fit"]
