"""What the files of one generation hold: documents, sentences, chunks, words, vectors, as bytes and back.

Knows the layout of each file and nothing of folders. Text is kept once; sentences and chunks are spans.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.errors import DamagedError
from index.keywords import Vocabulary
from index.types import Chunk, Document, Heading, Sentence
from index.vectors import Vectors

FILES = ("documents.json", "text.utf8", "sentences.i64", "chunks.i64", "words.json", "vectors.faiss")
Table = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one document stands: bytes of its text, rows of its sentences and chunks (each first, last + 1)."""

    id: str
    title: str
    source_hash: str
    pages: tuple[int, ...]
    headings: tuple[Heading, ...]
    text: tuple[int, int]
    sentences: tuple[int, int]
    chunks: tuple[int, int]


@dataclass
class Contents:
    """One generation, read as it is needed: opening it decodes no text."""

    entries: tuple[Entry, ...]
    text: bytes | memoryview
    sentences: Table
    chunks: Table
    vocabulary: Vocabulary
    vectors: Vectors
    _documents: dict[int, Document] = field(default_factory=dict)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {entry.id: number for number, entry in enumerate(self.entries)}

    @cached_property
    def _chunk_order(self) -> Table:
        order: Table = np.argsort(self.chunks[:, 0])
        return order

    def has(self, document: str) -> bool:
        return document in self._numbers

    def document(self, id: str) -> Document:
        """The document of this id; KeyError if there is none."""
        return self._document(self._numbers[id])

    def _document(self, number: int) -> Document:
        if number not in self._documents:
            entry = self.entries[number]
            text = str(self.text[entry.text[0] : entry.text[1]], "utf-8")
            self._documents[number] = Document(entry.id, entry.title, text, entry.pages, entry.source_hash, entry.headings)
        return self._documents[number]

    def chunk(self, id: int) -> Chunk:
        """The chunk of this id. Raises DamagedError if the vectors name one that is not stored."""
        place = int(np.searchsorted(self.chunks[:, 0], id, sorter=self._chunk_order))
        if place == len(self.chunks) or self.chunks[self._chunk_order[place], 0] != id:
            raise DamagedError(f"the vectors name chunk {id}, which is not stored; build again with --full")
        return self._chunk(int(self._chunk_order[place]))

    def _chunk(self, row: int) -> Chunk:
        id, number, first, last = map(int, self.chunks[row])
        document = self._document(number)
        return Chunk(id, document, tuple(Sentence(document, int(a), int(b)) for a, b in self.sentences[first:last]))

    def chunks_of(self, id: str) -> tuple[Chunk, ...]:
        """The chunks of a document, in its order."""
        return tuple(map(self._chunk, range(*self.entries[self._numbers[id]].chunks)))

    def sentences_of(self, id: str) -> tuple[Sentence, ...]:
        """All sentences of a document, in its order."""
        number = self._numbers[id]
        document = self._document(number)
        first, last = self.entries[number].sentences
        return tuple(Sentence(document, int(a), int(b)) for a, b in self.sentences[first:last])

    @classmethod
    def of(cls, pieces: Sequence[tuple[Document, tuple[Sentence, ...], tuple[Chunk, ...]]], vocabulary: Vocabulary, vectors: Vectors) -> "Contents":
        """Lay out documents (in order of id) with their sentences and chunks."""
        entries: list[Entry] = []
        texts: list[bytes] = []
        spans: list[tuple[int, int]] = []
        rows: list[tuple[int, int, int, int]] = []
        position = 0
        for number, (document, sentences, chunks) in enumerate(pieces):
            encoded = document.text.encode()
            first = len(spans)
            row_of = {sentence.start: first + i for i, sentence in enumerate(sentences)}
            spans += [(sentence.start, sentence.end) for sentence in sentences]
            first_chunk = len(rows)
            rows += [(c.id, number, row_of[c.sentences[0].start], row_of[c.sentences[-1].start] + 1) for c in chunks]
            where = (position, position + len(encoded)), (first, len(spans)), (first_chunk, len(rows))
            entries.append(Entry(document.id, document.title, document.source_hash, document.pages, document.headings, *where))
            texts.append(encoded)
            position += len(encoded)
        tables = np.array(spans, np.int64).reshape(-1, 2), np.array(rows, np.int64).reshape(-1, 4)
        return cls(tuple(entries), b"".join(texts), *tables, vocabulary, vectors)

    def to_files(self) -> dict[str, bytes]:
        entries = [
            {
                "id": e.id, "title": e.title, "source_hash": e.source_hash, "pages": e.pages,
                "headings": [(h.start, h.end, h.level, h.guessed) for h in e.headings],
                "text": e.text, "sentences": e.sentences, "chunks": e.chunks,
            }
            for e in self.entries
        ]  # fmt: skip
        return {
            "documents.json": json.dumps(entries, ensure_ascii=False).encode(),
            "text.utf8": bytes(self.text),
            "sentences.i64": self.sentences.astype("<i8").tobytes(),
            "chunks.i64": self.chunks.astype("<i8").tobytes(),
            "words.json": self.vocabulary.to_bytes(),
            "vectors.faiss": self.vectors.to_bytes(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes | memoryview]) -> "Contents":
        """Read what `to_files` wrote, after the store has checked every file's hash."""
        entries = tuple(
            Entry(
                e["id"], e["title"], e["source_hash"], tuple(e["pages"]), tuple(Heading(*h) for h in e["headings"]),
                tuple(e["text"]), tuple(e["sentences"]), tuple(e["chunks"]),
            )
            for e in json.loads(bytes(files["documents.json"]))
        )  # fmt: skip
        return cls(
            entries,
            files["text.utf8"],
            np.frombuffer(files["sentences.i64"], "<i8").reshape(-1, 2),
            np.frombuffer(files["chunks.i64"], "<i8").reshape(-1, 4),
            Vocabulary.from_bytes(files["words.json"]),
            Vectors.from_bytes(files["vectors.faiss"]),
        )
