"""OpenDocument text and presentations: paragraphs, headings, lists, tables, notes, out of content.xml. Its schema is OASIS OpenDocument 1.3."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from index.errors import LoadError
from index.load.archive import check_archive
from index.load.markup import xml_root
from index.load.reading import Reading, Writer

URN = "urn:oasis:names:tc:opendocument:xmlns:"
TEXT, TABLE, DRAW, OFFICE, STYLE = (f"{{{URN}{name}:1.0}}" for name in ("text", "table", "drawing", "office", "style"))
DC = "{http://purl.org/dc/elements/1.1/}"
WHITE = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
UNSEEN = {f"{TEXT}hidden-text", f"{TEXT}hidden-paragraph"}
APART = {f"{TEXT}note", f"{OFFICE}annotation", f"{DRAW}text-box", f"{TEXT}tracked-changes", f"{TEXT}ruby-text"}
"""What stands inside a paragraph without being a part of its sentences."""


def read_odf(path: Path) -> Reading:
    """An .odt or .odp file; each slide is a page."""
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        try:
            if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise LoadError("is encrypted: save a copy without its password")
            content = xml_root(archive.read("content.xml"))
        except KeyError as error:
            raise LoadError(f"is not an OpenDocument file: {error}") from error
        meta = xml_root(archive.read("meta.xml")) if "meta.xml" in archive.NameToInfo else None
    body = content.find(f"{OFFICE}body")
    if body is None:
        raise LoadError("is not an OpenDocument file: it has no body")
    writer = Writer()
    _put_children(body, writer, _hidden_styles(content))
    return writer.reading((meta.findtext(f".//{DC}title") if meta is not None else "") or "")


def _hidden_styles(content: Any) -> set[str]:
    """The names of styles whose text is not shown."""
    shown = f"{STYLE}text-properties"
    return {
        str(style.get(f"{STYLE}name"))
        for style in content.iter(f"{STYLE}style")
        for properties in style.iter(shown)
        if any(name.endswith("}display") and value == "none" for name, value in properties.attrib.items())
    }


def _put_children(parent: Any, writer: Writer, hidden: set[str]) -> None:
    for node in parent:
        if not isinstance(node.tag, str) or node.tag in APART - {f"{DRAW}text-box"}:
            continue
        if _is_hidden(node):
            writer.hidden += len("".join(node.itertext()))
        elif node.tag == f"{DRAW}page":
            writer.page()
            _put_children(node, writer, hidden)
        elif node.tag == f"{TEXT}h":
            writer.heading(_text(node, hidden, writer), _number(node, f"{TEXT}outline-level"))
            _put_apart(node, writer, hidden)
        elif node.tag == f"{TEXT}p":
            writer.put(_text(node, hidden, writer))
            _put_apart(node, writer, hidden)
        elif node.tag == f"{TABLE}table":
            _put_table(node, writer, hidden)
        else:
            _put_children(node, writer, hidden)


def _is_hidden(node: Any) -> bool:
    """Whether a section, or something in a paragraph, is not shown."""
    return node.tag in UNSEEN or (node.tag == f"{TEXT}section" and node.get(f"{TEXT}display") == "none")


def _put_apart(paragraph: Any, writer: Writer, hidden: set[str]) -> None:
    """Notes and text boxes of a paragraph, after it."""
    for node in paragraph:
        if node.tag in (f"{TEXT}note-body", f"{DRAW}text-box"):
            _put_children(node, writer, hidden)
        elif isinstance(node.tag, str):
            _put_apart(node, writer, hidden)


def _text(node: Any, hidden: set[str], writer: Writer) -> str:
    """The text of a paragraph: runs of white space are written as elements."""
    if node.get(f"{TEXT}style-name") in hidden or _is_hidden(node):
        writer.hidden += len("".join(node.itertext()))
        return ""
    parts = [node.text or ""]
    for child in node:
        if child.tag == f"{TEXT}s":
            parts.append(" " * _number(child, f"{TEXT}c"))
        elif isinstance(child.tag, str) and child.tag not in APART:
            parts.append(WHITE.get(child.tag) or _text(child, hidden, writer))
        parts.append(child.tail or "")
    return "".join(parts)


def _put_table(table: Any, writer: Writer, hidden: set[str]) -> None:
    """A sentence a row; a table whose cells hold tables or lists sets out a page, and is read cell by cell."""
    if any(node is not table for node in table.iter(f"{TABLE}table", f"{TEXT}list")):
        _put_children(table, writer, hidden)
        return
    header = table.find(f"{TABLE}table-header-rows") is not None
    rows = [list(_cells(row, hidden, writer)) for row in table.iter(f"{TABLE}table-row")]
    writer.table(rows, header or None)
    _put_apart(table, writer, hidden)


def _cells(row: Any, hidden: set[str], writer: Writer) -> Iterator[str]:
    for cell in row.iter(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
        paragraphs = (p for p in cell.iter(f"{TEXT}p", f"{TEXT}h") if not any(above.tag in APART for above in p.iterancestors()))
        said = " ".join(_text(paragraph, hidden, writer) for paragraph in paragraphs)
        yield from [said] * (min(_number(cell, f"{TABLE}number-columns-repeated"), 100) if said else 1)


def _number(node: Any, name: str) -> int:
    """A count that an element gives, 1 where it gives none."""
    value = node.get(name, "")
    return min(int(value), 10_000) if value.isascii() and value.isdecimal() else 1
