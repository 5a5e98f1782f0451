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
    """A regular file to read, the source that it is of, and its document id: the path inside its source, "/" separated."""

    path: Path
    source: Path
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
    found: dict[Path, Path] = {}
    skipped: list[Skipped] = []
    closed = {path.resolve() for path in leave_out}
    outermost = sorted({resolve(source) for source in sources}, key=lambda source: (len(source.parts), source))
    for source in outermost:
        for path in [source] if not source.is_dir() else _files(source, closed, skipped):
            reason = _unreadable(path)
            if reason is None:
                found.setdefault(path, source)
            elif path not in found:
                skipped.append(Skipped(path, reason))
    return _named(sorted(found.items())), list(dict.fromkeys(skipped))


def resolve(source: Path) -> Path:
    """The absolute path of a source. Raises SourceError if it is not there or cannot be reached."""
    try:
        return source.resolve(strict=True)
    except FileNotFoundError:
        raise SourceError(f"there is no file or folder {printable(str(source))}: check the name, or name what to index: `footnote build FOLDER`") from None
    except (OSError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a loop of symbolic links"
        raise SourceError(f"{printable(str(source))} cannot be opened: {reason}") from None


def _files(folder: Path, closed: set[Path], skipped: list[Skipped]) -> Iterator[Path]:
    """Every visible thing under a folder that is not itself a folder. Folders may be nested as deep as they like."""
    waiting = [folder]
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            skipped.append(Skipped(here, f"the folder cannot be opened: {error.strerror}"))
            continue
        visible = [entry for entry in entries if not entry.name.startswith(".") and Path(entry.path) not in closed]
        waiting += [Path(entry.path) for entry in reversed(visible) if entry.is_dir(follow_symlinks=False)]
        yield from (Path(entry.path) for entry in visible if not entry.is_dir(follow_symlinks=False))


def _unreadable(path: Path) -> str | None:
    """Why a path is not even tried; None if it is a regular file of a format that is read."""
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        return f"cannot be opened: {error.strerror}"
    if stat.S_ISLNK(mode):
        return "a symbolic link: links are not followed, add what it points to as a source"
    if not stat.S_ISREG(mode):
        return "not a regular file"
    if path.suffix.lower() not in SUFFIXES:
        return f"the format {path.suffix or 'without a suffix'} is not read"
    return None


def _named(found: Sequence[tuple[Path, Path]]) -> list[File]:
    """Give each file its id; where two sources claim one, their folders' names go in front, as many as it takes.

    Two names in one folder that print alike are told apart by a number.
    """
    depth = dict.fromkeys(found, 0)
    while True:
        claims: defaultdict[str, list[tuple[Path, Path]]] = defaultdict(list)
        for pair in found:
            claims[_id(*pair, depth[pair])].append(pair)
        several = [pairs for pairs in claims.values() if len({source for _, source in pairs}) > 1]
        contested = [pairs for pairs in several if any(depth[pair] < len(pair[1].parts) for pair in pairs)]
        if not contested:
            return [File(*pair, id if place == 0 else f"{id} ({place + 1})") for id, pairs in claims.items() for place, pair in enumerate(pairs)]
        for pair in (pair for pairs in contested for pair in pairs):
            depth[pair] += 1


def _id(path: Path, source: Path, depth: int) -> str:
    root = source if source != path else source.parent
    inside = path.relative_to(root).parts
    above = root.parts[-depth:] if depth else ()
    return printable("/".join([*(part.strip("/") for part in above), *inside]))


def printable(name: str) -> str:
    """A file name as text that can be stored and shown: bytes that are no UTF-8 become `\\xNN`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
