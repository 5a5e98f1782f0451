"""The doctor names every kind of damage that is planted, and has nothing to say of a sound index; a build mends what it can."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import index.vectors
from index.contents import FILES
from index.doctor import Examination, examine
from index.embed import Embedder
from index.errors import ModelError, NoIndexError
from index.store import Store
from index.tables import CHUNKS, ENTRY, ID, KEY, LAST, NUMBER, TEXT
from tests import documents
from tests.conftest import Run, build_index, output, write
from tests.test_build import PARAGRAPH

FILES_OF_A_FOLDER = {
    "a.txt": PARAGRAPH.format("first", "Oslo"),
    "b.md": "# The plan\n\n" + PARAGRAPH.format("second", "Rome") + "## The costs\n\n" + PARAGRAPH.format("third", "Lima"),
    "c.txt": "".join(PARAGRAPH.format(f"item{number}", f"City{number}") for number in range(20)),
}


@pytest.fixture
def place(folder: Path, tmp_path: Path, embedder: Embedder) -> Path:
    """An index of two generations."""
    write(folder, {"a.txt": "Something else."})
    build_index(tmp_path / "index", [folder], embedder)
    write(folder, FILES_OF_A_FOLDER)
    build_index(tmp_path / "index", [folder], embedder)
    return tmp_path / "index"


def examined(place: Path, embedder: Embedder, full: bool = False) -> Examination:
    return examine(Store(place), lambda _: embedder, full)


def kinds(place: Path, embedder: Embedder, full: bool = False) -> set[tuple[str, str]]:
    """The kind and the subject of every finding, a path by its name."""
    return {(finding.kind, finding.subject.rpartition("/")[2]) for finding in examined(place, embedder, full).findings}


def tamper(place: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change a stored file and write the hashes anew: what no check of hashes can see."""
    store = Store(place)
    snapshot = store.read(FILES)
    files = {file: bytes(data) for file, data in snapshot.files.items()}
    with store.lock():
        store.commit(
            snapshot.manifest.model, snapshot.manifest.cut, snapshot.manifest.sources, {**files, name: change(files[name])}, (), snapshot.manifest.reading
        )


def table(columns: int, kind: str, change: Callable[[np.ndarray], None]) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        rows = np.frombuffer(data, kind).reshape(-1, columns).copy()
        change(rows)
        return rows.tobytes()

    return changed


def put(row: int, column: int, add: int) -> Callable[[np.ndarray], None]:
    def change(rows: np.ndarray) -> None:
        rows[row, column] = int(rows[row, column]) + add

    return change


def line(field: int, value: object) -> Callable[[bytes], bytes]:
    """Another value in the line of the second document."""

    def changed(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        fields = json.loads(lines[1])
        fields[field] = value
        padding = len(lines[1]) - len(json.dumps(fields)) - 1
        assert padding >= 0
        return lines[0] + json.dumps(fields).encode() + b" " * padding + b"\n" + b"".join(lines[2:])

    return changed


def vector(change: Callable[[np.ndarray], None]) -> Callable[[bytes], bytes]:
    """Another vector, in place: the rows are the last of the file."""

    def changed(data: bytes) -> bytes:
        count = len(data) // 768
        rows = np.frombuffer(data[-768 * count :], np.float16).reshape(count, 384).copy()
        change(rows)
        return data[: -768 * count] + rows.tobytes()

    return changed


def zeroed(rows: np.ndarray) -> None:
    rows[-1] = 0


def swapped(rows: np.ndarray) -> None:
    rows[[-1, -2]] = rows[[-2, -1]]


def without_number(rows: np.ndarray) -> None:
    rows[-1, 17] = np.nan


def test_a_sound_index_has_no_findings(place: Path, embedder: Embedder, folder: Path) -> None:
    for full in (False, True):
        found = examined(place, embedder, full)
        assert (found.findings, found.sound) == ((), True)
    assert found.checked["documents"] == found.checked["files"] == 3
    assert found.checked["embedded"] == found.checked["chunks"] > 3


def test_where_nothing_is_built_that_is_said(tmp_path: Path, embedder: Embedder) -> None:
    with pytest.raises(NoIndexError):
        examined(tmp_path / "index", embedder)


@pytest.mark.parametrize(
    ("name", "change", "kind"),
    [
        ("text.utf8", lambda data: data.replace(b"Oslo", b"Lima"), "text"),
        ("documents.jsonl", line(1, "A plan"), "document"),
        ("documents.jsonl", line(5, []), "document"),
        ("documents.jsonl", line(2, "0" * 64), "stale"),
        ("documents.jsonl", lambda data: b"?" + data[1:], "structure"),
        ("documents.i64", table(5, "<i8", put(1, ENTRY, 10**6)), "structure"),
        ("documents.i64", table(5, "<i8", put(0, CHUNKS, 1)), "structure"),
        ("documents.i64", table(5, "<i8", put(1, TEXT, -9)), "text"),
        ("sentences.u32", table(2, "<u4", put(2, 1, -3)), "sentences"),
        ("sentences.u32", table(2, "<u4", put(2, 0, 1)), "sentences"),
        ("chunks.i64", table(5, "<i8", put(1, ID, 1)), "chunks"),
        ("chunks.i64", table(5, "<i8", put(1, KEY, 1)), "chunks"),
        ("chunks.i64", table(5, "<i8", put(-1, LAST, -1)), "chunks"),
        ("chunks.i64", table(5, "<i8", put(-1, LAST, 1)), "structure"),
        ("chunks.i64", table(5, "<i8", put(-1, NUMBER, -1)), "structure"),
        ("terms.utf8", lambda data: data.replace(b"oslo", b"osla"), "words"),
        ("counts.u8", lambda data: bytes([data[0] + 1]) + data[1:], "words"),
        ("postings.i32", lambda data: data[4:8] + data[:4] + data[8:], "words"),
        ("lengths.i32", table(1, "<i4", put(-1, 0, 1)), "words"),
        ("lengths.i32", lambda data: data[:-4], "structure"),
        ("vectors.faiss", vector(zeroed), "vectors"),
        ("vectors.faiss", vector(swapped), "vectors"),
        ("vectors.faiss", vector(without_number), "vectors"),
    ],
)
def test_what_a_build_would_not_have_written_is_named(name: str, change: Callable[[bytes], bytes], kind: str, place: Path, embedder: Embedder) -> None:
    tamper(place, name, change)
    found = examined(place, embedder)
    assert kind in {finding.kind for finding in found.findings if not finding.note}
    assert not found.sound


def test_a_wrong_vector_is_told_with_its_place(place: Path, embedder: Embedder) -> None:
    tamper(place, "vectors.faiss", vector(zeroed))
    (finding,) = examined(place, embedder).findings
    assert finding.subject.startswith("c.txt, characters ")
    assert (finding.message, finding.remedy) == ("its stored vector is of length 0.000, not 1", "footnote build --full")


def test_wrong_coarse_codes_are_named(folder: Path, tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index.vectors, "EXACT", 4)
    write(folder, FILES_OF_A_FOLDER)
    build_index(tmp_path / "index", [folder], embedder)
    assert examined(tmp_path / "index", embedder).findings == ()
    tamper(tmp_path / "index", "coarse.faiss", lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    assert kinds(tmp_path / "index", embedder) == {("vectors", "coarse.faiss")}


@pytest.mark.parametrize("name", ["CURRENT", "MANIFEST.json", *FILES])
def test_a_damaged_file_is_named_and_a_build_mends_it(name: str, place: Path, folder: Path, embedder: Embedder) -> None:
    file = place / name if name == "CURRENT" else place / Store(place).generation() / name
    file.write_bytes(file.read_bytes() + b"?")
    (finding,) = examined(place, embedder).findings
    assert (finding.kind, name in finding.message, finding.note) == ("damage", True, False)
    build_index(place, [folder], embedder)
    assert examined(place, embedder).findings == ()


def test_damage_to_the_generation_before_is_named_and_leaves_with_the_next_build(place: Path, folder: Path, embedder: Embedder) -> None:
    before = next(path for path in place.glob("gen-*") if path.name != Store(place).generation())
    (before / "text.utf8").write_bytes(b"?")
    (finding,) = examined(place, embedder).findings
    assert (finding.kind, "text.utf8 is damaged" in finding.message) == ("damage", True)
    assert not build_index(place, [folder], embedder).committed
    assert examined(place, embedder).findings == ()


def test_what_was_left_behind_is_named_and_a_build_sweeps_it(place: Path, folder: Path, embedder: Embedder) -> None:
    (place / "building-0123abcd").mkdir()
    (place / "gen-0123456789abcdef").mkdir()
    (place / "SEEN").write_bytes(b"?" * 40)
    (place / "JOURNAL").write_bytes(b"?")
    found = examined(place, embedder).findings
    assert {(finding.kind, finding.subject.rpartition("/")[2], finding.note) for finding in found} == {
        ("orphan", "building-0123abcd", False), ("orphan", "gen-0123456789abcdef", False), ("damage", "SEEN", False), ("unfinished", "JOURNAL", True),
    }  # fmt: skip
    build_index(place, [folder], embedder)
    assert examined(place, embedder).findings == ()


def test_files_that_are_no_longer_what_was_indexed_are_named_and_a_build_takes_them_in(place: Path, folder: Path, embedder: Embedder) -> None:
    times = (folder / "a.txt").stat()
    write(folder, {"a.txt": FILES_OF_A_FOLDER["a.txt"].replace("Oslo", "Bonn"), "new.txt": "New."})
    os.utime(folder / "a.txt", ns=(times.st_atime_ns, times.st_mtime_ns))
    (folder / "b.md").unlink()
    os.utime(folder / "c.txt", (10**9, 10**9))
    assert kinds(place, embedder) == {("stale", "a.txt"), ("new", "new.txt"), ("stale", "b.md"), ("stale", "c.txt")}
    build_index(place, [folder], embedder)
    assert examined(place, embedder).findings == ()


def test_a_file_that_can_no_longer_be_read_is_named_with_the_reason(place: Path, folder: Path, embedder: Embedder) -> None:
    write(folder, {"a.txt": b"\x00\x01\x02" * 400})
    assert {finding.message for finding in examined(place, embedder).findings if not finding.note} == {
        "is in the index, and its file can no longer be read: it looks like a binary file, not text: give it the suffix of its format"
    }


@pytest.mark.parametrize("name", ["CURRENT", "SEEN", "documents.i64"])
def test_a_folder_in_the_place_of_a_file_is_named_and_a_build_mends_it(name: str, place: Path, folder: Path, embedder: Embedder) -> None:
    store = Store(place)
    file = place / store.generation() / name if "." in name else place / name
    assert file.is_file()
    file.unlink()
    file.mkdir()
    (file / "inside").write_text("x")
    assert not examined(place, embedder).sound
    build_index(place, [folder], embedder)
    assert examined(place, embedder).findings == ()


def test_a_source_that_is_gone_is_named(place: Path, folder: Path, embedder: Embedder) -> None:
    folder.rename(folder.with_name("elsewhere"))
    assert kinds(place, embedder) == {("source", "documents")}


def test_another_model_is_named(place: Path, embedder: Embedder) -> None:
    def refuse(_: object) -> Embedder:
        raise ModelError("the index was made with another model")

    (finding,) = examine(Store(place), refuse).findings
    assert (finding.kind, finding.subject) == ("model", "all-MiniLM-L6-v2")


def test_what_is_no_damage_is_a_note(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    text = FILES_OF_A_FOLDER["c.txt"]
    files = {"a.txt": text, "copy.txt": text, "near.txt": text.replace("City3", "Town3"), "empty.txt": "", "cut.pdf": documents.pdf([["Page one."], []])}
    write(folder, files)
    build_index(tmp_path / "index", [folder], embedder)
    found = examined(tmp_path / "index", embedder)
    assert {(finding.kind, finding.subject.rpartition("/")[2], finding.message) for finding in found.findings} == {
        ("unread", "empty.txt", "is empty (0 bytes)"),
        ("odd", "cut.pdf", "pages without text: 2"),
        ("duplicate", "copy.txt", "says the same as a.txt"),
        ("duplicate", "near.txt", "says nearly the same as a.txt: 94% of their sentences"),
    }
    assert found.sound


def test_the_command_says_so_and_exits_with_1(place: Path, folder: Path, footnote: Run) -> None:
    assert footnote("doctor", "--index", place).stdout.startswith(b"Everything holds: checked 3 documents, ")
    assert output(footnote("doctor", "--index", place, "--full", "--json"))["sound"] is True
    (folder / "a.txt").unlink()
    done = footnote("doctor", "--index", place, code=1)
    assert done.stdout.decode().splitlines() == ["wrong: a.txt: is in the index, and its file is gone (footnote build)", done.stdout.decode().splitlines()[1]]
    found = output(footnote("doctor", "--index", place, "--json", code=1))
    assert [finding["kind"] for finding in found["findings"]] == ["stale"]
