"""Names and places of uploaded files: nothing that a browser calls a file leads out of its folder."""

import re
from pathlib import Path, PurePosixPath

from assistant.errors import SettingsError
from index.load.formats import is_read, unread
from index.load.reading import unused

BAD = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST_NAME = 180
"""Bytes: file systems take 255, and a number may be added."""


def safe_name(given: str) -> str:
    """A file's name without folders and without what steers terminals. Raises SettingsError for a format that is not read."""
    name = BAD.sub("_", given.replace("\\", "/").rpartition("/")[2]).strip(". ")
    stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
    if not is_read(name):
        raise SettingsError(unread(suffix[:20].lower()))
    while len(stem.encode()) > LONGEST_NAME:
        stem = stem[:-1]
    return stem + suffix


def unused_name(name: str, folder: Path) -> str:
    """The name, with a number before its suffix where a file of that name is there."""
    path = PurePosixPath(name)
    taken = {entry.name.removesuffix(path.suffix) for entry in folder.iterdir() if entry.name.endswith(path.suffix)} if folder.is_dir() else set()
    return unused(path.stem, taken) + path.suffix


def put(data: Path, folder: Path, name: str) -> Path:
    """Move a whole file into a folder in one step: a build sees it whole, or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / name
    return data.replace(place)
