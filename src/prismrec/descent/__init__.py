"""How networks are trained, whatever they are of: the loop, its step, its random numbers."""
