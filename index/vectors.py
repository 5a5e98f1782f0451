"""Unit vectors by row: make, add, remove, nearest. The only door to faiss.

They are kept as float16. How they are searched follows from how many they are. Measured by `python -m benchmarks.vectors` (two AVX-512 cores;
a query in milliseconds; recall@10 against float32, of queries like the vectors, and of questions that none of them answers):

                                           100 thousand             1 million
    exact: float16                          3.2  1.000  0.997       27    0.997  0.999        768 bytes a vector
    coarse: RaBitQ, best 1,000 in float16   5.4  1.000  0.997       15    0.997  0.987        892
    the same with one bit, not two          1.6  1.000  0.788        7.0  0.997  0.511        832 (best 500)
    int8                                    3.1  0.996  0.980       38    0.962  0.970        384
    IVF, int8, 1,024 or 4,096 lists, 64     0.3  0.995  0.979        0.8  0.983  0.943        398
    IVF, int8, 1,024 or 4,096 lists, 256    0.9  0.995  0.988        3.3  0.983  0.979        398
    HNSW32, depth 128                       0.2  0.935  0.845        0.3  0.985  0.274       1808

IVF and HNSW are passed over though they are faster still: IVF's lists are learned from the vectors that happened to be there first, so
an updated index would not be a fresh one, and HNSW does not forget. Nothing is learned here: RaBitQ (Gao and Long, 2024) is
given the centre 0. So there is nothing to drift and nothing to train again, and any order of changes gives the same bytes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from index.errors import DamagedError

Numbers = NDArray[np.int64]
Rows = NDArray[np.float32]
Cosines = NDArray[np.float64]
Mask = NDArray[np.bool_]

EXACT = 100_000
"""Up to so many vectors float16 is scanned, which takes 3 ms; beyond, RaBitQ goes first."""
BITS = 2
"""RaBitQ's for each component."""
REFINED = 1000
"""How many of RaBitQ's nearest are compared again in float16."""
DIGITS = 6
"""Cosines are rounded to so many digits: equal vectors have equal ones, wherever they stand."""
BLOCK = 1 << 16
MOST_BYTES = 1 << 36
"""What a stored index may claim to hold in one array (64 GiB) before faiss refuses to allocate it."""


class Vectors:
    """Unit vectors, addressed by their row."""

    def __init__(self, fine: Any, coarse: Any = None, held: Sequence[object] = ()) -> None:
        """Wrap faiss indexes: `fine` holds float16 rows, `coarse` RaBitQ codes of them. Make one with `of` or `from_bytes`.

        `held` is what they read from without owning it.
        """
        self._fine = fine
        self._coarse = coarse
        self._held = held
        self._pool = ThreadPoolExecutor(2)

    @classmethod
    def of(cls, rows: Rows) -> "Vectors":
        """`rows` float32 (n, dimension), of unit length."""
        return cls._kept(rows.astype(np.float16))

    @classmethod
    def _kept(cls, rows: NDArray[np.float16]) -> "Vectors":
        fine = faiss.IndexScalarQuantizer(rows.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        fine.add_sa_codes(np.ascontiguousarray(rows).view(np.uint8))
        return cls(fine, _coarse_of(rows))

    @classmethod
    def from_bytes(cls, fine: bytes | memoryview, coarse: bytes | memoryview) -> "Vectors":
        """Read what `to_bytes` wrote, without copying it. Check its hash first: faiss notices few flipped bits by itself."""
        views = [np.frombuffer(data, np.uint8) for data in (fine, coarse) if len(data)]
        return cls(_read(views[0]), _read(views[1]) if len(views) > 1 else None, views)

    def to_bytes(self) -> tuple[bytes, bytes]:
        """The fine and the coarse index; the second is empty where there is none."""
        return _bytes_of(self._fine), _bytes_of(self._coarse)

    def __len__(self) -> int:
        return int(self._fine.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._fine.d)

    @property
    def kind(self) -> str:
        """`exact` or `coarse`."""
        return "exact" if self._coarse is None else "coarse"

    def rearranged(self, kept: Numbers, rows: Rows, order: Numbers) -> "Vectors":
        """An index of the rows `kept` of this one and of new `rows`, arranged: place i takes the `order[i]`-th of both together.

        Equal, byte for byte, to one made afresh of the same vectors in the same order.
        """
        return Vectors._kept(np.concatenate([self._stored()[kept], rows.astype(np.float16)])[order])

    def _stored(self) -> NDArray[np.float16]:
        """The rows as they are kept, in place."""
        codes = faiss.rev_swig_ptr(self._fine.codes.data(), len(self) * self.dimension * 2)
        rows: NDArray[np.float16] = codes.view(np.float16).reshape(len(self), self.dimension)
        return rows

    def lengths(self) -> NDArray[np.float32]:
        """The length of each row: 1, unless it is damaged."""
        blocks = (self._stored()[start : start + BLOCK].astype(np.float32) for start in range(0, len(self), BLOCK))
        return np.concatenate([np.zeros(0, np.float32), *(np.sqrt(np.einsum("ij,ij->i", rows, rows)) for rows in blocks)])

    def is_coarse_right(self) -> bool:
        """Whether the coarse index is the one that these rows have."""
        return _bytes_of(self._coarse) == _bytes_of(_coarse_of(self._stored()))

    def nearest(self, query: Rows, top: int, allowed: Mask | None = None) -> list[tuple[int, float]]:
        """The (row, cosine) of the `top` nearest to a unit vector, best first, equal ones by row; only rows that are `allowed`."""
        most = len(self) if allowed is None else int(allowed.sum())
        if not most or top < 1:
            return []
        selector = None if allowed is None else faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if self._coarse is None:
            rows = self._scan(query, min(top, most), most, selector)
        else:
            _, found = self._coarse.search(query.reshape(1, -1), min(max(REFINED, 4 * top), most), params=faiss.IVFSearchParameters(sel=selector, nprobe=1))
            rows = found[0][found[0] >= 0]
        cosines = self.cosines(query, rows)
        best = np.lexsort((rows, -cosines))[:top]
        return list(zip(rows[best].tolist(), cosines[best].tolist(), strict=True))

    def _scan(self, query: Rows, wanted: int, most: int, selector: Any) -> Numbers:
        """The nearest rows, and all that tie with the last: faiss cuts among equals as it likes, so more are fetched."""
        fetched = 0
        rows: Numbers = np.zeros(0, np.int64)
        while fetched < most:
            fetched = min(max(2 * fetched, wanted + 16), most)
            scores, rows = self._halves(query, fetched, selector)
            if len(rows) < fetched or scores[fetched - 1] < scores[wanted - 1]:
                break
        return rows

    def _halves(self, query: Rows, top: int, selector: Any) -> tuple[Rows, Numbers]:
        """The scores and rows of the nearest, best first. For one query faiss uses one thread, so each half of the rows is scanned by one of its own."""
        middle = len(self) // 2
        ranges = [faiss.IDSelectorRange(0, middle), faiss.IDSelectorRange(middle, len(self))]
        selectors = [faiss.IDSelectorAnd(one, selector) for one in ranges] if selector else ranges
        found = list(self._pool.map(lambda one: self._fine.search(query.reshape(1, -1), top, params=faiss.SearchParameters(sel=one)), selectors))
        scores, rows = (np.concatenate([half[place][0] for half in found]) for place in (0, 1))
        best = np.argsort(-scores, kind="stable")[:top]
        best = best[rows[best] >= 0]
        return scores[best], rows[best]

    def cosines(self, query: Rows, rows: Sequence[int] | Numbers) -> Cosines:
        """The cosine of a unit vector with each of some rows, float64 (n,)."""
        if not len(rows):
            return np.zeros(0)
        vectors = self._fine.reconstruct_batch(np.asarray(rows, np.int64)).astype(np.float64)
        cosines: Cosines = np.clip(np.round(vectors @ query.astype(np.float64), DIGITS), -1.0, 1.0)
        return cosines


def _bytes_of(index: Any) -> bytes:
    return bytes(faiss.serialize_index(index)) if index is not None else b""


def _coarse_of(rows: NDArray[np.float16]) -> Any:
    """The coarse index of some rows; None where they are few enough to be scanned."""
    return _rabitq(rows) if len(rows) > EXACT else None


def _rabitq(rows: NDArray[np.float16]) -> Any:
    """RaBitQ codes, in one inverted list around 0: as such faiss scans them fast and takes a selector too."""
    dimension = rows.shape[1]
    centre = faiss.IndexFlatIP(dimension)
    centre.add(np.zeros((1, dimension), np.float32))
    index = faiss.IndexIVFRaBitQFastScan(centre, dimension, 1, faiss.METRIC_INNER_PRODUCT, 32, True, BITS)
    index.own_fields = True
    centre.this.disown()
    opposites = np.zeros((2, dimension), np.float32)
    opposites[:, 0] = 1, -1
    index.train(opposites)  # It learns nothing: the centre is there.
    for start in range(0, len(rows), BLOCK):
        index.add(rows[start : start + BLOCK].astype(np.float32))
    return index


def _read(data: NDArray[np.uint8]) -> Any:
    faiss.set_deserialization_vector_byte_limit(MOST_BYTES)
    try:
        return faiss.read_index(faiss.ZeroCopyIOReader(faiss.swig_ptr(data), len(data)))
    except RuntimeError as error:
        raise DamagedError(f"faiss cannot read the stored vectors ({error}); build again") from error
