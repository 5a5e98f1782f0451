"""The index folder: commit, verify, lock, generations. The only door to the file system under an index.

    LOCK                 held (flock) while a build writes; the kernel frees it when its owner dies
    building-<random>/   a generation being written; left behind only by a build that was killed
    gen-<hash>/          a whole generation; the hash is its manifest's
      MANIFEST.json      format, model, sources, and size and XXH3 (128 bits) of every other file
    CURRENT              the generation that counts, with the hash of its manifest: replacing it is the commit
    REPORT               what the last build read and what it could not, for whoever asks later
    LEFT_OUT             the files of the sources that are not to be indexed
    BAR, RUNS            the bar under which it is declined to answer, and the figures of past evaluations: of no concern to a build
    SEEN                 which files were read, as the file system and their hashes tell them: it saves reading them again, and can be lost
    JOURNAL              the vectors that a build has made so far: a build that was stopped goes on from them

A reader sees the old generation or the new one at every instant, and parses nothing that it has not checked. What is checked
for is damage: who can write here can write the hashes too. So the files bear XXH3, which reads a million chunks in a third of a second, not two.
"""

import contextlib
import fcntl
import hashlib
import json
import mmap
import os
import re
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

import xxhash

from index.errors import DamagedError, LockError, MismatchError, NoIndexError, StoreError
from index.journal import Journal, write_all
from index.types import ModelIdentity

FORMAT = 5
OURS = re.compile(r"LOCK|CURRENT|SEEN|REPORT|LEFT_OUT|BAR|RUNS|JOURNAL|gen-[0-9a-f]{16}|building-(?:[0-9a-f]{8}|CURRENT|SEEN|REPORT|LEFT_OUT|BAR|RUNS)")
REPAIR = "`footnote build` makes it whole again"
NAME_SOURCES = "name what it was made of: `footnote build FOLDER`"
TRIES = 5
AS_IT_WAS = "the old index is as it was"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is. `cut` names the rules that cut it into sentences, `reading` those that read its files.

    `sources` are absolute paths, or what `readers` were given.
    """

    model: ModelIdentity
    cut: int
    sources: tuple[str, ...]
    built_at: str
    files: Mapping[str, tuple[int, str]]
    readers: tuple[str, ...] = ()
    reading: int = 0

    def to_bytes(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes, folder: Path) -> "Manifest":
        stored: dict[str, Any] = json.loads(data)
        if stored.pop("format", None) != FORMAT:
            raise MismatchError(f"the index in {folder} has another format version than {FORMAT}: {REPAIR}")
        try:
            files = {name: (size, digest) for name, (size, digest) in stored.pop("files").items()}
            sources, readers = tuple(stored.pop("sources")), tuple(stored.pop("readers"))
            return cls(ModelIdentity(**stored.pop("model")), files=files, sources=sources, readers=readers, **stored)
        except (KeyError, TypeError, ValueError):
            raise MismatchError(f"the index in {folder} was made by another version of Footnote: {REPAIR}") from None


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an index was made of: its sources, the name of its model, and the readers that were asked for, if any."""

    sources: tuple[str, ...]
    model: str
    readers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One verified generation: its manifest and the bytes of its files, mapped, not copied."""

    generation: str
    manifest: Manifest
    files: Mapping[str, memoryview]
    size: int


class Store:
    """The index folder at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    # --- Reading -------------------------------------------------------------------------------------

    def read(self, names: Sequence[str]) -> Snapshot:
        """The current generation, every byte checked before any is parsed. `names` are the files it must hold.

        Raises NoIndexError, DamagedError with the name of the file, MismatchError for another format.
        """
        current = self._current()
        while True:
            try:
                return self._snapshot(current["generation"], self._manifest_bytes(current["generation"], current["manifest"]), names)
            except DamagedError:
                moved = self._current()
                if moved == current:
                    raise
                current = moved  # A build committed and swept while we read: what we held was whole, but is gone.

    def fallback(self, names: Sequence[str]) -> Snapshot | None:
        """The newest generation that is whole, whatever CURRENT says; None where none is. For what can be saved of a damaged index."""
        for _, name, data in self._generations():
            with contextlib.suppress(StoreError, ValueError, KeyError):
                return self._snapshot(name, data, names)
        return None

    def recipe(self) -> Recipe:
        """What the index was made of, whatever its format, if need be by the newest manifest that is whole. Raises StoreError where that cannot be told."""
        try:
            current = self._current()
            stored = json.loads(self._manifest_bytes(current["generation"], current["manifest"]))
        except DamagedError as error:
            known = self._generations()
            if not known:
                raise DamagedError(f"{str(error).removesuffix(REPAIR)}{NAME_SOURCES}") from None
            stored = json.loads(known[0][2])
        return Recipe(tuple(map(str, stored["sources"])), str(stored["model"]["name"]), tuple(map(str, stored.get("readers", ()))))

    def damaged_before(self) -> str | None:
        """What is damaged of the generation before the current one, which a repair would start from."""
        before = self._pointer().get("before")
        try:
            if before:
                self._read_generation(before)
        except MismatchError:
            return None  # Of another version, and whole as far as that can be told.
        except StoreError as error:
            return str(error).removesuffix(f": {REPAIR}")
        return None

    def forget_before(self) -> None:
        """Give up the generation before, if it is damaged: nothing is to start from it. Call it under `lock`."""
        if self.damaged_before():
            with self._writing(AS_IT_WAS):
                current = self._current()
                self._swap("CURRENT", _pointing(current["generation"], current["manifest"], None))
            self._sweep()

    def _read_generation(self, name: str) -> Snapshot:
        """A generation by its name alone, which begins as its manifest's hash does."""
        data = self._manifest_bytes(name)
        return self._snapshot(name, data, tuple(json.loads(data)["files"]))

    def builder(self) -> str | None:
        """Who holds the lock at this moment; None if nobody does. Raises StoreError where that cannot be told."""
        try:
            with (self.path / "LOCK").open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return (self.path / "LOCK").read_text("utf-8", "replace").strip()
        except OSError as error:
            raise StoreError(f"cannot read {self.path / 'LOCK'}: {error.strerror}") from error
        return None

    def _generations(self) -> list[tuple[str, str, bytes]]:
        """When each generation with a whole manifest was built, its name, and that manifest; the newest first."""
        found = []
        for folder in self._ours("gen"):
            with contextlib.suppress(StoreError, ValueError, KeyError):
                data = self._manifest_bytes(folder.name)
                found.append((str(json.loads(data)["built_at"]), folder.name, data))
        return sorted(found, key=lambda generation: generation[0], reverse=True)

    def generation(self) -> str:
        """The name of the current generation: the cheapest way to see that a build has committed."""
        return self._current()["generation"]

    def _current(self) -> dict[str, str]:
        try:
            pointer = _parsed((self.path / "CURRENT").read_bytes())
        except FileNotFoundError:
            self._refuse_orphans()
            raise NoIndexError(f"there is no index in {self.path}: make one with `footnote build FOLDER`") from None
        except IsADirectoryError:
            pointer = None
        except OSError as error:
            raise StoreError(f"cannot read {self.path / 'CURRENT'}: {error.strerror}") from error
        if pointer is None:
            raise DamagedError(f"{self.path / 'CURRENT'} is damaged: {REPAIR}")
        return pointer

    def _refuse_orphans(self) -> None:
        try:
            orphaned = self._ours("gen")
        except OSError as error:
            raise StoreError(f"cannot read {self.path}: {error.strerror}") from error
        if orphaned:
            raise DamagedError(f"{self.path / 'CURRENT'} is missing, though generations are there: {REPAIR}")

    def _snapshot(self, generation: str, data: bytes, names: Sequence[str]) -> Snapshot:
        """A generation by its name and its checked manifest, every file checked."""
        manifest = Manifest.from_bytes(data, self.path)
        if set(manifest.files) != set(names):
            raise MismatchError(f"the index in {self.path} holds other files than this version reads: {REPAIR}")
        folder = self.path / generation
        largest_first = sorted(names, key=lambda name: -manifest.files[name][0])
        with ThreadPoolExecutor(2) as pool:  # Hashing lets other threads run.
            mapped = pool.map(lambda name: _verified(folder / name, *manifest.files[name]), largest_first)
            files = dict(zip(largest_first, mapped, strict=True))
        return Snapshot(generation, manifest, files, len(data) + sum(map(len, files.values())))

    def _manifest_bytes(self, generation: str, digest: str | None = None) -> bytes:
        """The manifest of a generation, checked against its whole hash where that is told, and always against the generation's name."""
        file = self.path / generation / "MANIFEST.json"
        data = bytes(_mapped(file))
        found = hashlib.sha256(data).hexdigest()
        if generation_name(found) != generation or found != (digest or found):
            raise DamagedError(f"{file} is damaged (its SHA-256 differs): {REPAIR}")
        return data

    # --- Writing -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one build; raise LockError with the owner's name if another holds it."""
        with self._writing("choose another folder with --index"):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # It holds the full text of private documents.
            self._refuse_foreign()
            descriptor = os.open(self.path / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with self._writing("choose another folder with --index"):
                self._claim(descriptor)
                self._sweep()
            yield
        finally:
            os.close(descriptor)

    def _claim(self, descriptor: int) -> None:
        """Take the lock, or raise LockError; whoever only looks who holds it is waited for."""
        for tries_left in reversed(range(TRIES)):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not tries_left:
                    owner = os.read(descriptor, 1000).decode("utf-8", "replace").strip() or "just started"
                    raise LockError(f"another build holds {self.path} ({owner}): wait for it, or stop it") from None
                time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        write_all(descriptor, f"process {os.getpid()} on {socket.gethostname()} since {now()}\n".encode())

    @contextlib.contextmanager
    def _writing(self, remedy: str) -> Iterator[None]:
        """Say of whatever the file system refuses that the index cannot be written."""
        try:
            yield
        except OSError as error:
            raise StoreError(f"cannot write the index in {self.path}: {error.strerror}; {remedy}") from error

    def _refuse_foreign(self) -> None:
        """Never write, and so never sweep, in a folder with things of somebody else's and no pointer of ours."""
        foreign = [name for name in sorted(path.name for path in self.path.iterdir()) if not OURS.fullmatch(name)]
        if foreign and not self._pointer() and not self._generations():
            raise StoreError(f"{self.path} is no index and holds other files ({foreign[0]!r}): name a new or empty folder with --index")

    def _ours(self, kind: str) -> list[Path]:
        """What is in the folder by the names that we give, of one kind: `gen` or `building`."""
        return [path for path in sorted(self.path.iterdir() if self.path.is_dir() else ()) if path.name.startswith(f"{kind}-") and OURS.fullmatch(path.name)]

    def commit(self, model: ModelIdentity, cut: int, sources: Sequence[str], files: Mapping[str, bytes], readers: Sequence[str] = (), reading: int = 0) -> str:
        """Write a generation beside the others and make it the current one. Returns its name.

        Call it under `lock`. On StoreError (a full disk, say) the index is what it was.
        """
        sums = {name: (len(data), xxhash.xxh3_128_hexdigest(data)) for name, data in files.items()}
        manifest = Manifest(model, cut, tuple(sources), now(), sums, tuple(readers), reading).to_bytes()
        digest = hashlib.sha256(manifest).hexdigest()
        building = self.path / f"building-{secrets.token_hex(4)}"
        generation = self.path / generation_name(digest)
        try:
            with self._writing(AS_IT_WAS):
                building.mkdir(mode=0o700)
                for name, data in {**files, "MANIFEST.json": manifest}.items():
                    _write(building / name, data)
                _sync_folder(building)
                building.rename(generation)
                self._point_to(generation.name, digest)
        except StoreError:
            _remove(building)
            if not self._may_name(generation.name):  # What a network folder calls a failure may have been done all the same.
                _remove(generation)
            raise
        with contextlib.suppress(OSError):  # It is committed: not even a failing disk makes it less so.
            _sync_folder(self.path)
        self._sweep()
        return generation.name

    def _may_name(self, generation: str) -> bool:
        """Whether CURRENT names a generation, or cannot be read."""
        try:
            return self._pointer().get("generation") == generation
        except OSError:
            return True

    def _point_to(self, generation: str, digest: str) -> None:
        """The commit point. The generation before stays, if it is whole: readers are about to open it, and a repair would start from it."""
        pointer = self._pointer()
        whole = (name for name in (pointer.get("generation"), pointer.get("before")) if name and self._is_whole(name))
        self._swap("CURRENT", _pointing(generation, digest, next(whole, None)))

    def _is_whole(self, generation: str) -> bool:
        try:
            self._read_generation(generation)
        except StoreError:
            return False
        return True

    def _swap(self, name: str, data: bytes) -> None:
        """Put data in the place of a file at one stroke."""
        temporary = self.path / f"building-{name}"
        try:
            _write(temporary, data)
            _sync_folder(self.path)
            if (self.path / name).is_dir():  # None of ours: nothing can be put in its place while it stands there.
                _remove(self.path / name)
            temporary.replace(self.path / name)
        except OSError:
            _remove(temporary)
            raise

    def _pointer(self) -> dict[str, str]:
        """What CURRENT says; empty where it is missing, damaged, or none of ours."""
        try:
            return _parsed((self.path / "CURRENT").read_bytes()) or {}
        except (FileNotFoundError, IsADirectoryError):
            return {}

    def _sweep(self) -> None:
        """Remove what no reader can want: unfinished generations, and all but the last two. What cannot be removed stays.

        Where CURRENT cannot be told no generation is removed: they are what a repair would start from.
        """
        with contextlib.suppress(OSError):
            for orphan in self.orphans():
                _remove(orphan)

    def orphans(self) -> list[Path]:
        """What a build that was killed, or a disk that failed, has left and the next build removes."""
        pointer = self._pointer()
        wanted = {pointer.get("generation"), pointer.get("before")}
        return [*self._ours("building"), *(path for path in self._ours("gen") if pointer and path.name not in wanted)]

    # --- Beside the generations ------------------------------------------------------------------------

    def remember(self, name: str, data: bytes) -> None:
        """Keep something for the next build, or for whoever asks: SEEN, REPORT, LEFT_OUT, BAR or RUNS. Call it under `lock`."""
        with self._writing(AS_IT_WAS):
            self._swap(name, xxhash.xxh3_128_digest(data) + data)

    def remembered(self, name: str) -> bytes | None:
        """What `remember` kept; None where it is missing or damaged: it is made again then."""
        try:
            data = (self.path / name).read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot read {self.path / name}: {error.strerror}") from error
        return data[16:] if len(data) >= 16 and xxhash.xxh3_128_digest(data[16:]) == data[:16] else None

    @contextlib.contextmanager
    def journal(self, model: ModelIdentity, fresh: bool) -> Iterator[Journal]:
        """The vectors of a build that was stopped, and a place for those that come. It is removed when the build has ended well. Call it under `lock`."""
        with self._writing(AS_IT_WAS):
            journal = Journal(self.path / "JOURNAL", model, fresh)
        try:
            yield journal
            _remove(journal.path)
        finally:
            journal.close()


def generation_name(digest: str) -> str:
    return f"gen-{digest[:16]}"


def _pointing(generation: str, manifest: str, before: str | None) -> bytes:
    """What CURRENT holds: the generation, its manifest's hash, the generation before, and a sum of all that."""
    pointer = {"generation": generation, "manifest": manifest, "before": before}
    return json.dumps({**pointer, "sum": xxhash.xxh3_64_hexdigest(json.dumps(pointer).encode())}).encode()


def _parsed(data: bytes) -> dict[str, str] | None:
    """What `_pointing` wrote, every byte of it; None for anything else. Before format 5 there was no sum."""
    try:
        pointer = json.loads(data)
        whole = _pointing(pointer["generation"], pointer["manifest"], pointer["before"])
        named = pointer["generation"] == generation_name(pointer["manifest"])
    except (ValueError, KeyError, TypeError):
        return None
    return pointer if named and (data == whole or (pointer.keys() == {"generation", "manifest", "before"} and data == json.dumps(pointer).encode())) else None


def now() -> str:
    """This moment in UTC, ISO 8601; to the microsecond, so that no two generations are named alike."""
    return datetime.now(UTC).isoformat()


def _mapped(file: Path, check: Callable[[BufferedReader], None] = lambda _: None) -> memoryview:
    """The bytes of a file that has passed a check, mapped: they stay readable when the file is removed."""
    try:
        with file.open("rb") as stream:
            check(stream)
            if os.fstat(stream.fileno()).st_size == 0:
                return memoryview(b"")
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise DamagedError(f"{file} is missing: {REPAIR}") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from error


def _verified(file: Path, size: int, digest: str) -> memoryview:
    """The bytes of a file, mapped once its hash is right. It is hashed as it is read: hashing the map would make all of it resident."""

    def check(stream: BufferedReader) -> None:
        found = os.fstat(stream.fileno()).st_size
        if found != size:
            raise DamagedError(f"{file} is damaged ({found} bytes instead of {size}): {REPAIR}")
        if hashlib.file_digest(stream, xxhash.xxh3_128).hexdigest() != digest:
            raise DamagedError(f"{file} is damaged (its hash differs): {REPAIR}")

    return _mapped(file, check)


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    """Remove a file or a folder, as far as that can be done; the next build tries again."""
    with contextlib.suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
