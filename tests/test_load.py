"""Every format to its text; every bad file named with its reason; the rest goes on."""

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import index.load.seen
from index.errors import LateError, LoadError, PassingError, SourceError
from index.load import Loading, Seen, load
from index.load.reader import Reader
from index.load.text import decode
from index.split import sentence_spans, sentences
from index.types import Document, Stamp, Unchanged
from tests import documents
from tests.conftest import write


def texts(loaded: Loading) -> dict[str, str]:
    return {document.id: document.text for document in loaded.documents if isinstance(document, Document)}


def only(loaded: Loading) -> Document:
    (document,) = loaded.documents
    assert loaded.failed == []
    assert isinstance(document, Document)
    return document


def reason(folder: Path) -> str:
    loaded = load([folder])
    texts(loaded)
    (problem,) = loaded.failed
    assert Path(problem.file).parent == folder
    return problem.reason


# --- Formats -----------------------------------------------------------------------------------------


def test_text_is_the_file_decoded(folder: Path) -> None:
    write(folder, {"a.txt": "One.\r\nTwo. \n\n  Three.\n"})
    document = only(load([folder]))
    assert (document.id, document.name, document.text, document.pages) == ("a.txt", "a", "One.\r\nTwo. \n\n  Three.\n", ())


def test_markdown_gives_its_headings_and_title(folder: Path) -> None:
    text = "# The title\n\nText.\n\n```\n# no heading\n```\n\nUnder\n-----\n\nMore.\n"
    write(folder, {"a.md": text})
    document = only(load([folder]))
    assert document.text == text
    assert document.title == "The title"
    assert [(text[h.start : h.end], h.level) for h in document.headings] == [("# The title", 1), ("Under\n-----", 2)]


def test_markdown_headings_may_be_indented(folder: Path) -> None:
    write(folder, {"a.md": "  # Title\n\n  ## Rent\n\nIt is 900 euros.\n"})
    document = only(load([folder]))
    assert [document.text[h.start : h.end] for h in document.headings] == ["# Title", "## Rent"]


def test_plain_text_has_headings_where_short_lines_stand_alone(folder: Path) -> None:
    text = "Report\n\nIt begins here.\n\nSecond part\n\nIt goes on, and\n\nno heading\n\nends.\n"
    write(folder, {"a.txt": text})
    document = only(load([folder]))
    assert [text[h.start : h.end] for h in document.headings] == ["Report", "Second part"]
    assert [sentence.text for sentence in sentences(document)] == [text[a:b] for a, b in sentence_spans(text)]


def test_html_gives_what_a_reader_sees(folder: Path) -> None:
    page = (
        "<html><head><title>A  page</title><script>no()</script><style>no{}</style></head><body><h1>Big <b>news</b></h1>"
        "<p>One <i>two</i>three.<br>Four<!-- no -->.</p><div style='display: none'>no</div><p hidden>no</p>"
        "<ul><li>first</li><li>second</li></ul><table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>"
        "<pre>x\n  y</pre>end &amp; all<img src=x alt=no></body></html>"
    )
    write(folder, {"a.html": page})
    loaded = load([folder])
    document = only(loaded)
    assert document.text == "Big news\n\nOne twothree.\nFour.\n\nfirst\n\nsecond\n\na: b.\n\nc: d.\n\nx\n  y\n\nend & all"
    assert document.title == "A page"
    assert [document.text[h.start : h.end] for h in document.headings] == ["Big news"]
    assert [problem.reason for problem in loaded.notes] == ["4 hidden characters were left out"]


def test_html_of_any_depth_is_read(folder: Path) -> None:
    write(folder, {"a.html": "<div>" * 200 + "deep" + "</div>" * 200})
    assert only(load([folder])).text == "deep"


def test_headings_inside_headings_do_not_overlap(folder: Path) -> None:
    write(folder, {"a.html": "<h1><div><h2>Inner</h2></div>Outer</h1><p>Text.</p>"})
    document = only(load([folder]))
    assert [document.text[h.start : h.end] for h in document.headings] == ["Inner\n\nOuter"]


def test_html_that_is_nested_too_deep_is_named_not_cut(folder: Path) -> None:
    write(folder, {"a.html": "<p>Before.</p>" + "<font>" * 5000 + "Deep.</p><p>After.</p>"})
    assert "nested so deep that text would be lost" in reason(folder)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_markdown_headings_do_not_depend_on_line_ends(folder: Path, end: str) -> None:
    text = "# One\n\n```\ncode\n```\n\n## Two\n\nThree\n---\n".replace("\n", end)
    write(folder, {"a.md": text})
    assert [text[h.start : h.end].split(end)[0] for h in only(load([folder])).headings] == ["# One", "## Two", "Three"]


def test_html_declares_its_encoding(folder: Path) -> None:
    write(folder, {"a.html": '<meta charset="windows-1251"><p>Привет, мир</p>'.encode("cp1251")})
    assert only(load([folder])).text == "Привет, мир"


def test_pdf_gives_pages_paragraphs_and_headings(folder: Path) -> None:
    write(
        folder,
        {
            "a.pdf": documents.pdf(
                [["# The lease", "", "", "The rent is due on", "the first day.", "", "", "It rises yearly."], ["Page two."]], title="Lease of 2026"
            )
        },
    )
    document = only(load([folder]))
    assert document.text == "The lease\n\nThe rent is due on\nthe first day.\n\nIt rises yearly.\fPage two."
    assert document.title == "Lease of 2026"
    assert document.pages == (0, document.text.index("Page two"))
    assert [document.text[h.start : h.end] for h in document.headings] == ["The lease"]
    assert [document.page_at(document.text.index(words)) for words in ("rent", "two")] == [1, 2]


def test_a_sentence_runs_on_over_headers_footers_and_notes(folder: Path) -> None:
    bodies = [
        [
            "The lease begins in May of the year in which it is signed by both. The rent of",
            "the first year is nine hundred euros a month, to be paid in advance, and",
        ],
        ["it rises every year by as much as the cost of living rises. That is agreed. Then a"],
        ["new sentence begins that ends here."],
    ]
    pages = [["Lease of 2026", "", "", *body, "", "", f"Page {number} of 3"] for number, body in enumerate(bodies, 1)]
    write(folder, {"a.pdf": documents.pdf(pages)})
    document = only(load([folder]))
    assert document.text == (
        "Lease of 2026\n\nPage 1 of 3\n\n" + "\n".join(bodies[0]) + "\f" + bodies[1][0] + "\f" + bodies[2][0]
        + "\n\nLease of 2026\n\nPage 2 of 3\n\nLease of 2026\n\nPage 3 of 3"
    )  # fmt: skip
    said = [" ".join(sentence.text.split()) for sentence in sentences(document)]
    assert [words for words in said if "year is" in words or "Then a" in words] == [
        "The rent of the first year is nine hundred euros a month, to be paid in advance, and it rises every year by as much as the cost of living rises.",
        "Then a new sentence begins that ends here.",
    ]
    assert [document.page_at(document.text.index(words)) for words in ("Page 1", "it rises", "new sentence")] == [1, 2, 3]


def test_word_gives_paragraphs_tables_and_headings(folder: Path) -> None:
    documents.docx(folder / "a.docx", "# Terms", "Thirty days.", [["Item", "Price"], ["Chair", "20"]], "The end.", title="Offer")
    document = only(load([folder]))
    assert document.text == "Terms\n\nThirty days.\n\nItem: Price.\n\nChair: 20.\n\nThe end."
    assert document.title == "Offer"
    assert [document.text[h.start : h.end] for h in document.headings] == ["Terms"]


def test_word_insertions_are_read_and_hidden_text_is_not(folder: Path) -> None:
    import docx
    from lxml import etree

    document = docx.Document()
    document.add_paragraph("The notice is ")
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    inserted = f"<w:ins {space}><w:r><w:t>ninety days.</w:t></w:r></w:ins>"
    hidden = f"<w:r {space}><w:rPr><w:vanish/></w:rPr><w:t> Secret.</w:t></w:r>"
    control = f"<w:sdt {space}><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    document.paragraphs[0]._p.extend([etree.fromstring(inserted), etree.fromstring(hidden)])
    document.element.body.insert(1, etree.fromstring(control))
    document.save(str(folder / "a.docx"))
    loaded = load([folder])
    assert only(loaded).text == "The notice is ninety days.\n\nIn a control."
    assert [problem.reason for problem in loaded.notes] == ["8 hidden characters were left out"]


def test_rich_text_is_read_without_its_marks(folder: Path) -> None:
    write(folder, {"a.rtf": r"{\rtf1\ansi {\b Notice} is thirty days.\par It is written.}"})
    assert only(load([folder])).text == "Notice is thirty days.\n\nIt is written."


# --- Encodings ---------------------------------------------------------------------------------------

SAMPLE = "Café, naïve, 10 € – “quoted”, Ærø."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_every_encoding_is_found_and_no_character_lost(encoding: str) -> None:
    text, warning = decode(SAMPLE.encode(encoding))
    assert text == SAMPLE
    assert (warning is None) == (encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"))


def test_another_script_is_told_from_its_letters() -> None:
    text = "Договор вступает в силу со дня подписания обеими сторонами и действует один год. " * 5
    assert decode(text.encode("cp1251"))[0] == text


def test_bytes_that_windows_1252_leaves_undefined_are_kept() -> None:
    assert decode(b"caf\xe9 \x81 end")[0] == "café \x81 end"


def test_a_damaged_mark_is_said_and_nothing_dropped() -> None:
    with pytest.raises(LoadError, match="marked as utf-8-sig but is damaged at byte"):
        decode(b"\xef\xbb\xbfabc \xff\xfe")


def test_a_few_zero_bytes_in_a_text_are_kept() -> None:
    assert decode(b"A text with a zero\x00 in it, and more words.")[0] == "A text with a zero\x00 in it, and more words."


# --- Files that cannot be read -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.txt", b"", "is empty (0 bytes)"),
        ("blank.txt", b" \n\n ", "holds no text"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "looks like a binary file"),
        ("random.txt", bytes((i * 7919) % 256 for i in range(5000)), "looks like a binary file"),
        ("locked.pdf", documents.encrypted_pdf(), "is encrypted"),
        ("scan.pdf", documents.pdf([[""], [""]]), "its 2 pages hold no text"),
        ("cut.pdf", documents.pdf([["Some text."]])[:300], "is damaged or not a PDF"),
        ("no.pdf", b"just words", "is damaged or not a PDF"),
        ("no.docx", b"just words", "is damaged: File is not a zip file"),
        ("no.rtf", b"just words", "is not rich text"),
        ("blank.html", b"<html><head><title>x</title></head><body> </body></html>", "holds no text"),
    ],
)
def test_a_bad_file_is_named_with_its_reason_and_the_rest_goes_on(folder: Path, name: str, content: bytes, expected: str) -> None:
    write(folder, {name: content, "good.txt": "All is well."})
    assert expected in reason(folder)
    assert texts(load([folder])) == {"good.txt": "All is well."}


def test_a_truncated_word_document_is_refused(folder: Path) -> None:
    documents.docx(folder / "a.docx", "Some text.")
    whole = (folder / "a.docx").read_bytes()
    (folder / "a.docx").write_bytes(whole[: len(whole) // 2])
    assert "is damaged" in reason(folder)


def test_an_archive_bomb_is_not_unpacked(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 50_000_000)
    assert "archive bomb" in reason(folder)


def test_a_zip_that_is_no_word_document_is_refused(folder: Path) -> None:
    with zipfile.ZipFile(folder / "a.docx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "is not a Word document" in reason(folder)


def test_an_unreadable_file_is_named(folder: Path) -> None:
    write(folder, {"a.txt": "x"})
    (folder / "a.txt").chmod(0)
    if os.access(folder / "a.txt", os.R_OK):
        pytest.skip("this user reads every file")
    assert "cannot be opened: Permission denied" in reason(folder)


def test_a_file_that_hangs_the_parser_is_given_up_and_the_reader_goes_on(folder: Path, tmp_path: Path) -> None:
    write(folder, {"good.txt": "All is well."})
    write(folder, {"slow.html": "<p><b><i>" * 3_000_000})
    with Reader(seconds=1) as reader:
        with pytest.raises(LoadError, match="took longer than 1 s"):
            reader.read(folder / "slow.html", tmp_path)
        assert reader.read(folder / "good.txt", tmp_path).text == "All is well."


def test_a_reader_that_dies_is_replaced(folder: Path, tmp_path: Path) -> None:
    write(folder, {"good.txt": "All is well."})
    with Reader() as reader:
        assert reader.read(folder / "good.txt", tmp_path).text == "All is well."
        assert reader._process is not None
        reader._process.kill()
        with pytest.raises(LoadError, match="the parser crashed on it"):
            reader.read(folder / "good.txt", tmp_path)
        assert reader.read(folder / "good.txt", tmp_path).text == "All is well."


def test_a_file_that_needs_too_much_memory_is_named(folder: Path) -> None:
    write(folder, {"big.txt": "a" * (600 << 20)})
    assert "needs more than 1 GiB of memory" in reason(folder)


def test_a_line_of_fifty_megabytes_is_read(folder: Path) -> None:
    line = "One short sentence of a very long line. " * (50_000_000 // 40)
    write(folder, {"a.txt": line})
    assert only(load([folder])).text == line


# --- The walk ----------------------------------------------------------------------------------------


def test_a_source_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no file or folder .*nowhere: check the name"):
        load([tmp_path / "nowhere"])


def test_links_pipes_hidden_files_and_other_formats_are_passed_over(folder: Path, tmp_path: Path) -> None:
    write(folder, {"in/a.txt": "In.", ".hidden/b.txt": "no", "c.xyz": "no", "index/d.txt": "no"})
    write(tmp_path, {"outside.txt": "Secret."})
    (folder / "loop").symlink_to(folder)
    (folder / "out.txt").symlink_to(tmp_path / "outside.txt")
    os.mkfifo(folder / "pipe.txt")
    loaded = load([folder], leave_out=[folder / "index"])
    assert texts(loaded) == {"in/a.txt": "In."}
    assert sorted((Path(p.file).name, p.reason.split(":")[0]) for p in loaded.skipped) == [
        ("c.xyz", "the format .xyz is not read"),
        ("loop", "a symbolic link"),
        ("out.txt", "a symbolic link"),
        ("pipe.txt", "not a regular file"),
    ]


@pytest.mark.parametrize("name", ["with space.txt", 'it\'s "quoted".txt', "emoji 🦊.txt", "two\nlines.txt", "-n.txt", "späť.txt"])
def test_any_file_name_is_an_id(folder: Path, name: str) -> None:
    write(folder, {name: "Text."})
    assert texts(load([folder])) == {name: "Text."}


def test_a_name_that_is_no_utf8_is_written_with_escapes(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Text.")
    assert texts(load([folder])) == {"caf\\xe9.txt": "Text."}


def test_two_names_that_print_alike_are_told_apart(folder: Path) -> None:
    (folder / os.fsdecode(b"a\xff.txt")).write_text("One.")
    (folder / "a\\xff.txt").write_text("Two.")
    assert sorted(texts(load([folder]))) == ["a\\xff.txt", "a\\xff.txt (2)"]


def test_the_order_of_sources_does_not_matter(tmp_path: Path) -> None:
    write(tmp_path, {"a/x/f.txt": "F.", "a/g.txt": "G."})
    orders = ([tmp_path / "a", tmp_path / "a" / "x"], [tmp_path / "a" / "x", tmp_path / "a"])
    assert [sorted(texts(load(order))) for order in orders] == [["g.txt", "x/f.txt"]] * 2


@pytest.mark.parametrize(("name", "reason"), [("loop", "a loop of symbolic links"), ("a" * 300, "File name too long"), ("file/inside", "Not a directory")])
def test_a_source_that_cannot_be_reached_is_an_error(folder: Path, name: str, reason: str) -> None:
    (folder / "loop").symlink_to(folder / "loop")
    write(folder, {"file": "x"})
    with pytest.raises(SourceError, match=f"cannot be opened: {reason}"):
        load([folder / name])


def test_two_sources_with_one_path_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, {"x/docs/a.txt": "X.", "y/docs/a.txt": "Y.", "y/docs/b.txt": "B."})
    loaded = load([tmp_path / "x" / "docs", tmp_path / "y" / "docs"])
    assert texts(loaded) == {"x/docs/a.txt": "X.", "y/docs/a.txt": "Y.", "b.txt": "B."}


def test_a_file_named_twice_is_read_once(folder: Path) -> None:
    write(folder, {"sub/a.txt": "Text."})
    assert list(texts(load([folder, folder / "sub", folder / "sub" / "a.txt"]))) == ["sub/a.txt"]


class Stored:
    """What an index would hold of some documents."""

    def __init__(self, loading: Loading) -> None:
        self.documents = {document.id: document for document in loading.documents if isinstance(document, Document)}
        self.stamps = {id: Stamp(d.source_hash, d.source, d.modified, d.inside) for id, d in self.documents.items()}

    def document(self, id: str) -> Document:
        return self.documents[id]


def test_an_unchanged_file_is_not_read_again(folder: Path) -> None:
    write(folder, {"a.txt": "One.", "b.txt": "Two."})
    known = Stored(load([folder]))
    write(folder, {"b.txt": "New."})
    again = load([folder], known).documents
    assert again[0] == Unchanged("a.txt")
    assert isinstance(again[1], Document)
    assert again[1].text == "New."


def test_an_unchanged_file_is_of_its_new_time_and_source(folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    known = Stored(load([folder]))
    assert known.document("a.txt").source == str(folder.resolve())
    os.utime(folder / "a.txt", (1_000_000_000, 1_000_000_000))
    (again,) = load([folder / "a.txt"], known).documents
    assert isinstance(again, Document)
    assert (again.modified, again.source, again.text) == (1_000_000_000, str((folder / "a.txt").resolve()), "One.")


def seen_after(folder: Path, seen: Seen | None = None) -> tuple[Loading, Seen]:
    loading = load([folder], seen=seen)
    assert loading.documents or loading.failed
    return loading, Seen.from_bytes(loading.seen.to_bytes(1), 1)


def test_a_file_whose_signature_is_known_is_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"a.txt": "One.", "b.txt": "Two."})
    time.sleep(2.1)  # Older than the coarsest clock.
    _, seen = seen_after(folder)
    assert sorted(Path(path).name for path in seen.files) == ["a.txt", "b.txt"]
    opened: list[str] = []
    monkeypatch.setattr(index.load.seen, "_sha256", lambda path: opened.append(path) or "0" * 64)
    seen_after(folder, seen)
    assert opened == []


def test_a_change_under_the_same_name_size_and_time_is_found(folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    os.utime(folder / "a.txt", ns=(10**18, 10**18))
    time.sleep(2.1)
    first, seen = seen_after(folder)
    write(folder, {"a.txt": "Two."})
    os.utime(folder / "a.txt", ns=(10**18, 10**18))
    second, _ = seen_after(folder, seen)
    assert [only(loading).text for loading in (first, second)] == ["One.", "Two."]


def test_a_file_that_changed_just_now_is_hashed_again(folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    assert seen_after(folder)[1].files == {}


def test_what_cannot_be_read_is_not_tried_again_until_it_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"a.pdf": b"no pdf", "b.txt": "Fine."})
    first, seen = seen_after(folder)
    tried: list[str] = []
    read = Reader.read
    monkeypatch.setattr(Reader, "read", lambda self, path, scratch, foreign: tried.append(path.name) or read(self, path, scratch, foreign))
    second, seen = seen_after(folder, seen)
    assert (tried, second.failed) == (["b.txt"], first.failed)
    write(folder, {"a.pdf": b"still no pdf"})
    seen_after(folder, seen)
    assert tried == ["b.txt", "a.pdf", "b.txt"]
    assert Seen.from_bytes(seen.to_bytes(1), 2).troubles == {}


def read_after(error: LoadError, folder: Path) -> tuple[Loading, Loading, Seen]:
    """What is told of a file that could not be read for this reason, and of the next try; and what was seen of it then."""
    write(folder, {"a.txt": "One."})

    def fail(*_: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "read", fail)
        first, seen = seen_after(folder)
    second, seen = seen_after(folder, seen)
    return first, second, seen


def test_what_failed_for_reasons_of_the_moment_is_tried_again(folder: Path) -> None:
    first, second, _ = read_after(PassingError("the parser crashed on it: the file is damaged or hostile"), folder)
    assert (len(first.failed), only(second).text) == (1, "One.")


def test_what_took_too_long_is_tried_again_after_an_hour(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, seen = read_after(LateError("took longer than 30 s and was given up"), folder)
    assert ([problem.reason for problem in first.failed], second.failed) == (["took longer than 30 s and was given up"], first.failed)
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + 3700)
    third, _ = seen_after(folder, seen)
    assert (only(third).text, third.failed) == ("One.", [])


def test_what_fails_in_an_archive_is_told_as_long_as_it_is_held(folder: Path) -> None:
    write(folder, {"a.zip": documents.archive({"good.txt": "Good.", "bad.pdf": "no pdf"})})
    first, seen = seen_after(folder)
    known = Stored(first)
    again = load([folder], known, seen)
    assert again.documents == (Unchanged("a.zip/good.txt"),)
    assert again.failed == first.failed
    assert [Path(problem.file).name for problem in again.failed] == ["bad.pdf"]


def test_a_file_that_became_a_link_is_not_followed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"a.txt": "One.", "b.txt": "Two."})
    (tmp_path / "secret.txt").write_text("Secret.")
    loading = load([folder])
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "b.txt").unlink()
    os.mkfifo(folder / "b.txt")
    assert loading.documents == ()
    assert [problem.reason for problem in loading.failed] == ["cannot be opened: Too many levels of symbolic links", "is no regular file any more"]


def test_a_file_that_goes_away_while_it_is_read_is_told_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"a.txt": "One.", "b.txt": "Two."})
    read = Reader.read

    def and_gone(self: Reader, path: Path, scratch: Path, foreign: str = "") -> object:
        reading = read(self, path, scratch, foreign)
        (folder / "a.txt").unlink(missing_ok=True)
        return reading

    monkeypatch.setattr(Reader, "read", and_gone)
    loading = load([folder])
    assert texts(loading) == {"b.txt": "Two."}
    assert [problem.reason for problem in loading.failed] == ["cannot be read: No such file or directory"]


def test_nothing_is_imported_from_the_folder_that_one_is_in(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "here", {"index.py": "raise SystemExit", "charset_normalizer.py": "raise SystemExit", "lxml.py": "raise SystemExit"})
    write(folder, {"a.html": "<p>One.</p>", "b.txt": "\u017d".encode("cp1250") * 30})
    monkeypatch.chdir(tmp_path / "here")
    assert sorted(texts(load([folder]))) == ["a.html", "b.txt"]


def test_a_worker_ends_with_a_build_that_was_killed(folder: Path, offline: dict[str, str]) -> None:
    write(folder, {"slow.html": "<p>" + "<table><tr><td>" * 60_000})
    code = (
        "import sys; from pathlib import Path; from index.load import reader\n"
        "with reader.Reader() as worker:\n    worker._process = reader._start(3); print(worker._process.pid, flush=True)\n"
        "    worker.read(Path(sys.argv[1]), Path('/tmp'))"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(folder / "slow.html")], env=offline, stdout=subprocess.PIPE) as build:
        assert build.stdout is not None
        worker = int(build.stdout.readline())
        time.sleep(0.5)
        build.kill()
    until = time.monotonic() + 60
    while Path(f"/proc/{worker}").exists() and Path(f"/proc/{worker}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < until
        time.sleep(0.2)


def test_documents_are_read_as_they_are_asked_for(folder: Path) -> None:
    write(folder, {"a.txt": "One.", "b.txt": b"\x00\x01\x02" * 400, "c.txt": "Three."})
    loading = load([folder])
    documents = iter(loading)
    assert (next(documents).id, loading.read, loading.failed) == ("a.txt", 1, [])
    assert (next(documents).id, loading.read, len(loading.failed)) == ("c.txt", 2, 1)
