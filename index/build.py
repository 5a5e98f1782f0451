"""Make a store hold exactly these documents: a set difference of chunks, then the work.

Documents are cut as they come, and what no old index has embedded is embedded beside the reading of the next. What has not
changed is taken over in rows, without a look at its text.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from index import split
from index.contents import FILES, Contents
from index.embed import Embedder, Vectors32
from index.errors import DamagedError, MismatchError, NoIndexError, StoreError
from index.journal import Journal
from index.keywords import ChunkWords, Keywords
from index.store import REPAIR, Manifest, Store
from index.tables import CHUNKS, KEY, Numbers, Piece, Tables, ranges
from index.types import Chunk, Document, ModelIdentity, Sentence, Unchanged
from index.words import indexed_stems

T = TypeVar("T")
Track = Callable[[Sequence[T]], Iterable[T]]
Batch = tuple[tuple[int, ...], "Future[Vectors32]"]

SPECIAL_TOKENS = 2
BATCH = 32  # Texts that are embedded at once: enough for every core, few enough for a progress bar.
STAGES = ("reading", "cutting", "embedding", "words", "writing")
AT_ONCE = 2  # Batches: no core waits for the last text of one.


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build does, by document id; `kept` are unchanged."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build can go on from: the contents of the index, and its manifest. `current` unless the index was damaged since."""

    contents: Contents
    manifest: Manifest
    current: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did. `embedded` counts the texts whose vectors were made anew: equal ones are made once. `resumed` were made by a build that was stopped.

    Of the documents that were read just now: their `characters`, and how many of these are in sentences; the rest is white space.
    `seconds` tells how long each stage took; embedding goes on beside the others.
    """

    plan: Plan
    documents: int
    sentences: int
    chunks: int
    embedded: int
    resumed: int
    committed: bool
    characters: int = 0
    in_sentences: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)


def plan(documents: Iterable[Document | Unchanged], old: Built | None) -> Plan:
    """Compare documents with what an index holds, by id and source hash."""
    stored = old.contents.stamps if old else {}
    given = {document.id: None if isinstance(document, Unchanged) else document.source_hash for document in documents}
    same = {id for id in given.keys() & stored.keys() if given[id] in (None, stored[id].source_hash)}
    return Plan(
        added=tuple(sorted(given.keys() - stored.keys())),
        changed=tuple(sorted(given.keys() & stored.keys() - same)),
        removed=tuple(sorted(stored.keys() - given.keys())),
        kept=tuple(sorted(same)),
    )


def reusable(store: Store, warn: Callable[[str], None] = lambda _: None) -> Built | None:
    """What the index holds, if a build can go on from it; None where there is none, or all must be made anew.

    Of a damaged index the newest generation that is whole is taken. `warn` is told of what is lost. Raises StoreError where the folder cannot be read.
    """
    try:
        snapshot, current = store.read(FILES), True
    except NoIndexError:
        return None
    except MismatchError:
        warn(f"the index in {store.path} is of another version of Footnote: it is made anew")
        return None
    except DamagedError as error:
        found, current = store.fallback(FILES), False
        warn(f"{str(error).removesuffix(f': {REPAIR}')}; " + ("the build before it is whole, and is gone on from" if found else "it is made anew"))
        if found is None:
            return None
        snapshot = found
    if snapshot.manifest.cut != split.VERSION:
        warn(f"the index in {store.path} was made by other rules than this version's: it is made anew")
        return None
    return Built(Contents.from_files(snapshot.files), snapshot.manifest, current)


def made_of(old: Built) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """What decided what was read: the sources, the readers, and the rules of reading."""
    return old.manifest.sources, old.manifest.readers, old.manifest.reading


def require_model(stored: ModelIdentity, model: ModelIdentity, store: Store) -> None:
    """Raise StoreError unless an index was made with this very model."""
    if stored.weights != model.weights or stored.dimension != model.dimension:
        raise StoreError(
            f"the index in {store.path} was made with {stored.name} ({stored.dimension} dimensions, {stored.weights[:12]}), not with"
            f" {model.name} ({model.dimension}, {model.weights[:12]}): use that model, or rebuild with `footnote build --full`"
        )


@dataclass
class _Work:
    """Documents as they are cut, and the batches of texts that are being embedded, each text once."""

    embedder: Embedder
    old: Contents | None
    journal: Journal
    pool: ThreadPoolExecutor
    unchanged: list[str] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    keys: dict[int, int] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    waiting: deque[tuple[int, str]] = field(default_factory=deque)
    resumed: dict[int, Vectors32] = field(default_factory=dict)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def __post_init__(self) -> None:
        keys = self.old.chunks[:, KEY] if self.old else np.zeros(0, np.int64)
        self._by_key = np.argsort(keys, kind="stable")
        self._sorted_keys = keys[self._by_key]
        self._embedding: set[int] = set()
        self._clock = threading.Lock()
        self.failure: BaseException | None = None

    def row_of(self, key: int) -> int | None:
        """The first row of the old index that has the vector of a text."""
        place = int(np.searchsorted(self._sorted_keys, key))
        return int(self._by_key[place]) if place < len(self._sorted_keys) and self._sorted_keys[place] == key else None

    def add(self, document: Document | Unchanged) -> None:
        """Take a document in: an unchanged one as it is stored, another cut anew, and sent to be embedded where its text is new."""
        if self.failure:
            raise self.failure
        if isinstance(document, Unchanged):
            self.unchanged.append(document.id)
            return
        with self.timed("cutting"):
            self.pieces.append(cut(document, self.embedder))
        for chunk in self.pieces[-1][2]:
            text = split.embedded_text(document, chunk.start, chunk.end)
            key = split.text_key(text)
            self.keys[chunk.id] = key
            if key in self._embedding or key in self.resumed or self.row_of(key) is not None:
                continue
            if key in self.journal.vectors:
                self.resumed[key] = self.journal.vectors[key]
            else:
                self._embedding.add(key)
                self.waiting.append((key, text))
        while len(self.waiting) >= BATCH:
            self._send()

    def _send(self) -> None:
        batch = [self.waiting.popleft() for _ in range(min(BATCH, len(self.waiting)))]
        keys, texts = tuple(key for key, _ in batch), [text for _, text in batch]
        self.batches.append((keys, self.pool.submit(self._embed, keys, texts)))

    def _embed(self, keys: Sequence[int], texts: Sequence[str]) -> Vectors32:
        try:
            with self.timed("embedding", 1 / AT_ONCE):
                rows = self.embedder.documents(texts)
            self.journal.add(keys, rows)
        except BaseException as error:
            self.failure = error  # Of a full disk, say: the build need not read on to hear of it.
            raise
        return rows

    @contextmanager
    def timed(self, stage: str, share: float = 1.0) -> Iterator[None]:
        """Add the seconds that something takes to its stage; a `share` of them where several do it at once."""
        start = time.perf_counter()
        yield
        took = share * (time.perf_counter() - start)
        with self._clock:
            self.seconds[stage] += took

    def reading(self, documents: Iterable[Document | Unchanged]) -> Iterator[Document | Unchanged]:
        """The documents, with the time that they take to come."""
        coming = iter(documents)
        while True:
            with self.timed("reading"):
                document = next(coming, None)
            if document is None:
                return
            yield document

    def finish(self) -> None:
        """No more documents come: embed what waits, and put the pieces in order of id."""
        if self.waiting:
            self._send()
        self.pieces.sort(key=lambda piece: piece[0].id)

    def vectors(self, track: "Track[tuple[int, ...]]") -> dict[int, Vectors32]:
        """The vectors that no old index has, by the hash of their text, once they are made."""
        futures = iter([future for _, future in self.batches])
        vectors = dict(self.resumed)
        for keys in track([keys for keys, _ in self.batches]):
            vectors.update(zip(keys, next(futures).result(), strict=True))
        return vectors


def build(
    store: Store,
    documents: Iterable[Document | Unchanged],
    embedder: Embedder,
    sources: Sequence[str],
    old: Built | None = None,
    track: "Track[tuple[int, ...]]" = lambda batches: batches,
    check: Callable[[], None] = lambda: None,
    readers: Sequence[str] = (),
    reading: int = 0,
) -> Report:
    """Commit an index of exactly these documents. Call it under `store.lock()`.

    `old` is what may be reused (see `reusable`); `track` wraps the batches that are embedded, for a progress bar; `check`
    is called when all documents have come, and may raise: nothing is committed then; `readers` and the rules of
    `reading` are kept with the sources.
    Raises StoreError unless `old` was made with this very model.
    """
    if old:
        require_model(old.manifest.model, embedder.identity, store)
    before = old.contents if old else None
    with store.journal(embedder.identity, fresh=old is None) as journal, ThreadPoolExecutor(AT_ONCE) as pool:
        work = _Work(embedder, before, journal, pool)
        try:
            for document in work.reading(documents):
                work.add(document)
            check()
            work.finish()
            changes = plan([*map(Unchanged, work.unchanged), *(document for document, _, _ in work.pieces)], old)
            if old and old.current and made_of(old) == (tuple(sources), tuple(readers), reading) and not (work.pieces or changes.removed):
                store.forget_before()
                return _report(changes, old.contents.tables, work, 0, committed=False)
            with work.timed("words"):
                made = _Made(work, before)
                words = made.keywords()  # While the last texts are embedded.
            vectors = work.vectors(track)
        finally:
            pool.shutdown(cancel_futures=True)
        with work.timed("writing"):
            store.commit(embedder.identity, split.VERSION, sources, made.files(words, vectors), readers, reading)
        return _report(changes, made.tables, work, len(vectors) - len(work.resumed), committed=True)


def _report(changes: Plan, tables: Tables, work: _Work, embedded: int, committed: bool) -> Report:
    characters = sum(len(document.text) for document, _, _ in work.pieces)
    inside = sum(sentence.end - sentence.start for _, sentences, _ in work.pieces for sentence in sentences)
    counts = len(tables.documents), len(tables.sentences), len(tables.chunks)
    return Report(changes, *counts, embedded, len(work.resumed), committed, characters, inside, {stage: round(work.seconds[stage], 3) for stage in STAGES})


def cut(document: Document, embedder: Embedder) -> Piece:
    """A document with its sentences and its chunks."""
    sentences = split.sentences(document)
    return document, sentences, split.chunks(document, sentences, embedder.count, embedder.identity.window - SPECIAL_TOKENS)


class _Made:
    """A generation put together: the unchanged documents of the old one, and the pieces that were cut."""

    def __init__(self, work: _Work, old: Contents | None) -> None:
        self._work = work
        self._old = old
        self._new = Tables.of(work.pieces, work.keys)
        if old is None:
            self.tables = self._new
            return
        numbers = {id: number for number, id in enumerate(old.ids)}
        ids = [*sorted(work.unchanged), *(document.id for document, _, _ in work.pieces)]
        self._kept = np.array([numbers[id] for id in ids[: len(work.unchanged)]], np.int64)
        order = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.int64)
        self.tables = old.tables.rearranged(self._kept, self._new, order)
        self._rows, self._row_order = self._chunk_rows(old.tables, order)

    def _chunk_rows(self, old: Tables, order: Numbers) -> tuple[Numbers, Numbers]:
        """The old rows that are kept; and for each row of the new generation its place among them and the new ones, which follow."""
        sizes = [(tables.documents[:, CHUNKS] - tables.starts(CHUNKS)) for tables in (old, self._new)]
        kept = sizes[0][self._kept]
        rows = ranges(old.starts(CHUNKS)[self._kept], kept)
        both = np.concatenate([kept, sizes[1]])
        return rows, ranges((np.cumsum(both) - both)[order], both[order])

    def keywords(self) -> Keywords:
        """The words of new and changed documents, and those that the old index has of the others."""
        new = Keywords.of([words_of(*piece) for piece in self._work.pieces])
        if self._old is None:
            return new
        old, unchanged = self._old, set(self._work.unchanged)
        gone = (indexed_stems(s.text) for id in old.ids if id not in unchanged for s in old.sentences_of(id))
        return old.keywords.rearranged(self._rows, gone, new, self._row_order)

    def files(self, words: Keywords, vectors: dict[int, Vectors32]) -> dict[str, bytes]:
        """The files of the generation; `vectors` are those that no old index has."""
        from index.vectors import Vectors

        keys = self._new.chunks[:, KEY].tolist()
        rows = np.stack(list(vectors.values())) if vectors else np.zeros((0, self._work.embedder.identity.dimension), np.float32)
        place = {key: number for number, key in enumerate(vectors)}
        if self._old is None:
            kinds = Vectors.of(rows[[place[key] for key in keys]])
        else:
            known = [self._work.row_of(key) for key in keys]
            kept = np.unique(np.concatenate([self._rows, np.array([row for row in known if row is not None], np.int64)]))
            new = [int(np.searchsorted(kept, row)) if row is not None else len(kept) + place[key] for row, key in zip(known, keys, strict=True)]
            order = np.concatenate([np.searchsorted(kept, self._rows), np.array(new, np.int64)])[self._row_order]
            kinds = self._old.vectors.rearranged(kept, rows, order)
        fine, coarse = kinds.to_bytes()
        return {**self.tables.to_files(), **words.to_files(), "vectors.faiss": fine, "coarse.faiss": coarse}


def words_of(document: Document, sentences: Sequence[Sentence], chunks: Sequence[Chunk]) -> ChunkWords:
    """The words of a document: those of its sentences, and around each chunk those of its title, heading, and path."""
    place = {sentence.start: number for number, sentence in enumerate(sentences)}
    named = frozenset(indexed_stems(f"{document.title}\n{document.id}"))
    over = {start: frozenset(indexed_stems(split.context(document, start))) | named for start in {chunk.start for chunk in chunks}}
    return ChunkWords(
        [indexed_stems(sentence.text) for sentence in sentences],
        [(place[chunk.sentences[0].start], place[chunk.sentences[-1].start] + 1) for chunk in chunks],
        [over[chunk.start] for chunk in chunks],
    )
