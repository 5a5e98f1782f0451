"""Several indexes searched as one: what everybody may ask, and what was added to one conversation only."""

from collections.abc import Sequence
from typing import Protocol

from index.embed import Embedder
from index.filter import Filter
from index.keywords import Vocabulary
from index.search import Index
from index.types import Document, Hit, Sentence


class Corpus(Protocol):
    """What answers are made from: an `Index`, or several as one."""

    generation: str
    embedder: Embedder

    @property
    def keywords(self) -> Vocabulary: ...

    @property
    def document_ids(self) -> tuple[str, ...]: ...

    def search(self, question: str, top: int = 10, only: Filter | None = None) -> list[Hit]: ...

    def has(self, id: str) -> bool: ...

    def twin(self, source_hash: str) -> str | None: ...

    def document(self, id: str) -> Document: ...

    def sentences_of(self, id: str) -> tuple[Sentence, ...]: ...


class Words:
    """The words of several indexes. A word is as rare as in the first that holds it."""

    def __init__(self, vocabularies: Sequence[Vocabulary]) -> None:
        self._all = vocabularies

    def __contains__(self, stemmed: str) -> bool:
        return any(stemmed in vocabulary for vocabulary in self._all)

    def rarity(self, stemmed: str) -> float:
        return next((vocabulary for vocabulary in self._all if stemmed in vocabulary), self._all[0]).rarity(stemmed)


def joined(*generations: str) -> str:
    """The name of several generations as one, in the order of their indexes."""
    return "+".join(generations)


class Union:
    """Indexes as one. Of two documents with one id the earlier index's is meant; how rare a word is, the last that holds it tells."""

    def __init__(self, indexes: Sequence[Index]) -> None:
        """`indexes`: at least one, the largest last."""
        self._indexes = indexes
        self.generation = joined(*(index.generation for index in indexes))
        self.embedder = indexes[-1].embedder

    @property
    def keywords(self) -> Words:
        return Words([index.keywords for index in reversed(self._indexes)])

    @property
    def document_ids(self) -> tuple[str, ...]:
        return tuple(sorted({id for index in self._indexes for id in index.document_ids}))

    def search(self, question: str, top: int = 10, only: Filter | None = None) -> list[Hit]:
        """The best hits of all, as in `Index.search`: each index's words are weighed against its own best."""
        found = [hit for place, index in enumerate(self._indexes) for hit in index.search(question, top, only) if self._place(hit.chunk.document.id) == place]
        return sorted(found, key=lambda hit: (-hit.score, hit.chunk.id))[:top]

    def has(self, id: str) -> bool:
        """Whether there is a document of this id."""
        return any(index.has(id) for index in self._indexes)

    def twin(self, source_hash: str) -> str | None:
        """The id of a document that was read from a file of this SHA-256; None if there is none."""
        return next((found for index in self._indexes if (found := index.twin(source_hash))), None)

    def document(self, id: str) -> Document:
        """The document of this id; KeyError if there is none."""
        return self._indexes[self._place(id)].document(id)

    def sentences_of(self, id: str) -> tuple[Sentence, ...]:
        return self._indexes[self._place(id)].sentences_of(id)

    def _place(self, id: str) -> int:
        for place, index in enumerate(self._indexes):
            if index.has(id):
                return place
        raise KeyError(id)
