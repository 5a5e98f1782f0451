"""What one generation holds, read as it is needed: documents, sentences, chunks, words, vectors. Knows nothing of folders."""

import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index import keywords, tables
from index.filter import Filter
from index.keywords import Keywords
from index.tables import CHUNKS, ENTRY, MODIFIED, NUMBER, SENTENCES, TEXT, Bytes, Table, Tables
from index.types import Chunk, Document, Heading, Sentence, Stamp

if TYPE_CHECKING:
    from index.vectors import Vectors

Mask = NDArray[np.bool_]

KEPT_DOCUMENTS = 256  # Decoded at a time: all texts of a large index would not fit.
KEPT_FILTERS = 8
LARGE = 64 << 20  # Bytes of a file, beyond which its pages are given back after each question.
FILES = (*tables.FILES, *keywords.FILES, "vectors.faiss", "coarse.faiss")


@dataclass
class Contents:
    """One generation: opening it decodes no text, makes no object for a document, and loads no faiss before a vector is asked for."""

    tables: Tables
    keywords: Keywords
    files: Mapping[str, Bytes]

    def __post_init__(self) -> None:
        self._document = lru_cache(KEPT_DOCUMENTS)(self._read_document)
        self.allowed = lru_cache(KEPT_FILTERS)(self._allowed)

    @classmethod
    def from_files(cls, files: Mapping[str, Bytes]) -> "Contents":
        """Open the files of a generation, after the store has checked every one's hash."""
        return cls(Tables.from_files(files), Keywords.from_files(files), files)

    @cached_property
    def vectors(self) -> "Vectors":
        """The vector of each chunk, by row."""
        from index.vectors import Vectors

        return Vectors.from_bytes(self.files["vectors.faiss"], self.files["coarse.faiss"])

    @property
    def chunks(self) -> Table:
        """The table of chunks, by row."""
        return self.tables.chunks

    # --- Documents -------------------------------------------------------------------------------------

    def __len__(self) -> int:
        """How many documents there are."""
        return len(self.tables.documents)

    def _fields(self, number: int) -> list[object]:
        start, end = self.tables.span(number, ENTRY)
        fields: list[object] = json.loads(bytes(self.tables.lines[start:end]))
        return fields

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of all documents, in order."""
        return tuple(self.stamps)

    @cached_property
    def stamps(self) -> dict[str, Stamp]:
        """What each document's file was when it was read, by id, in order."""
        lines = json.loads(b"[" + bytes(self.tables.lines).rstrip().replace(b"\n", b",") + b"]")  # JSON has no line end of its own in a line.
        every = zip(lines, self.tables.documents[:, MODIFIED].tolist(), strict=True)
        return {fields[0]: Stamp(fields[2], fields[3], modified, fields[6]) for fields, modified in every}

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

    @cached_property
    def _by_file(self) -> dict[str, str]:
        """An id for the hash of each file."""
        return {stamp.source_hash: id for id, stamp in self.stamps.items()}

    def twin(self, source_hash: str) -> str | None:
        """The id of a document that was read from a file of this SHA-256; None if there is none."""
        return self._by_file.get(source_hash)

    def outline(self, id: str) -> Document:
        """The document of this id without its text, which for a list need not be read; KeyError if there is none."""
        return self._made(self._known(id), "")

    def _read_document(self, number: int) -> Document:
        return self._made(number, str(self.tables.text[slice(*self.tables.span(number, TEXT))], "utf-8"))

    def _made(self, number: int, text: str) -> Document:
        id, title, source_hash, source, pages, headings, inside, notes, language = json.loads(bytes(self.tables.lines[slice(*self.tables.span(number, ENTRY))]))
        modified = int(self.tables.documents[number, MODIFIED])
        return Document(id, title, text, tuple(pages), source_hash, tuple(Heading(*h) for h in headings), source, modified, inside, tuple(notes), language)

    def sentences_of(self, id: str) -> tuple[Sentence, ...]:
        """All sentences of a document, in its order."""
        number = self._known(id)
        return self._sentences(number, *self.tables.span(number, SENTENCES))

    def _sentences(self, number: int, first: int, last: int) -> tuple[Sentence, ...]:
        document = self._document(number)
        return tuple(Sentence(document, start, end) for start, end in self.tables.sentences[first:last].tolist())

    # --- Chunks ----------------------------------------------------------------------------------------

    def chunk(self, row: int) -> Chunk:
        """The chunk in this row."""
        id, _, number, first, last = self.chunks[row].tolist()
        return Chunk(id, self._document(number), self._sentences(number, first, last))

    def rows_of(self, id: str) -> range:
        """The rows of a document's chunks."""
        return range(*self.tables.span(self._known(id), CHUNKS))

    def chunks_of(self, id: str) -> tuple[Chunk, ...]:
        """The chunks of a document, in its order."""
        return tuple(map(self.chunk, self.rows_of(id)))

    def _allowed(self, only: Filter) -> Mask:
        """Which rows stand in documents that a filter accepts. Kept for the last few filters: a million documents take seconds."""
        accepted = np.array([only.accepts(id, stamp.source, stamp.modified) for id, stamp in self.stamps.items()], np.bool_)
        rows: Mask = accepted[self.chunks[:, NUMBER]] if len(self.chunks) else np.zeros(0, np.bool_)
        return rows

    def give_back(self) -> None:
        """Leave the pages of large files to the file cache: else a million chunks become resident bit by bit, with each question."""
        for data in self.files.values():
            if isinstance(data, memoryview) and isinstance(data.obj, mmap.mmap) and len(data) > LARGE:
                data.obj.madvise(mmap.MADV_DONTNEED)
