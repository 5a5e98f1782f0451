"""The index folder: commit, verify, lock, generations. The only door to the file system under an index.

    LOCK                 held (flock) while a build writes; the kernel frees it when its owner dies
    building-<random>/   a generation being written; left behind only by a build that was killed
    gen-<hash>/          a whole generation; the hash is its manifest's
      MANIFEST.json      format, model, sources, and size and XXH3 (128 bits) of every other file
    CURRENT              the generation that counts, with the hash of its manifest: replacing it is the commit

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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

import xxhash

from index.errors import DamagedError, LockError, MismatchError, NoIndexError, StoreError
from index.types import ModelIdentity

FORMAT = 4
OURS = re.compile(r"LOCK|CURRENT|gen-[0-9a-f]{16}|building-(?:[0-9a-f]{8}|CURRENT)")
REBUILD = "rebuild it with `footnote build --full`"
NAME_SOURCES = "rebuild it with `footnote build --full FOLDER`"
"""Where the index cannot tell what it was made of."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation is. `cut` names the rules that cut it into sentences; `sources` are absolute paths."""

    model: ModelIdentity
    cut: int
    sources: tuple[str, ...]
    built_at: str
    files: Mapping[str, tuple[int, str]]

    def to_bytes(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, data: bytes, folder: Path) -> "Manifest":
        stored: dict[str, Any] = json.loads(data)
        if stored.pop("format", None) != FORMAT:
            raise MismatchError(f"the index in {folder} has another format version than {FORMAT}: {REBUILD}")
        files = {name: (size, digest) for name, (size, digest) in stored.pop("files").items()}
        return cls(ModelIdentity(**stored.pop("model")), files=files, sources=tuple(stored.pop("sources")), **stored)


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
                return self._read(current, names)
            except DamagedError:
                moved = self._current()
                if moved == current:
                    raise
                current = moved  # A build committed and swept while we read: what we held was whole, but is gone.

    def manifest(self) -> Manifest:
        """The current manifest alone, checked; for what an index is, where its files may be damaged."""
        return self._manifest(self._current())[0]

    def sources(self) -> tuple[str, ...]:
        """The sources of the last build, of whatever format the index is. Raises StoreError where they cannot be told."""
        return tuple(map(str, json.loads(self._manifest_bytes(self._current()))["sources"]))

    def generation(self) -> str:
        """The name of the current generation: the cheapest way to see that a build has committed."""
        return self._current()["generation"]

    def _current(self) -> dict[str, str]:
        try:
            pointer = json.loads((self.path / "CURRENT").read_bytes())
        except FileNotFoundError:
            self._refuse_orphans()
            raise NoIndexError(f"there is no index in {self.path}: make one with `footnote build FOLDER`") from None
        except ValueError:
            raise DamagedError(f"{self.path / 'CURRENT'} is damaged: {NAME_SOURCES}") from None
        except OSError as error:
            raise StoreError(f"cannot read {self.path / 'CURRENT'}: {error.strerror}") from error
        if not isinstance(pointer, dict) or not all(isinstance(pointer.get(key), str) for key in ("generation", "manifest")):
            raise DamagedError(f"{self.path / 'CURRENT'} is damaged: {NAME_SOURCES}")
        if pointer["generation"] != generation_name(pointer["manifest"]):
            raise DamagedError(f"{self.path / 'CURRENT'} is damaged: {NAME_SOURCES}")
        return pointer

    def _refuse_orphans(self) -> None:
        if self._ours("gen"):
            raise DamagedError(f"{self.path / 'CURRENT'} is missing, though generations are there: {NAME_SOURCES}")

    def _read(self, current: Mapping[str, str], names: Sequence[str]) -> Snapshot:
        manifest, size = self._manifest(current)
        if set(manifest.files) != set(names):
            raise MismatchError(f"the index in {self.path} holds other files than this version reads: {REBUILD}")
        folder = self.path / current["generation"]
        largest_first = sorted(names, key=lambda name: -manifest.files[name][0])
        with ThreadPoolExecutor(2) as pool:  # Hashing lets other threads run.
            mapped = pool.map(lambda name: _verified(folder / name, *manifest.files[name]), largest_first)
            files = dict(zip(largest_first, mapped, strict=True))
        return Snapshot(current["generation"], manifest, files, size + sum(map(len, files.values())))

    def _manifest(self, current: Mapping[str, str]) -> tuple[Manifest, int]:
        """The manifest that CURRENT names, and its size in bytes."""
        data = self._manifest_bytes(current)
        return Manifest.from_bytes(data, self.path), len(data)

    def _manifest_bytes(self, current: Mapping[str, str]) -> bytes:
        file = self.path / current["generation"] / "MANIFEST.json"
        data = bytes(_mapped(file))
        if hashlib.sha256(data).hexdigest() != current["manifest"]:
            raise DamagedError(f"{file} is damaged (its SHA-256 differs): {NAME_SOURCES}")
        return data

    # --- Writing -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one build; raise LockError with the owner's name if another holds it."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)  # It holds the full text of private documents.
            self._refuse_foreign()
            descriptor = os.open(self.path / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"cannot write the index in {self.path}: {error.strerror}; choose another folder with --index") from error
        with os.fdopen(descriptor, "r+") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LockError(f"another build holds {self.path} ({stream.read().strip() or 'just started'}): wait for it, or stop it") from None
            stream.truncate(0)
            stream.write(f"process {os.getpid()} on {socket.gethostname()} since {now()}\n")
            stream.flush()
            self._sweep()
            yield

    def _refuse_foreign(self) -> None:
        """Never write, and so never sweep, in a folder with things of somebody else's and no pointer of ours."""
        foreign = [name for name in sorted(path.name for path in self.path.iterdir()) if not OURS.fullmatch(name)]
        if foreign and not self._pointer():
            raise StoreError(f"{self.path} is no index and holds other files ({foreign[0]!r}): name a new or empty folder with --index")

    def _ours(self, kind: str) -> list[Path]:
        """What is in the folder by the names that we give, of one kind: `gen` or `building`."""
        found = self.path.glob(f"{kind}-*")
        return [path for path in found if OURS.fullmatch(path.name)]

    def commit(self, model: ModelIdentity, cut: int, sources: Sequence[str], files: Mapping[str, bytes]) -> str:
        """Write a generation beside the others and make it the current one. Returns its name.

        Call it under `lock`. On StoreError (a full disk, say) the index is what it was.
        """
        sums = {name: (len(data), xxhash.xxh3_128_hexdigest(data)) for name, data in files.items()}
        manifest = Manifest(model, cut, tuple(sources), now(), sums).to_bytes()
        digest = hashlib.sha256(manifest).hexdigest()
        try:
            building = self.path / f"building-{secrets.token_hex(4)}"
            building.mkdir(mode=0o700)
            for name, data in {**files, "MANIFEST.json": manifest}.items():
                _write(building / name, data)
            _sync_folder(building)
            generation = self.path / generation_name(digest)
            building.rename(generation)
            self._point_to(generation.name, digest)
        except OSError as error:
            raise StoreError(f"cannot write the index in {self.path}: {error.strerror}; the old index is as it was") from error
        with contextlib.suppress(OSError):  # It is committed: not even a failing disk makes it less so.
            _sync_folder(self.path)
        self._sweep()
        return generation.name

    def _point_to(self, generation: str, digest: str) -> None:
        """The commit point. The generation before stays for readers that are about to open it."""
        before = self._pointer().get("generation")
        pointer = json.dumps({"generation": generation, "manifest": digest, "before": before}).encode()
        temporary = self.path / "building-CURRENT"
        _write(temporary, pointer)
        _sync_folder(self.path)
        temporary.replace(self.path / "CURRENT")

    def _pointer(self) -> dict[str, str]:
        """What CURRENT says, as far as it can be told; empty where it is missing or is none of ours."""
        try:
            pointer = json.loads((self.path / "CURRENT").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return pointer if isinstance(pointer, dict) and "generation" in pointer and "manifest" in pointer else {}

    def _sweep(self) -> None:
        """Remove what no reader can want: unfinished generations, and all but the last two. What cannot be removed stays.

        Where CURRENT cannot be told no generation is removed: they are what a repair would start from.
        """
        pointer = self._pointer()
        wanted = {pointer.get("generation"), pointer.get("before")}
        orphans = [path for path in self._ours("gen") if path.name not in wanted] if pointer else []
        for orphan in [*self._ours("building"), *orphans]:
            if orphan.is_dir():
                shutil.rmtree(orphan, ignore_errors=True)
            else:
                orphan.unlink(missing_ok=True)


def generation_name(digest: str) -> str:
    return f"gen-{digest[:16]}"


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
    except FileNotFoundError:
        raise DamagedError(f"{file} is missing: {REBUILD}") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from error


def _verified(file: Path, size: int, digest: str) -> memoryview:
    """The bytes of a file, mapped once its hash is right. It is hashed as it is read: hashing the map would make all of it resident."""

    def check(stream: BufferedReader) -> None:
        found = os.fstat(stream.fileno()).st_size
        if found != size:
            raise DamagedError(f"{file} is damaged ({found} bytes instead of {size}): {REBUILD}")
        if hashlib.file_digest(stream, xxhash.xxh3_128).hexdigest() != digest:
            raise DamagedError(f"{file} is damaged (its hash differs): {REBUILD}")

    return _mapped(file, check)


def _write(file: Path, data: bytes) -> None:
    with open(file, "xb", opener=_private) as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
