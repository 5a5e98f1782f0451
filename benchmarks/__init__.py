"""Quality and speed, ours beside the stock peers, each pair in one run. `python -m benchmarks` prints them all."""
