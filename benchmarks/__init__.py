"""Commands that measure what the README states; `python -m benchmarks` runs them all."""
