"""Scripted conversations with made-up shops."""
