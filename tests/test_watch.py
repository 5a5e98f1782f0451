"""`footnote watch` keeps an index equal to its sources: real processes, real files, and however editors save them."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from assistant.watch import _require_mounted
from index.build import build
from index.contents import FILES, Contents
from index.embed import Embedder
from index.errors import SourceError, StoreError
from index.load import load
from index.store import Store
from tests.conftest import Run, build_index, interruptible, write

PATIENCE = 60
Watch = Callable[..., Path]


def texts(index: Path) -> dict[str, str]:
    """What the index holds at this moment."""
    try:
        contents = Contents.from_files(Store(index).read(FILES).files)
    except StoreError:
        return {}
    return {id: contents.document(id).text for id in contents.ids}


def await_texts(index: Path, expected: dict[str, str]) -> None:
    until = time.monotonic() + PATIENCE
    while texts(index) != expected:
        assert time.monotonic() < until, texts(index)
        time.sleep(0.1)


@pytest.fixture
def watching(offline: dict[str, str], tmp_path: Path) -> Iterator[Watch]:
    """Start `footnote watch` over some sources; the index it keeps."""
    running: list[subprocess.Popen[bytes]] = []

    def start(sources: Sequence[Path], *options: str) -> Path:
        command = [sys.executable, "-m", "assistant.cli", "watch", *map(str, sources), "--index", str(tmp_path / "index"), *options]
        running.append(subprocess.Popen(command, cwd=tmp_path, env=offline, stderr=subprocess.PIPE, preexec_fn=interruptible))
        return tmp_path / "index"

    yield start
    for process in running:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert (process.returncode, b"Traceback" in said) == (130, False)


def test_files_that_come_change_move_and_go_are_taken_in(watching: Watch, folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    index = watching([folder])
    await_texts(index, {"a.txt": "One."})
    write(folder, {"sub/deep/b.txt": "Two."})
    await_texts(index, {"a.txt": "One.", "sub/deep/b.txt": "Two."})
    write(folder, {"a.txt": "Won."})
    await_texts(index, {"a.txt": "Won.", "sub/deep/b.txt": "Two."})
    (folder / "sub").rename(folder / "sup")
    await_texts(index, {"a.txt": "Won.", "sup/deep/b.txt": "Two."})
    (folder / "a.txt").unlink()
    await_texts(index, {"sup/deep/b.txt": "Two."})


def test_an_editor_that_saves_by_renaming_is_followed(watching: Watch, folder: Path) -> None:
    write(folder, {"a.txt": "One.", "alone.txt": "Alone."})
    index = watching([folder / "a.txt"])
    await_texts(index, {"a.txt": "One."})
    for text in ("Two.", "Three."):
        (folder / ".a.txt.swp").write_text(text)
        (folder / ".a.txt.swp").rename(folder / "a.txt")
        await_texts(index, {"a.txt": text})


def test_a_folder_that_is_replaced_is_watched_again(watching: Watch, folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    index = watching([folder])
    await_texts(index, {"a.txt": "One."})
    folder.rename(folder.with_name("old"))
    write(folder, {"a.txt": "Two."})
    await_texts(index, {"a.txt": "Two."})
    write(folder, {"b.txt": "Three."})
    await_texts(index, {"a.txt": "Two.", "b.txt": "Three."})


@pytest.mark.slow
def test_a_burst_of_files_is_taken_in(watching: Watch, folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    index = watching([folder])
    await_texts(index, {"a.txt": "One."})
    burst = {f"{number // 100}/{number}.txt": "The same in each." for number in range(5_000)}
    write(folder, burst)
    await_texts(index, {"a.txt": "One.", **burst})
    assert sum(path.name.startswith("gen-") for path in index.iterdir()) == 2


def test_folders_that_send_no_events_are_looked_over(watching: Watch, folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    index = watching([folder], "--poll", "0.5")
    await_texts(index, {"a.txt": "One."})
    write(folder, {"b.txt": "Two."})
    await_texts(index, {"a.txt": "One.", "b.txt": "Two."})


def test_an_index_inside_its_source_does_not_set_itself_off(folder: Path, offline: dict[str, str]) -> None:
    write(folder, {"a.txt": "One."})
    command = [sys.executable, "-m", "assistant.cli", "watch", str(folder), "--index", str(folder / "index")]
    with subprocess.Popen(command, env=offline, stdout=subprocess.PIPE, preexec_fn=interruptible) as process:
        await_texts(folder / "index", {"a.txt": "One."})
        write(folder, {"b.txt": "Two."})
        await_texts(folder / "index", {"a.txt": "One.", "b.txt": "Two."})
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate()
    assert len(told.splitlines()) == 2


def test_the_last_document_of_a_source_goes_too(watching: Watch, folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    index = watching([folder])
    await_texts(index, {"a.txt": "One."})
    (folder / "a.txt").unlink()
    await_texts(index, {})
    write(folder, {"b.txt": "Two."})
    await_texts(index, {"b.txt": "Two."})


def test_a_source_that_is_not_mounted_empties_no_index(folder: Path, tmp_path: Path, embedder: Embedder) -> None:
    write(folder, {"a.txt": "One."})
    build_index(tmp_path / "index", [folder], embedder)
    (folder / "a.txt").unlink()  # As its mount point is without it.
    known = Contents.from_files(Store(tmp_path / "index").read(FILES).files)
    loading = load([folder], known)
    device = folder.stat().st_dev
    _require_mounted(loading, {str(folder): device})
    with pytest.raises(SourceError, match="is not mounted or cannot be opened, and the index holds documents of it"):
        _require_mounted(loading, {str(folder): device + 1})


def test_a_folder_that_is_removed_and_made_again_is_watched_again(watching: Watch, folder: Path) -> None:
    write(folder, {"a.txt": "One."})
    index = watching([folder])
    await_texts(index, {"a.txt": "One."})
    for number in range(4):
        shutil.rmtree(folder)
        write(folder, {f"{number}.txt": "New."})
        await_texts(index, {f"{number}.txt": "New."})
        began = time.monotonic()
        write(folder, {"later.txt": "Later."})
        await_texts(index, {f"{number}.txt": "New.", "later.txt": "Later."})
        assert time.monotonic() - began < 30  # Told by an event, and not by the look that is taken once a minute.


def test_a_build_with_other_sources_is_followed(watching: Watch, folder: Path, tmp_path: Path, footnote: Run) -> None:
    write(folder, {"a.txt": "One."})
    write(tmp_path / "more", {"c.txt": "Three."})
    index = watching([folder])
    await_texts(index, {"a.txt": "One."})
    footnote("build", folder, tmp_path / "more", "--index", index)
    await_texts(index, {"a.txt": "One.", "c.txt": "Three."})
    write(tmp_path / "more", {"d.txt": "Four."})
    await_texts(index, {"a.txt": "One.", "c.txt": "Three.", "d.txt": "Four."})


def test_a_build_with_other_sources_that_ends_while_the_watcher_waits_for_it_is_followed(
    watching: Watch, folder: Path, tmp_path: Path, embedder: Embedder
) -> None:
    write(folder, {"a.txt": "One."})
    write(tmp_path / "more", {"c.txt": "Three."})
    index = watching([folder])
    await_texts(index, {"a.txt": "One."})
    store, sources = Store(index), [str(folder), str(tmp_path / "more")]
    with store.lock():
        write(folder, {"b.txt": "Two."})
        time.sleep(0.8)  # The watcher has seen the file, and waits for the lock.
        build(store, load(sources), embedder, sources)
    await_texts(index, {"a.txt": "One.", "b.txt": "Two.", "c.txt": "Three."})
    write(tmp_path / "more", {"d.txt": "Four."})
    await_texts(index, {"a.txt": "One.", "b.txt": "Two.", "c.txt": "Three.", "d.txt": "Four."})


def test_a_watcher_ends_with_the_process_that_it_serves(folder: Path, offline: dict[str, str], tmp_path: Path) -> None:
    """As the chat's does, however the chat ends."""
    write(folder, {"a.txt": "One."})
    code = (
        "import os, subprocess, sys; watcher = subprocess.Popen([sys.executable, '-m', 'assistant.cli', 'watch', sys.argv[1], '--index', sys.argv[2],"
        " '--while', str(os.getpid())]); print(watcher.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder), str(tmp_path / "index")], env=offline, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as chat:
        assert chat.stdout is not None
        watcher = int(chat.stdout.readline())
        await_texts(tmp_path / "index", {"a.txt": "One."})
        chat.kill()
    until = time.monotonic() + PATIENCE
    while Path(f"/proc/{watcher}").exists() and "Z" not in Path(f"/proc/{watcher}/stat").read_text().split()[2]:
        assert time.monotonic() < until
        time.sleep(0.1)
