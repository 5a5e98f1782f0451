"""Which documents a search may look into: by source, path, file type and date."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a document must be; an empty condition holds for all, and of several values of one any will do.

    `documents` are ids; `sources` absolute paths that were indexed; `paths` ids, or globs over them, in which `*` passes over "/" too;
    `types` file suffixes without the dot, in any case; `since` and `until` days (UTC, both included) of the file's last change.
    """

    sources: tuple[Path, ...] = ()
    paths: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    documents: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return any((self.documents, self.sources, self.paths, self.types, self.since, self.until))

    def accepts(self, id: str, source: str, modified: int) -> bool:
        """Whether a document of this id, source and time (seconds since 1970, UTC) may be searched."""
        day = datetime.fromtimestamp(modified, UTC).date()
        return (
            (not self.documents or id in self.documents)
            and _any(self.sources, lambda wanted: Path(source) == wanted)
            and _any(self.paths, lambda glob: id == glob or fnmatchcase(id, glob))
            and _any(self.types, lambda suffix: PurePosixPath(id).suffix.lower() == f".{suffix.lower().lstrip('.')}")
            and (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
        )


def _any(wanted: Sequence[T], holds: Callable[[T], bool]) -> bool:
    return not wanted or any(map(holds, wanted))
