"""The table from which the kind of vector index is chosen: query time, recall@10 and bytes at each size, in one run.

Vectors as in `benchmarks.corpus`: mixtures of the sample documents' sentences with noise, 384 dimensions. Recall is told for 100 queries
made alike, and for 100 questions that none of the sentences answers, whose nearest differ in the third digit of the cosine.
"""

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import faiss
import numpy as np

import index.vectors
from benchmarks import corpus
from benchmarks.peers import synthetic
from index.vectors import Rows, Vectors

SIZES = (50_000, 100_000, 1_000_000)
TOP, QUERIES = 10, 100
Search = Callable[[Rows], list[int]]


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print the table."""
    print("| vectors | kind | query ms | recall@10: alike | apart | bytes a vector | made in s |\n| --- | --- | --- | --- | --- | --- | --- |")
    embedder = synthetic()
    apart = np.stack([embedder.question(question) for question in corpus.questions(QUERIES)])
    for size in sizes:
        rows, alike = embedder.rows(range(size)), embedder.rows(range(size, size + QUERIES))
        exact = faiss.IndexFlatIP(rows.shape[1])
        exact.add(rows)
        for name, make in KINDS.items():
            start = time.perf_counter()
            search, stored = make(rows)
            made = time.perf_counter() - start
            times: list[float] = []
            recalls = [_recall(search, queries, exact.search(queries, TOP)[1].tolist(), times) for queries in (alike, apart)]
            print(f"| {size:,} | {name} | {median(times):.2f} | {recalls[0]:.3f} | {recalls[1]:.3f} | {stored / size:.0f} | {made:.1f} |", flush=True)


def _recall(search: Search, queries: Rows, wanted: list[list[int]], times: list[float]) -> float:
    """The share of the nearest that is found; the milliseconds of each query are noted."""
    found = []
    for query in queries:
        start = time.perf_counter()
        found.append(search(query))
        times.append(1000 * (time.perf_counter() - start))
    return float(np.mean([len(set(mine) & set(theirs)) / TOP for mine, theirs in zip(found, wanted, strict=True)]))


def _ours(exact: int, bits: int = 2) -> Callable[[Rows], tuple[Search, int]]:
    def make(rows: Rows) -> tuple[Search, int]:
        before = index.vectors.EXACT, index.vectors.BITS
        index.vectors.EXACT, index.vectors.BITS = exact, bits
        vectors = Vectors.of(rows)
        index.vectors.EXACT, index.vectors.BITS = before
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


KINDS = {
    "exact (float16)": _ours(1 << 40),
    "coarse (RaBitQ of 2 bits, best 1,000 in float16)": _ours(0),
    "the same with 1 bit": _ours(0, bits=1),
    "int8": _factory("SQ8"),
    "IVF, int8, 64 lists": _factory("IVF{lists},SQ8", probes=64),
    "IVF, int8, 256 lists": _factory("IVF{lists},SQ8", probes=256),
    "HNSW32, depth 128": _factory("HNSW32", depth=128),
}

if __name__ == "__main__":
    main(tuple(int(size.replace("_", "")) for size in sys.argv[1:]) or SIZES)
