"""What the files of one generation hold: documents, sentences, chunks, words, vectors, as bytes and back.

Knows the layout of each file and nothing of folders. Text is kept once; sentences and chunks are spans. Chunks stand in the
order of their documents' ids and of their place there: that order is the row of a chunk in every table, the vectors, and the words.
"""

import json
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from index import keywords
from index.filter import Filter
from index.keywords import Keywords
from index.types import Chunk, Document, Heading, Sentence
from index.vectors import Vectors

Table = NDArray[np.int64]
Piece = tuple[Document, tuple[Sentence, ...], tuple[Chunk, ...]]
Mask = NDArray[np.bool_]

KEPT_DOCUMENTS = 256  # Decoded at a time: all texts of a large index would not fit.
KEPT_FILTERS = 8
LARGE = 64 << 20  # Bytes of a file, beyond which its pages are given back after each question.
FILES = ("documents.jsonl", "documents.i64", "text.utf8", "sentences.u32", "chunks.i64", *keywords.FILES, "vectors.faiss", "coarse.faiss")
ENTRY, TEXT, SENTENCES, CHUNKS, MODIFIED = range(5)
"""Columns of the table of documents: where the next one's line, text, sentences and chunks begin; and the file's time."""
ID, KEY, NUMBER, FIRST, LAST = range(5)
"""Columns of the table of chunks: its id, the hash of its embedded text, its document's number, its sentences (first, last + 1)."""


@dataclass
class Contents:
    """One generation, read as it is needed: opening it decodes no text and makes no object for a document."""

    lines: bytes | memoryview
    documents: Table
    text: bytes | memoryview
    sentences: NDArray[np.uint32]
    chunks: Table
    keywords: Keywords
    vectors: Vectors
    mapped: tuple[mmap.mmap, ...] = ()

    def __post_init__(self) -> None:
        self._document = lru_cache(KEPT_DOCUMENTS)(self._read_document)
        self.allowed = lru_cache(KEPT_FILTERS)(self._allowed)

    # --- Documents -------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self.documents)

    def _span(self, number: int, column: int) -> tuple[int, int]:
        return int(self.documents[number - 1, column]) if number else 0, int(self.documents[number, column])

    def _fields(self, number: int) -> list[object]:
        start, end = self._span(number, ENTRY)
        fields: list[object] = json.loads(bytes(self.lines[start:end]))
        return fields

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of all documents, in order."""
        return tuple(str(json.loads(line)[0]) for line in bytes(self.lines).splitlines())

    @cached_property
    def hashes(self) -> dict[str, str]:
        """The source hash of each document, by id."""
        return {fields[0]: fields[2] for fields in map(json.loads, bytes(self.lines).splitlines())}

    def _number(self, id: str) -> int | None:
        """The number of a document, found by halving: the ids are sorted."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if str(self._fields(middle)[0]) < id:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self) and self._fields(low)[0] == id else None

    def has(self, document: str) -> bool:
        return self._number(document) is not None

    def document(self, id: str) -> Document:
        """The document of this id; KeyError if there is none."""
        return self._document(self._known(id))

    def _known(self, id: str) -> int:
        number = self._number(id)
        if number is None:
            raise KeyError(id)
        return number

    def _read_document(self, number: int) -> Document:
        id, title, source_hash, source, pages, headings = json.loads(bytes(self.lines[slice(*self._span(number, ENTRY))]))
        text = str(self.text[slice(*self._span(number, TEXT))], "utf-8")
        return Document(id, title, text, tuple(pages), source_hash, tuple(Heading(*h) for h in headings), source, int(self.documents[number, MODIFIED]))

    def sentences_of(self, id: str) -> tuple[Sentence, ...]:
        """All sentences of a document, in its order."""
        number = self._known(id)
        return self._sentences(number, *self._span(number, SENTENCES))

    def _sentences(self, number: int, first: int, last: int) -> tuple[Sentence, ...]:
        document = self._document(number)
        return tuple(Sentence(document, start, end) for start, end in self.sentences[first:last].tolist())

    # --- Chunks ----------------------------------------------------------------------------------------

    def chunk(self, row: int) -> Chunk:
        """The chunk in this row."""
        id, _, number, first, last = self.chunks[row].tolist()
        return Chunk(id, self._document(number), self._sentences(number, first, last))

    def rows_of(self, id: str) -> range:
        """The rows of a document's chunks."""
        return range(*self._span(self._known(id), CHUNKS))

    def chunks_of(self, id: str) -> tuple[Chunk, ...]:
        """The chunks of a document, in its order."""
        return tuple(map(self.chunk, self.rows_of(id)))

    def _allowed(self, only: Filter) -> Mask:
        """Which rows stand in documents that a filter accepts. Kept for the last few filters: a million documents take seconds."""
        entries = map(json.loads, bytes(self.lines).splitlines())
        accepted = np.array([only.accepts(e[0], e[3], when) for e, when in zip(entries, self.documents[:, MODIFIED].tolist(), strict=True)], np.bool_)
        rows: Mask = accepted[self.chunks[:, NUMBER]] if len(self.chunks) else np.zeros(0, np.bool_)
        return rows

    # --- Bytes -----------------------------------------------------------------------------------------

    @classmethod
    def of(cls, pieces: Sequence[Piece], keys: Mapping[int, int], keywords: Keywords, vectors: Vectors) -> "Contents":
        """Lay out documents (in order of id) with their sentences and chunks; `keys` gives the hash of each chunk's embedded text, by chunk id."""
        lines: list[bytes] = []
        texts: list[bytes] = []
        spans: list[tuple[int, int]] = []
        rows: list[tuple[int, int, int, int, int]] = []
        table: list[tuple[int, int, int, int, int]] = []
        entry = position = 0
        for number, (document, sentences, chunks) in enumerate(pieces):
            texts.append(document.text.encode())
            lines.append(_line(document))
            first = len(spans)
            row_of = {sentence.start: first + i for i, sentence in enumerate(sentences)}
            spans += [(sentence.start, sentence.end) for sentence in sentences]
            rows += [(c.id, keys[c.id], number, row_of[c.sentences[0].start], row_of[c.sentences[-1].start] + 1) for c in chunks]
            entry, position = entry + len(lines[-1]), position + len(texts[-1])
            table.append((entry, position, len(spans), len(rows), document.modified))
        return cls(
            b"".join(lines),
            np.array(table, np.int64).reshape(-1, 5),
            b"".join(texts),
            np.array(spans, np.uint32).reshape(-1, 2),
            np.array(rows, np.int64).reshape(-1, 5),
            keywords,
            vectors,
        )

    def to_files(self) -> dict[str, bytes]:
        fine, coarse = self.vectors.to_bytes()
        return {
            "documents.jsonl": bytes(self.lines),
            "documents.i64": self.documents.astype("<i8").tobytes(),
            "text.utf8": bytes(self.text),
            "sentences.u32": self.sentences.astype("<u4").tobytes(),
            "chunks.i64": self.chunks.astype("<i8").tobytes(),
            **self.keywords.to_files(),
            "vectors.faiss": fine,
            "coarse.faiss": coarse,
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes | memoryview]) -> "Contents":
        """Read what `to_files` wrote, after the store has checked every file's hash."""
        return cls(
            files["documents.jsonl"],
            np.frombuffer(files["documents.i64"], "<i8").reshape(-1, 5),
            files["text.utf8"],
            np.frombuffer(files["sentences.u32"], "<u4").reshape(-1, 2),
            np.frombuffer(files["chunks.i64"], "<i8").reshape(-1, 5),
            Keywords.from_files(files),
            Vectors.from_bytes(files["vectors.faiss"], files["coarse.faiss"]),
            tuple(data.obj for data in files.values() if isinstance(data, memoryview) and isinstance(data.obj, mmap.mmap) and len(data) > LARGE),
        )

    def give_back(self) -> None:
        """Leave the pages of large files to the file cache: else a million chunks become resident bit by bit, with each question."""
        for file in self.mapped:
            file.madvise(mmap.MADV_DONTNEED)


def _line(document: Document) -> bytes:
    """A document without its text, on a line of its own: JSON escapes every line end."""
    headings = [(h.start, h.end, h.level, h.guessed) for h in document.headings]
    fields = document.id, document.title, document.source_hash, document.source, document.pages, headings
    return json.dumps(fields).encode() + b"\n"
