"""Watching what a stream of texts says: how often each label is meant, and when that rises."""
