"""Law 2: an updated index equals a fresh one, and what has not changed is not embedded."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import index.vectors
from index import Index
from index.contents import FILES
from index.embed import Embedder, open_embedder
from index.errors import MismatchError, StoreError
from index.load.reader import Reader
from index.store import Store
from tests.conftest import build_index, write

PARAGRAPH = "The {0} report of {1} was read aloud. It names {1} as the place of the {0} meeting. Nobody objected to the {0} plan.\n\n"


def stored(index: Path) -> dict[str, bytes]:
    return {name: bytes(data) for name, data in Store(index).read(FILES).files.items()}


def test_building_twice_embeds_nothing_and_full_embeds_all(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"a.txt": PARAGRAPH.format("first", "Oslo"), "b.txt": PARAGRAPH.format("second", "Rome")})
    first = build_index(tmp_path / "index", [folder], embedder)
    generation = Store(tmp_path / "index").generation()
    second = build_index(tmp_path / "index", [folder], embedder)
    assert (first.embedded, first.committed, first.plan.added) == (2, True, ("a.txt", "b.txt"))
    assert (second.embedded, second.committed, second.plan.kept) == (0, False, ("a.txt", "b.txt"))
    assert Store(tmp_path / "index").generation() == generation
    assert build_index(tmp_path / "index", [folder], embedder, full=True).embedded == 2


def test_editing_the_end_of_a_file_leaves_the_vectors_of_its_beginning(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    text = "".join(PARAGRAPH.format(f"item{number}", f"City{number}") for number in range(40))
    write(folder, {"a.txt": text})
    first = build_index(tmp_path / "index", [folder], embedder)
    write(folder, {"a.txt": text + "One more sentence."})
    second = build_index(tmp_path / "index", [folder], embedder)
    assert second.plan.changed == ("a.txt",)
    assert first.chunks > 5
    assert 1 <= second.embedded <= 2


WORDS, CITIES = ["budget", "harbour", "school", "forest", "bridge"], ["Oslo", "Rome", "Lima"]
PARAGRAPHS = st.builds(PARAGRAPH.format, st.sampled_from(WORDS), st.sampled_from(CITIES))
TEXTS = st.lists(PARAGRAPHS, min_size=1, max_size=5).map("".join)
NAMES = st.sampled_from(["a.txt", "b.md", "c.txt", "sub/a.txt", "sub/d.md"])
STEPS = st.one_of(
    st.tuples(st.just("write"), NAMES, st.one_of(TEXTS, TEXTS.map("# A heading\n\n".__add__))),
    st.tuples(st.just("delete"), NAMES),
    st.tuples(st.just("rename"), NAMES, NAMES),
    st.tuples(st.just("touch"), NAMES, st.integers(10**9, 10**9 + 3)),
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=1, max_size=5))
def test_an_index_updated_in_any_order_equals_a_fresh_one(rounds: list[list[tuple[str, ...]]], embedder: Embedder) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        folder = place / "documents"
        folder.mkdir()
        for steps in rounds:
            for step in steps:
                take(step, folder)
            report = build_index(place / "index", [folder], embedder)
            shutil.rmtree(place / "fresh", ignore_errors=True)
            build_index(place / "fresh", [folder], embedder)
            assert stored(place / "index") == stored(place / "fresh")
            assert report.committed or build_index(place / "index", [folder], embedder).embedded == 0
        updated, fresh = Index.open(place / "index"), Index.open(place / "fresh")
        for question in ("the budget of Oslo", "Who objected?"):
            assert updated.search(question, 20) == fresh.search(question, 20)


def take(step: tuple[Any, ...], folder: Path) -> None:
    """Do to a folder what a step says, where it can be done."""
    action, path = step[0], folder / step[1]
    if action == "write":
        write(folder, {step[1]: step[2]})
    elif path.exists() and action == "delete":
        path.unlink()
    elif path.exists() and action == "touch":
        os.utime(path, (step[2], step[2]))
    elif path.exists() and action == "rename":
        (folder / step[2]).parent.mkdir(exist_ok=True)
        path.rename(folder / step[2])


def test_a_renamed_file_keeps_its_vectors(folder: Path, tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, {"minutes.txt": PARAGRAPH.format("first", "Oslo"), "plan.md": "# The plan\n\n" + PARAGRAPH.format("second", "Rome")})
    build_index(tmp_path / "index", [folder], embedder)
    (folder / "minutes.txt").rename(folder / "protocol of may.txt")
    (folder / "old").mkdir()
    (folder / "plan.md").rename(folder / "old" / "plan b.md")
    monkeypatch.setattr(Reader, "read", None)  # It is not even read again.
    report = build_index(tmp_path / "index", [folder], embedder)
    assert (report.plan.added, report.plan.removed, report.embedded) == (("old/plan b.md", "protocol of may.txt"), ("minutes.txt", "plan.md"), 0)
    assert Index.open(tmp_path / "index").document("protocol of may.txt").name == "protocol of may"


def test_editing_one_paragraph_embeds_only_what_changed(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    paragraphs = [PARAGRAPH.format(f"item{number}", f"City{number}") for number in range(60)]
    text = "".join(f"# Part {part}\n\n" + "".join(paragraphs[part : part + 6]) for part in range(0, 60, 6))
    write(folder, {"a.md": text})
    assert build_index(tmp_path / "index", [folder], embedder).embedded > 9
    write(folder, {"a.md": text.replace("City30", "Paris")})
    assert build_index(tmp_path / "index", [folder], embedder).embedded <= 2


class Stopping:
    """An embedder that stops, as a build that is killed does, after some texts."""

    def __init__(self, embedder: Embedder, texts: int) -> None:
        self.identity, self.count, self.question = embedder.identity, embedder.count, embedder.question
        self._embedder, self._left = embedder, texts

    def documents(self, texts: Sequence[str]) -> Any:
        self._left -= len(texts)
        if self._left < 0:
            raise KeyboardInterrupt
        return self._embedder.documents(texts)


def test_a_build_goes_on_from_what_a_stopped_one_embedded(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {f"{number}.txt": PARAGRAPH.format(f"item{number}", f"City{number}") for number in range(100)})
    with pytest.raises(KeyboardInterrupt):
        build_index(tmp_path / "index", [folder], Stopping(embedder, 64))
    report = build_index(tmp_path / "index", [folder], embedder)
    assert (report.chunks, report.embedded, report.resumed) == (100, 36, 64)
    assert not (tmp_path / "index" / "JOURNAL").exists()
    build_index(tmp_path / "fresh", [folder], embedder)
    assert stored(tmp_path / "index") == stored(tmp_path / "fresh")


@pytest.mark.parametrize("damage", [lambda data: data[:-5], lambda data: data[:300] + b"?" + data[301:], lambda data: b"?" + data, lambda data: data + b"?"])
def test_a_damaged_journal_costs_only_what_is_damaged(damage: Callable[[bytes], bytes], folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {f"{number}.txt": PARAGRAPH.format(f"item{number}", f"City{number}") for number in range(80)})
    with pytest.raises(KeyboardInterrupt):
        build_index(tmp_path / "index", [folder], Stopping(embedder, 64))
    journal = tmp_path / "index" / "JOURNAL"
    journal.write_bytes(damage(journal.read_bytes()))
    report = build_index(tmp_path / "index", [folder], embedder)
    assert (report.chunks, report.embedded + report.resumed) == (80, 80)
    assert report.resumed in (0, 32, 64)
    build_index(tmp_path / "fresh", [folder], embedder)
    assert stored(tmp_path / "index") == stored(tmp_path / "fresh")


def test_a_full_build_trusts_only_the_journal_of_a_full_one(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"0.txt": "A first text."})
    build_index(tmp_path / "index", [folder], embedder)
    write(folder, {f"{number}.txt": PARAGRAPH.format(f"item{number}", f"City{number}") for number in range(80)})
    for full in (False, True):  # The second trusts nothing that the first has left.
        with pytest.raises(KeyboardInterrupt):
            build_index(tmp_path / "index", [folder], Stopping(embedder, 64), full=full)
    assert build_index(tmp_path / "index", [folder], embedder, full=True).resumed == 64


def test_removed_files_leave(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"a.txt": "Apples are red.", "b.txt": "Bananas are yellow."})
    build_index(tmp_path / "index", [folder], embedder)
    (folder / "a.txt").unlink()
    assert build_index(tmp_path / "index", [folder], embedder).plan.removed == ("a.txt",)
    index = Index.open(tmp_path / "index")
    assert index.document_ids == ("b.txt",)
    assert [hit.chunk.text for hit in index.search("apples")] == ["Bananas are yellow."]
    (folder / "b.txt").unlink()
    build_index(tmp_path / "index", [folder], embedder)
    assert Index.open(tmp_path / "index").search("apples") == []


def test_an_index_of_another_model_is_refused(folder: Path, tmp_path: Path, embedder: Embedder, tiny_model: Path) -> None:
    write(folder, {"a.txt": "Apples are red."})
    tiny = open_embedder(str(tiny_model), tmp_path / "cache")
    build_index(tmp_path / "index", [folder], tiny)
    with pytest.raises(StoreError, match=r"was made with .*model \(32 dimensions, .*\), not with all-MiniLM-L6-v2 \(384, "):
        build_index(tmp_path / "index", [folder], embedder)
    with pytest.raises(MismatchError, match="was made with the model .*, not all-MiniLM-L6-v2"):
        Index.open(tmp_path / "index", tmp_path / "cache", "all-MiniLM-L6-v2")
    opened = Index.open(tmp_path / "index", tmp_path / "cache")
    assert opened.search("red apples")[0].chunk.text == "Apples are red."


def test_any_model_is_opened_by_the_index_that_it_made(folder: Path, tmp_path: Path, tiny_model: Path) -> None:
    write(folder, {"a.txt": "Apples are red."})
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    build_index(tmp_path / "index", [folder], open_embedder(str(model), tmp_path / "cache"))
    shutil.rmtree(tmp_path / "cache")
    assert Index.open(tmp_path / "index", tmp_path / "cache").embedder.identity.dimension == 32


def test_equal_texts_are_embedded_once_and_a_moved_file_keeps_its_vectors(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    text = "The notice period is ninety days."
    write(folder, {"1.txt": text, "2.txt": text})  # Labels, which are no part of what is embedded.
    first = build_index(tmp_path / "index", [folder], embedder)
    assert (first.chunks, first.embedded) == (2, 1)
    (folder / "2.txt").rename(folder / "3.txt")
    moved = build_index(tmp_path / "index", [folder], embedder)
    assert (moved.plan.added, moved.plan.removed, moved.embedded, moved.committed) == (("3.txt",), ("2.txt",), 0, True)


def test_a_new_time_of_a_file_is_kept_though_its_text_is_the_same(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"a.txt": "Apples are red."})
    build_index(tmp_path / "index", [folder], embedder)
    os.utime(folder / "a.txt", (1_000_000_000, 1_000_000_000))
    report = build_index(tmp_path / "index", [folder], embedder)
    assert (report.embedded, report.committed, report.plan.kept) == (0, True, ("a.txt",))
    assert Index.open(tmp_path / "index").document("a.txt").modified == 1_000_000_000
    assert not build_index(tmp_path / "index", [folder], embedder).committed


def test_an_index_of_each_kind_of_vectors_is_updated_as_if_it_were_fresh(
    folder: Path, tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.vectors, "EXACT", 4)
    kinds = []
    for count in (3, 6, 9, 2, 8):
        shutil.rmtree(folder)
        write(folder, {f"{number}.txt": PARAGRAPH.format(f"item{number}", f"City{number}") for number in range(count)})
        build_index(tmp_path / "index", [folder], embedder)
        build_index(tmp_path / "fresh", [folder], embedder, full=True)
        kinds.append(Index.open(tmp_path / "index")._contents.vectors.kind)
        mine, theirs = stored(tmp_path / "index"), stored(tmp_path / "fresh")
        assert [name for name in mine if mine[name] != theirs[name] and name != "documents.i64"] == []
    assert kinds == ["exact", "coarse", "coarse", "exact", "coarse"]
    assert len(Index.open(tmp_path / "index").search("the item3 meeting", 5)) == 5
