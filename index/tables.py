"""The tables of one generation: documents, their text, sentences, chunks, as bytes and back; laid out afresh or out of another generation.

Knows the layout of each file and nothing of folders. Text is kept once; sentences and chunks are spans. Chunks stand in the
order of their documents' ids and of their place there: that order is the row of a chunk in every table, the vectors, and the words.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.types import Chunk, Document, Sentence

Table = NDArray[np.int64]
Numbers = NDArray[np.int64]
Bytes = bytes | memoryview
Piece = tuple[Document, tuple[Sentence, ...], tuple[Chunk, ...]]

FILES = ("documents.jsonl", "documents.i64", "text.utf8", "sentences.u32", "chunks.i64")
ENTRY, TEXT, SENTENCES, CHUNKS, MODIFIED = range(5)
"""Columns of the table of documents: where the next one's line, text, sentences and chunks begin; and the file's time."""
ID, KEY, NUMBER, FIRST, LAST = range(5)
"""Columns of the table of chunks: its id, the hash of its embedded text, its document's number, its sentences (first, last + 1)."""


@dataclass(frozen=True, slots=True)
class Tables:
    """One line of JSON a document; int64 (documents, 5); all texts in UTF-8; uint32 (sentences, 2); int64 (chunks, 5)."""

    lines: Bytes
    documents: Table
    text: Bytes
    sentences: NDArray[np.uint32]
    chunks: Table

    @classmethod
    def of(cls, pieces: Sequence[Piece], keys: Mapping[int, int]) -> "Tables":
        """Lay out documents with their sentences and chunks; `keys` gives the hash of each chunk's embedded text, by chunk id."""
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
        )

    def starts(self, column: int) -> Numbers:
        """Where the line, text, sentences or chunks of each document begin."""
        ends = self.documents[:, column]
        return np.concatenate([np.zeros(min(len(ends), 1), np.int64), ends[:-1]])

    def span(self, number: int, column: int) -> tuple[int, int]:
        """Where those of one document begin and end."""
        return int(self.documents[number - 1, column]) if number else 0, int(self.documents[number, column])

    def rearranged(self, kept: Numbers, new: "Tables", order: Numbers) -> "Tables":
        """The documents `kept` of these, by number, and `new` ones, arranged: place i takes the `order[i]`-th of both together.

        Equal, byte for byte, to tables laid out afresh.
        """
        documents = np.concatenate([self.documents[kept], new.documents])[order]
        begins = [np.concatenate([self.starts(column)[kept], new.starts(column)])[order] for column in range(MODIFIED)]
        sizes = [documents[:, column] - begins[column] for column in range(MODIFIED)]
        is_new = order >= len(kept)
        sentences = np.concatenate([self.sentences, new.sentences])[ranges(begins[SENTENCES] + is_new * len(self.sentences), sizes[SENTENCES])]
        chunks = np.concatenate([self.chunks, new.chunks])[ranges(begins[CHUNKS] + is_new * len(self.chunks), sizes[CHUNKS])]
        for column in range(MODIFIED):
            documents[:, column] = np.cumsum(sizes[column])
        chunks[:, NUMBER] = np.repeat(np.arange(len(documents)), sizes[CHUNKS])
        moved = np.cumsum(sizes[SENTENCES]) - sizes[SENTENCES] - begins[SENTENCES]
        chunks[:, FIRST : LAST + 1] += np.repeat(moved, sizes[CHUNKS])[:, None]
        lines = _gathered(self.lines, new.lines, begins[ENTRY], sizes[ENTRY], is_new)
        return Tables(lines, documents, _gathered(self.text, new.text, begins[TEXT], sizes[TEXT], is_new), sentences, chunks)

    def to_files(self) -> dict[str, bytes]:
        return {
            "documents.jsonl": bytes(self.lines),
            "documents.i64": self.documents.astype("<i8").tobytes(),
            "text.utf8": bytes(self.text),
            "sentences.u32": self.sentences.astype("<u4").tobytes(),
            "chunks.i64": self.chunks.astype("<i8").tobytes(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, Bytes]) -> "Tables":
        """Read what `to_files` wrote, after the store has checked every file's hash."""
        return cls(
            files["documents.jsonl"],
            np.frombuffer(files["documents.i64"], "<i8").reshape(-1, 5),
            files["text.utf8"],
            np.frombuffer(files["sentences.u32"], "<u4").reshape(-1, 2),
            np.frombuffer(files["chunks.i64"], "<i8").reshape(-1, 5),
        )


def ranges(starts: Numbers, lengths: Numbers) -> Numbers:
    """The numbers of every range, `lengths[i]` of them from `starts[i]`, one after the other."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


def _gathered(mine: Bytes, other: Bytes, begins: Numbers, sizes: Numbers, is_other: NDArray[np.bool_]) -> bytes:
    views = memoryview(mine), memoryview(other)
    return b"".join(views[of][begin : begin + size] for begin, size, of in zip(begins.tolist(), sizes.tolist(), is_other.tolist(), strict=True))


def _line(document: Document) -> bytes:
    """A document without its text, on a line of its own: JSON escapes every line end."""
    headings = [(h.start, h.end, h.level, h.guessed) for h in document.headings]
    fields = document.id, document.title, document.source_hash, document.source, document.pages, headings, document.inside, document.notes, document.language
    return json.dumps(fields).encode() + b"\n"
