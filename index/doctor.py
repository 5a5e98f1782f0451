"""Re-read everything: what is stored against the files it came from, and each stored thing against what it was made of.

The hashes tell that the files of the index are what a build wrote; the doctor tells that a build would write the same again. It
reads every source file anew, cuts it anew, counts its words anew, and embeds a sample of its chunks anew (all of them if asked to).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from index import keywords, split
from index.build import cut, words_of
from index.contents import FILES, Contents
from index.embed import Embedder
from index.errors import IndexingError, NoIndexError
from index.keywords import Keywords
from index.load import Foreign, load, version
from index.store import Snapshot, Store
from index.tables import CHUNKS, ENTRY, FIRST, ID, KEY, LAST, NUMBER, SENTENCES, TEXT, Piece, Tables
from index.types import Document, ModelIdentity, Sentence, Unchanged
from index.words import exact_words

SAMPLE = 200
"""Chunks that are embedded anew: about a second's work."""
BATCH = 32
NEAR = 0.999
"""The cosine of a stored vector with the same text's, made anew: float16 leaves 0.9999."""
UNIT = 0.01
ALIKE = 0.8
"""Two documents that share so much of their sentences (Jaccard) are near duplicates."""
COMMON = 20  # Documents: a sentence that stands in more is a footer, and tells nothing of two being alike.

Track = Callable[[Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, of what, and what to do. A `note` is no damage: a file that cannot be read, a page without text, a duplicate."""

    kind: str
    subject: str
    message: str
    remedy: str = ""
    note: bool = False


@dataclass(frozen=True, slots=True)
class Examination:
    """What was looked at, by name, and what was found."""

    checked: dict[str, int]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        return all(finding.note for finding in self.findings)


BUILD, FULL = "footnote build", "footnote build --full"


def examine(store: Store, open: Callable[[ModelIdentity], Embedder], full: bool = False, track: Track = lambda items: items) -> Examination:
    """Examine the index of a folder. `open` gives the embedder of its model; `full` embeds every chunk anew.

    Raises NoIndexError where there is none.
    """
    findings = list(_folder(store))
    try:
        snapshot = store.read(FILES)
        if snapshot.manifest.cut != split.VERSION:
            findings.append(Finding("rules", str(store.path), "was cut into sentences by other rules than this version's", BUILD))
        if snapshot.manifest.reading != version():
            findings.append(Finding("rules", str(store.path), "was read by other rules than this version's, or with or without text recognition", BUILD))
        contents = Contents.from_files(snapshot.files)
        broken = list(_structure(contents.tables, contents.keywords))
    except NoIndexError:
        raise
    except IndexingError as error:
        return Examination({}, (*findings, Finding("damage", str(store.path), str(error), BUILD)))
    if broken:
        return Examination({}, (*findings, *broken))
    patient = _Patient(store, snapshot, contents, open, full, track)
    return Examination(patient.counts, (*findings, *patient.findings()))


def _folder(store: Store) -> Iterator[Finding]:
    """What lies in the folder that should not."""
    if store.builder() is None:
        for orphan in store.orphans():
            yield Finding("orphan", str(orphan), "was left by a build that was killed", BUILD)
        if (store.path / "JOURNAL").exists():
            yield Finding(
                "unfinished", str(store.path / "JOURNAL"), "holds the vectors of a build that was stopped; the next one goes on from them", BUILD, True
            )
    for name, remedy in (("SEEN", "the next build reads every file again"), ("REPORT", "the next build writes it again")):
        if (store.path / name).exists() and store.remembered(name) is None:
            yield Finding("damage", str(store.path / name), f"is damaged: {remedy}", BUILD)
    if damaged := store.damaged_before():
        yield Finding("damage", str(store.path), damaged, BUILD)


def _structure(tables: Tables, words: Keywords) -> Iterator[Finding]:
    """Whether the tables point into each other: nothing else can be read where they do not."""
    ends, chunks, spans = tables.documents, tables.chunks, tables.sentences
    totals = ((ENTRY, len(tables.lines)), (TEXT, len(tables.text)), (SENTENCES, len(spans)), (CHUNKS, len(chunks)))
    for column, total in totals:
        if len(ends) and ((np.diff(ends[:, column], prepend=0) < 0).any() or ends[-1, column] != total):
            yield Finding("structure", "documents.i64", f"its column {column} does not lead through the {total} entries that there are", FULL)
    if len(chunks) and not ((chunks[:, FIRST] >= 0) & (chunks[:, FIRST] < chunks[:, LAST]) & (chunks[:, LAST] <= len(spans))).all():
        yield Finding("structure", "chunks.i64", "a chunk holds sentences that there are not", FULL)
    elif len(chunks) and not (chunks[:, NUMBER] == np.repeat(np.arange(len(ends)), ends[:, CHUNKS] - tables.starts(CHUNKS))).all():
        yield Finding("structure", "chunks.i64", "a chunk is of another document than its place says", FULL)
    if words.size != len(chunks):
        yield Finding("structure", "lengths.i32", f"the words of {words.size} chunks are counted, and there are {len(chunks)}", FULL)


class _Patient:
    """One index under examination."""

    def __init__(self, store: Store, snapshot: Snapshot, contents: Contents, open: Callable[[ModelIdentity], Embedder], full: bool, track: Track) -> None:
        self._store = store
        self._model = snapshot.manifest.model
        self._sources, self._readers = snapshot.manifest.sources, snapshot.manifest.readers
        self._contents = contents
        self._open = open
        self._full = full
        self._track = track
        self.counts = {"documents": len(contents), "sentences": len(contents.tables.sentences), "chunks": len(contents.chunks), "files": 0, "embedded": 0}

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong, the files first."""
        try:
            documents = [self._contents.document(id) for id in self._contents.ids]
        except (ValueError, TypeError, KeyError) as error:
            yield Finding("structure", "documents.jsonl", f"a document cannot be read ({error})", FULL)
            return
        yield from self._files()
        try:
            embedder = self._open(self._model)
        except IndexingError as error:
            yield Finding("model", self._model.name, str(error), FULL)
            return
        pieces = []
        for document in documents:
            piece = cut(document, embedder)
            pieces.append(piece)
            yield from self._pieces(piece)
        yield from self._words(pieces)
        yield from self._vectors(embedder)
        yield from _duplicates(pieces)

    # --- Against the files -----------------------------------------------------------------------------

    def _files(self) -> Iterator[Finding]:
        """Every file read anew, against the document that is stored of it."""
        try:
            readers = list(map(Foreign.of, self._readers))
            loading = load(self._sources, leave_out=[self._store.path], track=self._track, readers=readers)
        except IndexingError as error:
            yield Finding("source", ", ".join(self._sources), str(error), BUILD)
            return
        stored = set(self._contents.ids)
        for document in loading:
            assert not isinstance(document, Unchanged)
            self.counts["files"] += 1
            if document.id not in stored:
                yield Finding("new", document.id, "is not in the index yet", BUILD)
                continue
            stored.discard(document.id)
            yield from self._document(document)
        unread = {problem.file: problem.reason for problem in loading.failed}
        paths = {file.id: file.path for file in loading.files}
        for id in sorted(stored):
            yield self._missing(id, paths, unread)
        yield from (Finding("unread", file, reason, note=True) for file, reason in unread.items())

    def _missing(self, id: str, paths: dict[str, str], unread: dict[str, str]) -> Finding:
        file = paths.get(self._contents.stamps[id].inside or id)
        if file in unread:
            return Finding("stale", id, f"is in the index, and its file can no longer be read: it {unread[file]}", BUILD)
        return Finding("stale", id, "is in the index, and its file is gone", BUILD)

    def _document(self, read: Document) -> Iterator[Finding]:
        stored = self._contents.document(read.id)
        if stored.source_hash != read.source_hash:
            yield Finding("stale", read.id, "its file has changed since it was indexed", BUILD)
        elif stored.text != read.text:
            yield Finding("text", read.id, "its stored text is not what its file says", FULL)
        elif (stored.title, stored.pages, stored.headings, stored.inside, stored.notes) != (read.title, read.pages, read.headings, read.inside, read.notes):
            yield Finding("document", read.id, "its stored title, pages or headings are not those of its file", FULL)
        elif (stored.source, stored.modified) != (read.source, read.modified):
            yield Finding("stale", read.id, "its file bears another time, or is of another source", BUILD)
        for note in read.notes:
            yield Finding("odd", read.id, note, note=True)

    # --- Against itself --------------------------------------------------------------------------------

    def _pieces(self, piece: Piece) -> Iterator[Finding]:
        """The sentences and chunks of a document, cut anew, against those stored."""
        document, sentences, chunks = piece
        if _spans(self._contents.sentences_of(document.id)) != _spans(sentences):
            yield Finding("sentences", document.id, "its stored sentences are not those of its text", FULL)
            return
        rows = self._contents.rows_of(document.id)
        stored = self._contents.chunks[rows.start : rows.stop]
        keys = [split.text_key(split.embedded_text(document, chunk.start, chunk.end)) for chunk in chunks]
        if (
            stored[:, ID].tolist() != [chunk.id for chunk in chunks]
            or stored[:, KEY].tolist() != keys
            or [_spans(chunk.sentences) for chunk in self._contents.chunks_of(document.id)] != [_spans(chunk.sentences) for chunk in chunks]
        ):
            yield Finding("chunks", document.id, "its stored chunks are not those of its sentences", FULL)

    def _words(self, pieces: Sequence[Piece]) -> Iterator[Finding]:
        """The words of all chunks, counted anew, file by file."""
        made = Keywords.of([words_of(*piece) for piece in pieces]).to_files()
        stored = self._contents.files
        wrong = [name for name in keywords.FILES if bytes(stored[name]) != made[name]]
        if wrong:
            yield Finding("words", ", ".join(wrong), "the stored words are not those of the chunks", FULL)

    def _vectors(self, embedder: Embedder) -> Iterator[Finding]:
        """All vectors for their length and their derived codes; a sample, or all, against their texts."""
        vectors, chunks = self._contents.vectors, self._contents.chunks
        if (vectors.dimension, embedder.identity.dimension) != (self._model.dimension,) * 2 or embedder.identity.weights != self._model.weights:
            yield Finding("model", self._model.name, f"gives {embedder.identity.dimension} dimensions, and {vectors.dimension} are stored", FULL)
            return
        if len(vectors) != len(chunks):
            yield Finding("vectors", "vectors.faiss", f"{len(vectors)} vectors are stored, and there are {len(chunks)} chunks", FULL)
            return
        lengths = vectors.lengths()
        for row in np.flatnonzero(~(np.abs(lengths - 1) < UNIT)).tolist():
            yield self._wrong_vector(row, f"is of length {lengths[row]:.3f}, not 1")
        if not vectors.is_coarse_right():
            yield Finding("vectors", "coarse.faiss", "the coarse codes are not those of the vectors", FULL)
        rows = np.arange(len(chunks)) if self._full else np.unique(np.linspace(0, max(len(chunks) - 1, 0), SAMPLE).astype(np.int64))[: len(chunks)]
        for batch in self._track([rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]):
            found = [self._contents.chunk(row) for row in batch.tolist()]
            made = embedder.documents([split.embedded_text(chunk.document, chunk.start, chunk.end) for chunk in found])
            self.counts["embedded"] += len(found)
            for row, vector in zip(batch.tolist(), made, strict=True):
                if abs(lengths[row] - 1) < UNIT and not vectors.cosines(vector, [row])[0] >= NEAR:
                    yield self._wrong_vector(row, "is not that of its text")

    def _wrong_vector(self, row: int, message: str) -> Finding:
        chunk = self._contents.chunk(row)
        return Finding("vectors", f"{chunk.document.id}, characters {chunk.start} to {chunk.end}", f"its stored vector {message}", FULL)


def _spans(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    return [(sentence.start, sentence.end) for sentence in sentences]


def _duplicates(pieces: Sequence[Piece]) -> Iterator[Finding]:
    """Documents that say the same word for word, and those that say nearly the same."""
    said = {document.id: frozenset(filter(None, (exact_words(sentence.text) for sentence in sentences))) for document, sentences, _ in pieces}
    alike: defaultdict[frozenset[tuple[str, ...]], list[str]] = defaultdict(list)
    for id, sentences in said.items():
        alike[sentences].append(id)
    for ids in alike.values():
        yield from (Finding("duplicate", id, f"says the same as {ids[0]}", note=True) for id in ids[1:])
    holders: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for ids in alike.values():
        for sentence in said[ids[0]]:
            holders[sentence].append(ids[0])
    shared = Counter(pair for ids in holders.values() if len(ids) <= COMMON for pair in combinations(ids, 2))
    for (one, other), count in sorted(shared.items()):
        share = count / len(said[one] | said[other])
        if share >= ALIKE:
            yield Finding("duplicate", other, f"says nearly the same as {one}: {share:.0%} of their sentences", note=True)
