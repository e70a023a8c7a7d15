"""What the performance claims rest on, runnable by anyone: ``python -m benchmarks``."""
