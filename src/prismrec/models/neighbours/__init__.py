"""What follows from the items or people nearest to those of a history."""
