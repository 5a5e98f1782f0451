"""Which sentences answer a question; does a sentence carry a claim. The only door to the evidence model."""

from functools import lru_cache

from assistant.evidence.model import ModelEvidence
from assistant.evidence.shipped import Shipped
from assistant.types import Evidence
from index.embed import Embedder
from index.keywords import Vocabulary

__all__ = ["identity", "open_evidence"]


def open_evidence(embedder: Embedder, vocabulary: Vocabulary) -> Evidence:
    """The evidence over an index's embedder and words. Raises ModelError where the model that came with the package is damaged."""
    return ModelEvidence(embedder, vocabulary, _shipped())


def identity() -> str:
    """What the models are known by: the SHA-256 of their files, and of what joins them to the search."""
    return _shipped().identity


@lru_cache(maxsize=1)
def _shipped() -> Shipped:
    return Shipped()
