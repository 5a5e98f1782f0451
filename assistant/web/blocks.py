"""A stretch of a document's text as blocks to read: headings, paragraphs, lists, tables, code, the heads of mails. Pure.

Every character stays in its place: what is only markup is called so and shown small or not at all, never cut out. A marked
sentence is therefore the very text of the document.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from index.load.formats import FORMATS
from index.types import Document

CODE = frozenset(f".{suffix}" for name in ("plain.read_code", "plain.read_data") for suffix in FORMATS[name].split())
MARKDOWN = frozenset(f".{suffix}" for suffix in FORMATS["plain.read_markdown"].split())
MAIL = frozenset((".eml", ".msg", ".mbox"))
GAP = re.compile(r"\n[ \t\r]*\n\s*|\f\s*")
FENCE = re.compile(r"^ {0,3}(`{3,40}|~{3,40})(?!`)[^\n`]*+\n(.*?)(?:^ {0,3}\1[ \t]*$|\Z)", re.M | re.S)
ITEM = re.compile(r"(?P<indent>[ \t]*)(?P<bullet>[-*+•]|\d{1,3}[.)])[ \t]+(?=\S)")
QUOTE = re.compile(r"^[ \t]*>[ \t]?", re.M)
HEADING = re.compile(r"(#{1,6}|={1,6}|\*{1,8})[ \t]+(?=\S)")
UNDERLINE = re.compile(r"\r?\n[=\-~^\"'`*+#]{2,}[ \t]*\r?$")
RULED = re.compile(r"\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)++\|?\s*+")
HEAD_LINE = re.compile(r"^(From|To|Cc|Bcc|Date|Sent|Subject|Reply-To|Attachments?): ", re.M)
INLINE = re.compile(
    r"(?P<image>!?\[)(?P<words>[^\]\n]{1,300})(?P<link>\]\([^)\s]{0,500}\))"
    r"|(?P<strong>\*\*|__)(?=\S)(?P<bold>[^\n]{1,300}?)(?<=\S)(?P=strong)"
    r"|(?P<tick>`)(?P<code>[^`\n]{1,300})`"
    r"|(?<![\w*])(?P<star>\*|_)(?=[^\s*_])(?P<em>[^\n*_]{1,300}?)(?<=\S)(?P=star)(?![\w*])"
)
WRAPPED = re.compile(r"(?<=[^\n]{30}[\w,;)])\n(?=[^\W_]|[(“\"])")  # The end of a printed line that is not the end of its paragraph.
CELL = re.compile(r"; (?=[^;:]{1,60}: )")
NAMED = re.compile(r"[^;:\n]{1,60}: \S")

Span = tuple[int, int]
MOST_COLUMNS = 40
"""Of a table; paragraphs that name more are no rows of one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch that is cited as [label]; the `current` one is what was asked for."""

    start: int
    end: int
    label: int
    current: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch in one style: "", "strong", "em", "code", or "syntax" for what is only markup."""

    start: int
    end: int
    style: str


@dataclass(frozen=True, slots=True)
class Block:
    """What is shown apart. A table has `rows` of cells and the `names` of its columns, the rest has `parts`."""

    kind: str
    parts: tuple[Part, ...] = ()
    level: int = 0
    rows: tuple[tuple[tuple[Part, ...], ...], ...] = ()
    names: tuple[str, ...] = ()


def blocks(document: Document, first: int, last: int) -> list[Block]:
    """The blocks of `text[first:last]`, in order; a page's number stands before it as a block of kind "page"."""
    suffix = PurePosixPath(document.id).suffix.lower()
    if suffix in CODE:
        return [Block("code", (Part(first, last, ""),))]
    found: list[Block] = []
    for start, end in _stretches(document, first, last):
        if start in document.pages:
            found.append(Block("page", level=document.pages.index(start) + 1))
        found += _fenced(document, start, end) if suffix in MARKDOWN else _told(document, start, end)
    return _tabled(document.text, found)


def _stretches(document: Document, first: int, last: int) -> Iterator[Span]:
    """The text between one page and the next; all of it where there are no pages."""
    yield from pairwise(sorted({first, last, *(start for start in document.pages if first < start < last)}))


def _fenced(document: Document, start: int, end: int) -> Iterator[Block]:
    """Markdown: code fences, and what stands between them."""
    for fence in FENCE.finditer(document.text, start, end):
        yield from _told(document, start, fence.start())
        yield Block("code", _trim((Part(fence.start(), fence.start(2), "syntax"), Part(*fence.span(2), ""), Part(fence.end(2), fence.end(), "syntax"))))
        start = fence.end()
    yield from _told(document, start, end)


def _told(document: Document, start: int, end: int) -> Iterator[Block]:
    """Headings, and the paragraphs between them."""
    for heading in document.headings:
        if heading.guessed or not start <= heading.start < heading.end <= end:
            continue
        yield from _paragraphs(document, start, heading.start)
        yield Block("heading", _heading(document.text, heading.start, heading.end), min(heading.level, 6))
        start = heading.end
    yield from _paragraphs(document, start, end)


def _heading(text: str, start: int, end: int) -> tuple[Part, ...]:
    marks, line = HEADING.match(text, start, end), UNDERLINE.search(text, start, end)
    first, last = marks.end() if marks else start, line.start() if line else end
    return _trim((Part(start, first, "syntax"), Part(first, last, ""), Part(last, end, "syntax")))


def _paragraphs(document: Document, start: int, end: int) -> Iterator[Block]:
    text, suffix = document.text, PurePosixPath(document.id).suffix.lower()
    edges = [start, *(edge for gap in GAP.finditer(text, start, end) for edge in gap.span()), end]
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        first += len(text[first:last]) - len(text[first:last].lstrip())
        last = first + len(text[first:last].rstrip())
        if first == last:
            continue
        if suffix in MAIL and all(HEAD_LINE.match(line) for line in text[first:last].split("\n")):
            yield Block("header", _names_of_lines(text, first, last))
        elif suffix in MARKDOWN:
            yield from _markdown(text, first, last)
        else:
            yield Block("paragraph", (Part(first, last, ""),))


def _names_of_lines(text: str, start: int, end: int) -> tuple[Part, ...]:
    edges = [start, *(edge for line in HEAD_LINE.finditer(text, start, end) for edge in (line.start(), line.end())), end]
    return _trim(tuple(Part(a, b, "strong" if place % 2 else "") for place, (a, b) in enumerate(pairwise(edges))))


def _markdown(text: str, start: int, end: int) -> Iterator[Block]:
    """A paragraph of Markdown: a table of bars, a quotation, the items of a list, or plain."""
    lines = _lines(text, start, end)
    if len(lines) > 1 and RULED.fullmatch(text, *lines[1]) and "|" in text[slice(*lines[0])]:
        yield _barred(text, lines)
        return
    kind, from_ = "paragraph", start
    for first, last in lines:
        item = ITEM.match(text, first, last)
        if item and first > from_:
            yield Block(kind, _inline(text, from_, first))
        if item:
            kind, from_ = "item", first
    if kind == "paragraph" and QUOTE.match(text, start):
        kind = "quote"
    yield Block(kind, _inline(text, from_, end))


def _lines(text: str, start: int, end: int) -> list[Span]:
    edges = [start, *(match.end() for match in re.compile(r"\n").finditer(text, start, end)), end]
    return [(first, last) for first, last in pairwise(edges) if first < last]


def _barred(text: str, lines: Sequence[Span]) -> Block:
    """A table of bars. Its first row names the columns."""
    rows = tuple(tuple(_cell(text, *cell) for cell in _cells(text, *line)) for place, line in enumerate(lines) if place != 1)
    return Block("table", rows=rows)


def _cells(text: str, start: int, end: int) -> list[Span]:
    bars = [place for place in range(start, end) if text[place] == "|" and text[place - 1 : place] != "\\"]
    edges = [start - 1, *bars, end] if not text[start:end].lstrip().startswith("|") else [*bars, end]
    return [(first + 1, last) for first, last in pairwise(edges) if text[first + 1 : last].strip() or last != end]


def _cell(text: str, start: int, end: int) -> tuple[Part, ...]:
    start += len(text[start:end]) - len(text[start:end].lstrip())
    return _inline(text, start, start + len(text[start:end].rstrip()))


def _inline(text: str, start: int, end: int) -> tuple[Part, ...]:
    """A stretch of Markdown in its styles."""
    parts, last = [], start
    if item := ITEM.match(text, start, end):
        parts, last = [Part(start, item.start("bullet"), "syntax"), Part(*item.span("bullet"), "bullet")], item.end("bullet")
    for quote in QUOTE.finditer(text, last, end) if text[last:end].lstrip().startswith(">") else ():
        parts += [Part(last, quote.start(), ""), Part(*quote.span(), "syntax")]
        last = quote.end()
    for match in INLINE.finditer(text, last, end):
        group, style = next((name, style) for name, style in (("words", ""), ("bold", "strong"), ("code", "code"), ("em", "em")) if match[name])
        inner = match.span(group)
        parts += [Part(last, match.start(), ""), Part(match.start(), inner[0], "syntax"), Part(*inner, style), Part(inner[1], match.end(), "syntax")]
        last = match.end()
    return _trim((*parts, Part(last, end, "")))


def _trim(parts: Sequence[Part]) -> tuple[Part, ...]:
    return tuple(part for part in parts if part.start < part.end)


# --- Tables that were read row by row (see `index.load.grid`) --------------------------------------------


def _tabled(text: str, found: Sequence[Block]) -> list[Block]:
    """Blocks with the runs of rows among them put together into tables."""
    told: list[Block] = []
    rows: list[tuple[Block, list[Span]]] = []
    for block in [*found, None]:
        cells = _row(text, block) if block else []
        if block and cells and (not rows or _belong(text, rows[-1][1], cells)):
            rows.append((block, cells))
            continue
        told += _table(text, rows)
        rows = [(block, cells)] if block and cells else []
        told += [block] if block and not cells else []
    return told


def _row(text: str, block: Block) -> list[Span]:
    """The cells of a paragraph that is a row of a table: "Name: Anna; Age: 30." or "Anna | 30"."""
    if block.kind != "paragraph" or len(block.parts) != 1:
        return []
    start, end = block.parts[0].start, block.parts[0].end
    if "\n" in text[start:end]:
        return []
    joint = CELL if NAMED.match(text, start, end) else re.compile(r" \| ")
    edges = [start, *(edge for match in joint.finditer(text, start, end) for edge in match.span()), end]
    cells = list(zip(edges[::2], edges[1::2], strict=True))
    return cells if len(cells) > 1 else []


def _belong(text: str, one: Sequence[Span], other: Sequence[Span]) -> bool:
    """Whether two rows are of one table: both have no names of columns, or one in common."""
    names, more = _names(text, one), _names(text, other)
    return bool(set(names) & set(more)) if names and more else not names and not more


def _names(text: str, cells: Sequence[Span]) -> list[str]:
    """The names of the columns that a row says; none where its cells stand between bars."""
    named = NAMED.match(text, *cells[0]) is not None
    return [text[start : text.index(": ", start, end)] for start, end in cells if ": " in text[start:end]] if named else []


def _table(text: str, rows: Sequence[tuple[Block, list[Span]]]) -> list[Block]:
    """One table of several rows; a single one stays a paragraph."""
    if len(rows) < 2:
        return [block for block, _ in rows]
    names = list(dict.fromkeys(name for _, cells in rows for name in _names(text, cells)))
    if len(names) > MOST_COLUMNS:
        return [block for block, _ in rows]
    if not names:
        return [Block("table", rows=tuple(tuple((Part(*cell, ""),) for cell in cells) for _, cells in rows), names=("",))]
    return [Block("table", rows=tuple(_placed(text, cells, names) for _, cells in rows), names=tuple(names))]


def _placed(text: str, cells: Sequence[Span], names: Sequence[str]) -> tuple[tuple[Part, ...], ...]:
    """The cells of a row under the names of their columns; an empty one is empty."""
    row: list[tuple[Part, ...]] = [()] * len(names)
    for place, (start, end) in enumerate(cells):
        colon = text.index(": ", start, end)
        joint = cells[place + 1][0] if place + 1 < len(cells) else end
        last = end - (place + 1 == len(cells) and text[end - 1] == ".")
        column = names.index(text[start:colon])
        row[column] = (*row[column], *_trim((Part(start, colon + 2, "syntax"), Part(colon + 2, last, ""), Part(last, joint, "syntax"))))
    return tuple(row)


# --- With marks ------------------------------------------------------------------------------------------


def runs(document: Document, parts: Sequence[Part], marks: Sequence[Mark]) -> list[dict[str, object]]:
    """Parts as a browser is told of them: runs of one label (0: not cited), each of pieces with a style and a text."""
    told: list[dict[str, object]] = []
    for start, end, style in _cut(parts, marks):
        over = max((mark for mark in marks if mark.start <= start < mark.end), key=lambda mark: mark.current, default=None)
        label, current = (over.label, over.current) if over else (0, False)
        text = document.text[start:end].replace("\0", "\ufffd").replace("\f", "\n")
        piece = [style, WRAPPED.sub(" ", text) if document.pages else text]
        if told and (told[-1]["label"], told[-1]["current"]) == (label, current):
            told[-1]["pieces"].append(piece)  # type: ignore[attr-defined]
        else:
            told.append({"label": label, "current": current, "pieces": [piece]})
    return told


def _cut(parts: Sequence[Part], marks: Sequence[Mark]) -> Iterator[tuple[int, int, str]]:
    for part in parts:
        edges = {part.start, part.end, *(edge for mark in marks for edge in (mark.start, mark.end) if part.start < edge < part.end)}
        for start, end in pairwise(sorted(edges)):
            yield start, end, part.style
