"""What scorers share: histories as matrices, whole-catalogue scores, how sure one is."""
