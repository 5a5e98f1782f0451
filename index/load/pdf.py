"""A PDF's text page by page, its lines put together into paragraphs by where they stand. The door to pypdfium2.

What stands at the edges of pages, and the notes at their feet, do not cut a sentence that runs on over them: they then
stand before its paragraph, or after the rest of it, on the page that they are on.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from index.errors import LoadError
from index.load import ocr
from index.load.desk import Desk
from index.load.reading import Reading
from index.types import Heading

PARAGRAPH_GAP = 1.45  # Times the usual distance of two lines: chosen on printed papers, letters and manuals.
LARGER = 1.12  # Times the usual letter size: a heading.
SMALLER = 0.93  # Times the usual letter size: a note at the foot of a page.
LONGEST_HEADING = 120
DOTS = (200, 150)  # An inch, for recognition: what is overlooked at one size is often seen at another.
BROKEN = "\ufffe"  # PDFium's mark where a word was broken at the end of a line; the word is put together again.
EDGE = 2  # Lines at the top and at the bottom of a page, which may be its header and its footer.
LEAST_PAGES, LEAST_SHARE = 3, 0.25  # A header or footer stands on so many pages, and on so many of all.
NOTE_MARK = re.compile(r"[\d*†‡§¶]{1,3}[.)]?\s?\S")
FINISHED = re.compile(r"[.!?:;…。][\"'”’»)\]\d]*$")


class Line(NamedTuple):
    """A line of a page: its text, the y of the lowest edges of its first and last letters, and its letters' size, in points."""

    text: str
    bottom: float
    last_bottom: float
    size: float


class Page(NamedTuple):
    """A page's lines: those at its top edge, its own, its notes and those at its bottom edge."""

    head: list[Line]
    body: list[Line]
    tail: list[Line]


def read_pdf(path: Path, desk: Desk) -> Reading:
    """The text of all pages; that of scanned ones is recognised where that can be done. Raises LoadError for an encrypted or damaged file."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise LoadError(_reason(str(error))) from error
    pages: list[list[Line]] = []
    broken = []
    for number in range(len(document)):
        try:
            pages.append(_lines(document[number]))
        except pypdfium2.PdfiumError:
            pages.append([])
            broken.append(number)
    seen = [number for number, lines in enumerate(pages) if not lines and number not in broken and ocr.is_installed() and any(document[number].get_objects())]
    for number in seen:
        pages[number] = _recognised(document[number])
        desk.alive()
    if not any(pages):
        remedy = "and none could be recognised in them" if seen else ocr.INSTALL
        raise LoadError(f"its {len(pages)} pages hold no text, only pictures: {remedy}")
    title = (document.get_metadata_dict().get("Title") or "").strip()
    text, starts, headings = _assemble(pages)
    blank = [str(number) for number, lines in enumerate(pages, 1) if not lines]
    read = [str(number + 1) for number in seen if pages[number]]
    notes = [f"pages without text: {', '.join(blank)}"] if blank else []
    notes += [f"pages that are damaged: {', '.join(str(number + 1) for number in broken)}"] if broken else []
    notes += [f"pages whose text was recognised in a picture (OCR), to be read with care: {', '.join(read)}"] if read else []
    return Reading(text, title if _says_something(title) else "", starts, headings, tuple(notes))


def _recognised(page: "object") -> list[Line]:
    """The lines of a page that is a picture. Their heights tell little of the letters' size: all have the usual one."""
    width, height = page.get_size()  # type: ignore[attr-defined]
    largest = (0.95 * ocr.LARGEST / (width * height)) ** 0.5
    for scale in (min(dots / 72, largest) for dots in DOTS):
        if found := ocr.lines(page.render(scale=scale, rev_byteorder=True).to_numpy()[:, :, :3]):  # type: ignore[attr-defined]
            size = median(line.height for line in found) / scale
            return [Line(line.text, line.bottom / scale, line.bottom / scale, size) for line in found]
    return []


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
    last = textpage.count_chars() - 1
    for piece in textpage.get_text_range().split("\r\n"):
        text = piece.replace("\0", "").strip()
        first = position + len(piece) - len(piece.lstrip())
        if text:
            begins, ends = (textpage.get_charbox(min(place, last), loose=True)[1] for place in (first, position + len(piece.rstrip()) - 1))
            lines.append(Line(text, begins, ends, raw.FPDFText_GetFontSize(textpage, first)))
        position += len(piece) + 2
    return lines


# --- Pages -------------------------------------------------------------------------------------------


def _parted(pages: Sequence[list[Line]], usual: float) -> list[Page]:
    """Each page's lines told apart: what comes again at the edge of page after page is no part of the text between."""
    edges = [_edges(lines) for lines in pages]
    times = Counter(_pattern(line) for top, bottom in edges for line in {*top, *bottom})
    often = {pattern for pattern, count in times.items() if count >= max(LEAST_PAGES, LEAST_SHARE * len(pages))}
    parted = []
    for lines, (top, bottom) in zip(pages, edges, strict=True):
        head = [line for line in lines if line in top and _pattern(line) in often]
        foot = [line for line in lines if line in bottom and line not in head and _pattern(line) in often]
        body = [line for line in lines if line not in head and line not in foot]
        notes = _notes(body, usual)
        parted.append(Page(head, body[: len(body) - notes], [*body[len(body) - notes :], *foot]))
    return parted


def _edges(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The highest and the lowest lines of a page."""
    ordered = sorted(lines, key=lambda line: -line.bottom)
    return ordered[:EDGE], ordered[-EDGE:]


def _pattern(line: Line) -> str:
    """What a header or footer says on every page: page numbers differ."""
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", line.text)


def _notes(body: list[Line], usual: float) -> int:
    """How many lines at the end of a page are its notes: small ones, the first of which bears a mark."""
    count = 0
    while count < len(body) - 1 and body[-1 - count].size < SMALLER * usual:
        count += 1
    while count and not NOTE_MARK.match(body[len(body) - count].text):
        count -= 1
    return count


def _runs_on(page: Page, following: Page) -> bool:
    """Whether a sentence goes on from one page to the next."""
    return bool(page.body and following.body) and not FINISHED.search(page.body[-1].text) and following.body[0].text[:1].islower()


def _ordered(pages: Sequence[Page]) -> list[list[list[Line]]]:
    """The lines of each page in runs that are told apart by a blank line, in an order in which no sentence is cut at an edge."""
    ordered = []
    waiting: list[list[Line]] = []  # Edges of a page that one sentence fills from its first line to its last.
    for number, page in enumerate(pages):
        runs_in = number > 0 and _runs_on(pages[number - 1], page)
        runs_out = number + 1 < len(pages) and _runs_on(page, pages[number + 1])
        paragraphs = _paragraphs(page.body)
        if runs_in and runs_out and len(paragraphs) == 1:
            ordered.append(paragraphs)
            waiting += [page.head, page.tail]
            continue
        first = paragraphs[:1] if runs_in else []
        last = paragraphs[-1:] if runs_out else []
        between = paragraphs[len(first) : len(paragraphs) - len(last)]
        runs = [*first, *waiting, page.head, *between, *([page.tail, *last] if runs_out else [page.tail])]
        ordered.append([run for run in runs if run])
        waiting = []
    return ordered


def _paragraphs(body: list[Line]) -> list[list[Line]]:
    gap = _usual_gap(body)
    paragraphs: list[list[Line]] = [[]]
    for line, following in [*pairwise(body), *[(line, None) for line in body[-1:]]]:
        paragraphs[-1].append(line)
        if following is not None and _joint(line, following, gap) == "\n\n":
            paragraphs.append([])
    return [paragraph for paragraph in paragraphs if paragraph]


# --- Text --------------------------------------------------------------------------------------------


def _assemble(pages: list[list[Line]]) -> tuple[str, tuple[int, ...], tuple[Heading, ...]]:
    """Pages into one text. A page ends with a form feed, a paragraph with a blank line, a broken word is joined."""
    usual = median(line.size for lines in pages for line in lines)
    parts: list[str] = []
    starts: list[int] = []
    headings: list[Heading] = []
    length = 0
    for runs in _ordered(_parted(pages, usual)):
        starts.append(length)
        gap = _usual_gap([line for run in runs for line in run])
        for place, run in enumerate(runs):
            for line, following in [*pairwise(run), (run[-1], None)]:
                text = line.text.replace(BROKEN, "")
                joint = _joint(line, following, gap) if following else ("\n\n" if place + 1 < len(runs) else "")
                if line.size > LARGER * usual and len(text) < LONGEST_HEADING:
                    _add_heading(headings, length, length + len(text), line.size, usual, parts)
                parts += [text, joint]
                length += len(text) + len(joint)
        parts.append("\f")
        length += 1
    return "".join(parts[:-1]), tuple(starts), tuple(headings)


def _usual_gap(lines: list[Line]) -> float:
    """The distance of two lines of a paragraph: the lower quartile, for a short page may have more gaps than lines."""
    steps = [above.last_bottom - below.bottom for above, below in pairwise(lines) if above.last_bottom > below.bottom + 1]
    return sorted(steps)[len(steps) // 4] if steps else 0.0


def _joint(line: Line, following: Line, gap: float) -> str:
    """What stands between a line and the next: nothing, a line's end, or a blank line."""
    if line.text.endswith(BROKEN):
        return ""
    step = line.last_bottom - following.bottom
    apart = (gap and step > PARAGRAPH_GAP * gap) or abs(line.size - following.size) > 0.1 * max(line.size, 1)
    return "\n\n" if apart else "\n"


def _add_heading(headings: list[Heading], start: int, end: int, size: float, usual: float, parts: list[str]) -> None:
    """A new heading, or the second line of the one before."""
    if headings and parts[-1] == "\n" and headings[-1].end == start - 1:
        headings[-1] = Heading(headings[-1].start, end, headings[-1].level)
    else:
        headings.append(Heading(start, end, 1 if size > 1.5 * usual else 2))
