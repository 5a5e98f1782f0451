"""The table from which the kind of vector index is chosen: query time, recall@10 and bytes at each size, in one run.

Vectors as in `benchmarks.corpus`: mixtures of the sample documents' sentences with noise, 384 dimensions; 200 queries made alike.
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import faiss
import numpy as np

import index.vectors
from benchmarks.peers import synthetic
from index.vectors import Rows, Vectors

TOP = 10
Search = Callable[[Rows], list[int]]


def main(sizes: tuple[int, ...] = (20_000, 100_000, 1_000_000)) -> None:
    """Print the table."""
    print("| vectors | kind | query ms | recall@10 | bytes a vector | made in s |\n| --- | --- | --- | --- | --- | --- |")
    for size in sizes:
        embedder = synthetic()
        rows, queries = embedder.rows(0, size), embedder.rows(size, 200)
        exact = faiss.IndexFlatIP(rows.shape[1])
        exact.add(rows)
        wanted = exact.search(queries, TOP)[1]
        for name, make in KINDS.items():
            start = time.perf_counter()
            search, stored = make(rows)
            made = time.perf_counter() - start
            found, times = [], []
            for query in queries:
                start = time.perf_counter()
                found.append(search(query))
                times.append(1000 * (time.perf_counter() - start))
            recall = np.mean([len(set(mine) & set(theirs)) / TOP for mine, theirs in zip(found, wanted.tolist(), strict=True)])
            print(f"| {size:,} | {name} | {median(times):.2f} | {recall:.3f} | {stored / size:.0f} | {made:.1f} |", flush=True)


def _ours(exact: int, scanned: int) -> Callable[[Rows], tuple[Search, int]]:
    def make(rows: Rows) -> tuple[Search, int]:
        before = index.vectors.EXACT, index.vectors.SCANNED
        index.vectors.EXACT, index.vectors.SCANNED = exact, scanned
        vectors = Vectors.of(rows)
        index.vectors.EXACT, index.vectors.SCANNED = before
        return lambda query: [row for row, _ in vectors.nearest(query, TOP)], sum(map(len, vectors.to_bytes()))

    return make


def _factory(description: str, probes: int = 0, depth: int = 0) -> Callable[[Rows], tuple[Search, int]]:
    def make(rows: Rows) -> tuple[Search, int]:
        made: Any = faiss.index_factory(rows.shape[1], description.format(lists=1024 if len(rows) < 500_000 else 4096), faiss.METRIC_INNER_PRODUCT)
        made.train(rows[:: max(1, len(rows) // 160_000)])
        made.add(rows)
        if probes:
            made.nprobe = probes
        if depth:
            made.hnsw.efSearch = depth
        return lambda query: made.search(query[None], TOP)[1][0].tolist(), len(faiss.serialize_index(made))

    return make


MANY = 1 << 40
KINDS = {
    "exact (float32)": _ours(MANY, MANY),
    "scanned (int8, best 50 refined)": _ours(0, MANY),
    "coarse (RaBitQ, best 500 refined)": _ours(0, 0),
    "IVF, int8, 64 lists": _factory("IVF{lists},SQ8", probes=64),
    "IVF, int8, 256 lists": _factory("IVF{lists},SQ8", probes=256),
    "HNSW32, depth 128": _factory("HNSW32", depth=128),
}

if __name__ == "__main__":
    main(tuple(int(size.replace("_", "")) for size in sys.argv[1:]) or (20_000, 100_000, 1_000_000))
