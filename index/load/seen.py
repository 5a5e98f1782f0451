"""What was seen of files when they were last read: it saves reading them again while the file system says that they are the same."""

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import LoadError

Signature = tuple[int, int, int, int, int]
"""Size, time of change, time of change of the entry (both in nanoseconds since 1970), inode, device."""

GRANULE = 2_000_000_000
"""Nanoseconds: the coarsest clock of a file system (FAT's). A file that changed as lately as that may change again and bear the same time."""
VERSION = 1


def signature(status: os.stat_result) -> Signature:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


@dataclass
class Seen:
    """The SHA-256 of files by path, each for as long as its signature holds; and why the contents of some cannot be read.

    The time of an entry's change is set by the kernel alone: no tool that puts a file's own time back deceives it.
    """

    files: dict[str, tuple[Signature, str]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._now: dict[str, tuple[Signature, str]] = {}
        self._failed: dict[str, str] = {}

    @classmethod
    def from_bytes(cls, data: bytes | None, reader: int) -> "Seen":
        """What `to_bytes` wrote; nothing where another version did, or another `reader` judged what can be read."""
        if data is None:
            return cls()
        stored = json.loads(data)
        if stored["version"] != [VERSION, reader]:
            return cls()
        return cls({path: (tuple(entry[:-1]), entry[-1]) for path, entry in stored["files"].items()}, stored["unreadable"])

    def to_bytes(self, reader: int) -> bytes:
        """What was seen since this was made, and nothing older."""
        files = {path: [*entry, digest] for path, (entry, digest) in self._now.items()}
        return json.dumps({"version": [VERSION, reader], "files": files, "unreadable": self._failed}).encode()

    @property
    def changed(self) -> bool:
        """Whether it knows something else than what it was made of."""
        return (self._now, self._failed) != (self.files, self.unreadable)

    def hash_of(self, path: str, found: Signature) -> str:
        """SHA-256 of a file in hex, taken of its bytes only where its signature is new. Raises LoadError if it cannot be opened."""
        held = self.files.get(path)
        if held is not None and held[0] == found:
            self._now[path] = held
            return held[1]
        before = time.time_ns()
        digest = _sha256(path)
        if max(found[1:3]) < before - GRANULE:
            self._now[path] = found, digest
        return digest

    def refusal(self, name: str) -> str | None:
        """Why a content (its hash and its suffix) could not be read the last time; None where it was not tried."""
        if name in self.unreadable:
            self._failed[name] = self.unreadable[name]
        return self.unreadable.get(name)

    def refuse(self, name: str, reason: str) -> None:
        self._failed[name] = reason


def _sha256(path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise LoadError(f"cannot be opened: {error.strerror}") from error
