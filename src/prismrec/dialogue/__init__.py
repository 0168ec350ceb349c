"""Conversation: wishes, critiques, refusals, questions back, over the same engine."""
