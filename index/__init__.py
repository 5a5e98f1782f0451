"""Documents in, hits out. Knows nothing of answers, prompts, chats, or the web."""

from typing import TYPE_CHECKING

from index.types import Chunk, Document, Hit, Sentence

if TYPE_CHECKING:
    from index.search import Index

__all__ = ["Chunk", "Document", "Hit", "Index", "Sentence"]


def __getattr__(name: str) -> object:
    """`Index` when it is asked for: the worker that reads files is of this package too, and starts without faiss."""
    if name == "Index":
        from index.search import Index

        return Index
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
