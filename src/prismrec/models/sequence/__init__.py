"""The multi-view sequence transformer."""
