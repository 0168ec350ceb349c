"""PrismRec: search and recommendation on language models."""

__version__ = "0.1.0"
