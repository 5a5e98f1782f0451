"""What the viewer shows of a cited sentence: the very page with rectangles over it, or the text around it in blocks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.standing import Standing, State
from assistant.types import Citation
from assistant.web.blocks import Block, Mark, blocks, runs
from index import original
from index.errors import ChangedError, LoadError
from index.pages import Pages
from index.types import Document

AROUND = 30_000
"""Characters shown before and after a cited sentence: some ten pages, which a browser lays out at once."""

Told = dict[str, Any]


def passage(citation: Citation, now: Standing, beside: Sequence[tuple[Citation, Standing]], pages: Pages) -> Told:
    """A cited sentence as it stands now, with the other sentences that its answer cites of the same document.

    Where the document can be shown as pages, `sizes` are theirs in points, and `boxes` has for each page that a sentence stands on its rectangles by
    label, as shares of the page.
    """
    sentence = citation.sentence
    document = now.document or sentence.document
    path = original.find(document) if now.document else None
    marks = [Mark(each.start, each.end, one.label, one.label == citation.label) for one, each in ((citation, now), *beside) if each.holds]
    told = {
        "document": document.id,
        "title": document.name,
        "hash": document.source_hash[:16],
        "label": citation.label,
        "page": document.page_at(now.start) if now.document else citation.page,
        "pages": len(document.pages),
        "start": now.start,
        "end": now.end,
        "quote": sentence.text,
        "state": now.state,
        "file": "",
        "original": path is not None,
        "marks": [[mark.label, document.page_at(mark.start)] for mark in sorted(marks, key=lambda mark: (mark.start, mark.label))],
        "sizes": [],
        "boxes": {},
    }
    if now.document is not None:
        told |= _as_printed(document, path, marks, pages)
    return told | _as_text(document, marks, now)


def is_printed(document: Document) -> bool:
    """Whether a document's file can be shown as pages: it is a PDF, and not a part of an archive."""
    return bool(document.pages) and not document.inside and document.id.lower().endswith(".pdf")


def _as_printed(document: Document, path: Path | None, marks: Sequence[Mark], pages: Pages) -> Told:
    if path is None or not original.is_unchanged(document, path):
        return {"file": "gone" if path is None else "changed"} if document.source else {}
    if not is_printed(document):
        return {}
    try:
        sizes = pages.sizes(path, document)
        found = pages.rectangles(path, document, [(mark.start, mark.end) for mark in marks])
    except ChangedError:
        return {"file": "changed"}
    except LoadError as error:
        return {"file": str(error)}
    boxes = {page: [[mark.label, rectangles] for mark, rectangles in zip(marks, of_marks, strict=True) if rectangles] for page, of_marks in found.items()}
    return {"sizes": [[round(width, 1), round(height, 1)] for width, height in sizes], "boxes": boxes}


def _as_text(document: Document, marks: Sequence[Mark], now: Standing) -> Told:
    if now.state is State.REMOVED:
        return {"blocks": [], "cut_before": False, "cut_after": False}
    first, last = max(0, now.start - AROUND), min(len(document.text), now.end + AROUND)
    return {
        "blocks": [_block(document, block, marks) for block in blocks(document, first, last)],
        "cut_before": first > 0,
        "cut_after": last < len(document.text),
    }


def _block(document: Document, block: Block, marks: Sequence[Mark]) -> Told:
    told: Told = {"kind": block.kind}
    if block.level:
        told["level"] = block.level
    if block.kind == "table":
        return told | {"names": block.names, "rows": [[runs(document, cell, marks) for cell in row] for row in block.rows]}
    return told | {"runs": runs(document, block.parts, marks)}
