"""What a query asks for beside its words, and what it was perhaps meant to say."""
