"""Is the index the old one or the new one, whatever happens at any instant? `python -m benchmarks.durability 0.1` runs a tenth.

Builders are real processes, and killed with SIGKILL; the file system is made to fail call by call; files are damaged byte by byte.
After each trial the index must equal, byte for byte, the one before or the one that was being built; and after one more build it
must equal the new one, with nothing left over. The embedder alone is made up, for it touches no file.
"""

import errno
import fcntl
import io
import mmap
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.build import build, reusable
from index.contents import FILES, Contents
from index.errors import DamagedError, IndexingError, LockError, MismatchError
from index.store import Store
from index.types import Document, ModelIdentity, Unchanged

KILLS, CORRUPTIONS, RACES, COMMITS, LOADS = 2_000, 5_000, 100, 1_000, 100_000
VERSIONS = 8
Files = Mapping[str, bytes]


class PromiseError(Exception):
    """A promise that does not hold."""


# --- What is built -----------------------------------------------------------------------------------


class Embedder:
    """Vectors of 16 dimensions, drawn by the hash of a text."""

    identity = ModelIdentity("made up", "0" * 64, 16, 64)

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.stack([np.frombuffer(sha256(text.encode()).digest(), "<i2") for text in texts]).astype(np.float32)
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def question(self, text: str) -> NDArray[np.float32]:
        row: NDArray[np.float32] = self.documents([text])[0]
        return row


def documents(version: int) -> list[Document]:
    """Seven or eight documents, of which two to four change from one version to the next, come, or go."""
    made = []
    for number in range(7 + version % 2):
        age = (version + number) // 2
        text = " ".join(f"Sentence {line} of report {number} in its state {age} tells of the harbour." for line in range(5 + age % 3))
        made.append(Document(f"report{number}.txt", "", text, (), sha256(text.encode()).hexdigest(), (), "/reports", age))
    return made


def make(place: Path, version: int) -> None:
    """What `footnote build` does, documents given."""
    store = Store(place)
    with store.lock():
        old = reusable(store)
        stamps = old.contents.stamps if old else {}
        given = (
            Unchanged(d.id) if (found := stamps.get(d.id)) and (found.source_hash, found.modified) == (d.source_hash, d.modified) else d
            for d in documents(version % VERSIONS)
        )
        build(store, given, Embedder(), ["/reports"], old, check=lambda: store.remember("SEEN", f"version {version}".encode()))


@lru_cache(maxsize=VERSIONS)
def expected(version: int) -> Files:
    """The files of an index of a version that was built in an empty folder."""
    with tempfile.TemporaryDirectory() as scratch:
        _in_child(partial(make, Path(scratch), version))
        return _files(Path(scratch))


def _files(place: Path) -> Files:
    return {name: bytes(data) for name, data in Store(place).read(FILES).files.items()}


def require(place: Path, *versions: int) -> int:
    """Which of some versions the index is; PromiseError unless it is one of them, whole."""
    found = _files(place)
    for version in versions:
        if found == expected(version % VERSIONS):
            return version
    raise PromiseError(f"the index in {place} is none of the versions {versions}")


def require_tidy(place: Path) -> None:
    """PromiseError if a build that went well has left more than its index."""
    names = sorted(path.name for path in place.iterdir())
    others = [name for name in names if not name.startswith("gen-")]
    if others != ["CURRENT", "LOCK", "SEEN"] or len(names) - len(others) > 2:
        raise PromiseError(f"{place} holds {names}")


# --- Processes ---------------------------------------------------------------------------------------


def _fork(work: Callable[[], None]) -> int:
    """A child that does some work and ends with 0, or 3 if the lock was held, or 1."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except LockError:
        status = 3
    finally:
        os._exit(status)


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _in_child(work: Callable[[], None]) -> None:
    """Work in a process of its own, so that none of its threads is there when the next child is made."""
    if status := _ended(_fork(work)):
        raise PromiseError(f"a build ended with {status}")


def kills(count: int, place: Path) -> str:
    """Kill builders at random moments, from their first instant to after their last."""
    chance = random.Random(1)
    make_first = time.perf_counter()
    _in_child(partial(make, place, 0))
    longest = 1.5 * (time.perf_counter() - make_first)
    old, resumed = 0, 0
    for version in range(1, count + 1):
        child = _fork(partial(make, place, version))
        time.sleep(chance.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        _ended(child)
        old += require(place, version - 1, version) == version - 1
        resumed += (place / "JOURNAL").exists()
        _in_child(partial(make, place, version))
        require(place, version)
        require_tidy(place)
    return f"{old} left the old index, {count - old} the new one, {resumed} a journal to go on from"


def races(count: int, place: Path) -> str:
    """Two builders at once, of two versions."""
    _in_child(partial(make, place, 0))
    refused = 0
    for number in range(count):
        one, other = 2 * number + 1, 2 * number + 2
        ends = [_ended(child) for child in [_fork(partial(make, place, version)) for version in (one, other)]]
        if set(ends) - {0, 3} or ends == [3, 3]:
            raise PromiseError(f"the builders ended with {ends}")
        refused += 3 in ends
        require(place, one, other)
        require_tidy(place)
    return f"{refused} of the second builders were told who holds the lock, the others had their turn"


def loads(commits: int, count: int, place: Path) -> str:
    """Readers that load whatever is there, and hold what they loaded, while builder after builder commits."""
    _in_child(partial(make, place, 0))
    digests = {_digest(expected(version)) for version in range(VERSIONS)}
    readers = [_fork(partial(_load, place, count // 2, digests)) for _ in range(2)]

    def commit() -> None:
        for version in range(1, commits + 1):
            make(place, version)

    builder = _fork(commit)
    if ends := [status for status in map(_ended, [builder, *readers]) if status]:
        raise PromiseError(f"a reader or the builder ended with {ends}")
    require(place, commits)
    return f"{count:,} loads during {commits:,} commits, one in a hundred held to the end"


def _load(place: Path, count: int, digests: set[str]) -> None:
    held: list[tuple[Contents, str]] = []
    for number in range(count):
        snapshot = Store(place).read(FILES)
        digest = _digest(snapshot.files)
        if digest not in digests:
            raise PromiseError("a reader saw an index that nobody built")
        if number % 100 == 0:
            held.append((Contents.from_files(snapshot.files), digest))
        if len(held) > 200:
            _ask(*held.pop(0))
    for conversation in held:
        _ask(*conversation)


def _ask(contents: Contents, digest: str) -> None:
    """Go on with a conversation that was opened long ago: what it reads is still what it opened."""
    texts = [contents.document(id).text[s.start : s.end] for id in contents.ids for s in contents.sentences_of(id)]
    if not texts or _digest(contents.files) != digest:
        raise PromiseError("an open index has changed")


def _digest(files: Mapping[str, Any]) -> str:
    whole = sha256()
    for name in FILES:
        whole.update(files[name])
    return whole.hexdigest()


# --- Failing calls -----------------------------------------------------------------------------------

CALLS = {
    os: "open write read fsync close mkdir rename replace unlink rmdir ftruncate lseek listdir scandir stat lstat fstat".split(),
    fcntl: ["flock"],
    io: ["open"],
    mmap: ["mmap"],
}
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE)
HALF = 0
"""Half of a write is done, then the disk is full; other calls fail as a full disk makes them."""


@contextmanager
def failing(at: int, error: int) -> Iterator[list[int]]:
    """The calls to the file system; the one numbered `at` fails. Gives the count of calls so far."""
    real = {(module, name): getattr(module, name) for module, names in CALLS.items() for name in names}
    count = [0]

    def wrap(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] != at:
                return call(*arguments, **options)
            if name == "close":
                call(*arguments)  # The descriptor is gone in any case.
            if name == "write" and error == HALF:
                call(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            number = error or errno.ENOSPC
            raise OSError(number, os.strerror(number))

        return called

    try:
        for (module, name), call in real.items():
            setattr(module, name, wrap(name, call))
        yield count
    finally:
        for (module, name), call in real.items():
            setattr(module, name, call)


def faults(share: float, place: Path) -> str:
    """Fail each call that a build makes to the file system, in turn, with each error."""
    for version in range(VERSIONS):
        expected(version)
    make(place, 0)  # Everything is imported.
    with failing(0, HALF) as count:
        make(place, 1)
    errors = [HALF, *ERRORS]
    points = [(at, error) for at in range(1, count[0] + 1) for number, error in enumerate(errors) if share >= 1 or (at + number) % 3 == 0]
    refused = 0
    for version, (at, error) in enumerate(points, 2):
        try:
            with failing(at, error):
                make(place, version)
        except IndexingError:
            refused += 1
        except OSError as unexpected:
            raise PromiseError(f"call {at} failing with {error} is told as {unexpected!r}") from unexpected
        require(place, version - 1, version)
        make(place, version)
        require(place, version)
        require_tidy(place)
    return f"{len(points)} points; {refused} builds said in a line why they stopped, the others went on"


# --- Damaged files -----------------------------------------------------------------------------------


def corruptions(count: int, place: Path) -> str:
    """Flip, cut, lengthen and swap: each is named, with its file, before anything is parsed."""
    for version in (1, 2):
        _in_child(partial(make, place, version))
    chance = random.Random(2)
    current, other = sorted(place.glob("gen-*"), key=lambda path: path.name != Store(place).generation())
    files = [place / "CURRENT", *sorted(current.iterdir())]
    for _ in range(count):
        file = chance.choice(files)
        whole = file.read_bytes()
        damaged = _damaged(whole, other / file.name, chance)
        file.write_bytes(damaged)
        try:
            Store(place).read(FILES)
        except (DamagedError, MismatchError) as error:
            if file.name not in str(error):
                raise PromiseError(f"the damage to {file.name} is told as: {error}") from error
        else:
            raise PromiseError(f"damage to {file.name} was not seen: {whole[:200]!r} became {damaged[:200]!r}")
        finally:
            file.write_bytes(whole)
    require(place, 2)
    return f"{count:,} named"


def _damaged(whole: bytes, twin: Path, chance: random.Random) -> bytes:
    """Other bytes than these."""
    kinds = [lambda: whole + chance.randbytes(chance.randrange(1, 9))]
    if whole:
        place = chance.randrange(len(whole))
        kinds += [lambda: whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :], lambda: whole[:place]]
    if twin.exists() and (other := twin.read_bytes()) != whole:
        kinds.append(lambda: other)
    return chance.choice(kinds)()


# --- All of it ---------------------------------------------------------------------------------------


def main(share: float = 1.0) -> int:
    """Print a line a trial; 1 if a promise does not hold."""
    trials: dict[str, Callable[[Path], str]] = {
        f"{max(1, int(KILLS * share)):,} builds killed": lambda place: kills(max(1, int(KILLS * share)), place),
        "calls to the file system failed": lambda place: faults(share, place),
        f"{max(1, int(CORRUPTIONS * share)):,} files damaged": lambda place: corruptions(max(1, int(CORRUPTIONS * share)), place),
        f"{max(1, int(RACES * share)):,} races of two builders": lambda place: races(max(1, int(RACES * share)), place),
        "loads during commits": lambda place: loads(max(1, int(COMMITS * share)), max(2, int(LOADS * share)), place),
    }
    broken = 0
    print("| trial | outcome | seconds |\n| --- | --- | --- |")
    for name, trial in trials.items():
        place = Path(tempfile.mkdtemp())
        started = time.perf_counter()
        try:
            outcome = f"held: {trial(place / 'index')}"
        except PromiseError as failure:
            outcome, broken = f"BROKEN: {failure}", 1
        print(f"| {name} | {outcome} | {time.perf_counter() - started:.0f} |", flush=True)
        shutil.rmtree(place)
    return broken


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
