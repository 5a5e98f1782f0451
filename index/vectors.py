"""Ids and their unit vectors: make, add, remove, nearest. The only door to faiss."""

from collections.abc import Iterable
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.errors import DamagedError

Ids = NDArray[np.int64]
Rows = NDArray[np.float32]

MOST_BYTES = 1 << 36
"""What a stored index may claim to hold in one array (64 GiB) before faiss refuses to allocate it."""


class Vectors:
    """An exact inner-product index over unit vectors, addressed by our own 63-bit ids.

    Built in order of id, so that the same content is the same bytes however it came about.
    """

    def __init__(self, index: Any) -> None:
        """Wrap an `IndexIDMap2` of faiss; make one with `of` or `from_bytes`."""
        self._index = index

    @classmethod
    def of(cls, ids: Ids, rows: Rows) -> "Vectors":
        """`ids` int64 (n,), all different; `rows` float32 (n, dimension), of unit length."""
        order = np.argsort(ids)
        index = faiss.IndexIDMap2(faiss.IndexFlatIP(rows.shape[1]))
        index.add_with_ids(np.ascontiguousarray(rows[order]), np.ascontiguousarray(ids[order]))
        return cls(index)

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> "Vectors":
        """Read what `to_bytes` wrote. Check its hash first: faiss notices few flipped bits by itself."""
        faiss.set_deserialization_vector_byte_limit(MOST_BYTES)
        try:
            stored = faiss.deserialize_index(np.frombuffer(data, np.uint8))
        except RuntimeError as error:
            raise DamagedError(f"faiss cannot read the stored vectors ({error}); build again") from error
        return cls(stored)

    def to_bytes(self) -> bytes:
        return bytes(faiss.serialize_index(self._index))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    @property
    def ids(self) -> Ids:
        ids: Ids = faiss.vector_to_array(self._index.id_map)
        return ids

    @property
    def rows(self) -> Rows:
        """All vectors, float32 (n, dimension), in the order of `ids`."""
        flat = faiss.downcast_index(self._index.index)
        rows: Rows = flat.reconstruct_n(0, len(self)) if len(self) else np.zeros((0, self.dimension), np.float32)
        return rows

    def replace(self, removed: Iterable[int], ids: Ids, rows: Rows) -> "Vectors":
        """These vectors without `removed`, and with new ones; equal to an index made afresh."""
        old = self.ids
        keep = ~np.isin(old, np.fromiter(removed, np.int64))
        return Vectors.of(np.concatenate([old[keep], ids]), np.concatenate([self.rows[keep], rows]))

    def nearest(self, query: Rows, top: int) -> list[tuple[int, float]]:
        """The (id, cosine) of the `top` nearest to a unit vector, best first, ties by id.

        faiss returns equal scores in order of insertion and cuts among them, so more are fetched until
        the last one is worse than the last that is wanted.
        """
        wanted, fetched = min(top, len(self)), 0
        pairs: list[tuple[int, float]] = []
        while wanted and fetched < len(self):
            fetched = min(max(2 * fetched, wanted + 16), len(self))
            scores, ids = self._index.search(query.reshape(1, -1), fetched)
            pairs = sorted(zip(ids[0].tolist(), scores[0].tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
            if pairs[-1][1] < pairs[wanted - 1][1]:
                break
        return [(key, min(1.0, max(-1.0, score))) for key, score in pairs[:wanted]]
