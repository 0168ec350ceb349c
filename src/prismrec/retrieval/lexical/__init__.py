"""Words: the index that finds, and what it knows of what it found."""
