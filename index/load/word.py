"""A Word document's text: paragraphs, tables and headings in order, as a reader sees it. The door to python-docx.

It does not read footnotes, comments, headers, text boxes, nor the numbers that Word puts before list items.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from index.errors import LoadError
from index.types import Heading

MOST_UNPACKED = 200 << 20
MOST_RATIO = 100
MOST_ENTRIES = 10_000
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WHITE = {f"{WORD}tab": "\t", f"{WORD}br": "\n", f"{WORD}cr": "\n", f"{WORD}noBreakHyphen": "-"}
UNREAD = {f"{WORD}txbxContent", f"{WORD}del", "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}


def read_docx(path: Path) -> tuple[str, str, tuple[Heading, ...], tuple[str, ...]]:
    """Text, title, headings, warnings. Tracked insertions are read, deletions and hidden text are not."""
    _check_archive(path)
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import XMLSyntaxError

    try:
        document = docx.Document(str(path))
        styles = {style.style_id: (style.name or "").lower() for style in document.styles}
    except (PackageNotFoundError, KeyError, ValueError, XMLSyntaxError) as error:
        raise LoadError(f"is not a Word document that can be read ({error})") from error
    parts: list[str] = []
    headings: list[Heading] = []
    length, title, hidden = 0, (document.core_properties.title or "").strip(), 0
    for block in _blocks(document.element.body):
        text = _table_text(block) if block.tag == f"{WORD}tbl" else _text(block).strip()
        hidden += sum(len(node.text or "") for run in block.iter(f"{WORD}r") if _vanishes(run) for node in run.iter(f"{WORD}t"))
        if not text:
            continue
        level = re.fullmatch(r"(?:heading (\d)|title)", styles.get(_style(block), ""))
        if level:
            headings.append(Heading(length, length + len(text), int(level[1] or 1)))
            title = title or text
        parts.append(text)
        length += len(text) + 2
    warnings = (f"{hidden} hidden characters were left out",) if hidden else ()
    return "\n\n".join(parts), title, tuple(headings), warnings


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, those inside content controls and tracked changes too."""
    for child in parent:
        if child.tag in (f"{WORD}p", f"{WORD}tbl"):
            yield child
        elif child.tag in (f"{WORD}sdt", f"{WORD}sdtContent", f"{WORD}ins", f"{WORD}customXml"):
            yield from _blocks(child)


def _style(block: Any) -> str:
    style = block.find(f"{WORD}pPr/{WORD}pStyle")
    return "" if style is None else str(style.get(f"{WORD}val"))


def _text(node: Any) -> str:
    """The visible text under a node."""
    if node.tag == f"{WORD}t":
        return node.text or ""
    if node.tag in WHITE:
        return WHITE[node.tag]
    if node.tag in UNREAD or (node.tag == f"{WORD}r" and _vanishes(node)):
        return ""
    return "".join(map(_text, node))


def _vanishes(run: Any) -> bool:
    mark = run.find(f"{WORD}rPr/{WORD}vanish")
    return mark is not None and mark.get(f"{WORD}val") not in ("0", "false")


def _table_text(table: Any) -> str:
    """A line a row, its cells apart by bars. A merged cell stands once."""
    rows = (" | ".join(" ".join(_text(cell).split()) for cell in _cells(row)) for row in table.iter(f"{WORD}tr") if _table_of(row) is table)
    return "\n".join(row for row in rows if row.strip(" |"))


def _cells(row: Any) -> Iterator[Any]:
    for cell in row.iter(f"{WORD}tc"):
        merged = cell.find(f"{WORD}tcPr/{WORD}vMerge")
        if cell.getparent() is row and not (merged is not None and merged.get(f"{WORD}val") != "restart"):
            yield cell


def _table_of(row: Any) -> Any:
    while row.tag != f"{WORD}tbl":
        row = row.getparent()
    return row


def _check_archive(path: Path) -> None:
    """Refuse an archive that would unpack to too much, or outside itself, before any of it is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise LoadError(f"is damaged: {error}") from error
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MOST_ENTRIES or total > MOST_UNPACKED or total > MOST_RATIO * max(packed, 1):
        raise LoadError(f"would unpack to {total >> 20} MiB in {len(entries)} parts: refused as an archive bomb")
    if any(entry.filename.startswith("/") or ".." in entry.filename.split("/") for entry in entries):
        raise LoadError("holds parts that point outside the archive: refused")
