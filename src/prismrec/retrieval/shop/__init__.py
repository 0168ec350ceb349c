"""What a shop needs beside ranking: what matches, counts, orders, snippets, rules, completion."""
