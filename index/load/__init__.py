"""Sources into documents, with a report of what was read, skipped, and why. Knows no vectors and no questions."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from index.errors import LoadError, PassingError, SourceError
from index.load import ocr
from index.load.foreign import Foreign, connected
from index.load.reader import Reader
from index.load.reading import Reading, unused
from index.load.seen import Seen, signature
from index.load.walk import File, Skipped, printable, resolve, walk
from index.types import Document, Stamp, Unchanged

__all__ = ["Foreign", "Known", "Loading", "Problem", "Seen", "connects", "load", "resolve", "version"]

VERSION = 3
TRIES = 3

Track = Callable[[Sequence[File]], Iterable[File]]


class Known(Protocol):
    """What an index holds already."""

    @property
    def stamps(self) -> Mapping[str, Stamp]:
        """What each document's file was when it was read, by id."""

    def document(self, id: str) -> Document: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, by its path, and what is to be said of it."""

    file: str
    reason: str


@dataclass
class Loading:
    """The documents of some sources, read as they are asked for, once; and what is to be said of the files so far.

    `failed` could not be read, `skipped` were left out, `notes` tell of those just read what looks odd. `read` counts the documents,
    and `types` and `languages` those that were read just now: by their suffixes, and by codes of ISO 639-1. `readers` come before ours;
    one that reads no files makes its documents of `connections`.
    """

    files: Sequence[File]
    known: Known | None
    seen: Seen
    skipped: tuple[Problem, ...]
    track: Track
    readers: Sequence[Foreign] = ()
    connections: Sequence[str] = ()
    failed: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    read: int = 0
    types: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)

    @cached_property
    def documents(self) -> tuple[Document | Unchanged, ...]:
        """All documents, read at once."""
        return tuple(self)

    def __iter__(self) -> Iterator[Document | Unchanged]:
        if self.connections:
            yield from self._connected()
            return
        with Reader() as reader:
            for file in self.track(self.files):
                try:
                    documents = list(self._documents(reader, file))
                except LoadError as error:
                    self.failed.append(Problem(file.path, str(error)))
                    continue
                except OSError as error:  # It went away meanwhile, or there is no room to unpack it.
                    self.failed.append(Problem(file.path, f"cannot be read: {error.strerror or error}"))
                    continue
                self.read += len(documents)
                yield from documents

    def _connected(self) -> Iterator[Document | Unchanged]:
        for document in connected(self.readers[0].name, self.connections):
            self.read += 1
            held = self._stamps.get(document.id)
            changed = held is None or held.source_hash != document.source_hash
            self.types["connected"] += changed
            yield document if changed else Unchanged(document.id)

    def _foreign(self, file: File) -> str:
        """The reader that was asked for, for a file; empty where ours reads it."""
        suffix = PurePosixPath(file.path).suffix.lower()
        return next((reader.name for reader in self.readers if reader.takes(suffix)), "")

    @cached_property
    def _stamps(self) -> Mapping[str, Stamp]:
        return self.known.stamps if self.known else {}

    @cached_property
    def _of_file(self) -> Mapping[str, list[str]]:
        """The ids of the known documents of each file: one, but for archives and mails."""
        ids: defaultdict[str, list[str]] = defaultdict(list)
        for id, stamp in self._stamps.items():
            ids[stamp.inside or id].append(id)
        return ids

    @cached_property
    def _of_content(self) -> Mapping[str, str]:
        """A known file's id for each content (its hash and its suffix)."""
        return {_content(file, self._stamps[ids[0]].source_hash): file for file, ids in self._of_file.items()}

    def _documents(self, reader: Reader, file: File) -> Iterator[Document | Unchanged]:
        digest = self.seen.hash_of(file.path, file.signature)
        source, modified = printable(file.source), file.signature[1] // 10**9
        troubles = self.seen.known_troubles(self._key(file, digest))
        if troubles is None:
            yield from self._read(reader, file, digest, source)
            return
        if whole := next((reason for inside, reason, _ in troubles if not inside), None):
            raise LoadError(whole)
        stamps = self._stamps
        held = self._of_file.get(file.id, ())
        twin = file.id if held and stamps[held[0]].source_hash == digest else self._of_content.get(_content(file.id, digest))
        if held and all((s.source_hash, s.source, s.modified) == (digest, source, modified) for s in map(stamps.__getitem__, held)):
            yield from map(Unchanged, held)
        elif twin is not None and self.known is not None:
            for document in map(self.known.document, self._of_file[twin]):
                inside = file.id if document.inside else ""
                yield replace(document, id=file.id + document.id[len(twin) :], source=source, modified=modified, inside=inside)
        else:
            yield from self._read(reader, file, digest, source)
            return
        self.failed += [Problem(file.path + inside, reason) for inside, reason, _ in troubles]

    def _key(self, file: File, digest: str) -> str:
        """What decides what can be read of a file."""
        return _content(file.id, digest) + self._foreign(file)

    def _read(self, reader: Reader, file: File, digest: str, source: str) -> Iterator[Document]:
        """Read a file anew. What was read is what was hashed: a file that changes meanwhile is read again."""
        found = file.signature
        for _ in range(TRIES):
            readings = _distinct(reader.read_all(Path(file.path), self._foreign(file)))
            before, found = found, signature(Path(file.path).lstat())
            if before == found:
                break
            digest = self.seen.hash_of(file.path, found)
        else:
            raise PassingError("changes while it is read: build again when it is at rest")
        troubles = [(inside, reading) for inside, reading in readings.items() if isinstance(reading, LoadError)]
        good = {inside: reading for inside, reading in readings.items() if isinstance(reading, Reading)}
        if not any(reading.text for reading in good.values()):
            first = troubles[0][1]
            error = type(first)(str(first) if not troubles[0][0] else f"nothing in it can be read ({troubles[0][0].lstrip('/')}: {first})")
            self.seen.tell(self._key(file, digest), [("", error)])
            raise error
        self.seen.tell(self._key(file, digest), troubles)
        self.failed += [Problem(file.path + inside, str(error)) for inside, error in troubles]
        for inside, reading in good.items():
            self.notes += [Problem(file.path + inside, note) for note in reading.notes]
            if reading.text:
                yield self._document(file, inside, reading, digest, source, found[1] // 10**9)

    def _document(self, file: File, inside: str, reading: Reading, digest: str, source: str, modified: int) -> Document:
        id, of = file.id + inside, file.id if inside else ""
        self.types[PurePosixPath(id).suffix.lower().lstrip(".")] += 1
        self.languages[reading.language] += 1
        return Document(id, reading.title, reading.text, reading.pages, digest, reading.headings, source, modified, of, reading.notes, reading.language)


def _distinct(readings: Iterable[tuple[str, Reading | LoadError]]) -> dict[str, Reading | LoadError]:
    """Readings by their paths inside; of several with one path all but the first bear a number."""
    found: dict[str, Reading | LoadError] = {}
    for inside, reading in readings:
        found[unused(inside, found)] = reading
    return found


def version() -> int:
    """Another when a file that could not be read may be readable now: it is tried again then."""
    return 2 * VERSION + ocr.is_installed()


def load(
    sources: Sequence[str | Path],
    known: Known | None = None,
    seen: Seen | None = None,
    leave_out: Sequence[Path] = (),
    track: Track = lambda files: files,
    readers: Sequence[Foreign] = (),
) -> Loading:
    """The readable files of the sources as documents; a file whose content an index knows is not read again, and one that `seen` knows is not even opened.

    `leave_out` are folders that are not walked (the index itself); `readers` are asked before ours (see `index.load.foreign`).
    Raises SourceError if a source does not exist.
    """
    if connects(readers):
        return Loading((), known, seen or Seen(), (), track, readers, tuple(map(str, sources)))
    files, skipped = walk(list(map(Path, sources)), leave_out, lambda suffix: any(reader.takes(suffix) for reader in readers))
    return Loading(files, known, seen or Seen(), tuple(map(_problem, skipped)), track, readers)


def connects(readers: Sequence[Foreign]) -> bool:
    """Whether the documents come from elsewhere than files. Raises SourceError for such a reader beside another."""
    elsewhere = [reader for reader in readers if not reader.reads_files]
    if elsewhere and len(readers) > 1:
        raise SourceError(f"{elsewhere[0].name} reads no files, and cannot be used with another reader: build an index of its own with --index")
    return bool(elsewhere)


def _content(id: str, digest: str) -> str:
    """What decides how a file is read: its bytes and its suffix."""
    return digest + PurePosixPath(id).suffix.lower()


def _problem(skipped: Skipped) -> Problem:
    return Problem(skipped.path, skipped.reason)
