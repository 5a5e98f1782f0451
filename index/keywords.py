"""The lexical index: which chunks hold a word, how often, and how rare it is. Knows stems, and not where they come from.

It is a sparse matrix of chunks and words. `python -m benchmarks.lexical` measures it beside the two
libraries made for the purpose. bm25s stores scores, in which every document has a part: each change makes all of it anew.
tantivy counts deleted texts in its statistics until it happens to merge, so that an updated index ranks otherwise
than a fresh one, and its files bear random names. Counts in a matrix depend on what is indexed and on nothing else.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.words import LONGEST

K1, B = 1.2, 0.75
"""BM25's usual constants; 0.9 to 2 and 0.4 to 0.75 differ by less than half a point of nDCG@10 on the dev sets."""
MOST_COUNTED = 255  # Occurrences of a word in a chunk: a byte holds them, and BM25 no longer tells them apart.
BLOCK = 1024

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

FILES = ("terms.utf8", "terms.i64", "postings.i32", "counts.u8", "lengths.i32")


@dataclass(frozen=True, slots=True)
class ChunkWords:
    """The words of one document: the stems of each sentence, each chunk's (first, last + 1) of them, and the stems of its context."""

    sentences: Sequence[Sequence[str]]
    chunks: Sequence[tuple[int, int]]
    contexts: Sequence[frozenset[str]]


class _Terms(Sequence[str]):
    """Sorted terms in one run of UTF-8, read one at a time: opening a million costs nothing."""

    def __init__(self, data: bytes | memoryview, ends: Numbers) -> None:
        self._data = data
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, place: int) -> str:  # type: ignore[override]
        return str(self._data[int(self._ends[place - 1]) if place else 0 : int(self._ends[place])], "utf-8")


@dataclass(frozen=True, slots=True)
class Postings:
    """A sparse matrix by column (CSC): column c holds `counts[starts[c]:starts[c + 1]]` in `rows` of the same places, ascending."""

    starts: Numbers
    rows: NDArray[np.int32]
    counts: NDArray[np.uint8]

    @classmethod
    def of(cls, rows: Numbers, columns: Numbers, counts: Numbers, shape: tuple[int, int]) -> "Postings":
        """The matrix of summed counts, none of more than a byte before or after; made by one sort of whole numbers, which numpy does by vectors."""
        packed = (columns * shape[0] + rows) << 8 | counts
        packed.sort()
        cells = packed >> 8
        first = np.flatnonzero(np.diff(cells, prepend=-1))
        sums = np.add.reduceat(packed & 255, first) if len(first) else packed
        held, of_row = np.divmod(cells[first], max(shape[0], 1))
        starts = np.concatenate([[0], np.cumsum(np.bincount(held, minlength=shape[1]))])
        return cls(starts.astype(np.int64), of_row.astype(np.int32), np.minimum(sums, MOST_COUNTED).astype(np.uint8))

    @property
    def columns(self) -> Numbers:
        """The column of each count."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))

    def lengths(self, rows: int) -> NDArray[np.int32]:
        """The sum of each row."""
        return np.bincount(self.rows, self.counts, minlength=rows).astype(np.int32)


class Vocabulary(Protocol):
    """The words that are indexed, by their stems, and how rare each is."""

    def __contains__(self, stemmed: str, /) -> bool: ...

    def rarity(self, stemmed: str) -> float: ...


class Keywords:
    """A lexical index: for each term the chunks that hold it and how often, by BM25 (Robertson and Zaragoza, 2009).

    It holds also in how many sentences each term occurs, which is how its rarity is told.
    """

    def __init__(self, terms: Sequence[str], postings: "Postings", sentences_with: Numbers, sentences: int, lengths: NDArray[np.int32]) -> None:
        """`terms` sorted, one for each column of `postings`; `sentences_with` int64 (terms,); `lengths` the indexed words of each chunk."""
        self.terms = terms
        self.postings = postings
        self.sentences_with = sentences_with
        self.sentences = sentences
        self._lengths = lengths

    # --- Making ----------------------------------------------------------------------------------------

    @classmethod
    def of(cls, documents: Sequence[ChunkWords]) -> "Keywords":
        """The index of the chunks of some documents, in their order."""
        counted = Counter(stemmed for document in documents for sentence in document.sentences for stemmed in set(sentence))
        terms = sorted(counted.keys() | {stemmed for document in documents for context in document.contexts for stemmed in context})
        number = {term: place for place, term in enumerate(terms)}
        rows: list[int] = []
        columns: list[int] = []
        row = 0
        for document in documents:
            numbered = [[number[stemmed] for stemmed in sentence] for sentence in document.sentences]
            for (first, last), context in zip(document.chunks, document.contexts, strict=True):
                before = len(columns)
                for sentence in numbered[first:last]:
                    columns += sentence
                columns += [number[stemmed] for stemmed in sorted(context)]
                rows += [row] * (len(columns) - before)
                row += 1
        postings = Postings.of(np.array(rows, np.int64), np.array(columns, np.int64), np.ones(len(rows), np.int64), (row, len(terms)))
        with_term = np.array([counted.get(term, 0) for term in terms], np.int64)
        return cls(terms, postings, with_term, sum(len(document.sentences) for document in documents), postings.lengths(row))

    def rearranged(self, kept: Numbers, gone: Iterable[Sequence[str]], new: "Keywords", order: Numbers) -> "Keywords":
        """This index with only its rows `kept`, and `new`'s rows, arranged: place i takes the `order[i]`-th of both together.

        `gone` are the stems of each sentence that is no longer there. Equal to an index made afresh.
        """
        union = sorted({*self.terms, *new.terms})
        number = {term: place for place, term in enumerate(union)}
        mine, other = (np.array([number[term] for term in terms], np.int64) for terms in (self.terms, new.terms))
        place_of = np.full(len(self._lengths), -1, np.int64)
        place_of[kept] = np.arange(len(kept))
        held = place_of[self.postings.rows] >= 0
        position = np.empty(len(order), np.int64)
        position[order] = np.arange(len(order))
        rows = position[np.concatenate([place_of[self.postings.rows[held]], new.postings.rows + len(kept)])]
        columns = np.concatenate([mine[self.postings.columns[held]], other[new.postings.columns]])
        counts = np.concatenate([self.postings.counts[held], new.postings.counts]).astype(np.int64)
        postings = Postings.of(rows, columns, counts, (len(order), len(union)))
        with_term = np.zeros(len(union), np.int64)
        with_term[mine] += self.sentences_with
        with_term[other] += new.sentences_with
        lost = list(gone)
        for term, count in Counter(stemmed for sentence in lost for stemmed in set(sentence)).items():
            with_term[number[term]] -= count
        used = np.diff(postings.starts) > 0
        terms = [term for term, is_used in zip(union, used, strict=True) if is_used]
        packed = Postings(np.concatenate([[0], postings.starts[1:][used]]), postings.rows, postings.counts)
        return Keywords(terms, packed, with_term[used], self.sentences + new.sentences - len(lost), packed.lengths(len(order)))

    # --- Storing ---------------------------------------------------------------------------------------

    def to_files(self) -> dict[str, bytes]:
        encoded = [term.encode("utf-8", "replace") for term in self.terms]
        table = np.stack([np.cumsum([len(term) for term in encoded], dtype=np.int64), self.postings.starts[1:], self.sentences_with], axis=1)
        lengths = np.concatenate([[self.sentences], self._lengths])
        arrays = table.astype("<i8"), self.postings.rows.astype("<i4"), self.postings.counts.astype("u1"), lengths.astype("<i4")
        return dict(zip(FILES, [b"".join(encoded), *(array.tobytes() for array in arrays)], strict=True))

    @classmethod
    def from_files(cls, files: Mapping[str, bytes | memoryview]) -> "Keywords":
        """Read what `to_files` wrote, in place."""
        text, table, rows, counts, lengths = (files[name] for name in FILES)
        columns = np.frombuffer(table, "<i8").reshape(-1, 3)
        sizes = np.frombuffer(lengths, "<i4")
        postings = Postings(np.concatenate([[0], columns[:, 1]]), np.frombuffer(rows, "<i4"), np.frombuffer(counts, "u1"))
        return cls(_Terms(text, columns[:, 0]), postings, columns[:, 2], int(sizes[0]), sizes[1:])

    @property
    def size(self) -> int:
        """How many chunks' words it holds."""
        return len(self._lengths)

    # --- Asking ----------------------------------------------------------------------------------------

    def _column(self, stemmed: str) -> int | None:
        place = bisect_left(self.terms, stemmed[:LONGEST])
        return place if place < len(self.terms) and self.terms[place] == stemmed[:LONGEST] else None

    def _place(self, stemmed: str) -> slice:
        """Where the postings of a stem are; an empty place if it has none."""
        column = self._column(stemmed)
        return slice(0, 0) if column is None else slice(*self.postings.starts[column : column + 2].tolist())

    def __contains__(self, stemmed: str) -> bool:
        """Whether any sentence holds this stem."""
        column = self._column(stemmed)
        return column is not None and bool(self.sentences_with[column])

    def rarity(self, stemmed: str) -> float:
        """Inverse document frequency over sentences: ln(1 + (N - n + ½) / (n + ½))."""
        column = self._column(stemmed)
        return _idf(self.sentences, int(self.sentences_with[column]) if column is not None else 0)

    def rows(self, stemmed: str) -> NDArray[np.int32]:
        """The chunks that hold a stem, in order."""
        return self.postings.rows[self._place(stemmed)]

    def holds(self, stemmed: str, rows: Numbers) -> Mask:
        """Which of some chunks hold a stem."""
        held = self.rows(stemmed)
        if not len(held):
            return np.zeros(len(rows), np.bool_)
        found: Mask = held[np.minimum(np.searchsorted(held, rows), len(held) - 1)] == rows
        return found

    @cached_property
    def _norms(self) -> Floats:
        """What stands beside the count in BM25's denominator: k1 · (1 - b + b · length / average)."""
        average = max(float(self._lengths.mean()) if len(self._lengths) else 0.0, 1.0)
        norms: Floats = (K1 * (1 - B + B * self._lengths / average)).astype(np.float32)
        return norms

    def scores(self, stems: Sequence[str]) -> Floats:
        """The BM25 score of every chunk, float32 (chunks,). A stem that stands twice in the question counts twice."""
        total = np.zeros(len(self._lengths), np.float32)
        for stemmed, times in sorted(Counter(stems).items()):
            place = self._place(stemmed)
            rows, counts = self.postings.rows[place], self.postings.counts[place].astype(np.float32)
            weight = np.float32(times * _idf(len(total), len(rows)) * (K1 + 1))
            total[rows] += weight * counts / (counts + self._norms[rows])
        return total


def _idf(total: int, held: int) -> float:
    return math.log(1 + (total - held + 0.5) / (held + 0.5))


def highest(scores: Floats, top: int) -> Numbers:
    """The rows of the `top` highest positive scores and of all that tie with the last of them, in order of row.

    Only blocks whose best reaches the `top`-th best block's are looked through: a tenth of the time of sorting a million.
    """
    blocks = np.maximum.reduceat(scores, np.arange(0, len(scores), BLOCK)) if len(scores) else scores
    least = np.partition(blocks, -top)[-top] if len(blocks) > top else 0.0
    rows = np.flatnonzero((scores >= least) & (scores > 0))
    if len(rows) <= top:
        return rows
    tied: Numbers = rows[scores[rows] >= np.partition(scores[rows], -top)[-top]]
    return tied
