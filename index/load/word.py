"""A Word document's text in order, as a reader sees it: paragraphs, tables, headings, notes, text boxes. The door to python-docx.

It does not read comments, nor the numbers that Word puts before list items.
"""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

from index.errors import LoadError
from index.load.archive import transitional
from index.load.markup import xml_root
from index.load.reading import Reading, Writer

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
WHITE = {f"{WORD}tab": "\t", f"{WORD}br": "\n", f"{WORD}cr": "\n", f"{WORD}noBreakHyphen": "-"}
APART = {f"{WORD}txbxContent", f"{WORD}del", f"{WORD}moveFrom", "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
"""What stands inside a paragraph without being a part of its sentences."""
WRAPPERS = {f"{WORD}sdt", f"{WORD}sdtContent", f"{WORD}ins", f"{WORD}moveTo", f"{WORD}customXml", f"{WORD}smartTag"}
NOTES = {f"{WORD}footnoteReference": "footnotes", f"{WORD}endnoteReference": "endnotes"}


def read_docx(path: Path) -> Reading:
    """Tracked insertions are read, deletions and hidden text are not. Headers and footers come at the end, once each."""
    package = transitional(path)
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import XMLSyntaxError

    try:
        document = docx.Document(package)
        story = _Story(document)
        body = document.element.body
        if body is None:
            raise LoadError("is not a Word document that can be read (it has no body)")
        story.put_all(body)
        story.put_edges()
    except (PackageNotFoundError, KeyError, ValueError, AttributeError, XMLSyntaxError) as error:
        raise LoadError(f"is not a Word document that can be read ({error})") from error
    return story.writer.reading((document.core_properties.title or "").strip() or story.title)


class _Story:
    """A document as it is read from beginning to end."""

    def __init__(self, document: Any) -> None:
        self.writer = Writer()
        self.title = ""
        self._part = document.part
        self._sections = document.sections
        self._styles = {style.style_id: (style.name or "").lower() for style in document.styles}
        self._notes = {kind: self._notes_of(kind) for kind in NOTES.values()}

    def _notes_of(self, kind: str) -> dict[str, Any]:
        """The notes of a kind, by their ids."""
        for relation in self._part.rels.values():
            if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
                root = xml_root(relation.target_part.blob)
                return {str(note.get(f"{WORD}id")): note for note in root if note.get(f"{WORD}type") in (None, "normal")}
        return {}

    def put_all(self, parent: Any) -> None:
        """The paragraphs and tables under a node."""
        for block in _blocks(parent):
            self.writer.hidden += sum(len(node.text or "") for run in block.iter(f"{WORD}r") if _vanishes(run) for node in run.iter(f"{WORD}t"))
            if block.tag == f"{WORD}tbl" and any(nested is not block for nested in block.iter(f"{WORD}tbl")):
                self._put_layout(block)
                continue
            if block.tag == f"{WORD}tbl":
                self._put_table(block)
            else:
                self._put_paragraph(block)
            self._put_apart(block)

    def _put_paragraph(self, block: Any) -> None:
        text = _text(block).strip()
        level = re.fullmatch(r"(?:heading (\d)|title)", self._styles.get(_style(block), ""))
        if level and text:
            self.writer.heading(text, int(level[1] or 1))
            self.title = self.title or " ".join(text.split())
        else:
            self.writer.put(text)

    def _put_layout(self, table: Any) -> None:
        """A table with others inside sets out a page, and is read cell by cell."""
        for row in _rows(table):
            for cell in _cells(row):
                self.put_all(cell)

    def _put_table(self, table: Any) -> None:
        """A sentence a row. A merged cell stands once."""
        rows = _rows(table)
        header = bool(rows) and rows[0].find(f"{WORD}trPr/{WORD}tblHeader") is not None
        self.writer.table([list(_columns(row)) for row in rows], header or None)

    def _put_apart(self, block: Any) -> None:
        """Notes and text boxes of a block, after it."""
        for node in block.iter(*NOTES, f"{WORD}txbxContent"):
            if any(above.tag in APART for above in takewhile(lambda above: above is not block, node.iterancestors())):
                continue  # It is in a box, and read with that; or it is what older programs show instead of one.
            if node.tag == f"{WORD}txbxContent":
                self.put_all(node)
            elif (note := self._notes[NOTES[node.tag]].pop(str(node.get(f"{WORD}id")), None)) is not None:
                self.put_all(note)

    def put_edges(self) -> None:
        """Headers and footers, each text once: between two pages they would cut a sentence."""
        said: set[str] = set()
        for section in self._sections:
            edges = (section.header, section.first_page_header, section.even_page_header, section.footer, section.first_page_footer, section.even_page_footer)
            for edge in edges:
                text = "" if edge.is_linked_to_previous else _text(edge._element).strip()  # noqa: SLF001 - Its paragraphs leave out tables and fields.
                if text and text not in said:
                    said.add(text)
                    self.put_all(edge._element)  # noqa: SLF001


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, those inside content controls and tracked changes too."""
    for child in parent:
        if child.tag in (f"{WORD}p", f"{WORD}tbl"):
            yield child
        elif child.tag in WRAPPERS:
            yield from _blocks(child)


def _style(block: Any) -> str:
    style = block.find(f"{WORD}pPr/{WORD}pStyle")
    return "" if style is None else str(style.get(f"{WORD}val"))


def _text(node: Any) -> str:
    """The visible text under a node."""
    if node.tag in (f"{WORD}t", f"{MATH}t"):
        return node.text or ""
    if node.tag in WHITE:
        return WHITE[node.tag]
    if node.tag in APART or (node.tag == f"{WORD}r" and _vanishes(node)):
        return ""
    return "".join(map(_text, node))


def _vanishes(run: Any) -> bool:
    mark = run.find(f"{WORD}rPr/{WORD}vanish")
    return mark is not None and mark.get(f"{WORD}val") not in ("0", "false", "off")


def _rows(table: Any) -> list[Any]:
    return [row for row in table.iter(f"{WORD}tr") if _table_of(row) is table]


def _cells(row: Any) -> Iterator[Any]:
    """The cells of a row that are not the rest of one above."""
    return (cell for cell in row.iter(f"{WORD}tc") if _row_of(cell) is row and not _goes_on(cell))


def _columns(row: Any) -> Iterator[str]:
    """The texts of a row column by column: what a merged cell covers is empty."""
    yield from [""] * _size(row, f"{WORD}trPr/{WORD}gridBefore")
    for cell in row.iter(f"{WORD}tc"):
        if _row_of(cell) is row:
            yield "" if _goes_on(cell) else _text_of_cell(cell)
            yield from [""] * (_size(cell, f"{WORD}tcPr/{WORD}gridSpan") - 1)


def _goes_on(cell: Any) -> bool:
    """Whether a cell is the rest of one above."""
    merged = cell.find(f"{WORD}tcPr/{WORD}vMerge")
    return merged is not None and merged.get(f"{WORD}val") != "restart"


def _size(node: Any, path: str) -> int:
    found = node.find(path)
    value = "" if found is None else str(found.get(f"{WORD}val") or "")
    return min(int(value), 100) if value.isascii() and value.isdecimal() else 0


def _text_of_cell(cell: Any) -> str:
    return " ".join(" ".join(_text(paragraph).split()) for paragraph in cell.iter(f"{WORD}p") if not any(a.tag in APART for a in paragraph.iterancestors()))


def _row_of(cell: Any) -> Any:
    return next(above for above in cell.iterancestors() if above.tag == f"{WORD}tr")


def _table_of(row: Any) -> Any:
    return next(above for above in row.iterancestors() if above.tag == f"{WORD}tbl")
