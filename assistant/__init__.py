"""A question in, a cited answer out; and the faces people use: command line and web chat."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.answer import Assistant, support

__all__ = ["Assistant", "support"]


def __getattr__(name: str) -> object:
    """`Assistant` and `support` when they are asked for: a build that changes nothing needs neither."""
    if name in __all__:
        from assistant import answer

        return getattr(answer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
