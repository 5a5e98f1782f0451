"""Sources into documents, with a report of what was read, skipped, and why. Knows no vectors and no questions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import LoadError
from index.load.reader import Reader, file_hash
from index.load.walk import File, Skipped, printable, resolve, walk
from index.types import Document

__all__ = ["Loaded", "Problem", "load", "resolve"]

Track = Callable[[Sequence[File]], Iterable[File]]


@dataclass(frozen=True, slots=True)
class Problem:
    """A file, by its path, and what is to be said of it."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The documents of some sources; the files that could not be read, those left out, and what looked odd."""

    documents: tuple[Document, ...]
    failed: tuple[Problem, ...]
    skipped: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def load(sources: Sequence[Path], known: Mapping[str, Document], leave_out: Sequence[Path] = (), track: Track = lambda files: files) -> Loaded:
    """Read every file of the sources; a file whose hash is that of its `known` document is not read again.

    `leave_out` are folders that are not walked (the index itself). Raises SourceError if a source does not exist.
    """
    files, skipped = walk(sources, leave_out)
    documents: list[Document] = []
    failed: list[Problem] = []
    warnings: list[Problem] = []
    with Reader() as reader:
        for file in track(files):
            try:
                document, odd = _read(reader, file, known.get(file.id))
            except LoadError as error:
                failed.append(Problem(str(file.path), str(error)))
            else:
                documents.append(document)
                warnings += [Problem(str(file.path), reason) for reason in odd]
    return Loaded(tuple(documents), tuple(failed), tuple(map(_problem, skipped)), tuple(warnings))


def _read(reader: Reader, file: File, known: Document | None) -> tuple[Document, tuple[str, ...]]:
    digest = file_hash(file.path)
    if known is not None and known.source_hash == digest:
        return known, ()
    reading = reader.read(file.path)
    return Document(file.id, reading.title or printable(file.path.stem), reading.text, reading.pages, digest, reading.headings), reading.warnings


def _problem(skipped: Skipped) -> Problem:
    return Problem(str(skipped.path), skipped.reason)
