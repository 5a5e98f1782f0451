"""Whether the rectangles over cited sentences lie where another reader of PDF sees their letters: `python -m benchmarks.marks FOLDER` of PDFs.

Every sentence is marked as the viewer does. pdfplumber (on pdfminer, not on PDFium) tells where the same letters stand. A sentence that it reads in
another order is left out; of one that a page says several times, the same one is compared.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from index import Index, original
from index.build import build
from index.embed import DEFAULT_MODEL, default_cache, open_embedder
from index.load import load
from index.load.layout import Box
from index.pages import Pages
from index.store import Store
from index.types import Document, Sentence

GRID = 1000
ENOUGH = 0.95
"""Of a sentence's letters, that must be covered; of the covered letters, that must be the sentence's."""
OVERLAP = 0.8
LEFT_OUT = "-\xad\u2010"
"""Hyphens: where one breaks a word at the end of a line, the two readers do not say the same."""


class Marked(NamedTuple):
    """Of one sentence: the share of its letters that are covered, of the covered ones that are its own, and the overlap of areas (intersection over union)."""

    covered: float
    own: float
    overlap: float


def main(folder: str = "../shared/data/documents") -> None:
    files = sorted(Path(folder).rglob("*.pdf"))
    if not files:
        print(f"no PDF in {folder}: name a folder that holds some")
        return
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch))
        with store.lock():
            build(store, load(files), open_embedder(DEFAULT_MODEL, default_cache()), [str(file) for file in files])
        index, pages = Index.open(scratch), Pages()
        marked = [found for id in index.document_ids for found in _document(index.document(id), index.sentences_of(id), pages)]
        pages.close()
    right = [one.covered >= ENOUGH and one.own >= ENOUGH for one in marked]
    print(f"{len(files)} PDFs, {len(marked)} sentences that pdfplumber reads alike")
    print(f"covered, and nothing else     {sum(right) / len(right):.1%} (at least {ENOUGH:.0%} of the letters, and of what is covered)")
    print(f"overlap with its boxes        median {median(one.overlap for one in marked):.2f}; at least {OVERLAP}: {_share(marked):.1%}")


def _share(marked: Sequence[Marked]) -> float:
    return sum(one.overlap >= OVERLAP for one in marked) / len(marked)


def _document(document: Document, sentences: Sequence[Sentence], pages: Pages) -> Iterator[Marked]:
    import pdfplumber

    path = original.find(document)
    if path is None or not document.pages:
        return
    with pdfplumber.open(path) as reader:
        letters = {number: _letters(page) for number, page in enumerate(reader.pages, 1)}
    for sentence in sentences:
        found = pages.rectangles(path, document, [(sentence.start, sentence.end)])
        number = document.page_at(sentence.start)
        if number is None or len(found) != 1:
            continue
        wanted = _places(letters[number], document.text[document.pages[number - 1] : sentence.start], sentence.text)
        if wanted:
            yield _marked(letters[number], wanted, found[number][0])


def _letters(page: Any) -> list[tuple[str, Box]]:
    """The printed letters of a page in pdfplumber's order, with their boxes as shares of the page."""
    width, height = float(page.width), float(page.height)
    return [
        (letter, (c["x0"] / width, c["top"] / height, c["x1"] / width, c["bottom"] / height))
        for c in page.chars
        for letter in c["text"]
        if letter not in LEFT_OUT and not letter.isspace()
    ]


def _places(letters: Sequence[tuple[str, Box]], before: str, text: str) -> range | None:
    """Where a sentence stands among the letters of its page, the n-th time if it was said n - 1 times before."""
    said, wanted = "".join(letter for letter, _ in letters), _bare(text)
    at = -1
    for _ in range(_bare(before).count(wanted) + 1):
        at = said.find(wanted, at + 1)
        if at < 0:
            return None
    return range(at, at + len(wanted))


def _bare(text: str) -> str:
    return "".join(letter for letter in text if letter not in LEFT_OUT and not letter.isspace())


def _marked(letters: Sequence[tuple[str, Box]], wanted: range, boxes: Sequence[Box]) -> Marked:
    inside = {place for place, (_, box) in enumerate(letters) if any(_holds(outer, box) for outer in boxes)}
    own = inside & set(wanted)
    lines: defaultdict[int, list[Box]] = defaultdict(list)
    for place in wanted:
        lines[round(letters[place][1][3] * 400)].append(letters[place][1])
    reference = _area([(min(b[0] for b in line), min(b[1] for b in line), max(b[2] for b in line), max(b[3] for b in line)) for line in lines.values()])
    ours = _area(boxes)
    return Marked(len(own) / len(wanted), len(own) / max(1, len(inside)), float((reference & ours).sum() / max(1, (reference | ours).sum())))


def _holds(outer: Box, box: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _area(boxes: Sequence[Box]) -> Any:
    grid = np.zeros((GRID, GRID), np.bool_)
    for left, top, right, bottom in boxes:
        grid[round(top * GRID) : round(bottom * GRID), round(left * GRID) : round(right * GRID)] = True
    return grid


if __name__ == "__main__":
    main(*sys.argv[1:])
