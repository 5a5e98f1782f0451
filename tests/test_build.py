"""Law 2: an updated index equals a fresh one, and what has not changed is not embedded."""

import os
import random
import shutil
from pathlib import Path

import pytest

import index.vectors
from index import Index
from index.contents import FILES
from index.embed import Embedder, open_embedder
from index.errors import MismatchError, StoreError
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


def test_an_index_updated_in_any_order_equals_a_fresh_one(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    chance = random.Random(3)
    words = ["budget", "harbour", "school", "forest", "bridge"]
    for step in range(12):
        name = f"{chance.choice('abcde')}.txt"
        action = chance.choice(["write", "write", "write", "delete", "rename"])
        present = sorted(folder.glob("*.txt"))
        if action == "write" or not present:
            paragraphs = [PARAGRAPH.format(chance.choice(words), chance.choice(["Oslo", "Rome", "Lima"])) for _ in range(chance.randrange(1, 6))]
            write(folder, {name: "".join(paragraphs)})
        elif action == "delete":
            chance.choice(present).unlink()
        else:
            chance.choice(present).rename(folder / f"moved{step}.txt")
        build_index(tmp_path / "index", [folder], embedder)
        build_index(tmp_path / "fresh", [folder], embedder, full=True)
        assert stored(tmp_path / "index") == stored(tmp_path / "fresh")
    updated, fresh = Index.open(tmp_path / "index"), Index.open(tmp_path / "fresh")
    for question in ("the budget of Oslo", "Who objected?"):
        assert updated.search(question, 20) == fresh.search(question, 20)


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
