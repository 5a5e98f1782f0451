"""The file that a document was read from: where it is now, and whether it is still what was read."""

import hashlib
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from index.load.seen import Signature, signature
from index.types import Document


def find(document: Document) -> Path | None:
    """The file of a document, or the archive or mail that it is a part of; None where it is gone, or never was one."""
    return next((path for path in _candidates(document) if _is_file(path)), None)


def is_unchanged(document: Document, path: Path) -> bool:
    """Whether a file still holds the bytes that the document was read from."""
    try:
        return _digest(str(path), signature(path.stat())) == document.source_hash
    except OSError:
        return False


def _candidates(document: Document) -> Iterator[Path]:
    """Where the file may be: an id is the path inside its source, with the last names of the source in front where two sources share one."""
    source = Path(document.source)
    if not document.source or not source.is_absolute():
        return
    parts = PurePosixPath(document.inside or document.id).parts
    folder = source.parts
    if ".." not in parts:
        yield from (source.joinpath(*parts[first:]) for first in range(len(parts)) if folder[len(folder) - first :] == parts[:first])
        if source.name == parts[-1]:
            yield source


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)  # A link that was put in its place may lead anywhere.
    except OSError:
        return False


@lru_cache(256)
def _digest(path: str, _signature: Signature) -> str:
    """SHA-256 of a file in hex; taken once for as long as the file system calls it the same."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
