"""Trains the evidence model: `python -m assistant.training --help`. Needs the extra `footnote[train]`, and the data that its model card names."""
