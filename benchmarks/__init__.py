"""Quality and speed, ours beside the stock peer, each pair in one run. `python -m benchmarks` prints them all."""
