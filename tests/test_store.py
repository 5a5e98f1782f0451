"""Law 3: whatever happens at any instant, the index is the old one or the new one, and damage is named."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from index.contents import FILES
from index.errors import DamagedError, LockError, MismatchError, NoIndexError, StoreError
from index.store import Store, generation_name
from index.types import ModelIdentity

MODEL = ModelIdentity("test", "0" * 64, 3, 64)


def files(content: str) -> dict[str, bytes]:
    return {name: f"{name} {content}".encode() * 100 for name in ("one", "two")}


def commit(store: Store, content: str) -> str:
    with store.lock():
        return store.commit(MODEL, 1, ["/a"], files(content))


def contents(store: Store) -> dict[str, bytes]:
    return {name: bytes(data) for name, data in store.read(("one", "two")).files.items()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "index")


def test_what_is_committed_is_what_is_read(store: Store) -> None:
    generation = commit(store, "first")
    snapshot = store.read(("one", "two"))
    assert contents(store) == files("first")
    assert (snapshot.generation, store.generation(), snapshot.manifest.model, snapshot.manifest.sources) == (generation, generation, MODEL, ("/a",))
    assert snapshot.size == sum(path.stat().st_size for path in (store.path / generation).iterdir())


def test_nothing_built_says_how_to_build(store: Store) -> None:
    with pytest.raises(NoIndexError, match="there is no index in .*: make one with `footnote build FOLDER`"):
        store.read(("one", "two"))


def test_two_generations_are_kept_and_a_reader_of_the_old_one_goes_on(store: Store) -> None:
    names = [commit(store, "1")]
    held = store.read(("one", "two"))
    names += [commit(store, str(number)) for number in (2, 3)]
    assert sorted(path.name for path in store.path.glob("gen-*")) == sorted(names[1:])
    assert bytes(held.files["one"]) == files("1")["one"]


def everything(store: Store) -> list[Path]:
    return [store.path / "CURRENT", *sorted((store.path / store.generation()).iterdir())]


def test_every_flipped_missing_or_cut_byte_is_named_before_anything_is_parsed(store: Store) -> None:
    commit(store, "x")
    chance = random.Random(5)
    for file in everything(store):
        whole = file.read_bytes()
        place = chance.randrange(len(whole))
        flipped = whole[:place] + bytes([whole[place] ^ (1 << chance.randrange(8))]) + whole[place + 1 :]
        for damaged in (flipped, whole[:-1], whole + b"x", b""):
            file.write_bytes(damaged)
            with pytest.raises((DamagedError, MismatchError, NoIndexError), match=r"footnote build") as caught:
                store.read(("one", "two"))
            assert isinstance(caught.value, DamagedError), (file, damaged)
            assert file.name in str(caught.value)
        file.unlink()
        with pytest.raises(DamagedError, match=f"{file.name} is missing"):
            store.read(("one", "two"))
        file.write_bytes(whole)
    assert contents(store) == files("x")


def test_another_format_version_is_refused(store: Store) -> None:
    generation = commit(store, "x")
    manifest = store.path / generation / "MANIFEST.json"
    data = json.dumps({**json.loads(manifest.read_bytes()), "format": 99}).encode()
    from hashlib import sha256

    digest = sha256(data).hexdigest()
    (store.path / generation).rename(store.path / generation_name(digest))
    (store.path / generation_name(digest) / "MANIFEST.json").write_bytes(data)
    (store.path / "CURRENT").write_text(json.dumps({"generation": generation_name(digest), "manifest": digest, "before": None}))
    with pytest.raises(MismatchError, match="another format version than 5: `footnote build` makes it whole"):
        store.read(("one", "two"))


def test_an_index_with_other_files_is_refused(store: Store) -> None:
    commit(store, "x")
    with pytest.raises(MismatchError, match="other files than this version reads"):
        store.read(FILES)


def test_a_second_builder_is_told_who_holds_the_lock(store: Store) -> None:
    with store.lock(), pytest.raises(LockError, match=rf"another build holds .* \(process {os.getpid()} on .* since 20"), store.lock():
        pass
    with store.lock():
        pass


def test_what_a_killed_build_left_is_swept_by_the_next(store: Store) -> None:
    commit(store, "1")
    (store.path / "building-01234567").mkdir()
    (store.path / "gen-0123456789abcdef").mkdir()
    with store.lock():
        assert sorted(path.name for path in store.path.iterdir()) == sorted(["LOCK", "CURRENT", store.generation()])


def test_a_folder_of_somebody_else_is_refused_and_left_alone(store: Store) -> None:
    (store.path / "building-permits").mkdir(parents=True)
    with pytest.raises(StoreError, match="is no index and holds other files"):
        commit(store, "x")
    assert [path.name for path in store.path.iterdir()] == ["building-permits"]


@pytest.mark.parametrize("content", [b"", b"MANIFEST-000001\n", b"{}"])
def test_a_current_of_another_program_is_no_pointer_of_ours(store: Store, content: bytes) -> None:
    store.path.mkdir()
    (store.path / "CURRENT").write_bytes(content)
    (store.path / "000003.log").write_bytes(b"data")
    with pytest.raises(StoreError, match="is no index and holds other files"):
        commit(store, "x")
    assert (store.path / "CURRENT").read_bytes() == content


def test_a_damaged_pointer_costs_no_generation(store: Store) -> None:
    names = sorted([commit(store, "1"), commit(store, "2")])
    (store.path / "CURRENT").write_bytes(b"?")
    with store.lock():
        assert sorted(path.name for path in store.path.glob("gen-*")) == names


def test_nobody_else_can_read_an_index(store: Store) -> None:
    generation = commit(store, "1")
    assert {path.stat().st_mode & 0o077 for path in [store.path, *store.path.iterdir(), *(store.path / generation).iterdir()]} == {0}


def test_only_what_is_ours_is_ever_swept(store: Store) -> None:
    commit(store, "1")
    for name in ("building-permits", "gen-ealogy", "notes.txt"):
        (store.path / name).mkdir()
    commit(store, "2")
    assert {"building-permits", "gen-ealogy", "notes.txt"} <= {path.name for path in store.path.iterdir()}


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot write the index in .*: Not a directory"), Store(tmp_path / "file" / "index").lock():
        pass


def test_a_full_disk_leaves_the_old_index(store: Store) -> None:
    """A limit on the size of a file makes the kernel refuse a write half-way, as a full disk does."""
    commit(store, "old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from index.store import Store; from tests.test_store import MODEL\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        f"store = Store(Path({str(store.path)!r}))\n"
        "with store.lock():\n    store.commit(MODEL, 1, [], {'one': b'x' * 200_000, 'two': b'y'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=Path(__file__).parents[1], check=False)
    assert "StoreError: cannot write the index" in done.stderr.decode()
    assert contents(store) == files("old")
    assert commit(store, "new") == store.generation()
