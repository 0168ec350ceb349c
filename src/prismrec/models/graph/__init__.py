"""Models that pass messages over the graph of users, items and what is known of them."""
