"""Any llama-index reader in the place of ours: file by file, or of whatever it connects to."""

import json
from pathlib import Path
from typing import Any

import pytest

from index.errors import SourceError
from index.load import Foreign, load
from index.types import Document
from tests.conftest import Run, complaint, output, write

JSON = "llama_index.core.readers.json:JSONReader"
TEXTS = "llama_index.core.readers.string_iterable:StringIterableReader"
OURS = """
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document


class Pages(BaseReader):
    def load_data(self, file, extra_info=None):
        parts = file.read_text().split("|")
        return [Document(text=part, metadata={"page_label": str(number), "title": "Paged"}) for number, part in enumerate(parts)]


class Broken(BaseReader):
    def load_data(self, file):
        raise RuntimeError("no such luck")


class Wiki(BaseReader):
    def load_data(self, pages):
        return [Document(text=f"All about {page}.", metadata={"url": f"https://example.org/{page}"}) for page in pages]
"""


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of readers of our own, as a connector's package would bring them."""
    write(tmp_path / "modules", {"our_readers.py": OURS})
    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    return "our_readers"


def read(folder: Path, *readers: str) -> dict[str, Any]:
    loading = load([folder], readers=list(map(Foreign.of, readers)))
    return {d.id: (d.text, d.title, d.pages) for d in loading.documents if isinstance(d, Document)} | {Path(p.file).name: p.reason for p in loading.failed}


def test_a_reader_of_files_reads_each_file(folder: Path) -> None:
    write(folder, {"a.json": json.dumps({"rent": 900}), "b.txt": "Two."})
    assert read(folder, f".json={JSON}") == {"a.json": ('"rent": 900', "", ()), "b.txt": ("Two.", "", ())}


def test_its_documents_are_pages_where_it_says_so(folder: Path, ours: str) -> None:
    write(folder, {"a.paged": "One.|Two.", "b.txt": "Three."})
    assert read(folder, f"paged={ours}:Pages") == {"a.paged": ("One.\fTwo.", "Paged", (0, 5)), "b.txt": ("Three.", "", ())}
    assert read(folder, f"{ours}:Pages")["b.txt"] == ("Three.", "Paged", (0,))


def test_what_it_raises_costs_only_its_file(folder: Path, ours: str) -> None:
    write(folder, {"a.bad": "x", "b.txt": "Three."})
    assert read(folder, f"bad={ours}:Broken") == {"a.bad": f"cannot be read by {ours}:Broken: RuntimeError: no such luck", "b.txt": ("Three.", "", ())}


def test_a_reader_that_connects_is_given_the_sources(ours: str) -> None:
    loading = load(["Oslo", "Rome"], readers=[Foreign.of(f"{ours}:Wiki")])
    assert [(d.id, d.text) for d in loading.documents if isinstance(d, Document)] == [
        ("https://example.org/Oslo", "All about Oslo."),
        ("https://example.org/Rome", "All about Rome."),
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("llama_index.readers.nowhere:Reader", "cannot be loaded .*No module named.*install its package"),
        ("llama_index.core.readers.json:Nothing", "cannot be loaded"),
        ("JSONReader", "cannot be loaded"),
        ("json:JSONDecoder", "is no llama-index reader: it has no load_data"),
    ],
)
def test_what_is_no_reader_is_named(name: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        Foreign.of(name)


def test_an_index_remembers_its_reader(footnote: Run) -> None:
    texts = ["The notice period is ninety days.", "The rent is 900 euros."]
    assert output(footnote("build", "--reader", TEXTS, *texts, "--json"))["documents"] == 2
    again = output(footnote("build", "--json"))
    assert (len(again["kept"]), again["embedded"]) == (2, 0)
    assert "ninety days" in footnote("ask", "How long is the notice period?").stdout.decode()
    assert footnote("doctor").returncode == 0
    assert "is no llama-index reader" in complaint(footnote("build", "--reader", "json:JSONDecoder", code=2))
