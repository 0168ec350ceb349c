"""Vectors: exact and approximate search, and what asks it."""
