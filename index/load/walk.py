"""Sources into a list of files, each with the document id it shall have. Reads no file."""

import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from os.path import basename, dirname, splitext
from pathlib import Path

from index.errors import SourceError
from index.load.formats import is_read, unread
from index.load.seen import Signature, signature


@dataclass(frozen=True, slots=True)
class File:
    """A regular file to read, the source that it is of, its signature, and its document id: the path inside its source, "/" separated."""

    path: str
    source: str
    signature: Signature
    id: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in a source that is not read, and why."""

    path: str
    reason: str


Look = Callable[[], os.stat_result]
Pair = tuple[str, str]
"""The path of a file and the source that it is of. Strings: ten thousand Path objects take longer than all else of a build that changes nothing."""


def walk(sources: Sequence[Path], leave_out: Sequence[Path] = (), takes: Callable[[str], bool] = lambda _: False) -> tuple[list[File], list[Skipped]]:
    """Every readable file of the sources, in order of path, and everything passed over.

    Hidden files are passed over in silence, links and special files are not followed. A path that two
    sources share is told apart by the sources' own names. `takes` says of which suffixes files are read by other readers.
    Raises SourceError if a source does not exist.
    """
    found: dict[str, tuple[str, Signature]] = {}
    skipped: list[Skipped] = []
    closed = {str(path.resolve()) for path in leave_out}
    named = {resolve(source) for source in sources}
    outermost = sorted({source for source in named if str(source) not in closed or source.is_dir()}, key=lambda source: (len(source.parts), source))
    for source in outermost:
        for path, look in _files(str(source), closed, skipped) if source.is_dir() else [(str(source), source.lstat)]:
            looked = _looked_at(path, look, takes)
            if not isinstance(looked, str):
                found.setdefault(path, (str(source), looked))
            elif path not in found:
                skipped.append(Skipped(path, looked))
    pairs = sorted((path, source) for path, (source, _) in found.items())
    return [File(*pair, found[pair[0]][1], id) for pair, id in _named(pairs)], list(dict.fromkeys(skipped))


def resolve(source: Path) -> Path:
    """The absolute path of a source. Raises SourceError if it is not there or cannot be reached."""
    try:
        return source.resolve(strict=True)
    except FileNotFoundError:
        raise SourceError(f"there is no file or folder {printable(str(source))}: check the name, or name what to index: `footnote build FOLDER`") from None
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a loop of symbolic links"
        raise SourceError(f"{printable(str(source))} cannot be opened: {reason}") from None


def _files(folder: str, closed: set[str], skipped: list[Skipped]) -> Iterator[tuple[str, Look]]:
    """Every visible thing under a folder that is not itself a folder. Folders may be nested as deep as they like."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            skipped.append(Skipped(here, f"the folder cannot be opened: {error.strerror}"))
            continue
        visible = [entry for entry in entries if not entry.name.startswith(".") and entry.path not in closed]
        waiting += [entry.path for entry in reversed(visible) if entry.is_dir(follow_symlinks=False)]
        yield from ((entry.path, partial(entry.stat, follow_symlinks=False)) for entry in visible if not entry.is_dir(follow_symlinks=False))


def _looked_at(path: str, look: Look, takes: Callable[[str], bool]) -> Signature | str:
    """The signature of a regular file of a format that is read; else why a path is not even tried."""
    try:
        status = look()
    except OSError as error:
        return f"cannot be opened: {error.strerror}"
    if stat.S_ISLNK(status.st_mode):
        return "a symbolic link: links are not followed, add what it points to as a source"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file"
    if not (is_read(basename(path)) or takes(splitext(path)[1].lower())):
        return unread(splitext(path)[1].lower())
    return signature(status)


def _named(found: Sequence[Pair]) -> list[tuple[Pair, str]]:
    """Give each file its id; where two sources claim one, their folders' names go in front, as many as it takes.

    Two names in one folder that print alike are told apart by a number.
    """
    depth = dict.fromkeys(found, 0)
    while True:
        claims: defaultdict[str, list[Pair]] = defaultdict(list)
        for pair in found:
            claims[_id(*pair, depth[pair])].append(pair)
        contested = [pairs for pairs in _several(claims) if any(depth[pair] < len(Path(pair[1]).parts) for pair in pairs)]
        if not contested:
            return [(pair, id if place == 0 else f"{id} ({place + 1})") for id, pairs in claims.items() for place, pair in enumerate(pairs)]
        for pair in {pair for pairs in contested for pair in pairs}:
            depth[pair] += 1


def _several(claims: Mapping[str, list[Pair]]) -> Iterator[list[Pair]]:
    """The files of several sources that claim one id, or one the inside of what may be the other's archive."""
    for id, pairs in claims.items():
        above = (id[:end] for end in range(len(id)) if id[end] == "/")
        for claimants in (pairs, *(claims[folder] + pairs for folder in above if folder in claims)):
            if len({source for _, source in claimants}) > 1:
                yield claimants


def _id(path: str, source: str, depth: int) -> str:
    root = source if source != path else dirname(source)
    inside = path[len(root) :].lstrip("/")
    if not depth:
        return printable(inside)
    return printable("/".join([*(part.strip("/") for part in Path(root).parts[-depth:]), inside]))


def printable(name: str) -> str:
    """A file name as text that can be stored and shown: bytes that are no UTF-8 become `\\xNN`."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "backslashreplace")
