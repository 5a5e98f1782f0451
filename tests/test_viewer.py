"""The very sentence on the very page: rectangles over printed letters, and the text around a sentence in blocks that keep every character."""

import hashlib
import io
import math
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.standing import State, standing
from assistant.web.blocks import Mark, blocks, runs
from index import Index, original
from index.embed import Embedder
from index.errors import ChangedError, LoadError
from index.load.layout import Glyph, rectangles
from index.pages import Pages
from index.types import Document, Heading
from tests.conftest import SHARED, build_index, write
from tests.documents import pdf

# --- Lines into rectangles -----------------------------------------------------------------------------


def line(text: str, top: float, left: float = 0.1, wide: float = 0.01, high: float = 0.02) -> list[Glyph]:
    """A printed line: letters side by side, whose font reaches a little beyond their ink."""
    placed = enumerate(text)
    return [
        Glyph(letter, (left + place * wide, top, left + (place + 0.9) * wide, top + high), (top - 0.002, top + high + 0.002))
        for place, letter in placed
        if not letter.isspace()
    ]


def covered(text: str, part: str, lines: list[list[Glyph]], nth: int = 0) -> list[tuple[float, ...]]:
    start = -1
    for _ in range(nth + 1):
        start = text.index(part, start + 1)
    (boxes,) = rectangles(text, [(start, start + len(part))], lines)
    return [tuple(round(edge, 3) for edge in box) for box in boxes]


def test_a_sentence_over_two_lines_has_two_rectangles() -> None:
    text = "One came. Two\nwent home. All"
    lines = [line("One came. Two", 0.1), line("went home. All", 0.14)]
    assert covered(text, "Two\nwent home.", lines) == [(0.2, 0.098, 0.229, 0.122), (0.1, 0.138, 0.199, 0.162)]


def test_a_sentence_that_stands_there_twice_is_marked_where_it_is_cited() -> None:
    text = "It rains.\nIt rains.\nIt rains."
    lines = [line("It rains.", top) for top in (0.1, 0.2, 0.3)]
    for nth, top in enumerate((0.1, 0.2, 0.3)):
        assert [box[1] for box in covered(text, "It rains.", lines, nth)] == [round(top - 0.002, 3)]


def test_lines_that_were_moved_are_found_where_they_are_printed() -> None:
    printed = [line("Chapter One", 0.05), line("It began in", 0.1), line("the rain.", 0.14), line("7", 0.9)]
    assert covered("It began in\nthe rain.\n\nChapter One\n\n7", "Chapter One", printed)[0][1] == 0.048
    assert [box[1] for box in covered("It began in\nthe rain.\n\nChapter One\n\n7", "It began in\nthe rain.", printed)] == [0.098, 0.138]


def test_a_word_that_was_broken_at_a_lines_end_is_covered_on_both_lines() -> None:
    assert len(covered("The harbour was quiet.", "harbour", [line("The har", 0.1), line("bour was quiet.", 0.14)])) == 2


def test_printed_lines_that_a_broken_word_joins_are_covered_apart() -> None:
    """PDFium tells both as one line then; the fonts of close lines reach into one another."""
    joined = [*line("We left. The har", 0.1), *line("bour was quiet. All", 0.122)]
    assert covered("We left. The harbour was quiet. All", "We left.", [joined]) == [(0.1, 0.098, 0.179, 0.122)]
    assert covered("We left. The harbour was quiet. All", "All", [joined]) == [(0.26, 0.12, 0.289, 0.144)]


def test_a_cell_that_stands_half_a_line_higher_is_covered_apart_and_a_raised_figure_is_not() -> None:
    cells = [*line("6", 0.11, 0.1), *line("OTSL 0.965", 0.1, 0.3)]
    assert covered("6 OTSL 0.965", "6 OTSL 0.965", [cells]) == [(0.1, 0.108, 0.109, 0.132), (0.3, 0.098, 0.399, 0.122)]
    raised = [*line("10", 0.1), *line("6", 0.095, 0.12, high=0.012), *line("volts", 0.1, 0.14)]
    assert len(covered("106 volts", "106 volts", [raised])) == 1


def test_what_is_not_printed_has_no_rectangle() -> None:
    assert rectangles("Never printed.", [(0, 14)], [line("Something else.", 0.1)]) == [[]]
    assert rectangles("", [(0, 0)], []) == [[]]


def test_a_font_that_tells_nonsense_of_its_height_marks_no_other_line() -> None:
    tall = [Glyph(g.letter, g.box, (g.box[1] - 0.5, g.box[3] + 0.5)) for g in line("Tall.", 0.4)]
    ((box,),) = rectangles("Tall.", [(0, 5)], [tall])
    assert box[3] - box[1] < 0.02 * 2.3


@given(st.lists(st.text(st.sampled_from("ab c."), min_size=1, max_size=8), max_size=8))
def test_every_printed_letter_of_an_unmoved_page_is_covered(texts: list[str]) -> None:
    lines = [line(text, 0.1 * (place + 1)) for place, text in enumerate(texts)]
    text = "\n".join(texts)
    (boxes,) = rectangles(text, [(0, len(text))], lines)
    for glyph in (glyph for each in lines for glyph in each):
        middle = (glyph.box[0] + glyph.box[2]) / 2, (glyph.box[1] + glyph.box[3]) / 2
        assert any(left <= middle[0] <= right and top <= middle[1] <= bottom for left, top, right, bottom in boxes)


# --- Real pages ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pages() -> Any:
    pages = Pages()
    yield pages
    pages.close()


def test_the_ink_of_a_sentence_lies_under_its_rectangles_and_nowhere_else(folder: Path, tmp_path: Path, embedder: Embedder, pages: Pages) -> None:
    from PIL import Image

    write(folder, {"a.pdf": pdf([["# The harbour", "It rains. The keeper", "was called Orla. It rains."], ["It rains."]])})
    build_index(tmp_path / "index", [folder], embedder)
    index = Index.open(tmp_path / "index")
    document = index.document("a.pdf")
    path = original.find(document)
    assert path is not None
    assert pages.sizes(path, document) == [(595.0, 842.0)] * 2
    start = document.text.index("The keeper")
    found = pages.rectangles(path, document, [(start, document.text.index("Orla.") + 5)])
    assert list(found) == [1]
    (boxes,) = found[1]
    assert len(boxes) == 2
    kind, data = pages.picture(path, document, 1, 1190)
    assert kind == "image/png"
    page = Image.open(io.BytesIO(data)).convert("L")
    assert page.width == 1190
    without = page.copy()
    for left, top, right, bottom in boxes:
        area = (math.floor(left * page.width), math.floor(top * page.height), math.ceil(right * page.width), math.ceil(bottom * page.height))
        assert sum(page.crop(area).histogram()[:128]) > 100
        without.paste(255, area)
    rows = [y for y in range(page.height) if any(without.getpixel((x, y)) < 128 for x in range(page.width))]
    assert rows  # "It rains." and the heading are still there …
    ink = sum(without.crop((0, 0, page.width, page.height)).histogram()[:128])
    assert 0.3 < ink / sum(page.histogram()[:128]) < 0.8  # … and nothing of the sentence is.


def test_a_sentence_over_two_pages_has_rectangles_on_both(folder: Path, tmp_path: Path, embedder: Embedder, pages: Pages) -> None:
    write(folder, {"a.pdf": pdf([["The first line of all.", "The keeper was"], ["called Orla of the north.", "He left."]])})
    build_index(tmp_path / "index", [folder], embedder)
    index = Index.open(tmp_path / "index")
    sentence = next(s for s in index.sentences_of("a.pdf") if "Orla" in s.text)
    path = original.find(sentence.document)
    assert path is not None
    found = pages.rectangles(path, sentence.document, [(sentence.start, sentence.end)])
    assert {page: len(boxes) for page, (boxes,) in found.items()} == {1: 1, 2: 1}


def read_from(path: Path) -> Document:
    return Document(path.name, "", "One.", (0,), hashlib.sha256(path.read_bytes()).hexdigest(), source=str(path))


def test_a_file_that_is_no_pdf_and_one_that_is_gone_or_changed_are_told_of(tmp_path: Path, pages: Pages) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"no pdf")
    (tmp_path / "good.pdf").write_bytes(pdf([["One."]]))
    bad, good = read_from(tmp_path / "bad.pdf"), read_from(tmp_path / "good.pdf")
    with pytest.raises(LoadError, match=r"bad\.pdf cannot be shown as pages"):
        pages.sizes(tmp_path / "bad.pdf", bad)
    with pytest.raises(LoadError, match="No such file"):
        pages.sizes(tmp_path / "gone.pdf", good)
    with pytest.raises(LoadError):
        pages.picture(tmp_path / "good.pdf", good, 9, 800)
    assert pages.sizes(tmp_path / "good.pdf", good) == [(595.0, 842.0)]
    (tmp_path / "good.pdf").write_bytes(pdf([["Two."], ["Three."]]))
    with pytest.raises(ChangedError):
        pages.sizes(tmp_path / "good.pdf", good)


def test_a_worker_that_died_is_started_again(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf([["One."]]))
    document = read_from(tmp_path / "a.pdf")
    pages = Pages()
    pages.sizes(tmp_path / "a.pdf", document)
    assert pages._process is not None
    os.kill(pages._process.pid, 9)
    pages._process.wait()
    assert len(pages.sizes(tmp_path / "a.pdf", document)) == 1
    pages.close()


@pytest.mark.slow
def test_the_sentences_of_real_pdfs_are_found_on_their_pages(tmp_path: Path, embedder: Embedder, pages: Pages) -> None:
    folder = SHARED / "data" / "documents" / "docling"
    files = sorted(folder.glob("*odf*.pdf")) + sorted(folder.glob("*pdf__sources*.pdf"))
    if not files:
        pytest.skip(f"needs the shared documents in {folder}")
    build_index(tmp_path / "index", files, embedder)
    index = Index.open(tmp_path / "index")
    found, total = 0, 0
    for id in index.document_ids:
        sentences = index.sentences_of(id)
        path = original.find(sentences[0].document)
        assert path is not None
        for sentence in sentences:
            on = pages.rectangles(path, sentence.document, [(sentence.start, sentence.end)])
            total += 1
            found += any(boxes for (boxes,) in on.values())
    assert found / total >= 0.99


# --- The file of a document ----------------------------------------------------------------------------


def test_a_document_knows_its_file_and_whether_it_changed(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"deep/a.txt": "The door is green."})
    (tmp_path / "other").mkdir()
    write(tmp_path / "other", {"deep/a.txt": "The door is red."})
    build_index(tmp_path / "index", [folder, tmp_path / "other"], embedder)
    index = Index.open(tmp_path / "index")
    found = {id: original.find(index.document(id)) for id in index.document_ids}
    assert found == {"documents/deep/a.txt": folder / "deep/a.txt", "other/deep/a.txt": tmp_path / "other/deep/a.txt"}
    document = index.document("documents/deep/a.txt")
    assert original.is_unchanged(document, folder / "deep/a.txt")
    write(folder, {"deep/a.txt": "The door is blue!!"})
    assert not original.is_unchanged(document, folder / "deep/a.txt")
    (folder / "deep/a.txt").unlink()
    assert original.find(document) is None
    (folder / "deep/a.txt").symlink_to("/etc/passwd")
    assert original.find(document) is None


def test_an_id_leads_out_of_no_source(tmp_path: Path) -> None:
    write(tmp_path, {"secret.txt": "Secret.", "in/a.txt": "Open."})
    assert original.find(Document("../secret.txt", "", "", (), "0", source=str(tmp_path / "in"))) is None


# --- Blocks --------------------------------------------------------------------------------------------


def shown(document: Document) -> list[tuple[str, str]]:
    """The kind and the readable text of each block."""
    told = []
    for block in blocks(document, 0, len(document.text)):
        parts = [part for row in block.rows for cell in row for part in cell] if block.kind == "table" else block.parts
        told.append((block.kind, "".join(document.text[part.start : part.end] for part in parts if part.style != "syntax")))
    return told


MARKDOWN = """# The *title*

A **bold** word, `code`, and [a link](http://example.org/x_y_z).

- one
- two **2**

> said so

| a | b |
|---|:-:|
| 1 | 2 |

```python
x = "# no heading"
```
"""


def test_markdown_reads_as_it_is_meant_and_keeps_every_character() -> None:
    document = Document("a.md", "", MARKDOWN, (), "0", (Heading(0, 13, 1),))
    assert shown(document) == [
        ("heading", "The *title*"),
        ("paragraph", "A bold word, code, and a link."),
        ("item", "- one\n"),
        ("item", "- two 2"),
        ("quote", "said so"),
        ("table", "ab12"),
        ("code", 'x = "# no heading"\n'),
    ]
    found = [part for block in blocks(document, 0, len(MARKDOWN)) if block.kind != "table" for part in block.parts]
    assert all(one.end <= next.start for one, next in pairwise(found))
    assert [part.style for part in blocks(document, 0, len(MARKDOWN))[1].parts] == [
        "", "syntax", "strong", "syntax", "", "syntax", "code", "syntax", "", "syntax", "", "syntax", "",
    ]  # fmt: skip


def test_rows_that_were_read_as_sentences_are_a_table_again() -> None:
    text = "Prices\n\nItem: Desk; Price: 90.\n\nItem: Lamp; Colour: red; Price: 12.5.\n\nThe end: it is near; so it: seems."
    document = Document("a.xlsx", "", text, (), "0")
    kinds = [(block.kind, block.names) for block in blocks(document, 0, len(text))]
    assert kinds[:2] == [("paragraph", ()), ("table", ("Item", "Price", "Colour"))]
    table = blocks(document, 0, len(text))[1]
    cells = [["".join(text[p.start : p.end] for p in cell if p.style != "syntax") for cell in row] for row in table.rows[:2]]
    assert cells == [["Desk", "90", ""], ["Lamp", "12.5", "red"]]


def test_rows_without_names_are_a_table_too() -> None:
    text = "a | b | c\n\nd | e | f"
    (table,) = blocks(Document("a.docx", "", text, (), "0"), 0, len(text))
    assert [len(row) for row in table.rows] == [3, 3]


def test_code_is_one_block_and_the_head_of_a_mail_is_told_apart() -> None:
    assert shown(Document("a.py", "", "x = 1\n\n\ny = 2\n", (), "0")) == [("code", "x = 1\n\n\ny = 2\n")]
    mail = "The contract\n\nFrom: Anna <a@example.org>\nDate: today\n\nDear all,\nsee below."
    assert [kind for kind, _ in shown(Document("a.eml", "", mail, (), "0", (Heading(0, 12, 1),)))] == ["heading", "header", "paragraph"]


def test_marks_keep_the_very_text_of_the_sentence() -> None:
    document = Document("a.md", "", "One **came**. Two *went*. All left.", (), "0")
    (block,) = blocks(document, 0, len(document.text))
    told = runs(document, block.parts, [Mark(0, 13, 2, False), Mark(14, 25, 1, True)])
    said = [(run["label"], run["current"], "".join(text for _, text in run["pieces"])) for run in told]  # type: ignore[attr-defined]
    assert said == [(2, False, "One **came**."), (0, False, " "), (1, True, "Two *went*."), (0, False, " All left.")]


@given(st.text(st.sampled_from("ab*_`#>|-: \n.[]()1"), max_size=120), st.sampled_from(["a.md", "a.txt", "a.py", "a.eml", "a.csv"]))
def test_blocks_of_anything_keep_the_order_and_lose_nothing_but_white_space(text: str, id: str) -> None:
    document = Document(id, "", text, (), "0")
    told = []
    for block in blocks(document, 0, len(text)):
        if block.kind == "table":
            told += sorted((part.start, part.end) for row in block.rows for cell in row for part in cell)
        else:
            told += [(part.start, part.end) for part in block.parts]
    assert all(one[1] <= next[0] for one, next in pairwise(told))
    kept = {place for start, end in told for place in range(start, end)}
    assert {text[place] for place in range(len(text)) if place not in kept} <= set(" \n|-:")


# --- What became of a sentence -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "state", "place"),
    [
        ("One came. Two went.", State.UNCHANGED, 10),
        ("Nobody else. One came. Two went.", State.MOVED, 23),
        ("Two went. One came. Nothing. Two went.", State.MOVED, 0),
        ("One came. Two\n  went.", State.MOVED, 10),
        ("One came. Three went.", State.CHANGED, 10),
        (None, State.REMOVED, 10),
    ],
)
def test_a_sentence_is_unchanged_moved_changed_or_removed(today: str | None, state: State, place: int) -> None:
    found = standing("Two went.", "a.txt", "0", 10, lambda *_: () if today is None else [Document("a.txt", "", today, (), "1")])
    assert (found.state, found.start) == (state, place)
    assert found.holds == (state in (State.UNCHANGED, State.MOVED))
    if found.document and found.holds:
        assert "".join(found.document.text[found.start : found.end].split()) == "Twowent."
