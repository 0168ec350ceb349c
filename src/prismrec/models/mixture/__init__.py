"""Several models as one: the weights, how they are fitted, and a score that still decomposes."""
