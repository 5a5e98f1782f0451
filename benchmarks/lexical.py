"""The table from which the lexical index was chosen: ours beside bm25s and tantivy, in one run.

Time to make, to add one document to what is there, and to answer; bytes; and whether an index from which documents were taken
ranks as one that never held them. All are given the same stems, so that words are cut alike. Quality is `benchmarks.retrieval`'s.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import bm25s
import numpy as np
import tantivy

from benchmarks import corpus
from benchmarks.peers import chunk_texts
from index.keywords import ChunkWords, Keywords, highest
from index.words import indexed_stems

TOP = 100
Texts = Sequence[Sequence[str]]
Search = Callable[[Sequence[str]], list[tuple[int, float]]]


def main(sizes: tuple[int, ...] = (10_000, 100_000)) -> None:
    """Print the table."""
    print("| chunks | index | made in s | one more in s | query ms | MB | after removals as if fresh |\n| --- | --- | --- | --- | --- | --- | --- |")
    queries = [indexed_stems(question) for question in corpus.questions(100)]
    for size in sizes:
        texts = [indexed_stems(text) for text in chunk_texts(size)]
        for name, run in (("ours", _ours), ("bm25s", _bm25s), ("tantivy", _tantivy)):
            print(f"| {size:,} | {name} | {' | '.join(run(texts, queries))} |", flush=True)


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _query_ms(search: Search, queries: Texts) -> float:
    search(queries[0])
    return 1000 * median(_timed(lambda query=query: search(query)) for query in queries)  # type: ignore[misc]


def _told(made: float, more: float, query: float, size: float, same: str) -> list[str]:
    return [f"{made:.1f}", f"{more:.2f}", f"{query:.1f}", f"{size / 1e6:.1f}", same]


def _alike(one: Search, other: Search, queries: Texts) -> str:
    """In how many of the queries both give the same ten with the same scores."""
    same = [[(text, round(score, 4)) for text, score in one(query)[:10]] == [(text, round(score, 4)) for text, score in other(query)[:10]] for query in queries]
    return f"{np.mean(same):.0%}"


def _ours(texts: Texts, queries: Texts) -> list[str]:
    def words(chosen: Texts) -> list[ChunkWords]:
        return [ChunkWords([text], [(0, 1)], [frozenset()]) for text in chosen]

    def search(made: Keywords) -> Search:
        def best(query: Sequence[str]) -> list[tuple[int, float]]:
            scores = made.scores(query)
            rows = highest(scores, TOP)
            order = rows[np.lexsort((rows, -scores[rows]))][:TOP]
            return list(zip(order.tolist(), scores[order].tolist(), strict=True))

        return best

    start = time.perf_counter()
    made = Keywords.of(words(texts))
    seconds = time.perf_counter() - start
    everything = np.arange(len(texts))
    more = _timed(lambda: made.rearranged(everything, [], Keywords.of(words(texts[:1])), np.arange(len(texts) + 1)).to_files())
    half = np.arange(0, len(texts), 2)
    reduced = made.rearranged(half, texts[1::2], Keywords.of([]), np.arange(len(half)))
    same = _alike(search(reduced), search(Keywords.of(words(texts[::2]))), queries)
    return _told(seconds, more, _query_ms(search(made), queries), sum(map(len, made.to_files().values())), same)


def _bm25s(texts: Texts, queries: Texts) -> list[str]:
    def make(chosen: Texts) -> bm25s.BM25:
        made = bm25s.BM25(k1=1.2, b=0.75)
        made.index([list(text) for text in chosen], show_progress=False)
        return made

    def search(made: bm25s.BM25) -> Search:
        def best(query: Sequence[str]) -> list[tuple[int, float]]:
            known = [stemmed for stemmed in query if stemmed in made.vocab_dict]
            found, scores = made.retrieve([known], k=TOP, show_progress=False) if known else ([[]], [[]])
            return list(zip(map(int, found[0]), map(float, scores[0]), strict=True))

        return best

    start = time.perf_counter()
    made = make(texts)
    seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as place:
        made.save(place)
        size = sum(path.stat().st_size for path in Path(place).iterdir())
    return _told(seconds, _timed(lambda: make([*texts, texts[0]])), _query_ms(search(made), queries), size, "no removal: made anew")


def _tantivy(texts: Texts, queries: Texts) -> list[str]:
    def make(chosen: Texts, place: str) -> tantivy.Index:
        schema = tantivy.SchemaBuilder().add_integer_field("row", stored=True, indexed=True).add_text_field("words", tokenizer_name="whitespace").build()
        made = tantivy.Index(schema, path=place)
        writer = made.writer(256_000_000)
        for row, text in enumerate(chosen):
            writer.add_document(tantivy.Document(row=row, words=" ".join(text)))
        writer.commit()
        writer.wait_merging_threads()
        made.reload()
        return made

    def search(made: tantivy.Index, step: int = 1) -> Search:
        def best(query: Sequence[str]) -> list[tuple[int, float]]:
            terms = [(tantivy.Occur.Should, tantivy.Query.term_query(made.schema, "words", stemmed)) for stemmed in query]
            searcher = made.searcher()
            hits = searcher.search(tantivy.Query.boolean_query(terms), TOP).hits
            return [(int(searcher.doc(address)["row"][0]) * step, score) for score, address in hits]

        return best

    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as other:
        start = time.perf_counter()
        made = make(texts, place)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in Path(place).iterdir())
        query = _query_ms(search(made), queries)

        def add() -> None:
            writer = made.writer(50_000_000)
            writer.add_document(tantivy.Document(row=len(texts), words=" ".join(texts[0])))
            writer.commit()
            made.reload()

        more = _timed(add)
        writer = made.writer(50_000_000)
        for row in [*range(1, len(texts), 2), len(texts)]:
            writer.delete_documents_by_term("row", row)
        writer.commit()
        made.reload()
        return _told(seconds, more, query, size, _alike(search(made), search(make(texts[::2], other), step=2), queries))


if __name__ == "__main__":
    main(tuple(int(size.replace("_", "")) for size in sys.argv[1:]) or (10_000, 100_000))
