"""Every format to its text: headings, tables row by row, lists, pages; archives and mails with what is in them."""

import io
import json
import mailbox
import os
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

import index.load.ocr
import index.load.reader
from index.load import Loading, load
from index.load.grid import row_sentences
from index.load.language import language_of
from index.load.reader import Reader
from index.split import sentences
from index.types import Document
from tests import documents
from tests.conftest import SHARED, write


def loaded(folder: Path) -> dict[str, Document]:
    loading = load([folder])
    found = {document.id: document for document in loading.documents if isinstance(document, Document)}
    assert loading.failed == [], loading.failed
    return found


def only(folder: Path) -> Document:
    (document,) = loaded(folder).values()
    return document


def headings(document: Document) -> list[tuple[str, int]]:
    return [(document.text[h.start : h.end], h.level) for h in document.headings]


def notes(loading: Loading) -> list[str]:
    assert loading.documents
    return [problem.reason for problem in loading.notes]


# --- Text --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "title", "found"),
    [
        ("a.rst", "=====\nTitle\n=====\n\nText here.\n\nPart one\n--------\n\nMore.\n\nDeeper\n~~~~~~\n\nEnd.\n", "Title",
         [("=====\nTitle\n=====", 1), ("Part one\n--------", 2), ("Deeper\n~~~~~~", 3)]),
        ("a.adoc", "= Title\n\nText.\n\n== Part\n\n----\n== code\n----\n\nMore.\n", "Title", [("= Title", 1), ("== Part", 2)]),
        ("a.org", "#+TITLE: The plan\n\n* First\nText.\n** Inner\n#+begin_src\n* code\n#+end_src\nMore.\n", "The plan", [("* First", 1), ("** Inner", 2)]),
        ("a.py", "import os\n\n\ndef read(path):\n    return open(path)\n\n\nclass Reader:\n    pass\n", "", [("def read(path):", 1), ("class Reader:", 1)]),
        ("a.yaml", "name: Anna\nage: 30\n", "", []),
        ("a.sql", "CREATE TABLE tenants (\n  name text\n);\n", "", [("CREATE TABLE tenants (", 1)]),
    ],
)  # fmt: skip
def test_what_is_text_already_is_as_it_stands(name: str, text: str, title: str, found: list[tuple[str, int]], folder: Path) -> None:
    write(folder, {name: text})
    document = only(folder)
    assert (document.text, document.title, headings(document)) == (text, title, found)


def test_latex_is_read_as_it_is_set(folder: Path) -> None:
    source = (
        "\\documentclass{article}\n\\title{On \\emph{rents}}\n\\begin{document}\n\\maketitle\n"
        "\\section{The lease}\nThe rent is 900~euros\\footnote{A month.} --- \\textbf{always}. % no\nIt rises.\n\n"
        "\\subsection*{Notice}\n\\begin{itemize}\n\\item Ninety days.\n\\item In writing.\n\\end{itemize}\nIf $x > 1$, then \\'etude.\n\\end{document}\nno"
    )
    write(folder, {"a.tex": source})
    document = only(folder)
    assert document.title == "On rents"
    assert headings(document) == [("The lease", 2), ("Notice", 3)]
    assert "The rent is 900 euros (A month.) — always. It rises." in " ".join(document.text.split())
    assert "étude" in document.text
    assert "no" not in document.text.split()
    assert [s.text.strip("* ") for s in sentences(document) if "days" in s.text or "writing" in s.text] == ["Ninety days.", "In writing."]


def test_latex_loses_nothing_that_is_set(folder: Path) -> None:
    source = (
        "\\newcommand{\\co}{Acme Limited}\n\\begin{document}\n\\section{One} Words.\n\n\\paragraph{Run in} More words.\n\n"
        "The landlord is \\co{} of Oslo, and \\co\\ knows. See \\href{http://y.z/q%3D1}{link words} and \\url{http://x.org/a%20b} there.\n\n"
        "\\begin{verbatim}\nx = 100 % y\n\\end{verbatim}\nThen \\verb|a % b| tail.\n\\begin{comment}Secret.\\end{comment}\\iffalse hid \\fi\n\n"
        "\\begin{tabular}{cc}\\multicolumn{1}{c}{800} & 900\\end{tabular}\n\\end{document}"
    )
    write(folder, {"a.tex": source})
    document = only(folder)
    text = " ".join(document.text.split())
    for words in (
        "The landlord is Acme Limited of Oslo, and Acme Limited knows.", "See link words and http://x.org/a%20b there.", "x = 100 % y",
        "Then a % b tail.", "800", "Run in", "More words.",
    ):  # fmt: skip
        assert words in text, text
    assert not {"Secret.", "hid", "1c800"} & set(text.split())
    assert headings(document) == [("One", 2), ("Run in", 4)]


def test_a_lone_macro_is_no_crash(folder: Path) -> None:
    write(folder, {f"{name}.tex": f"Words.\\{name}" for name in ("footnote", "section", "sqrt", "href")})
    assert all(document.text.startswith("Words.") for document in loaded(folder).values())


# --- Tables ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "header", "told"),
    [
        ([["Name", "Age", "Town"], ["Anna", "30", "Oslo"], ["Ben", "", "Rome"]], None, ["Name: Anna; Age: 30; Town: Oslo.", "Name: Ben; Town: Rome."]),
        ([["Tenants of 2026", "", ""], ["Name", "Age", "Town"], ["Anna", "30", "Oslo"]], None, ["Tenants of 2026", "Name: Anna; Age: 30; Town: Oslo."]),
        ([["Rent", "900 euros"], ["Notice", "Ninety days."]], None, ["Rent: 900 euros.", "Notice: Ninety days."]),
        ([["1", "2", "3"], ["4", "5", "6"]], None, ["1 | 2 | 3", "4 | 5 | 6"]),
        ([["1990", "2000"], ["4", "5"]], True, ["1990: 4; 2000: 5."]),
        ([["", "  "], []], None, []),
    ],
)
def test_a_table_reads_row_by_row_with_its_header(rows: Sequence[Sequence[str]], header: bool | None, told: list[str]) -> None:
    assert row_sentences(rows, header) == told


def test_each_row_is_a_sentence_of_its_own(folder: Path) -> None:
    write(
        folder,
        {
            "a.csv": 'name,age,"home town"\nAnna,30,"Oslo, north"\nben,31,Rome\n',
            "b.tsv": "x\ty\tz\n1\t2\t3\n",
            "c.csv": "a;b;c\n1,5;2;3\n",
            "d.csv": 'name,remark,n\nAnna,"He said ""yes, sir"" to me",5\n',
        },
    )
    found = loaded(folder)
    assert [s.text for s in sentences(found["a.csv"])] == ["name: Anna; age: 30; home town: Oslo, north.", "name: ben; age: 31; home town: Rome."]
    assert found["d.csv"].text == 'name: Anna; remark: He said "yes, sir" to me; n: 5.'
    assert (found["b.tsv"].text, found["c.csv"].text) == ("x: 1; y: 2; z: 3.", "a: 1,5; b: 2; c: 3.")


def test_a_page_of_tables_tells_data_from_layout(folder: Path) -> None:
    data = "<table><caption>Rents</caption><tr><th>Flat<th>Rent<th>Floor<tr><td rowspan=2>A<td>900<td>1<tr><td>950<td>2</table>"
    layout = "<table><tr><td><p>Left <b>side</b>.</p><ul><li>One</ul></td><td>Right side.</td></tr><tr><td>x<td>y</table>"
    write(folder, {"a.html": f"<h1>Flats</h1>{data}<p>Between.</p>{layout}After."})
    document = only(folder)
    assert document.text.startswith("Flats\n\nRents\n\nFlat: A; Rent: 900; Floor: 1.\n\nFlat: A; Rent: 950; Floor: 2.\n\nBetween.\n\nLeft side.\n\nOne")
    assert document.text.endswith("After.")


def test_a_merged_cell_leaves_the_others_in_their_columns(folder: Path) -> None:
    import docx

    document = docx.Document()
    table = document.add_table(4, 3)
    for row, texts in enumerate([("Region", "City", "Rent"), ("North", "Oslo", "900"), ("", "Bergen", "700"), ("South, all", "", "500")]):
        for cell, text in zip(table.rows[row].cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 0).merge(table.cell(3, 1))
    document.save(str(folder / "a.docx"))
    assert only(folder).text.split("\n\n") == ["Region: North; City: Oslo; Rent: 900.", "City: Bergen; Rent: 700.", "Region: South, all; Rent: 500."]


def test_a_cell_far_away_costs_no_time(folder: Path) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    sheet = book.add_worksheet("Rents")
    for row in range(300):
        sheet.write_row(row, 0, [f"Flat {row}", row, "yes"])
    sheet.write(0, 16383, "far words")
    book.close()
    assert "far words" in only(folder).text


def test_workbooks_give_sheets_rows_dates_and_no_hidden_sheet(folder: Path) -> None:
    import datetime

    import xlsxwriter

    book = xlsxwriter.Workbook(str(folder / "a.xlsx"))
    rents = book.add_worksheet("Rents")
    rents.write_row(0, 0, ["Flat", "Rent", "Since"])
    rents.write_row(1, 0, ["A", 900.0])
    rents.write_datetime(1, 2, datetime.datetime(2026, 5, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
    rents.write_row(2, 0, ["B", 950.5])
    rents.write_row(3, 0, ["C", 1e15])
    secret = book.add_worksheet("Secret")
    secret.write(0, 0, "Nobody shall read this.")
    secret.hide()
    book.add_worksheet("Other").write_row(0, 0, ["Alone"])
    book.close()
    loading = load([folder])
    (document,) = loading.documents
    assert isinstance(document, Document)
    assert document.text == "Rents\n\nFlat: A; Rent: 900; Since: 2026-05-01.\n\nFlat: B; Rent: 950.5.\n\nFlat: C; Rent: 1000000000000000.\n\nOther\n\nAlone"
    assert headings(document) == [("Rents", 1), ("Other", 1)]
    assert notes(loading) == ["hidden sheets were left out: Secret"]


def test_a_line_that_names_the_separator_is_none_of_the_table(folder: Path) -> None:
    write(folder, {"a.csv": "sep=;\r\nFlat;Rent\r\nA, left;900\r\n"})
    assert only(folder).text == "Flat: A, left; Rent: 900."


# --- Slides and OpenDocument -------------------------------------------------------------------------


def test_slides_are_pages_with_titles_tables_and_notes(folder: Path) -> None:
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "The plan"
    first.placeholders[1].text = "Build the bridge.\nThen rest."
    first.notes_slide.notes_text_frame.text = "Say that it is urgent."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "The costs"
    table = second.shapes.add_table(2, 3, Inches(1), Inches(2), Inches(6), Inches(1)).table
    for row, texts in enumerate([["What", "When", "How much"], ["Steel", "May", "20"]]):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    hidden = deck.slides.add_slide(deck.slide_layouts[5])
    hidden.shapes.title.text = "No"
    hidden._element.set("show", "0")
    deck.save(str(folder / "a.pptx"))
    loading = load([folder])
    (document,) = loading.documents
    assert isinstance(document, Document)
    assert document.text == ("The plan\n\nBuild the bridge.\n\nThen rest.\n\nSay that it is urgent.\fThe costs\n\nWhat: Steel; When: May; How much: 20.\f")
    assert headings(document) == [("The plan", 1), ("The costs", 1)]
    assert [document.page_at(document.text.index(words)) for words in ("rest", "Steel")] == [1, 2]
    assert notes(loading) == ["hidden slides were left out: 3"]


def test_opendocument_text_is_read_in_order(folder: Path) -> None:
    body = (
        "<office:text><text:tracked-changes><text:changed-region><text:deletion><text:p>Gone.</text:p></text:deletion></text:changed-region>"
        "</text:tracked-changes>"
        '<text:h text:outline-level="1">The lease</text:h><text:p>The rent<text:s text:c="2"/>is<text:tab/>900<text:note>'
        "<text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>A month.</text:p></text:note-body></text:note> euros.</text:p>"
        "<text:list><text:list-item><text:p>One</text:p></text:list-item><text:list-item><text:p>Two</text:p></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Flat</text:p></table:table-cell><table:table-cell><text:p>Rent</text:p>"
        "</table:table-cell></table:table-row></table:table-header-rows><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell>"
        '<text:p>900</text:p></table:table-cell></table:table-row></table:table><text:p text:style-name="P9">Hidden.</text:p></office:text>'
    )
    styles = '<style:style style:name="P9"><style:text-properties text:display="none"/></style:style>'
    write(folder, {"a.odt": documents.odf(body, "A lease", styles)})
    document = only(folder)
    assert document.text == "The lease\n\nThe rent  is\t900 euros.\n\nA month.\n\nOne\n\nTwo\n\nFlat: A; Rent: 900."
    assert (document.title, headings(document), document.notes) == ("A lease", [("The lease", 1)], ("7 hidden characters were left out",))


def test_what_an_opendocument_hides_is_left_out(folder: Path) -> None:
    secret = '<text:section text:name="s" text:display="none"><text:p>Secret.</text:p></text:section>'
    write(folder, {"a.odt": documents.odf(f"<office:text><text:p>Shown<text:hidden-text>not</text:hidden-text>.</text:p>{secret}</office:text>")})
    document = only(folder)
    assert (document.text, document.notes) == ("Shown.", ("10 hidden characters were left out",))


def test_counts_that_are_none_are_one(folder: Path) -> None:
    write(folder, {"a.odt": documents.odf('<office:text><text:h text:outline-level="x">One</text:h><text:p>a<text:s text:c=""/>b</text:p></office:text>')})
    assert only(folder).text == "One\n\na b"


def test_what_is_nested_in_boxes_is_said_once(folder: Path) -> None:
    box = "<text:p>Deep.</text:p>"
    for _ in range(18):
        box = f"<text:p>Over.<drawing:frame><drawing:text-box>{box}</drawing:text-box></drawing:frame></text:p>"
    write(folder, {"a.odt": documents.odf(f"<office:text>{box}</office:text>")})
    assert only(folder).text.split() == ["Over."] * 18 + ["Deep."]


def test_opendocument_slides_are_pages(folder: Path) -> None:
    pages = "".join(
        f"<drawing:page><drawing:frame><drawing:text-box><text:p>Slide {n}.</text:p></drawing:text-box></drawing:frame></drawing:page>" for n in (1, 2)
    )
    write(folder, {"a.odp": documents.odf(f"<office:presentation>{pages}</office:presentation>")})
    document = only(folder)
    assert (document.text, document.pages) == ("Slide 1.\fSlide 2.", (0, 9))


# --- Rich text -----------------------------------------------------------------------------------------

RTF = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil\fcharset0 Times;}{\f1\fnil\fcharset204 Times CYR;}{\f2\fnil\fcharset128 Mincho;}}"
    rb"{\colortbl;\red0\green0\blue0;}{\stylesheet{\s0 Normal;}{\s1\b heading 1;}{\s2 Heading 2;}}{\info{\title A lease}{\author Nobody}}"
    rb"{\header\pard Confidential\par}{\footer\pard Page {\field{\*\fldinst PAGE}{\fldrslt 1}}\par}"
    rb"\pard\s1 The rent\par\pard\plain It is 900 \u8364? a month{\super\chftn}{\footnote\pard\plain {\super\chftn} Since May.}"
    rb", not \'80800 \emdash  and \ldblquote fixed\rdblquote .\par "
    rb"{\v Secret.}{\deleted Gone.}Smile \u-10179?\u-8704? and {\f1 \'e4\'e0}, {\f2 \'93\'fa\'96\'7b}.\par "
    rb"\pard\s2 Flats\par\pard\trowd\trhdr\cellx1\cellx2\pard\intbl Flat\cell Rent\cell\row\trowd\cellx1\cellx2\pard\intbl A\cell 900\cell\row"
    rb"\pard {\pntext 1.\tab}A \{brace\} and a~b\~c co\-op.{\pict\wmetafile8 0102030405}{\*\unknown Not this.}"
    rb"{\shp{\*\shpinst{\sp{\sn dx}{\sv 1}}{\shptxt\pard In a box.\par}}{\shprslt\pard In a box.\par}}\par}"
)


def test_rich_text_is_read_with_its_headings_tables_notes_and_edges(folder: Path) -> None:
    write(folder, {"a.rtf": RTF})
    document = only(folder)
    assert document.text.split("\n\n") == [
        "The rent", "It is 900 € a month, not €800 — and “fixed”.", "Since May.", "Smile \U0001f600 and да, 日本.", "Flats", "Flat: A; Rent: 900.",
        "A {brace} and a~b\xa0c coop.", "In a box.", "Confidential", "Page 1",
    ]  # fmt: skip
    assert (document.title, headings(document)) == ("A lease", [("The rent", 1), ("Flats", 2)])
    assert document.notes == ("7 hidden characters were left out",)


def test_raw_bytes_of_rich_text_are_read_by_its_code_page(folder: Path) -> None:
    write(folder, {"a.rtf": r"{\rtf1\ansi\ansicpg1251 Договор {\b от} мая.\par}".encode("cp1251"), "b.rtf": rb"{\rtf1\ansi A {\b cut off"})
    found = loaded(folder)
    assert (found["a.rtf"].text, found["b.rtf"].text) == ("Договор от мая.", "A cut off")


def test_groups_a_hundred_thousand_deep_and_bytes_of_any_kind_are_no_crash(folder: Path) -> None:
    write(folder, {"a.rtf": b"{\\rtf1 " + b"{" * 100_000 + b"Deep." + b"}" * 200_000, "b.rtf": b"{\\rtf1 {\\bin4 }}}}After.\\par}" + bytes(range(256))})
    found = loaded(folder)
    assert found["a.rtf"].text == "Deep."
    assert found["b.rtf"].text.startswith("After.")


# --- Books, XML, JSON --------------------------------------------------------------------------------


def test_a_book_is_read_in_the_order_of_its_spine(folder: Path) -> None:
    write(folder, {"a.epub": documents.epub({"one": "<h1>One</h1><p>It begins.</p>", "two": "<h1>Two</h1><p>It ends.</p>"}, "A book")})
    document = only(folder)
    assert (document.title, document.text) == ("A book", "One\n\nIt begins.\n\nTwo\n\nIt ends.")
    assert headings(document) == [("One", 1), ("Two", 1)]


def test_xml_is_paragraphs_and_rows_and_expands_no_entity(folder: Path) -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY we "Acme">]>'
        "<a><p>&we; reads <b>this</b><!-- no --> &ldquo;first&rdquo;, and <?no no?>goes on.&x;</p>"
        "<flats><flat><name>A</name><rent>900</rent></flat><flat><name>B</name><rent>950</rent></flat></flats></a>"
    )
    write(folder, {"a.xml": text})
    assert only(folder).text == "Acme reads this “first”, and goes on.\n\nname: A; rent: 900.\n\nname: B; rent: 950."


def test_values_of_attributes_are_read_and_empty_elements_say_nothing(folder: Path) -> None:
    write(folder, {"a.xml": '<a xmlns:x="u"><set name="rent" value="900" x:id="7"/><row><b/><c/></row><row><b>1</b><c>2</c></row></a>'})
    assert only(folder).text == "set: name: rent; value: 900.\n\nb: 1; c: 2."


def test_no_text_of_a_page_is_lost_between_cells_or_in_cdata(folder: Path) -> None:
    rows = "<tr><td>Flat</td><td>Rent</td></tr><tr><td>A</td><td>900</td></tr>"
    write(folder, {"a.html": f"<table>Loose words.{rows}</table>", "b.xhtml": '<?xml version="1.0"?><html><body><p><![CDATA[x < 3 & y]]></p></body></html>'})
    found = loaded(folder)
    assert "Loose words." in found["a.html"].text
    assert found["b.xhtml"].text == "x < 3 & y"


def test_json_values_are_told_under_their_names(folder: Path) -> None:
    value = {"name": "Anna", "age": 30, "tags": ["x", "y"], "flats": [{"rent": 900, "free": True}, {"rent": 950, "free": None}], "none": None}
    write(folder, {"a.json": json.dumps(value), "b.jsonl": '{"q": "Who?"}\n\nno\n{"q": "Why?"}\n'})
    found = loaded(folder)
    assert found["a.json"].text == "name: Anna; age: 30; tags: x, y.\n\nflats › rent: 900; free: yes.\n\nflats › rent: 950."
    assert (found["b.jsonl"].text, found["b.jsonl"].notes) == ("q: Who?.\n\nq: Why?.", ("lines that are no JSON were left out: 3",))


def test_what_stands_twice_under_a_name_is_said_twice(folder: Path) -> None:
    write(folder, {"a.json": '{"tenant": "Anna", "tenant": "Ben"}'})
    assert only(folder).text == "tenant: Anna, Ben."


def test_lines_of_json_end_at_line_ends_only(folder: Path) -> None:
    write(folder, {"a.jsonl": '{"q": "One\u2028two"}\n{"q": "Three\u0085four"}\n'})
    assert only(folder).text == "q: One\u2028two.\n\nq: Three\u0085four."


def test_a_heading_ends_with_its_text(folder: Path) -> None:
    cells = [{"cell_type": "markdown", "source": "# Title    "}, {"cell_type": "markdown", "source": "Xavier wrote this."}]
    write(folder, {"a.ipynb": json.dumps({"cells": cells})})
    assert [sentence.text for sentence in sentences(only(folder))] == ["# Title", "Xavier wrote this."]


def test_a_notebook_gives_markdown_code_and_what_it_printed(folder: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Rents\n", "\n", "They rise."]},
        {"cell_type": "code", "source": "print(900)", "outputs": [{"output_type": "stream", "text": ["900\n"]}]},
    ]
    write(folder, {"a.ipynb": json.dumps({"cells": cells, "nbformat": 4})})
    document = only(folder)
    assert (document.text, document.title, headings(document)) == ("# Rents\n\nThey rise.\n\nprint(900)\n\n900", "Rents", [("# Rents", 1)])


def test_subtitles_run_on_and_say_the_time(folder: Path) -> None:
    srt = "1\n00:00:01,000 --> 00:00:03,000\n<i>The rent is</i>\n\n2\n00:00:03,000 --> 00:00:05,000\n900 euros.\n\n"
    srt += "3\n00:01:30,000 --> 00:01:32,000\nNobody objected.\n"
    vtt = "WEBVTT\n\nintro\n00:01.000 --> 00:03.000 align:start\n<v Anna>We agree &amp; sign.</v>\n"
    write(folder, {"a.srt": srt, "b.vtt": vtt})
    found = loaded(folder)
    assert found["a.srt"].text == "00:00:01\n\nThe rent is\n900 euros.\n\n00:01:30\n\nNobody objected."
    assert [s.text for s in sentences(found["a.srt"])] == ["00:00:01", "The rent is\n900 euros.", "00:01:30", "Nobody objected."]
    assert found["b.vtt"].text == "00:00:01\n\nAnna: We agree & sign."


def test_blank_lines_and_odd_times_of_subtitles_cost_nothing(folder: Path) -> None:
    write(folder, {"a.srt": "\n" * 60_000 + "1\n00:00:1 --> 00:00:3,000\nif x < 5 and y > 3 then\n"})
    assert only(folder).text == "00:00:01\n\nif x < 5 and y > 3 then"


# --- Mail --------------------------------------------------------------------------------------------


def message(subject: str, text: str, html: str = "") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Date"] = "Anna <a@example.org>", "b@example.org", subject, "Fri, 01 May 2026 10:00:00 +0200"
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    return made


HEAD = "From: Anna <a@example.org>\nTo: b@example.org\nDate: Fri, 01 May 2026 10:00:00 +0200\nSubject: Rént"


def test_a_mail_is_read_with_its_header_and_its_attachments(folder: Path) -> None:
    mail = message("Rént", "The rent is 900 euros.\n", "<p>no</p>")
    mail.add_attachment(documents.pdf([["Page one."], ["Page two."]]), maintype="application", subtype="pdf", filename="../lease.pdf")
    mail.add_attachment(message("Inner", "From within."))
    mail.add_attachment(b"\x00", maintype="application", subtype="octet-stream", filename="x.bin")
    write(folder, {"a.eml": mail.as_bytes()})
    loading = load([folder])
    found = {document.id: document for document in loading.documents if isinstance(document, Document)}
    assert sorted(found) == ["a.eml", "a.eml/.._lease.pdf", "a.eml/Inner.eml"]
    assert (found["a.eml"].title, found["a.eml"].text) == ("Rént", f"{HEAD}\n\nThe rent is 900 euros.")
    assert (found["a.eml/.._lease.pdf"].pages, found["a.eml/.._lease.pdf"].inside) == ((0, 10), "a.eml")
    assert found["a.eml/Inner.eml"].text.endswith("From within.")
    assert notes(loading) == ["the attachment x.bin is of a format that is not read"]


ROOT_IS_ATTACHED = (
    b"From: scan@x\nSubject: Scan\nMIME-Version: 1.0\nContent-Type: text/plain; name=scan.txt\n"
    b"Content-Disposition: attachment; filename=scan.txt\n\nThe rent is 900."
)
NO_BOUNDARY = b"From: x@y\nSubject: Lost\nMIME-Version: 1.0\nContent-Type: multipart/mixed\n\nThe rent is 900.\n"


def test_no_mail_loses_its_words(folder: Path) -> None:
    invitation = EmailMessage()
    invitation["Subject"] = "Meet"
    invitation.set_content("<p>Meet at noon.</p>", subtype="html")
    invitation.add_alternative("BEGIN:VCALENDAR", subtype="calendar")
    files = {"root.eml": ROOT_IS_ATTACHED, "lost.eml": NO_BOUNDARY, "meet.eml": invitation.as_bytes(), "mark.eml": b"\xef\xbb\xbfSubject: Hi\n\nAll is well."}
    files |= {f"{name}.eml": f"Subject: x\nContent-Type: text/plain; charset={name}\n\nAll is well.".encode() for name in ("idna", "punycode", "undefined")}
    files |= {"deep.eml": b"Subject: x\nTo: " + b"(" * 3000 + b")" * 3000 + b"\n\nAll is well."}
    write(folder, files)
    found = {id: document.text for id, document in loaded(folder).items()}
    assert found["root.eml/scan.txt"] == "The rent is 900."
    assert "The rent is 900." in found["lost.eml"]
    assert found["meet.eml"].endswith("Meet at noon.")
    assert all(found[f"{name}.eml"].endswith("All is well.") for name in ("mark", "idna", "punycode", "undefined", "deep"))


def test_headers_in_bytes_and_text_that_is_called_base64_are_read(folder: Path) -> None:
    head = "Subject: Große Miete für Käthe\nFrom: Jörg Müller <a@b.c>\n".encode("latin-1")
    write(folder, {"a.eml": head + b"Content-Transfer-Encoding: base64\n\nThe rent is 900, not 800.", "b.eml": "Subject: Größe\n\nWords.".encode()})
    found = loaded(folder)
    assert found["a.eml"].text == "From: Jörg Müller <a@b.c>\nSubject: Große Miete für Käthe\n\nThe rent is 900, not 800."
    assert found["b.eml"].text == "Subject: Größe\n\nWords."


def test_a_line_that_begins_with_from_is_text(folder: Path) -> None:
    body = "Body one.\nFrom here on we go.\n\nFrom now on the rent is 900.\n\n>From Berlin with love."
    write(folder, {"a.mbox": f"From a@b Wed Nov 25 15:00:00 2026\nSubject: One\n\n{body}\n\nFrom a@b Wed Nov 25 15:01:00 2026\nSubject: Two\n\nEnd.\n"})
    document = only(folder)
    assert headings(document) == [("One", 1), ("Two", 1)]
    assert body.replace(">From", "From") in document.text


def test_a_mail_that_is_html_alone_and_a_saved_page(folder: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Rént"
    mail.set_content("<html><head><title>Saved</title></head><body><p>Read <b>me</b>.</p></body></html>", subtype="html")
    write(folder, {"a.eml": mail.as_bytes(), "b.mhtml": mail.as_bytes()})
    found = loaded(folder)
    assert found["a.eml"].text == "Subject: Rént\n\nRead me."
    assert (found["b.mhtml"].title, found["b.mhtml"].text) == ("Saved", "Read me.")


def test_japanese_mail_is_read_by_its_escapes(folder: Path) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Test"
    mail.set_content("賃貸契約は五月一日に始まります。", charset="iso-2022-jp")
    write(folder, {"a.eml": mail.as_bytes()})
    assert only(folder).text.endswith("賃貸契約は五月一日に始まります。")


def test_one_bad_message_costs_only_itself(folder: Path) -> None:
    box = mailbox.mbox(folder / "a.mbox")
    box.add(message("Bad", "\x01\x02\x03\x04" * 40))
    box.add(message("Good", "All is well."))
    box.close()
    loading = load([folder])
    (document,) = loading.documents
    assert isinstance(document, Document)
    assert document.text.endswith("All is well.")
    assert notes(loading) == ["a part of the message 'Bad' was left out: it looks like a binary file, not text: give it the suffix of its format"]


def test_a_mailbox_is_read_message_by_message(folder: Path) -> None:
    box = mailbox.mbox(folder / "a.mbox")
    for subject in ("One", "Two"):
        box.add(message(subject, f"This is {subject}."))
    box.close()
    document = only(folder)
    assert headings(document) == [("One", 1), ("Two", 1)]
    assert "Subject: Two\n\nThis is Two." in document.text


def test_an_outlook_message_is_read_with_its_attachments(folder: Path) -> None:
    write(folder, {"a.msg": documents.outlook("Rént", "The rent is\r\n900 euros.", "Anna", {"b.txt": b"From within."})})
    found = loaded(folder)
    assert (found["a.msg"].title, found["a.msg"].text) == ("Rént", "From: Anna\nSubject: Rént\n\nThe rent is\n900 euros.")
    assert found["a.msg/b.txt"].text == "From within."


# --- Pictures ----------------------------------------------------------------------------------------

SCANNED = ("The notice period is ninety days.", "It is to be given in writing.")


def picture(lines: Sequence[str]) -> Image.Image:
    """A page as a scanner sees it."""
    page = Image.new("RGB", (1240, 1754), "white")
    for place, line in enumerate(lines):
        ImageDraw.Draw(page).text((120, 160 + 60 * place), line, fill="black", font=ImageFont.load_default(36))
    return page


def test_text_is_recognised_in_pictures_and_scanned_pages(folder: Path) -> None:
    pages = [picture(SCANNED), picture(("A second page.",))]
    pages[0].save(folder / "a.png")
    pages[0].save(folder / "b.tiff", save_all=True, append_images=pages[1:])
    pages[0].save(folder / "c.pdf", save_all=True, append_images=pages[1:], resolution=150)
    found = loaded(folder)
    assert found["a.png"].text == "\n".join(SCANNED)
    assert (found["b.tiff"].text, found["b.tiff"].pages) == ("\n".join(SCANNED) + "\fA second page.", (0, 64))
    assert (found["c.pdf"].text, found["c.pdf"].pages) == ("\n".join(SCANNED) + "\fA second page.", (0, 64))
    assert [s.text for s in sentences(found["c.pdf"])] == [*SCANNED, "A second page."]
    assert found["c.pdf"].notes == ("pages whose text was recognised in a picture (OCR), to be read with care: 1, 2",)
    assert "recognised" in found["a.png"].notes[0]


def test_each_page_that_is_recognised_has_the_time_of_a_file(folder: Path, tmp_path: Path) -> None:
    pages = [picture((f"This is page {number}.",)) for number in range(12)]
    pages[0].save(folder / "a.tiff", save_all=True, append_images=pages[1:])
    with Reader(seconds=15) as reader:
        assert reader.read(folder / "a.tiff", tmp_path).text.count("This is page") == 12


def test_without_recognition_it_is_said_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(SCANNED).save(folder / "a.png")
    monkeypatch.setattr(index.load.ocr, "is_installed", lambda: False)
    loading = load([folder])
    assert loading.documents == ()
    assert [problem.reason for problem in loading.skipped] == ["is a picture: install text recognition to read it: pip install 'footnote[ocr]'"]


# --- Languages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The lease begins on the first of May and ends three years later, unless one of the parties gives notice.", "en"),
        ("Der Mietvertrag beginnt am ersten Mai und endet drei Jahre später, sofern nicht eine der Parteien schriftlich kündigt.", "de"),
        ("Le bail commence le premier mai et se termine trois ans plus tard, sauf si l'une des parties donne un préavis.", "fr"),
        ("El contrato comienza el primero de mayo y termina tres años después, salvo que una de las partes avise por escrito.", "es"),
        ("Il contratto inizia il primo maggio e termina tre anni dopo, a meno che una delle parti non dia disdetta.", "it"),
        ("O contrato começa em um de maio e termina três anos depois, a menos que uma das partes avise por escrito com tempo.", "pt"),
        ("De huur begint op een mei en eindigt drie jaar later, tenzij een van de partijen schriftelijk opzegt bij de ander.", "nl"),
        ("Umowa najmu zaczyna się w maju i nie kończy się przez trzy lata, chyba że jedna ze stron wypowie ją na piśmie do końca.", "pl"),
        ("Договор аренды начинается первого мая и заканчивается через три года.", "ru"),
        ("Договір оренди починається першого травня і закінчується через три роки, якщо її не подовжують.", "uk"),
        ("租约从五月一日开始，三年后结束，除非一方以书面形式通知。", "zh"),
        ("賃貸契約は五月一日に始まり、三年後に終わります。", "ja"),
        ("a b c x = 1; y = 2", ""),
        ("Acme Widget Bolt Nut Screw Washer Rivet Nail Hinge Latch Knob Handle Lock Key Chain Rope Cord Wire", ""),
    ],
)
def test_the_language_of_a_text_is_guessed(text: str, code: str) -> None:
    assert language_of(text) == code


# --- Real files --------------------------------------------------------------------------------------


def test_real_files_of_a_public_suite_are_read_or_say_why() -> None:
    place = SHARED / "data" / "documents"
    if not place.is_dir():
        pytest.skip("the real files are not here")
    loading = load([place])
    assert len(loading.documents) > 110
    assert [problem for problem in loading.failed if "pages hold no text" not in problem.reason] == []
    assert [document.id for document in loading.documents if isinstance(document, Document) and not document.text.strip()] == []


# --- Archives ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "mode"), [("a.zip", ""), ("a.tar", "w"), ("a.tgz", "w:gz"), ("a.tar.xz", "w:xz"), ("a.tar.bz2", "w:bz2")])
def test_what_is_in_an_archive_is_read_by_its_path(name: str, mode: str, folder: Path) -> None:
    files = {"sub/a.txt": "One.", "b.md": "# Two\n", "c.bin": "?", ".hidden.txt": "no", "__MACOSX/b.md": "no"}
    write(folder, {name: documents.tar(files, mode) if mode else documents.archive(files)})
    loading = load([folder])
    found = {document.id: document.text for document in loading.documents if isinstance(document, Document)}
    assert found == {f"{name}/sub/a.txt": "One.", f"{name}/b.md": "# Two\n"}
    assert notes(loading) == ["1 files of formats that are not read were left out"]


def test_one_bad_file_in_an_archive_costs_only_itself(folder: Path) -> None:
    inner = documents.archive({"deep.txt": "Deep."})
    write(folder, {"a.zip": documents.archive({"good.txt": "Good.", "bad.pdf": "no pdf", "inner.zip": inner, "empty.txt": ""})})
    loading = load([folder])
    found = {document.id: document.text for document in loading.documents if isinstance(document, Document)}
    assert found == {"a.zip/good.txt": "Good.", "a.zip/inner.zip/deep.txt": "Deep."}
    assert {Path(problem.file).name for problem in loading.failed} == {"bad.pdf", "empty.txt"}


def test_entries_of_one_path_or_of_odd_names_are_told_apart(folder: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in (("a.txt", "Old."), ("a.txt", "New."), ("b.txt", "Other.")):
            with warnings.catch_warnings(action="ignore"):
                archive.writestr(name, text)
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w") as made:
        for name in (b"caf\xe9.txt", b"caf\xe8.txt"):
            member = tarfile.TarInfo(os.fsdecode(name))
            member.size = 4
            made.addfile(member, io.BytesIO(name[-5:-4] + b"one"))
    mail = message("Two", "Text.")
    for name in ("a.txt", "a.txt", "a (2).txt"):
        mail.add_attachment(f"From {name}.", filename=name)
    write(folder, {"a.zip": out.getvalue(), "b.tar": tarred.getvalue(), "c.eml": mail.as_bytes()})
    found = {id: document.text for id, document in loaded(folder).items()}
    assert (found["a.zip/a.txt"], found["a.zip/b.txt"]) == ("New.", "Other.")
    assert {"b.tar/caf\\udce9.txt", "b.tar/caf\\udce8.txt"} <= found.keys()
    assert len([id for id in found if id.startswith("c.eml/")]) == 3


def test_links_in_an_archive_are_left_out_and_told_of(folder: Path) -> None:
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("a.txt", "Words.")
        link = zipfile.ZipInfo("b.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with tarfile.open(fileobj=tarred, mode="w") as made:
        member = tarfile.TarInfo("a.txt")
        member.size = 6
        made.addfile(member, io.BytesIO(b"Words."))
        hard = tarfile.TarInfo("b.txt")
        hard.type, hard.linkname = tarfile.LNKTYPE, "a.txt"
        made.addfile(hard)
    write(folder, {"z.zip": zipped.getvalue(), "t.tar": tarred.getvalue()})
    loading = load([folder])
    assert sorted(d.id for d in loading.documents) == ["t.tar/a.txt", "z.zip/a.txt"]
    assert notes(loading) == ["links to other files were left out: b.txt"] * 2


def test_a_damaged_member_costs_only_itself(folder: Path) -> None:
    data = bytearray(documents.archive({"a.txt": "First. " * 500, "b.txt": "Second."}))
    start = data.index(b"a.txt") + 5
    data[start : start + 8] = b"\xff" * 8
    write(folder, {"a.zip": bytes(data)})
    loading = load([folder])
    assert [document.id for document in loading.documents] == ["a.zip/b.txt"]
    assert "a.txt is damaged and was left out" in notes(loading)[0]


def test_what_one_file_may_hold_has_an_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.load.reader, "MOST_TEXT", 100)
    write(folder, {"a.zip": documents.archive({f"{number}.txt": "Thirty characters of plain text." for number in range(9)})})
    loading = load([folder])
    assert len(loading.documents) == 4
    assert "more than one file may hold" in loading.failed[0].reason


def test_archives_in_archives_end_somewhere(folder: Path) -> None:
    data = documents.archive({"end.txt": "End."})
    for _ in range(6):
        data = documents.archive({"a.zip": data})
    write(folder, {"a.zip": data})
    loading = load([folder])
    assert loading.documents == ()
    assert "more than 3 deep" in loading.failed[0].reason


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.zip", b"no zip", "is damaged"),
        ("a.tar", b"no tar", "is damaged"),
        ("a.zip", documents.archive({"../a.txt": "x"}), "point outside the archive"),
        ("a.tar", documents.tar({"../a.txt": "x"}, "w"), "point outside the archive"),
        ("a.zip", documents.archive({"a.txt": "x" * (20 << 20)}), "archive bomb"),
        ("a.tgz", documents.tar({"a.txt": "x" * (20 << 20)}), "archive bomb"),
        ("a.zip", documents.archive({"a.bin": "x"}), "holds no file of a format that is read"),
        ("a.epub", documents.archive({"a": "x"}), "its package file is missing"),
        ("a.odt", documents.archive({"a": "x"}), "is not an OpenDocument file"),
        ("a.pptx", documents.archive({"a": "x"}), "is not a PowerPoint presentation"),
        ("a.xlsx", documents.archive({"a": "x"}), "is not a spreadsheet"),
        ("a.xls", b"no sheet", "is not a spreadsheet"),
        ("a.msg", b"no mail", "is not an Outlook message"),
        ("a.mbox", b"no mail", "is not a mailbox"),
        ("a.eml", b"\n\nno mail", "is not a mail"),
        ("a.mhtml", b"Subject: x\n\nno page", "holds no page"),
        ("a.json", b"{", "is not JSON"),
        ("a.json", b"[" * 100_000, "is nested too deep"),
        ("a.ipynb", b"{}", "is not a Jupyter notebook"),
        ("a.xml", b"<a>", "is not XML"),
        ("a.srt", b"no cues", "holds no subtitles"),
        ("a.docx", documents.archive({"a": "x"}), "is not a Word document"),
        ("a.rtf", b"no", "is not rich text"),
        ("a.html", b"<table><tr><td>x<td>" + b"<span>" * 1500 + b"y<tr><td>z<td>w</table>", "nested"),
        ("a.ipynb", b"[" * 100_000, "nested too deep"),
        ("a.odt", documents.odf("<office:text>" + "<text:span>" * 1200 + "x" + "</text:span>" * 1200 + "</office:text>"), "nested too deep"),
        ("a.pdf", b"%PDF-1.4 no", "is damaged or not a PDF"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, data: bytes, reason: str, folder: Path) -> None:
    write(folder, {name: data, "good.txt": "Good."})
    loading = load([folder])
    assert [document.id for document in loading.documents] == ["good.txt"]
    (problem,) = loading.failed
    assert reason in problem.reason
    assert "parser crashed" not in problem.reason
