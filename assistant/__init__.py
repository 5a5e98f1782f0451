"""A question in, a cited answer out; and the faces people use: command line, web chat."""

from assistant.answer import Assistant, support

__all__ = ["Assistant", "support"]
