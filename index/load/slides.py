"""A PowerPoint presentation, a page a slide: its shapes in reading order, tables, charts' and diagrams' words, notes. The door to python-pptx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from index.errors import LoadError
from index.load.archive import transitional
from index.load.markup import xml_root
from index.load.reading import Reading, Writer

DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
LINE_OF = 100_000  # English Metric Units, a tenth of an inch: shapes that begin within it stand in one line.


def read_pptx(path: Path) -> Reading:
    """The slides in order; hidden ones are left out and told of."""
    package = transitional(path)
    from lxml.etree import XMLSyntaxError
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    try:
        presentation = Presentation(package)
        slides = list(presentation.slides)
    except (PythonPptxError, KeyError, ValueError, AttributeError, XMLSyntaxError) as error:
        raise LoadError(f"is not a PowerPoint presentation that can be read ({error})") from error
    writer = Writer()
    hidden = []
    for number, slide in enumerate(slides, 1):
        writer.page()
        if slide.element.get("show") in ("0", "false"):
            hidden.append(str(number))
            continue
        try:
            _put_slide(slide, writer)
        except (PythonPptxError, KeyError, ValueError, AttributeError, NotImplementedError, LoadError) as error:
            writer.notes.append(f"a part of slide {number} was left out ({error})")
    if hidden:
        writer.notes.append(f"hidden slides were left out: {', '.join(hidden)}")
    return writer.reading((presentation.core_properties.title or "").strip())


def _put_slide(slide: Any, writer: Writer) -> None:
    title = slide.shapes.title
    if title is not None and title.has_text_frame:
        writer.heading(title.text_frame.text, 1)
    for shape in _in_reading_order(slide.shapes):
        if title is None or shape._element is not title._element:  # noqa: SLF001 - Some programs give one id to several shapes.
            _put_shape(shape, writer)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        _put_text(slide.notes_slide.notes_text_frame._txBody, writer)  # noqa: SLF001 - It has no other way to its paragraphs' line breaks.


def _in_reading_order(shapes: Any) -> Iterator[Any]:
    """From top to bottom, and from left to right; a placeholder without a place of its own comes where it stands in the file."""
    placed = sorted(enumerate(shapes), key=lambda pair: ((pair[1].top or 0) // LINE_OF, pair[1].left or 0, pair[0]))
    return (shape for _, shape in placed)


def _put_shape(shape: Any, writer: Writer) -> None:
    from pptx.shapes.group import GroupShape

    if isinstance(shape, GroupShape):
        for inner in _in_reading_order(shape.shapes):
            _put_shape(inner, writer)
    elif getattr(shape, "has_table", False):
        rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
        writer.table(rows, header=True if shape.table.first_row and len(rows) > 1 else None)
    elif getattr(shape, "has_text_frame", False):
        _put_text(shape._element, writer)  # noqa: SLF001
    elif shape._element.tag.endswith("}graphicFrame"):  # noqa: SLF001
        _put_graphic(shape, writer)


def _put_text(element: Any, writer: Writer) -> None:
    for paragraph in element.iter(f"{DRAWING}p"):
        writer.put("".join(_runs(paragraph)))


def _runs(paragraph: Any) -> Iterator[str]:
    for node in paragraph.iter(f"{DRAWING}t", f"{DRAWING}br"):
        yield (node.text or "") if node.tag == f"{DRAWING}t" else "\n"


def _put_graphic(frame: Any, writer: Writer) -> None:
    """The words of a diagram (SmartArt) or a chart, which stand in a part of their own."""
    ids = [value for node in frame._element.iter() for name, value in node.attrib.items() if name.endswith(("}id", "}dm"))]  # noqa: SLF001
    for part in (frame.part.related_part(id) for id in ids if id in frame.part.rels and not frame.part.rels[id].is_external):
        if not part.partname.endswith(".xml"):
            continue
        root = xml_root(part.blob)
        _put_text(root, writer)
        said = dict.fromkeys(node.text.strip() for node in root.iter(f"{CHART}v") if node.text and not _is_number(node.text))
        writer.put("; ".join(said))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
