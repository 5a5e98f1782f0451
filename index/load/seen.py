"""What was seen of files when they were last read: it saves reading them again while the file system says that they are the same."""

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from index.errors import LateError, LoadError, PassingError

Signature = tuple[int, int, int, int, int]
"""Size, time of change, time of change of the entry (both in nanoseconds since 1970), inode, device."""

GRANULE = 2_000_000_000
"""Nanoseconds: the coarsest clock of a file system (FAT's). A file that changed as lately as that may change again and bear the same time."""
NEVER, AT_ONCE = 0.0, 1.0
AGAIN = 3600.0  # Seconds: a file that took too long costs as much again at each try.
VERSION = 2

Trouble = tuple[str, str, float]
"""The path inside a file, empty for itself; why it cannot be read; and when to try again, in seconds since 1970, 0 for never."""


def signature(status: os.stat_result) -> Signature:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


@dataclass
class Seen:
    """The SHA-256 of files by path, each for as long as its signature holds; and what of some contents cannot be read, and why.

    The time of an entry's change is set by the kernel alone: no tool that puts a file's own time back deceives it.
    """

    files: dict[str, tuple[Signature, str]] = field(default_factory=dict)
    troubles: dict[str, list[Trouble]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._now: dict[str, tuple[Signature, str]] = {}
        self._troubles: dict[str, list[Trouble]] = {}

    @classmethod
    def from_bytes(cls, data: bytes | None, reader: int) -> "Seen":
        """What `to_bytes` wrote; nothing where another version did, or another `reader` judged what can be read."""
        if data is None:
            return cls()
        stored = json.loads(data)
        if stored["version"] != [VERSION, reader]:
            return cls()
        files = {path: (tuple(entry[:-1]), entry[-1]) for path, entry in stored["files"].items()}
        return cls(files, {name: [tuple(trouble) for trouble in found] for name, found in stored["troubles"].items()})

    def to_bytes(self, reader: int) -> bytes:
        """What was seen since this was made, and nothing older."""
        files = {path: [*entry, digest] for path, (entry, digest) in self._now.items()}
        return json.dumps({"version": [VERSION, reader], "files": files, "troubles": self._troubles}).encode()

    @property
    def changed(self) -> bool:
        """Whether it knows something else than what it was made of."""
        return (self._now, self._troubles) != (self.files, self.troubles)

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

    def known_troubles(self, content: str) -> list[Trouble] | None:
        """What could not be read of a content the last time; None where it is time to try again."""
        found = self.troubles.get(content, [])
        if any(0 < until < time.time() for _, _, until in found):
            return None
        if found:
            self._troubles[content] = found
        return found

    def tell(self, content: str, troubles: Iterable[tuple[str, LoadError]]) -> None:
        """Remember what cannot be read of a content: for ever; for an hour where it took too long; until the next build where it was the moment's fault."""
        if found := [(inside, str(error), _until(error)) for inside, error in troubles]:
            self._troubles[content] = found


def _until(error: LoadError) -> float:
    if isinstance(error, LateError):
        return time.time() + AGAIN
    return AT_ONCE if isinstance(error, PassingError) else NEVER


def _sha256(path: str) -> str:
    """The hash of a regular file: what was put in its place since it was looked at is not followed, and not waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PassingError("is no regular file any more")
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise PassingError(f"cannot be opened: {error.strerror}") from error
