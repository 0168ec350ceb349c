"""A causal language model as recommender: it reads by name what somebody took, and names what comes
next, held to the names of the catalogue by a prefix tree of their tokens."""
