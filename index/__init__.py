"""Documents in, hits out. Knows nothing of answers, prompts, chats, or the web."""

from index.search import Index
from index.types import Chunk, Document, Hit, Sentence

__all__ = ["Chunk", "Document", "Hit", "Index", "Sentence"]
