"""Generative recommendation: items are named token by token, by semantic IDs."""
