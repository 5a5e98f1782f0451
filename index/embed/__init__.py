"""Texts into unit vectors, at the hardware's speed and always the same ones.

A sentence-transformers model is exported once to ONNX, compared with the original, and cached under the hash of its
weights; from then on neither a build nor a question imports torch. On a GPU the model itself is run.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

from index.embed.model import DEFAULT_MODEL, locate, weights_hash
from index.embed.runtime import Vectors32, cached
from index.errors import ModelError
from index.types import ModelIdentity

__all__ = ["DEFAULT_MODEL", "DEVICES", "Embedder", "Postponed", "Vectors32", "default_cache", "open_embedder"]

DEVICES = ("cpu", "cuda", "mps")


class Embedder(Protocol):
    """Turns texts into unit vectors of `identity.dimension` float32 each."""

    @property
    def identity(self) -> ModelIdentity: ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without the special ones."""

    def documents(self, texts: Sequence[str]) -> Vectors32:
        """One unit row a text; a text longer than the window is read in pieces and averaged."""

    def question(self, text: str) -> Vectors32:
        """One unit vector."""


class Postponed:
    """An `Embedder` of a known identity that is opened when a text comes: a build that changes nothing never opens it."""

    def __init__(self, identity: ModelIdentity, open: Callable[[], Embedder]) -> None:
        self.identity = identity
        self._open = open

    @cached_property
    def _embedder(self) -> Embedder:
        return self._open()

    def count(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count(texts)

    def documents(self, texts: Sequence[str]) -> Vectors32:
        return self._embedder.documents(texts)

    def question(self, text: str) -> Vectors32:
        return self._embedder.question(text)


def default_cache() -> Path:
    """Where exported models are kept unless told otherwise."""
    return Path.home() / ".cache" / "footnote"


def open_embedder(model: str, cache: Path, expected: ModelIdentity | None = None, device: str = "cpu") -> Embedder:
    """The embedder of a model: a name or a folder of sentence-transformers; on `device` cpu, cuda or mps.

    With `expected` (what an index was made with) an export in the cache is used without touching the
    model itself. Raises ModelError if the model is missing, damaged, or another than expected.
    """
    if device not in DEVICES:
        raise ModelError(f"the device {device!r} is none of {', '.join(DEVICES)}: name one of them")
    if expected is not None and device == "cpu" and (found := cached(cache, expected.weights, expected.name)):
        return found
    folder = locate(model)
    weights = weights_hash(folder, model)
    if expected is not None and weights != expected.weights:
        raise ModelError(
            f"the index was made with another model than {model} ({expected.name}, {expected.weights[:12]});"
            " name that model, or rebuild with `footnote build --full`"
        )
    if device != "cpu":
        from index.embed.accelerator import AcceleratedEmbedder

        return AcceleratedEmbedder(folder, model, weights, device)
    if found := cached(cache, weights, model):
        return found
    from index.embed.export import export

    return export(folder, model, weights, cache)
