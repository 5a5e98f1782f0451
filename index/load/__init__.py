"""Sources into documents, with a report of what was read, skipped, and why. Knows no vectors and no questions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from index.errors import LoadError
from index.load.reader import Reader, file_hash
from index.load.walk import File, Skipped, printable, resolve, walk
from index.types import Document

__all__ = ["Loading", "Problem", "load", "resolve"]

Track = Callable[[Sequence[File]], Iterable[File]]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, by its path, and what is to be said of it."""

    file: str
    reason: str


@dataclass
class Loading:
    """The documents of some sources, read as they are asked for, once; and what is to be said of the files so far.

    `failed` could not be read, `skipped` were left out, `warnings` look odd. `read` counts the documents.
    """

    files: Sequence[File]
    known: Mapping[str, Document]
    skipped: tuple[Problem, ...]
    track: Track
    failed: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    read: int = 0

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """All documents, read at once."""
        return tuple(self)

    def __iter__(self) -> Iterator[Document]:
        with Reader() as reader:
            for file in self.track(self.files):
                try:
                    document, odd = _read(reader, file, self.known.get(file.id))
                except LoadError as error:
                    self.failed.append(Problem(str(file.path), str(error)))
                else:
                    self.read += 1
                    self.warnings += [Problem(str(file.path), reason) for reason in odd]
                    yield document


def load(sources: Sequence[Path], known: Mapping[str, Document], leave_out: Sequence[Path] = (), track: Track = lambda files: files) -> Loading:
    """The readable files of the sources as documents; a file whose hash is that of its `known` document is not read again.

    `leave_out` are folders that are not walked (the index itself). Raises SourceError if a source does not exist.
    """
    files, skipped = walk(sources, leave_out)
    return Loading(files, known, tuple(map(_problem, skipped)), track)


def _read(reader: Reader, file: File, known: Document | None) -> tuple[Document, tuple[str, ...]]:
    digest, modified = file_hash(file.path)
    source = printable(str(file.source))
    if known is not None and known.source_hash == digest:
        return known if (known.source, known.modified) == (source, modified) else replace(known, source=source, modified=modified), ()
    reading = reader.read(file.path)
    title = reading.title or printable(file.path.stem)
    return Document(file.id, title, reading.text, reading.pages, digest, reading.headings, source, modified), reading.warnings


def _problem(skipped: Skipped) -> Problem:
    return Problem(str(skipped.path), skipped.reason)
