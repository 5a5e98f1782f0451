"""HTML, and what is written in it: pages, saved pages, books. And XML of any kind. With word.py and the like the door to lxml."""

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import partial
from html import escape, unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from index.errors import LoadError
from index.load.archive import check_archive
from index.load.grid import row_sentences
from index.load.reading import Reading, Writer
from index.load.text import decode
from index.types import Heading

UNSEEN = {"script", "style", "noscript", "template", "head", "svg", "math", "iframe", "object", "select", "textarea"}
BLOCKS = set(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form"
    " h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
GAPS = ("", " ", " | ", "\n", "\n\n")  # What can stand between two texts, weakest first.
XHTML, CDATA = re.compile(r"<\?xml|xmlns="), re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.S)
HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
LONGEST_CELL = 300  # Characters: a table with longer ones sets out a page, and reads as its parts do.
INSIDE_CELLS = {"table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "form", "pre"}


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


def read_html(path: Path) -> Reading:
    """A page of HTML: its visible text."""
    data = path.read_bytes()
    declared = re.search(rb"<meta[^>]+charset=[\"']?([\w-]+)", data[:4096], re.I)
    text, warning = decode(data, declared[1].decode() if declared else None)
    return html_reading(text, (warning,) if warning else ())


def html_reading(text: str, notes: tuple[str, ...] = ()) -> Reading:
    """The visible text of HTML."""
    from lxml import etree, html

    if XHTML.search(text[:2000]):
        text = CDATA.sub(lambda section: escape(section[1], quote=False), text)
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
    odd = [*notes, f"{page.hidden} hidden characters were left out"] if page.hidden else notes
    return Reading("".join(page.parts), title, headings=tuple(page.headings), notes=tuple(odd))


def _walk_html(root: Any, page: _Page) -> None:
    """Visit a tree without recursion, for pages nested thousands deep."""
    from lxml import etree

    open_headings: list[Any] = []
    unseen, veiled, pre = 0, 0, 0
    table: Any = None
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        element = event in ("start", "end")
        tag = node.tag.lower() if element else ""
        step = 1 if event == "start" else -1
        if table is not None:
            if event == "end" and node is table:
                table = None
                page.gap("\n\n")
                page.put(node.tail or "", pre > 0)
            continue
        if element:
            pre += step * (tag == "pre")
            unseen += step * (tag in UNSEEN)
            veiled += step * _concealed(node)
        text = (node.text if event == "start" else node.tail) or ""
        if unseen or veiled:
            page.hidden += len(text.strip()) if veiled and not unseen else 0
            continue
        if event == "start" and tag == "table" and (sentences := _table(node)):
            table = node
            for sentence in sentences:
                page.gap("\n\n")
                page.put(sentence, pre=False)
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


def _table(table: Any) -> list[str]:
    """A table of data, a sentence a row; nothing for one that sets out a page."""
    rows = list(table.iter("tr"))
    cells = [[cell for cell in row if isinstance(cell.tag, str) and cell.tag in ("td", "th")] for row in rows]
    if any((text or "").strip() for node in table.iter("table", "thead", "tbody", "tfoot", "tr") for text in (node.text, *(child.tail for child in node))):
        return []  # Text that stands in no cell would be lost.
    several = sum(len(row) > 1 for row in cells)
    inside = {node.tag for row in cells for cell in row for node in cell.iter() if node is not cell}
    if several < 2 or 2 * several < len(rows) or inside & INSIDE_CELLS or any(map(_concealed, table.iter())) or any(map(_concealed, table.iterancestors())):
        return []
    texts = _spread(cells)
    if any(len(text) > LONGEST_CELL for row in texts for text in row):
        return []
    caption = [text for node in table.iter("caption") if (text := _seen_text(node))]
    header = rows[0].getparent().tag == "thead" or (bool(cells[0]) and all(cell.tag == "th" for cell in cells[0]))
    return caption + row_sentences(texts, header or None)


def _spread(cells: list[list[Any]]) -> list[list[str]]:
    """The texts of cells in the columns that they stand in: one that spans rows is said in each."""
    rows: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in cells:
        texts: list[str] = []
        waiting = list(row)
        while waiting or any(column >= len(texts) for column in hanging):
            column = len(texts)
            if column in hanging:
                left, text = hanging.pop(column)
                if left > 1:
                    hanging[column] = left - 1, text
                texts.append(text)
                continue
            if not waiting:
                texts.append("")
                continue
            cell = waiting.pop(0)
            text, wide, high = _seen_text(cell), _span(cell, "colspan"), _span(cell, "rowspan")
            for place in range(wide):
                texts.append(text if place == 0 else "")
                if high > 1:
                    hanging[column + place] = high - 1, text if place == 0 else ""
        rows.append(texts)
    return rows


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(max(int(value), 1), 100) if value.isdecimal() else 1


def _seen_text(node: Any) -> str:
    """The visible text under a node, on one line."""
    parts: list[str] = [] if node.tag in UNSEEN else [node.text or ""]
    for child in node:
        if isinstance(child.tag, str) and child.tag not in UNSEEN:
            parts.append(" " if child.tag == "br" or child.tag in BLOCKS else "")
            parts.append(_seen_text(child))
            parts.append(" " if child.tag in BLOCKS else "")
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def _gap_of(tag: str) -> str:
    if tag in ("td", "th"):
        return " | "
    if tag in ("br", "tr"):
        return "\n"
    return "\n\n" if tag in BLOCKS else ""


def _concealed(node: Any) -> bool:
    return "hidden" in node.attrib or bool(HIDDEN_STYLE.search(node.get("style") or ""))


# --- Books -------------------------------------------------------------------------------------------

OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"


def read_epub(path: Path) -> Reading:
    """An EPUB, its chapters in the order of its spine."""
    check_archive(path)
    with zipfile.ZipFile(path) as book:
        package_name, package = _package(book)
        if "META-INF/encryption.xml" in book.namelist() and "META-INF/rights.xml" in book.namelist():
            raise LoadError("is protected against copying: no text can be read out of it")
        hrefs = {item.get("id"): item.get("href", "") for item in package.iter(f"{OPF}item")}
        writer = Writer()
        for item in package.iter(f"{OPF}itemref"):
            name = posixpath.normpath(posixpath.join(posixpath.dirname(package_name), unquote(hrefs.get(item.get("idref"), "").split("#")[0])))
            try:
                writer.take(html_reading(decode(book.read(name))[0]))
            except KeyError:
                writer.notes.append(f"the chapter {item.get('idref')} is missing from the book")
            except (LoadError, zipfile.BadZipFile, zlib.error, EOFError) as error:
                writer.notes.append(f"the chapter {name} was left out: it {error}")
        return writer.reading(package.findtext(f".//{DC}title") or "")


def _package(book: zipfile.ZipFile) -> tuple[str, Any]:
    """The book's package file: its name and its root."""
    try:
        container = xml_root(book.read("META-INF/container.xml"))
        name = next(str(node.get("full-path")) for node in container.iter() if isinstance(node.tag, str) and node.tag.endswith("}rootfile"))
        return name, xml_root(book.read(name))
    except (KeyError, StopIteration) as error:
        raise LoadError("is not an EPUB: its package file is missing") from error


# --- XML ---------------------------------------------------------------------------------------------


NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")
DECLARED = re.compile(rb"<!ENTITY\s+([A-Za-z][A-Za-z0-9]*)\s+\"([^\"&<%]{0,100})\"\s*>")  # Short words, none made of others: no bomb.
DECLARATIONS = 20_000
OF_XML = (b"amp", b"lt", b"gt", b"quot", b"apos")


def _numbered(own: Mapping[bytes, bytes], entity: re.Match[bytes]) -> bytes:
    """An entity that the document or HTML names, by its numbers: the parser expands none, and fetches no DTD that would tell."""
    said = own[entity[1]].decode("utf-8", "replace") if entity[1] in own else unescape(entity[0].decode())
    return entity[0] if entity[1] in OF_XML or said == entity[0].decode() else "".join(f"&#{ord(mark)};" for mark in said).encode()


def xml_root(data: bytes) -> Any:
    """The root of an XML document; no file is read and nothing fetched for its entities. Raises LoadError where it is none."""
    from lxml import etree

    own = dict(DECLARED.findall(data[:DECLARATIONS]))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(NAMED.sub(partial(_numbered, own), data), parser)
    except etree.XMLSyntaxError as error:
        raise LoadError(f"is not XML that can be read ({error})") from error


def read_xml(path: Path) -> Reading:
    """XML of any kind: an element with text of its own is a paragraph, one whose children are plain values is a row of them.

    So is an element that holds nothing but attributes, of those that are in no namespace.
    """
    writer = Writer()
    _put_xml(xml_root(path.read_bytes()), writer)
    return writer.reading()


def _put_xml(root: Any, writer: Writer) -> None:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        children = [child for child in node if isinstance(child.tag, str)]
        if not len(node) and not (node.text or "").strip():
            _put_attributes(node, writer)
        elif not children or (node.text or "").strip() or any((child.tail or "").strip() or _is_entity(child) for child in node):
            writer.put(" ".join("".join(_xml_text(node)).split()))
        elif len(children) > 1 and all(len(child) == 0 and (child.text or "").strip() for child in children):
            writer.table([[_local(child) for child in children], ["".join(_xml_text(child)) for child in children]], header=True)
        else:
            waiting += reversed(children)


def _put_attributes(node: Any, writer: Writer) -> None:
    plain = {name: value for name, value in node.attrib.items() if "}" not in name and value.strip()}
    if plain:
        writer.put(f"{_local(node)}: {'; '.join(f'{name}: {value}' for name, value in plain.items())}.")


def _xml_text(root: Any) -> Iterator[str]:
    """The text under an element, with what follows comments and entities. What an entity stands for, a file or a bomb, is not read.

    No recursion: XML may be nested deep.
    """
    waiting = [(root, False)]
    while waiting:
        node, left = waiting.pop()
        if left:
            yield node.tail or ""
        elif isinstance(node.tag, str):
            yield node.text or ""
            for child in reversed(node):
                waiting += [(child, True), (child, False)]


def _is_entity(node: Any) -> bool:
    return str(getattr(node, "text", "") or "").startswith("&") and not isinstance(node.tag, str)


def _local(node: Any) -> str:
    return str(node.tag.rpartition("}")[2])
