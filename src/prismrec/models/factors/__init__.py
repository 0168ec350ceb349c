"""Users and items as vectors of the same space, learned from who acted on what."""
