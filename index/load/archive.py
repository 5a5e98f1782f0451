"""Archives: refused before anything is unpacked where they would unpack to too much or outside themselves; else their files, one by one."""

import io
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from index.errors import LoadError
from index.load.desk import Desk
from index.load.reading import Reading

MOST_UNPACKED = 200 << 20
MOST_RATIO = 100
MOST_ENTRIES = 10_000


def check_archive(path: Path) -> None:
    """Raise LoadError for a zip file that is damaged, a bomb, or that would write outside itself."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise LoadError(f"is damaged: {error}") from error
    packed = sum(entry.compress_size for entry in entries)
    _check_size(len(entries), sum(entry.file_size for entry in entries), packed)
    if any(_points_outside(entry.filename) for entry in entries):
        raise LoadError("holds parts that point outside the archive: refused")


STRICT = b"http://purl.oclc.org/ooxml/"
NAMES = {
    b"wordprocessingml/main": b"wordprocessingml/2006/main", b"drawingml/main": b"drawingml/2006/main", b"drawingml/chart": b"drawingml/2006/chart",
    b"drawingml/diagram": b"drawingml/2006/diagram", b"drawingml/wordprocessingDrawing": b"drawingml/2006/wordprocessingDrawing",
    b"drawingml/picture": b"drawingml/2006/picture", b"presentationml/main": b"presentationml/2006/main",
    b"officeDocument/relationships": b"officeDocument/2006/relationships", b"officeDocument/math": b"officeDocument/2006/math",
    b"officeDocument/extendedProperties": b"officeDocument/2006/extended-properties",
}  # fmt: skip
"""The names of Office Open XML's strict form (ISO/IEC 29500-1), and those of the transitional one, which the libraries know."""


def transitional(path: Path) -> IO[bytes]:
    """An Office file, checked, as one of the transitional form. Raises LoadError as `check_archive` does."""
    check_archive(path)
    with zipfile.ZipFile(path) as package:
        if not _is_strict(package):
            return io.BytesIO(path.read_bytes())
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as made:
            for name in package.namelist():
                made.writestr(name, _renamed(package.read(name)) if name.endswith((".xml", ".rels")) else package.read(name))
    out.seek(0)
    return out


def _renamed(part: bytes) -> bytes:
    """A part of the strict form with the names of the transitional one."""
    for strict, usual in NAMES.items():
        part = part.replace(STRICT + strict, b"http://schemas.openxmlformats.org/" + usual)
    return part


def _is_strict(package: zipfile.ZipFile) -> bool:
    return "_rels/.rels" in package.NameToInfo and STRICT in package.read("_rels/.rels")


def _check_size(entries: int, total: int, packed: int) -> None:
    if entries > MOST_ENTRIES or total > MOST_UNPACKED or total > MOST_RATIO * max(packed, 1):
        raise LoadError(f"would unpack to {total >> 20} MiB in {entries} parts: refused as an archive bomb")


def _points_outside(name: str) -> bool:
    return name.startswith("/") or ".." in name.replace("\\", "/").split("/")


def read_zip(path: Path, desk: Desk) -> Reading:
    """The files of a zip archive that are of a format that is read, unpacked."""
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        locked = [entry.filename for entry in entries if entry.flag_bits & 1]
        if locked and len(locked) == len(entries):
            raise LoadError("is encrypted: unpack it with its password, and index what is in it")
        linked = [entry.filename for entry in entries if stat.S_ISLNK(entry.external_attr >> 16)]
        files = ((entry.filename, partial(archive.open, entry)) for entry in entries if not entry.flag_bits & 1 and entry.filename not in linked)
        return _unpacked(files, desk, tuple(f"{name} is encrypted and was left out" for name in locked) + _links(linked))


def read_tar(path: Path, desk: Desk) -> Reading:
    """The files of a tar archive, compressed or not."""
    try:
        with tarfile.open(path) as archive:
            members, total = [], 0
            for member in archive:  # A compressed archive has no directory: what has come so far is what can be told.
                members.append(member)
                total += member.size
                _check_size(len(members), total, path.stat().st_size)
            if any(_points_outside(member.name) for member in members):
                raise LoadError("holds parts that point outside the archive: refused")
            files = ((member.name, partial(_extracted, archive, member)) for member in members if member.isreg())
            return _unpacked(files, desk, _links([member.name for member in members if member.issym() or member.islnk()]))
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise LoadError(f"is damaged: {error}") from error


def _links(names: Sequence[str]) -> tuple[str, ...]:
    return (f"links to other files were left out: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}",) if names else ()


def _extracted(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    part = archive.extractfile(member)
    assert part is not None  # It is a regular file.
    return part


def _unpacked(files: Iterator[tuple[str, Callable[[], IO[bytes]]]], desk: Desk, notes: tuple[str, ...]) -> Reading:
    """Write what is read under names of our own, and name it by its path in the archive; of two with one path the last counts, as when unpacked."""
    parts: dict[str, Path] = {}
    left = 0
    for number, (name, open_part) in enumerate(files):
        inside = PurePosixPath(name.replace("\\", "/"))
        if any(part.startswith(".") or part == "__MACOSX" for part in inside.parts) or not desk.is_read(inside.name):
            left += not inside.name.startswith(".") and "__MACOSX" not in inside.parts
            continue
        place = desk.scratch / f"{number}{inside.suffix}"
        try:
            with open_part() as part, place.open("wb") as out:
                while block := part.read(1 << 20):
                    out.write(block)
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            notes += (f"{inside} is damaged and was left out: {error}",)
            continue
        parts[str(inside)] = place
    if left:
        notes += (f"{left} files of formats that are not read were left out",)
    if not parts:
        raise LoadError("holds no file of a format that is read")
    return Reading("", notes=notes, parts=tuple(parts.items()))
