"""Sources into a list of files, each with the document id it shall have. Reads no file."""

import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import SourceError
from index.load.formats import SUFFIXES


@dataclass(frozen=True, slots=True)
class File:
    """A regular file to read, and its document id: the path inside its source, "/" separated."""

    path: Path
    id: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a source that is not read, and why."""

    path: Path
    reason: str


def walk(sources: Sequence[Path], leave_out: Sequence[Path] = ()) -> tuple[list[File], list[Skipped]]:
    """Every readable file of the sources, in order of path, and everything passed over.

    Hidden files are passed over in silence, links and special files are not followed. A path that two
    sources share is told apart by the sources' own names. Raises SourceError if a source does not exist.
    """
    found: list[tuple[Path, Path]] = []
    skipped: list[Skipped] = []
    closed = {path.resolve() for path in leave_out}
    for source in dict.fromkeys(source.resolve() for source in sources):
        if not source.exists():
            raise SourceError(f"there is no file or folder {printable(str(source))}: check the name")
        for path in [source] if not source.is_dir() else _files(source, closed, skipped):
            reason = _unreadable(path)
            if reason is None:
                found.append((path, source))
            else:
                skipped.append(Skipped(path, reason))
    found = list({path: (path, source) for path, source in reversed(found)}.values())[::-1]
    return _named(found), skipped


def _files(folder: Path, closed: set[Path], skipped: list[Skipped]) -> Iterator[Path]:
    """Every visible thing under a folder that is not itself a folder."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        skipped.append(Skipped(folder, f"the folder cannot be opened: {error.strerror}"))
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".") or path in closed:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(path, closed, skipped)
        else:
            yield path


def _unreadable(path: Path) -> str | None:
    """Why a path is not even tried; None if it is a regular file of a format that is read."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        return "a symbolic link: links are not followed, add what it points to as a source"
    if not stat.S_ISREG(mode):
        return "not a regular file"
    if path.suffix.lower() not in SUFFIXES:
        return f"the format {path.suffix or 'without a suffix'} is not read"
    return None


def _named(found: Sequence[tuple[Path, Path]]) -> list[File]:
    """Give each file its id; where two sources claim one, their folders' names go in front, as many as it takes."""
    depth = dict.fromkeys(found, 0)
    while True:
        claims: defaultdict[str, list[tuple[Path, Path]]] = defaultdict(list)
        for pair in found:
            claims[_id(*pair, depth[pair])].append(pair)
        contested = [pair for pairs in claims.values() if len(pairs) > 1 for pair in pairs]
        if not contested:
            return [File(pair[0], _id(*pair, depth[pair])) for pair in found]
        for pair in contested:
            depth[pair] += 1


def _id(path: Path, source: Path, depth: int) -> str:
    root = source if source != path else source.parent
    inside = path.relative_to(root).parts
    above = root.parts[-depth:] if depth else ()
    return printable("/".join([*(part.strip("/") for part in above), *inside]))


def printable(name: str) -> str:
    """A file name as text that can be stored and shown: bytes that are no UTF-8 become `\\xNN`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
