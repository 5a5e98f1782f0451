"""What a file says, and how readers put that together: block by block, headings and pages by offset."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from index.load.grid import row_sentences
from index.types import Heading

BLOCK = "\n\n"
PAGE = "\f"


def unused(name: str, taken: Container[str]) -> str:
    """A name, with the first number that tells it from those that are taken."""
    numbered = (name if number == 1 else f"{name} ({number})" for number in count(1))
    return next(candidate for candidate in numbered if candidate not in taken)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says. `title` is empty where the file names none; `notes` are for the reading report.

    `parts` are files that were unpacked of an archive or a mail, each by its path inside: they are read by themselves, and the
    reading of one that has parts may have no text. `language` is a guess, as a code of ISO 639-1.
    """

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    notes: tuple[str, ...] = ()
    parts: tuple[tuple[str, Path], ...] = ()
    language: str = ""


@dataclass
class Writer:
    """Puts a text together. Blocks are a blank line apart, pages a form feed; neither ends with white space."""

    headings: list[Heading] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    hidden: int = 0
    notes: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _gap: str = ""

    def page(self) -> None:
        """What follows stands on a new page."""
        if self.pages:
            self._append(PAGE)
        self.pages.append(self._length)
        self._gap = ""

    def put(self, text: str) -> None:
        """A paragraph."""
        if text := text.strip():
            self._append(self._gap + text)
            self._gap = BLOCK

    def heading(self, text: str, level: int) -> None:
        """A heading on one line; level 1 is the outermost."""
        if text := " ".join(text.split()):
            start = self._length + len(self._gap)
            self.put(text)
            self.headings.append(Heading(start, start + len(text), level))

    def table(self, rows: Sequence[Sequence[str]], header: bool | None = None) -> None:
        """A table, a sentence a row (see `grid.row_sentences`)."""
        for sentence in row_sentences(rows, header):
            self.put(sentence)

    def take(self, reading: Reading) -> None:
        """Another reading, after what is there; its headings move along, its pages are dropped."""
        start = self._length + len(self._gap)
        text = reading.text.strip()
        lead = len(reading.text) - len(reading.text.lstrip())
        self.put(text)
        for heading in reading.headings:
            first, last = (min(max(place - lead, 0), len(text)) for place in (heading.start, heading.end))
            if first < last:
                self.headings.append(Heading(start + first, start + last, heading.level, heading.guessed))
        self.notes += reading.notes

    def reading(self, title: str = "", parts: Sequence[tuple[str, Path]] = ()) -> Reading:
        """All that was put."""
        notes = [*self.notes, f"{self.hidden} hidden characters were left out"] if self.hidden else self.notes
        return Reading("".join(self._parts), " ".join(title.split()), tuple(self.pages), tuple(self.headings), tuple(dict.fromkeys(notes)), tuple(parts))

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
