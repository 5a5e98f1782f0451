"""Formats that are text already: offsets count in the file as it is decoded. Their headings are found, nothing else is changed."""

import re
from pathlib import Path

from index.load.reading import Reading
from index.load.text import decode
from index.types import Heading

ATX = re.compile(r"^ {0,3}(?P<heading>(?P<marks>#{1,6})[ \t]+(?=\S)[^\r\n]*)", re.M)
SETEXT = re.compile(r"^(?=\S)[^\r\n]+\r?\n(=+|-{2,})(?=[ \t]*\r?$)", re.M)
FENCE = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n.*?(?:^ {0,3}\1[ \t]*\r?$|\Z)", re.M | re.S)
ADORNED = re.compile(
    r"^(?P<over>(?P<mark>[=\-`:'\"~^_*+#<>])(?P=mark){2,}\r?\n)? ?(?P<heading>[^\s][^\r\n]*)\r?\n(?P<line>[=\-`:'\"~^_*+#<>])(?P=line){2,}[ \t]*\r?$", re.M
)
"""A title of reStructuredText: a line under it, or over and under it, of one mark."""
ASCIIDOC = re.compile(r"^(?P<heading>(?P<marks>={1,6})[ \t]+(?=\S)[^\r\n]*)", re.M)
LISTING = re.compile(r"^(----+|\.\.\.\.+|\+\+\+\++|////+)[ \t]*\r?\n.*?(?:^\1[ \t]*\r?$|\Z)", re.M | re.S)
ORG = re.compile(r"^(?P<heading>(?P<marks>\*{1,8})[ \t]+(?=\S)[^\r\n]*)", re.M)
ORG_BLOCK = re.compile(r"^[ \t]*#\+begin_(\w+).*?(?:^[ \t]*#\+end_\1[ \t]*\r?$|\Z)", re.M | re.S | re.I)
ORG_TITLE = re.compile(r"^#\+title:[ \t]*(.+)$", re.M | re.I)
DEFINITION = re.compile(
    r"^[ \t]*(?P<line>(?:(?:export|public|private|protected|internal|static|abstract|final|async|pub(?:\(\w+\))?|default|override|virtual)\s+)*"
    r"(?:def|class|func|fn|function|interface|struct|enum|trait|impl|module|namespace|sub|type|CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|FUNCTION|PROCEDURE))"
    r"\s+[^\W\d][^\r\n{]{0,100})",
    re.M,
)

# A short line of its own, with no mark at its end, after a whole sentence or at the top, and before more text.
PLAIN_HEADING = re.compile(
    r"(?:\A\s*|(?<=[.!?:\"”’»)])[^\S\n]*\r?\n[^\S\n]*\r?\n\s*)(?P<line>[\"“‘«]?[^\W_a-z][^\n]{1,68}[^\W_][\"”’»)]?)[^\S\n]*\r?\n[^\S\n]*\r?\n(?=\s*[^\s•*-])"
)


def _decoded(path: Path) -> Reading:
    text, warning = decode(path.read_bytes())
    return Reading(text, notes=(warning,) if warning else ())


def read_text(path: Path) -> Reading:
    """Plain text. Its headings are guesses: they give context, cut nothing, and can still be cited."""
    return _guessed(path, PLAIN_HEADING)


def read_code(path: Path) -> Reading:
    """Source code. What a line defines is the heading of what follows."""
    return _guessed(path, DEFINITION)


def read_data(path: Path) -> Reading:
    """Settings, as YAML, TOML and INI are: lines as they stand."""
    return _decoded(path)


def _guessed(path: Path, pattern: re.Pattern[str]) -> Reading:
    reading = _decoded(path)
    headings = tuple(Heading(found.start("line"), found.start("line") + len(found["line"].rstrip()), 1, True) for found in pattern.finditer(reading.text))
    return Reading(reading.text, headings=headings, notes=reading.notes)


def read_markdown(path: Path) -> Reading:
    """Markdown: ATX and setext headings outside code fences (CommonMark 0.31, sections 4.2, 4.3, 4.5)."""
    reading = _decoded(path)
    return _headed(reading, markdown_headings(reading.text))


def markdown_headings(text: str) -> tuple[Heading, ...]:
    """The headings of a Markdown text."""
    found = [Heading(*m.span("heading"), len(m["marks"])) for m in ATX.finditer(text)]
    found += [Heading(m.start(), m.end(), 1 if m[1][0] == "=" else 2) for m in SETEXT.finditer(text) if not re.match(r"[#>|*-]|\d+[.)]", m[0])]
    return _outside(found, FENCE, text)


def read_rst(path: Path) -> Reading:
    """reStructuredText: titles by their adornments, whose levels are told by the order in which they come."""
    reading = _decoded(path)
    levels: dict[tuple[bool, str], int] = {}
    headings = []
    for found in ADORNED.finditer(reading.text):
        if found["over"] and found["mark"] != found["line"]:
            continue
        level = levels.setdefault((bool(found["over"]), found["line"]), len(levels) + 1)
        headings.append(Heading(found.start(), found.end(), min(level, 6)))
    return _headed(reading, tuple(headings))


def read_asciidoc(path: Path) -> Reading:
    """AsciiDoc: titles by equals signs, outside listings."""
    reading = _decoded(path)
    return _headed(reading, _outside([Heading(*m.span("heading"), len(m["marks"])) for m in ASCIIDOC.finditer(reading.text)], LISTING, reading.text))


def read_org(path: Path) -> Reading:
    """Org: headlines by stars, outside blocks; the title of `#+title:`."""
    reading = _decoded(path)
    headings = _outside([Heading(*m.span("heading"), len(m["marks"])) for m in ORG.finditer(reading.text)], ORG_BLOCK, reading.text)
    title = ORG_TITLE.search(reading.text)
    return Reading(reading.text, title[1].strip() if title else "", headings=headings, notes=reading.notes)


def _outside(found: list[Heading], closed: re.Pattern[str], text: str) -> tuple[Heading, ...]:
    """The headings that stand outside of what is closed to them, in order, none in another."""
    spans = [match.span() for match in closed.finditer(text)]
    kept: list[Heading] = []
    for heading in sorted((h for h in found if not any(start <= h.start < end for start, end in spans)), key=lambda h: h.start):
        if not kept or heading.start >= kept[-1].end:
            kept.append(heading)
    return tuple(kept)


def _headed(reading: Reading, headings: tuple[Heading, ...]) -> Reading:
    """A reading with headings, the first of which is its title."""
    first = reading.text[headings[0].start : headings[0].end] if headings else ""
    lines = [line.strip("#=* \t\r") for line in first.split("\n")]
    title = next((line for line in lines if re.search(r"\w", line)), "")
    return Reading(reading.text, title, headings=headings, notes=reading.notes)
