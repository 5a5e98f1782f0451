"""Make a store hold exactly these documents: a set difference of chunks, then the work.

Documents are cut as they come, and what no old index has embedded is embedded beside the reading of the next.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from index import split
from index.contents import FILES, KEY, Contents, Piece
from index.embed import Embedder, Vectors32
from index.errors import NoIndexError, StoreError
from index.keywords import ChunkWords, Keywords
from index.store import Store
from index.types import Chunk, Document, ModelIdentity, Sentence
from index.vectors import Numbers, Vectors
from index.words import indexed_stems

T = TypeVar("T")
Track = Callable[[Sequence[T]], Iterable[T]]
Batch = tuple[tuple[int, ...], "Future[Vectors32]"]

SPECIAL_TOKENS = 2
BATCH = 32  # Texts that are embedded at once: enough for every core, few enough for a progress bar.
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
    """What a build can go on from: the contents of the index and the sources they came from."""

    contents: Contents
    sources: tuple[str, ...]

    @property
    def documents(self) -> dict[str, Document]:
        """The documents of the index, by id."""
        return {id: self.contents.document(id) for id in self.contents.ids}


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did. `embedded` counts the texts whose vectors were made anew: equal ones are made once."""

    plan: Plan
    documents: int
    sentences: int
    chunks: int
    embedded: int
    committed: bool


def plan(documents: Iterable[Document], old: Built | None) -> Plan:
    """Compare documents with what an index holds, by id and source hash."""
    stored = old.contents.hashes if old else {}
    given = {document.id: document.source_hash for document in documents}
    return Plan(
        added=tuple(sorted(given.keys() - stored.keys())),
        changed=tuple(sorted(id for id in given.keys() & stored.keys() if given[id] != stored[id])),
        removed=tuple(sorted(stored.keys() - given.keys())),
        kept=tuple(sorted(id for id in given.keys() & stored.keys() if given[id] == stored[id])),
    )


def reusable(store: Store, model: ModelIdentity) -> Built | None:
    """What the index holds, if this model and these rules can go on from them.

    None where there is no index; raises StoreError where it is damaged or made otherwise.
    """
    try:
        snapshot = store.read(FILES)
    except NoIndexError:
        return None
    require_model(snapshot.manifest.model, model, store)
    if snapshot.manifest.cut != split.VERSION:
        return None
    return Built(Contents.from_files(snapshot.files), snapshot.manifest.sources)


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
    pool: ThreadPoolExecutor
    pieces: list[Piece] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    keys: dict[int, int] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    waiting: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stored = self.old.chunks[:, KEY].tolist() if self.old else []
        self.known = {key: row for row, key in reversed(list(enumerate(stored)))}
        self.embedding: set[int] = set()

    def add(self, document: Document, kept: bool) -> None:
        """Take a document in: a kept one as it is stored, another cut anew and sent to be embedded."""
        if self.old and kept:
            self.pieces.append(_stored(self.old, document))
            rows = self.old.rows_of(document.id)
            self.keys.update(zip((chunk.id for chunk in self.pieces[-1][2]), self.old.chunks[rows.start : rows.stop, KEY].tolist(), strict=True))
            return
        self.pieces.append(_cut(document, self.embedder))
        for chunk in self.pieces[-1][2]:
            text = split.embedded_text(document, chunk.start, chunk.end)
            key = split.text_key(text)
            self.keys[chunk.id] = key
            if key not in self.known and key not in self.embedding:
                self.embedding.add(key)
                self.waiting[key] = text
        while len(self.waiting) >= BATCH:
            self._send()

    def _send(self) -> None:
        batch = dict(list(self.waiting.items())[:BATCH])
        for key in batch:
            del self.waiting[key]
        self.batches.append((tuple(batch), self.pool.submit(self.embedder.documents, list(batch.values()))))

    def finish(self) -> None:
        """No more documents come: embed what waits, and put the pieces in order of id."""
        if self.waiting:
            self._send()
        self.pieces.sort(key=lambda piece: piece[0].id)

    def vectors(self, track: "Track[tuple[int, ...]]") -> dict[int, Vectors32]:
        """The vectors that no old index has, by the hash of their text, once they are made."""
        futures = iter([future for _, future in self.batches])
        vectors: dict[int, Vectors32] = {}
        for keys in track([keys for keys, _ in self.batches]):
            vectors.update(zip(keys, next(futures).result(), strict=True))
        return vectors


def build(
    store: Store,
    documents: Iterable[Document],
    embedder: Embedder,
    sources: Sequence[str],
    old: Built | None = None,
    track: "Track[tuple[int, ...]]" = lambda batches: batches,
    check: Callable[[], None] = lambda: None,
) -> Report:
    """Commit an index of exactly these documents. Call it under `store.lock()`.

    `old` is what may be reused (see `reusable`); `track` wraps the batches that are embedded, for a progress bar; `check`
    is called when all documents have come, and may raise: nothing is committed then.
    """
    before = old.contents if old else None
    stored = before.hashes if before else {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        work = _Work(embedder, before, pool)
        try:
            for document in documents:
                work.add(document, kept=stored.get(document.id) == document.source_hash)
            check()
            work.finish()
            chunks = [chunk for _, _, found in work.pieces for chunk in found]
            changes = plan((document for document, _, _ in work.pieces), old)
            total = sum(len(sentences) for _, sentences, _ in work.pieces)
            if old and tuple(sources) == old.sources and _unchanged(work.pieces, changes, old.contents):
                return Report(changes, len(work.pieces), total, len(chunks), 0, committed=False)
            words = _keywords(work.pieces, changes, before)  # While the last texts are embedded.
            made = work.vectors(track)
        finally:
            pool.shutdown(cancel_futures=True)
    contents = Contents.of(work.pieces, work.keys, words, _vectors(chunks, work, made))
    store.commit(embedder.identity, split.VERSION, sources, contents.to_files())
    return Report(changes, len(work.pieces), total, len(chunks), len(made), committed=True)


def _unchanged(pieces: Sequence[Piece], changes: Plan, old: Contents) -> bool:
    """Whether the index says already what a build would make it say, down to the time of each file."""
    return not (changes.added or changes.changed or changes.removed) and all(document == old.document(document.id) for document, _, _ in pieces)


def _stored(old: Contents, document: Document) -> Piece:
    """A kept document with the sentences and chunks that are stored of it; its time or source may be new."""
    sentences = tuple(Sentence(document, s.start, s.end) for s in old.sentences_of(document.id))
    place = {sentence.start: number for number, sentence in enumerate(sentences)}
    chunks = (Chunk(c.id, document, sentences[place[c.sentences[0].start] : place[c.sentences[-1].start] + 1]) for c in old.chunks_of(document.id))
    return document, sentences, tuple(chunks)


def _cut(document: Document, embedder: Embedder) -> Piece:
    sentences = split.sentences(document)
    return document, sentences, split.chunks(document, sentences, embedder.count, embedder.identity.window - SPECIAL_TOKENS)


def _vectors(chunks: Sequence[Chunk], work: _Work, made: dict[int, Vectors32]) -> Vectors:
    """Rows of the old index where it has the text, new ones elsewhere, in the order of the chunks."""
    keys = [work.keys[chunk.id] for chunk in chunks]
    rows = np.stack(list(made.values())) if made else np.zeros((0, work.embedder.identity.dimension), np.float32)
    if work.old is None:
        place = {key: row for row, key in enumerate(made)}
        return Vectors.of(rows[[place[key] for key in keys]])
    kept = sorted({work.known[key] for key in keys if key in work.known})
    place = {row: number for number, row in enumerate(kept)}
    new = {key: len(kept) + number for number, key in enumerate(made)}
    order = np.array([place[work.known[key]] if key in work.known else new[key] for key in keys], np.int64)
    return work.old.vectors.rearranged(np.array(kept, np.int64), rows, order)


def _keywords(pieces: Sequence[Piece], changes: Plan, old: Contents | None) -> Keywords:
    """The words of new and changed documents, and those that the old index has of the others."""
    if old is None:
        return Keywords.of([_words(*piece) for piece in pieces])
    kept = set(changes.kept)
    new = Keywords.of([_words(*piece) for piece in pieces if piece[0].id not in kept])
    rows = [row for id in changes.kept for row in old.rows_of(id)]
    gone = (indexed_stems(s.text) for id in (*changes.changed, *changes.removed) for s in old.sentences_of(id))
    return old.keywords.rearranged(np.array(rows, np.int64), gone, new, _order(pieces, kept, len(rows)))


def _order(pieces: Sequence[Piece], kept: set[str], first_new: int) -> Numbers:
    """For each chunk its place among the kept rows, which come first, and the new ones."""
    order: list[int] = []
    old, new = 0, first_new
    for document, _, chunks in pieces:
        if document.id in kept:
            order += range(old, old + len(chunks))
            old += len(chunks)
        else:
            order += range(new, new + len(chunks))
            new += len(chunks)
    return np.array(order, np.int64)


def _words(document: Document, sentences: Sequence[Sentence], chunks: Sequence[Chunk]) -> ChunkWords:
    """The words of a document: those of its sentences, and around each chunk those of its title, heading, and path."""
    place = {sentence.start: number for number, sentence in enumerate(sentences)}
    named = frozenset(indexed_stems(f"{document.title}\n{document.id}"))
    over = {start: frozenset(indexed_stems(split.context(document, start))) | named for start in {chunk.start for chunk in chunks}}
    return ChunkWords(
        [indexed_stems(sentence.text) for sentence in sentences],
        [(place[chunk.sentences[0].start], place[chunk.sentences[-1].start] + 1) for chunk in chunks],
        [over[chunk.start] for chunk in chunks],
    )
