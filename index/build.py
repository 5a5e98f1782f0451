"""Make a store hold exactly these documents: a set difference of chunk ids, then the work."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from index import split
from index.contents import FILES, Contents
from index.embed import Embedder
from index.errors import NoIndexError, StoreError
from index.keywords import Vocabulary
from index.store import Store
from index.types import Chunk, Document, ModelIdentity, Sentence
from index.vectors import Ids, Rows, Vectors

T = TypeVar("T")
Track = Callable[[Sequence[T]], Iterable[T]]
Piece = tuple[Document, tuple[Sentence, ...], tuple[Chunk, ...]]

SPECIAL_TOKENS = 2
BATCH = 16  # Chunks between two steps of a progress bar.


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


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did. `embedded` counts the chunks whose vectors were made anew."""

    plan: Plan
    documents: int
    sentences: int
    chunks: int
    embedded: int
    committed: bool


def plan(documents: Iterable[Document], old: Built | None) -> Plan:
    """Compare documents with what an index holds, by id and source hash."""
    stored = {entry.id: entry.source_hash for entry in old.contents.entries} if old else {}
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


def build(
    store: Store,
    documents: Iterable[Document],
    embedder: Embedder,
    sources: Sequence[str],
    old: Built | None = None,
    track: Track[Sequence[Chunk]] = lambda batches: batches,
) -> Report:
    """Commit an index of exactly these documents. Call it under `store.lock()`.

    `old` is what may be reused (see `reusable`); `track` wraps the batches that are embedded, for a progress bar.
    """
    ordered = sorted(documents, key=lambda document: document.id)
    changes = plan(ordered, old)
    before = old.contents if old else None
    kept = set(changes.kept)
    pieces = [_stored(before, document.id) if before and document.id in kept else _cut(document, embedder) for document in ordered]
    chunks = [chunk for _, _, found in pieces for chunk in found]
    total = sum(len(sentences) for _, sentences, _ in pieces)
    if old and tuple(sources) == old.sources and not (changes.added or changes.changed or changes.removed):
        return Report(changes, len(pieces), total, len(chunks), 0, committed=False)
    fresh = _unembedded(chunks, before)
    vectors = _vectors(chunks, fresh, before, embedder, track)
    contents = Contents.of(pieces, _vocabulary(pieces, changes, before), vectors)
    store.commit(embedder.identity, split.VERSION, sources, contents.to_files())
    return Report(changes, len(pieces), total, len(chunks), len(fresh), committed=True)


def _stored(old: Contents, id: str) -> Piece:
    return old.document(id), old.sentences_of(id), old.chunks_of(id)


def _cut(document: Document, embedder: Embedder) -> Piece:
    sentences = split.sentences(document)
    return document, sentences, split.chunks(document, sentences, embedder.count, embedder.identity.window - SPECIAL_TOKENS)


def _unembedded(chunks: Sequence[Chunk], old: Contents | None) -> list[Chunk]:
    """The chunks whose vectors the old index does not hold."""
    known = set(old.vectors.ids.tolist()) if old else set()
    return [chunk for chunk in chunks if chunk.id not in known]


def _vectors(chunks: Sequence[Chunk], fresh: Sequence[Chunk], old: Contents | None, embedder: Embedder, track: Track[Sequence[Chunk]]) -> Vectors:
    batches = [fresh[start : start + BATCH] for start in range(0, len(fresh), BATCH)]
    rows = [np.zeros((0, embedder.identity.dimension), np.float32), *(_rows(embedder, batch) for batch in track(batches))]
    ids: Ids = np.array([chunk.id for chunk in fresh], np.int64)
    if old is None:
        return Vectors.of(ids, np.concatenate(rows))
    wanted = {chunk.id for chunk in chunks}
    return old.vectors.replace((id for id in old.vectors.ids.tolist() if id not in wanted), ids, np.concatenate(rows))


def _rows(embedder: Embedder, batch: Sequence[Chunk]) -> Rows:
    return embedder.documents([split.embedded_text(chunk.document, chunk.start, chunk.end) for chunk in batch])


def _vocabulary(pieces: Sequence[Piece], changes: Plan, old: Contents | None) -> Vocabulary:
    new = {*changes.added, *changes.changed}
    added = Vocabulary.of(s.text for document, sentences, _ in pieces if old is None or document.id in new for s in sentences)
    if old is None:
        return added
    gone = [*changes.changed, *changes.removed]
    return old.vocabulary.replace(Vocabulary.of(s.text for id in gone for s in old.sentences_of(id)), added)
