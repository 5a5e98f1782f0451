"""Unit vectors by row: make, add, remove, nearest. The only door to faiss.

How they are kept follows from how many they are. Measured by `python -m benchmarks.vectors` (two AVX-512 cores; a query in
milliseconds; recall@10 against exact search, on MiniLM vectors of real sentences, and at a million on mixtures of them):

    kind                                    100 thousand      1 million         bytes a vector
    exact    flat float32                   15.6   1.000      135    1.000      1536
    scanned  flat int8, best 40 refined      1.7   0.990       16    0.99        384
    coarse   RaBitQ, best 500 refined        1.2   0.994        6.9  0.993       440
    IVF, int8, 1024 or 4096 lists, 64        0.4   0.983        1.0  0.903       392
    IVF, int8, 1024 or 4096 lists, 256       1.3   0.995        3.6  0.968       392

IVF is passed over though it is faster still: its lists are learned from the vectors that happened to be there first, so an
updated index would not be a fresh one. Nothing is learned here: int8 has one fixed scale, RaBitQ (Gao and Long, 2024) the centre 0.
So there is nothing to drift and nothing to train again, and any order of additions and removals gives the same bytes.
"""

import math
from collections.abc import Sequence
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.errors import DamagedError

Numbers = NDArray[np.int64]
Rows = NDArray[np.float32]
Cosines = NDArray[np.float64]
Mask = NDArray[np.bool_]

EXACT = 20_000
"""Up to so many vectors float32 is scanned, which takes 3 ms."""
SCANNED = 150_000
"""Up to so many int8 is scanned, which takes 3 ms; beyond, RaBitQ goes first."""
REFINED = 500
"""How many of RaBitQ's nearest are compared again by their int8 codes."""
DIGITS = 6
"""Cosines are rounded to so many digits: equal vectors have equal ones, wherever they stand."""
BLOCK = 1 << 16
MOST_BYTES = 1 << 36
"""What a stored index may claim to hold in one array (64 GiB) before faiss refuses to allocate it."""


def scale(dimension: int) -> float:
    """What a unit vector is multiplied by before it is rounded to int8.

    A component of a random unit vector has a deviation of 1/√d; six of them fit, the few beyond are cut.
    """
    return 127 * math.sqrt(dimension) / 6


class Vectors:
    """Unit vectors, addressed by their row, of one of the three kinds above."""

    def __init__(self, fine: Any, coarse: Any = None, held: Sequence[object] = ()) -> None:
        """Wrap faiss indexes: `fine` holds float32 or int8 rows, `coarse` RaBitQ codes of them. Make one with `of` or `from_bytes`.

        `held` is what they read from without owning it.
        """
        self._fine = fine
        self._coarse = coarse
        self._held = held

    @classmethod
    def of(cls, rows: Rows) -> "Vectors":
        """`rows` float32 (n, dimension), of unit length."""
        if len(rows) <= EXACT:
            return cls(_flat(rows))
        return cls._coded(_codes(rows))

    @classmethod
    def _coded(cls, codes: NDArray[np.uint8]) -> "Vectors":
        count, dimension = codes.shape
        fine = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT)
        fine.add_sa_codes(np.ascontiguousarray(codes))
        return cls(fine, _rabitq(codes) if count > SCANNED else None)

    @classmethod
    def from_bytes(cls, fine: bytes | memoryview, coarse: bytes | memoryview) -> "Vectors":
        """Read what `to_bytes` wrote, without copying it. Check its hash first: faiss notices few flipped bits by itself."""
        views = [np.frombuffer(data, np.uint8) for data in (fine, coarse) if len(data)]
        return cls(_read(views[0]), _read(views[1]) if len(views) > 1 else None, views)

    def to_bytes(self) -> tuple[bytes, bytes]:
        """The fine and the coarse index; the second is empty where there is none."""
        return bytes(faiss.serialize_index(self._fine)), bytes(faiss.serialize_index(self._coarse)) if self._coarse is not None else b""

    def __len__(self) -> int:
        return int(self._fine.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._fine.d)

    @property
    def kind(self) -> str:
        """`exact`, `scanned` or `coarse`."""
        return "exact" if isinstance(self._fine, faiss.IndexFlat) else "scanned" if self._coarse is None else "coarse"

    def can_become(self, count: int) -> bool:
        """Whether the vectors kept here are exact enough for an index of `count`: int8 cannot become float32 again."""
        return count > EXACT or self.kind == "exact"

    def rearranged(self, kept: Numbers, rows: Rows, order: Numbers) -> "Vectors":
        """An index of the rows `kept` of this one and of new `rows`, arranged: place i takes the `order[i]`-th of both together.

        Equal, byte for byte, to one made afresh of the same vectors in the same order.
        """
        if self.kind == "exact":
            old: Rows = self._fine.reconstruct_batch(kept) if len(kept) else np.zeros((0, self.dimension), np.float32)
            return Vectors.of(np.concatenate([old, rows])[order])
        codes = self._stored_codes()[kept]
        return Vectors._coded(np.concatenate([codes, _codes(rows)])[order])

    def _stored_codes(self) -> NDArray[np.uint8]:
        stored: NDArray[np.uint8] = faiss.rev_swig_ptr(self._fine.codes.data(), len(self) * self.dimension).reshape(len(self), self.dimension)
        return stored

    def nearest(self, query: Rows, top: int, allowed: Mask | None = None) -> list[tuple[int, float]]:
        """The (row, cosine) of the `top` nearest to a unit vector, best first, equal ones by row; only rows that are `allowed`."""
        if not len(self) or top < 1:
            return []
        if self._coarse is not None and allowed is None:
            _, found = self._coarse.search(query.reshape(1, -1), min(max(REFINED, 4 * top), len(self)))
            rows = found[0][found[0] >= 0]
        else:
            rows = self._scan(query, top if self.kind == "exact" else top + 40, allowed)
        cosines = self.cosines(query, rows)
        best = np.lexsort((rows, -cosines))[:top]
        return list(zip(rows[best].tolist(), cosines[best].tolist(), strict=True))

    def _scan(self, query: Rows, wanted: int, allowed: Mask | None) -> Numbers:
        """The nearest rows, and all that tie with the last: faiss cuts among equals as it likes, so more are fetched."""
        asked = query.reshape(1, -1) if self.kind == "exact" else np.clip(np.rint(query.reshape(1, -1) * scale(self.dimension)), -127, 127)
        options: dict[str, Any] = {}
        if allowed is not None:
            bitmap = np.packbits(allowed, bitorder="little")
            options["params"] = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bitmap))
        most = len(self) if allowed is None else int(allowed.sum())
        wanted, fetched = min(wanted, most), 0
        rows: Numbers = np.zeros(0, np.int64)
        while fetched < most:
            fetched = min(max(2 * fetched, wanted + 16), most)
            scores, found = self._fine.search(asked.astype(np.float32), fetched, **options)
            rows = found[0][found[0] >= 0]
            if len(rows) < fetched or scores[0][fetched - 1] < scores[0][wanted - 1]:
                break
        return rows

    def cosines(self, query: Rows, rows: Sequence[int] | Numbers) -> Cosines:
        """The cosine of a unit vector with each of some rows, float64 (n,)."""
        if not len(rows):
            return np.zeros(0)
        vectors = self._fine.reconstruct_batch(np.asarray(rows, np.int64)).astype(np.float64)
        found = vectors @ query.astype(np.float64)
        if self.kind != "exact":
            found /= scale(self.dimension)
        cosines: Cosines = np.clip(np.round(found, DIGITS), -1.0, 1.0)
        return cosines


def _flat(rows: Rows) -> Any:
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(np.ascontiguousarray(rows))
    return index


def _codes(rows: Rows) -> NDArray[np.uint8]:
    """int8 components, stored by faiss as unsigned bytes around 128."""
    rounded = np.clip(np.rint(rows * np.float32(scale(rows.shape[1]))), -127, 127)
    codes: NDArray[np.uint8] = (rounded + 128).astype(np.uint8)
    return codes


def _rabitq(codes: NDArray[np.uint8]) -> Any:
    """RaBitQ codes of int8 codes, so that they are the same from an old index and from new vectors. It is told to centre on 0."""
    dimension = codes.shape[1]
    index = faiss.IndexRaBitQFastScan(dimension, faiss.METRIC_INNER_PRODUCT)
    opposites = np.zeros((2, dimension), np.float32)
    opposites[:, 0] = 1, -1
    index.train(opposites)
    for start in range(0, len(codes), BLOCK):
        index.add((codes[start : start + BLOCK].astype(np.float32) - 128) / np.float32(scale(dimension)))
    return index


def _read(data: NDArray[np.uint8]) -> Any:
    faiss.set_deserialization_vector_byte_limit(MOST_BYTES)
    try:
        return faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(data), len(data)))
    except RuntimeError as error:
        raise DamagedError(f"faiss cannot read the stored vectors ({error}); build again") from error
