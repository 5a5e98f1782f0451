"""A PDF's text page by page, its lines put together into paragraphs by where they stand. The door to pypdfium2."""

import re
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from index.errors import LoadError
from index.load.reading import Reading
from index.types import Heading

PARAGRAPH_GAP = 1.45  # Times the usual distance of two lines: chosen on printed papers, letters and manuals.
LARGER = 1.12  # Times the usual letter size: a heading.
LONGEST_HEADING = 120
BROKEN = "\ufffe"  # PDFium's mark where a word was broken at the end of a line; the word is put together again.


class Line(NamedTuple):
    """A line of a page: its text, the y of its lowest edge, and its letters' size, in points."""

    text: str
    bottom: float
    size: float


def read_pdf(path: Path) -> Reading:
    """The text of all pages. Raises LoadError for an encrypted, damaged, or scanned file."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise LoadError(_reason(str(error))) from error
    pages = [_lines(document[number]) for number in range(len(document))]
    if not any(pages):
        raise LoadError(f"its {len(pages)} pages hold no text, only pictures: run text recognition (OCR) on it first")
    title = (document.get_metadata_dict().get("Title") or "").strip()
    text, starts, headings = _assemble(pages)
    blank = [str(number) for number, lines in enumerate(pages, 1) if not lines]
    notes = (f"pages without text: {', '.join(blank)}",) if blank else ()
    return Reading(text, title if _says_something(title) else "", starts, headings, notes)


def _reason(error: str) -> str:
    if "assword" in error:
        return "is encrypted: save a copy without its password"
    return f"is damaged or not a PDF ({error.rstrip('.')})"


def _says_something(title: str) -> bool:
    """Whether a title is one, and not the name of the file or program that it was made from."""
    return len(title) > 3 and not re.search(r"\.\w{2,4}$|^(untitled|microsoft word|document\d*)", title, re.I)


def _lines(page: "object") -> list[Line]:
    import pypdfium2.raw as raw

    textpage = page.get_textpage()  # type: ignore[attr-defined]
    lines = []
    position = 0
    for piece in textpage.get_text_range().split("\r\n"):
        text = piece.replace("\0", "").strip()
        first = position + len(piece) - len(piece.lstrip())
        if text:
            _, bottom, _, _ = textpage.get_charbox(min(first, textpage.count_chars() - 1), loose=True)
            lines.append(Line(text, bottom, raw.FPDFText_GetFontSize(textpage, first)))
        position += len(piece) + 2
    return lines


def _assemble(pages: list[list[Line]]) -> tuple[str, tuple[int, ...], tuple[Heading, ...]]:
    """Pages into one text. A page ends with a form feed, a paragraph with a blank line, a broken word is joined."""
    every = [line for lines in pages for line in lines]
    usual = median(line.size for line in every)
    parts: list[str] = []
    starts: list[int] = []
    headings: list[Heading] = []
    length = 0
    for lines in pages:
        starts.append(length)
        gap = _usual_gap(lines)
        for place, line in enumerate(lines):
            following = lines[place + 1] if place + 1 < len(lines) else None
            text, joint = _joined(line, following, gap)
            if line.size > LARGER * usual and len(text) < LONGEST_HEADING:
                _add_heading(headings, length, length + len(text), line.size, usual, parts)
            parts += [text, joint]
            length += len(text) + len(joint)
        parts.append("\f")
        length += 1
    return "".join(parts[:-1]), tuple(starts), tuple(headings)


def _usual_gap(lines: list[Line]) -> float:
    """The distance of two lines of a paragraph: the lower quartile, for a short page may have more gaps than lines."""
    steps = [above.bottom - below.bottom for above, below in pairwise(lines) if above.bottom > below.bottom + 1]
    return sorted(steps)[len(steps) // 4] if steps else 0.0


def _joined(line: Line, following: Line | None, gap: float) -> tuple[str, str]:
    """A line's text and what stands between it and the next: nothing, a line's end, or a blank line."""
    text = line.text.replace(BROKEN, "")
    if following is None or line.text.endswith(BROKEN):
        return text, ""
    step = line.bottom - following.bottom
    apart = (gap and step > PARAGRAPH_GAP * gap) or abs(line.size - following.size) > 0.1 * max(line.size, 1)
    return text, "\n\n" if apart else "\n"


def _add_heading(headings: list[Heading], start: int, end: int, size: float, usual: float, parts: list[str]) -> None:
    """A new heading, or the second line of the one before."""
    if headings and parts[-1] == "\n" and headings[-1].end == start - 1:
        headings[-1] = Heading(headings[-1].start, end, headings[-1].level)
    else:
        headings.append(Heading(start, end, 1 if size > 1.5 * usual else 2))
