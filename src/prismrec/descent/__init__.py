"""How networks are trained, whatever they are of: the loop, its step, its random numbers; and the
one curve over a few features that more than one room learns."""
