"""One file into its text, title, pages and headings, by the format its suffix names.

With pdf.py and word.py the only door to the file-format libraries, and to llama-index's readers; each is imported
when its format is read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import LoadError
from index.load.text import INVISIBLE, decode
from index.types import Heading

ZERO_WIDTH = re.compile("[\u200b\u2060\ufeff]")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says. `title` is empty where the file names none; `notes` are for the reading report.

    `parts` are what an archive or a mail holds beside it, each by its path inside; a reading with parts may have no text.
    """

    text: str
    title: str = ""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    notes: tuple[str, ...] = ()
    parts: tuple[tuple[str, "Reading"], ...] = ()


def read(path: Path) -> Reading:
    """Read a file. Raises LoadError with the reason where that cannot be done."""
    try:
        if path.stat().st_size == 0:
            raise LoadError("is empty (0 bytes)")
        reading = READERS[path.suffix.lower()](path)
    except OSError as error:
        raise LoadError(f"cannot be opened: {error.strerror or error}") from error
    if not reading.text.strip():
        raise LoadError("holds no text")
    return _with_notes(reading)


def _with_notes(reading: Reading) -> Reading:
    odd = list(reading.notes)
    if INVISIBLE.search(reading.text):
        odd.append("holds invisible tag characters: sentences with them are not cited")
    if len(ZERO_WIDTH.findall(reading.text)) > 8:
        odd.append("holds many zero-width characters")
    return Reading(reading.text, reading.title, reading.pages, reading.headings, tuple(odd))


# --- Text and Markdown -------------------------------------------------------------------------------

ATX = re.compile(r"^ {0,3}(?P<heading>(?P<marks>#{1,6})[ \t]+(?=\S)[^\r\n]*)", re.M)
SETEXT = re.compile(r"^(?=\S)[^\r\n]+\r?\n(=+|-{2,})(?=[ \t]*\r?$)", re.M)
FENCE = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n.*?(?:^ {0,3}\1[ \t]*\r?$|\Z)", re.M | re.S)


# A short line of its own, with no mark at its end, after a whole sentence or at the top, and before more text.
PLAIN_HEADING = re.compile(
    r"(?:\A\s*|(?<=[.!?:\"”’»)])[^\S\n]*\r?\n[^\S\n]*\r?\n\s*)(?P<line>[\"“‘«]?[^\W_a-z][^\n]{1,68}[^\W_][\"”’»)]?)[^\S\n]*\r?\n[^\S\n]*\r?\n(?=\s*[^\s•*-])"
)


def _decoded(path: Path) -> Reading:
    text, warning = decode(path.read_bytes())
    return Reading(text, notes=(warning,) if warning else ())


def _read_text(path: Path) -> Reading:
    """Plain text. Its headings are guesses: they give context, cut nothing, and can still be cited."""
    reading = _decoded(path)
    headings = (Heading(*found.span("line"), 1, guessed=True) for found in PLAIN_HEADING.finditer(reading.text))
    return Reading(reading.text, headings=tuple(headings), notes=reading.notes)


def _read_markdown(path: Path) -> Reading:
    reading = _decoded(path)
    headings = _markdown_headings(reading.text)
    title = re.sub(r"^[#\s]+|[#\s]+$", "", reading.text[headings[0].start : headings[0].end].split("\n")[0]) if headings else ""
    return Reading(reading.text, title, headings=headings, notes=reading.notes)


def _markdown_headings(text: str) -> tuple[Heading, ...]:
    """ATX and setext headings outside code fences (CommonMark 0.31, sections 4.2, 4.3, 4.5)."""
    fences = [match.span() for match in FENCE.finditer(text)]
    found = [Heading(*m.span("heading"), len(m["marks"])) for m in ATX.finditer(text)]
    found += [Heading(m.start(), m.end(), 1 if m[1][0] == "=" else 2) for m in SETEXT.finditer(text) if not re.match(r"[#>|*-]|\d+[.)]", m[0])]
    outside = (h for h in found if not any(start <= h.start < end for start, end in fences))
    kept: list[Heading] = []
    for heading in sorted(outside, key=lambda h: h.start):
        if not kept or heading.start >= kept[-1].end:
            kept.append(heading)
    return tuple(kept)


# --- HTML --------------------------------------------------------------------------------------------

UNSEEN = {"script", "style", "noscript", "template", "head", "svg", "math", "iframe", "object", "select", "textarea"}
BLOCKS = set(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
GAPS = ("", " ", " | ", "\n", "\n\n")  # What can stand between two texts, weakest first.
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


class _Page:
    """Collects the visible text of a page: white space folded, blocks apart, headings by offset."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.headings: list[Heading] = []
        self.hidden = 0
        self._gap = ""
        self._open: list[Heading] = []

    def open_heading(self, level: int) -> None:
        start = self.length + (len(self._gap) if self.length else 0)
        self._open.append(Heading(start, start, level))

    def close_heading(self) -> None:
        """Keep a heading that is closed, but not one inside another: headings never overlap."""
        opened = self._open.pop()
        if self.length > opened.start and not self._open:
            self.headings.append(Heading(opened.start, self.length, opened.level))

    def gap(self, white: str) -> None:
        self._gap = max(self._gap, white, key=GAPS.index)

    def put(self, text: str, pre: bool) -> None:
        if not pre:
            if text[:1].isspace():
                self.gap(" ")
            trailing = text[-1:].isspace()
            text = " ".join(text.split())
            if not text and trailing:
                self.gap(" ")
        if text:
            piece = (self._gap if self.length else "") + text
            self.parts.append(piece)
            self.length += len(piece)
            self._gap = " " if not pre and trailing else ""


def _read_html(path: Path) -> Reading:
    from lxml import etree, html

    data = path.read_bytes()
    declared = re.search(rb"<meta[^>]+charset=[\"']?([\w-]+)", data[:4096], re.I)
    text, warning = decode(data, declared[1].decode() if declared else None)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text).replace("\0", "\ufffd")
    if not text.strip():
        return Reading("")
    parser = html.HTMLParser(no_network=True, huge_tree=True)
    try:
        root = html.document_fromstring(text, parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise LoadError(f"is not HTML that can be read ({error})") from error
    if any("depth" in problem.message for problem in parser.error_log):
        raise LoadError("is nested so deep that text would be lost: simplify its markup")
    page = _Page()
    _walk_html(root, page)
    title = " ".join((root.findtext(".//title") or "").split())
    odd = [warning] if warning else []
    if page.hidden:
        odd.append(f"{page.hidden} hidden characters were left out")
    return Reading("".join(page.parts), title, headings=tuple(page.headings), notes=tuple(odd))


def _walk_html(root: Any, page: _Page) -> None:
    """Visit a tree without recursion, for pages nested thousands deep."""
    from lxml import etree

    open_headings: list[Any] = []
    unseen, veiled, pre = 0, 0, 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        element = event in ("start", "end")
        tag = node.tag.lower() if element else ""
        step = 1 if event == "start" else -1
        if element:
            pre += step * (tag == "pre")
            unseen += step * (tag in UNSEEN)
            veiled += step * _concealed(node)
        text = (node.text if event == "start" else node.tail) or ""
        if unseen or veiled:
            page.hidden += len(text.strip()) if veiled and not unseen else 0
            continue
        if element:
            page.gap(_gap_of(tag))
        if event == "start" and re.fullmatch("h[1-6]", tag):
            open_headings.append(node)
            page.open_heading(int(tag[1]))
        elif open_headings and open_headings[-1] is node and event == "end":
            open_headings.pop()
            page.close_heading()
        page.put(text, pre > 0)


def _gap_of(tag: str) -> str:
    if tag in ("td", "th"):
        return " | "
    if tag in ("br", "tr"):
        return "\n"
    return "\n\n" if tag in BLOCKS else ""


def _concealed(node: Any) -> bool:
    return "hidden" in node.attrib or bool(HIDDEN_STYLE.search(node.get("style", "")))


# --- PDF ---------------------------------------------------------------------------------------------


def _read_pdf(path: Path) -> Reading:
    from index.load.pdf import read_pdf

    text, title, pages, headings, notes = read_pdf(path)
    return Reading(text, title, pages, headings, notes)


# --- Word --------------------------------------------------------------------------------------------


def _read_docx(path: Path) -> Reading:
    from index.load.word import read_docx

    text, title, headings, notes = read_docx(path)
    return Reading(text, title, headings=headings, notes=notes)


# --- Formats that llama-index reads ------------------------------------------------------------------


def _read_rtf(path: Path) -> Reading:
    """Rich text through llama-index's reader; offsets are into what it returns."""
    from llama_index.readers.file import RTFReader

    if not path.read_bytes().lstrip().startswith(b"{\\rtf"):
        raise LoadError("is not rich text: it does not begin with {\\rtf")
    try:
        found = RTFReader().load_data(path)
    except (UnicodeDecodeError, ValueError, IndexError) as error:
        raise LoadError(f"is damaged: {error}") from error
    return Reading("\n\n".join(document.text for document in found))


READERS: dict[str, Callable[[Path], Reading]] = {
    **dict.fromkeys((".txt", ".text", ".rst"), _read_text),
    **dict.fromkeys((".md", ".markdown"), _read_markdown),
    **dict.fromkeys((".html", ".htm", ".xhtml"), _read_html),
    ".pdf": _read_pdf,
    ".docx": _read_docx,
    ".rtf": _read_rtf,
}
SUFFIXES = frozenset(READERS)
