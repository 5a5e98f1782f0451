"""The vectors that a build has made so far, on disk as they come: a build that is stopped loses no more than the batch it was in.

A line of JSON says what made them; records follow, each with its count of vectors and an XXH3 of what it holds. A record
that was cut short, as by a kill or a full disk, and all after it are dropped when the file is opened again.
"""

import json
import os
import struct
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import xxhash
from numpy.typing import NDArray

from index.errors import StoreError
from index.types import ModelIdentity

HEAD = struct.Struct("<QQ")
Rows = NDArray[np.float32]


class Journal:
    """An open journal file. `vectors` are those of an earlier build: float32 (dimension,) by the hash of their text."""

    def __init__(self, path: Path, model: ModelIdentity, fresh: bool) -> None:
        """Open or begin it. `fresh` builds, which trust no stored vector, go on from fresh ones only. Raises OSError."""
        self.path = path
        self._dimension = model.dimension
        self._lock = threading.Lock()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self.vectors = self._resume(_header(model, fresh), None if fresh else _header(model, True))
        except BaseException:
            os.close(self._descriptor)
            raise

    def _resume(self, header: bytes, other: bytes | None) -> dict[int, Rows]:
        data = _whole(self._descriptor)
        begin = data.find(b"\n") + 1
        vectors: dict[int, Rows] = {}
        end = 0
        if begin and data[:begin] in (header, other):
            header, end = data[:begin], begin
            for keys, rows, after in self._records(memoryview(data), begin):
                vectors.update(zip(keys.tolist(), rows, strict=True))
                end = after
        self._end = end
        self._cut()
        if not end:
            self._append(header)
        return vectors

    def _cut(self) -> None:
        """Drop what is not whole at the end."""
        os.ftruncate(self._descriptor, self._end)
        os.lseek(self._descriptor, self._end, os.SEEK_SET)

    def _append(self, data: bytes) -> None:
        try:
            write_all(self._descriptor, data)
        except OSError:
            self._cut()  # Another thread may yet append.
            raise
        self._end += len(data)

    def _records(self, data: memoryview, position: int) -> Iterator[tuple[NDArray[np.int64], Rows, int]]:
        """The keys, the rows and the end of each whole record."""
        while position + HEAD.size <= len(data):
            count, digest = HEAD.unpack_from(data, position)
            middle = position + HEAD.size + 8 * count
            end = middle + 4 * self._dimension * count
            if not count or end > len(data) or xxhash.xxh3_64_intdigest(data[position + HEAD.size : end]) != digest:
                return
            yield np.frombuffer(data[position + HEAD.size : middle], "<i8"), np.frombuffer(data[middle:end], "<f4").reshape(count, -1), end
            position = end

    def add(self, keys: Sequence[int], rows: Rows) -> None:
        """Append vectors, from any thread. Raises StoreError where the disk does not take them."""
        payload = np.array(keys, "<i8").tobytes() + rows.astype("<f4").tobytes()
        try:
            with self._lock:
                self._append(HEAD.pack(len(keys), xxhash.xxh3_64_intdigest(payload)) + payload)
        except OSError as error:
            raise StoreError(f"cannot write {self.path}: {error.strerror}; the old index is as it was") from error

    def close(self) -> None:
        os.close(self._descriptor)


def _whole(descriptor: int) -> bytes:
    """All that an open file holds."""
    size = os.fstat(descriptor).st_size
    parts = []
    while size > 0 and (part := os.read(descriptor, min(size, 1 << 26))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything: the kernel may take less at a time. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _header(model: ModelIdentity, fresh: bool) -> bytes:
    return json.dumps({"weights": model.weights, "dimension": model.dimension, "fresh": fresh}).encode() + b"\n"
