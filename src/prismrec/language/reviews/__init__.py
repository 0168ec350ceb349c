"""What reviews say of items: praise and complaint by topic, with the sentences that say so."""
