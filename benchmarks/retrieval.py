"""nDCG@10 of Footnote's search beside BM25 alone and MiniLM alone, and of the ways to join them, on public test collections.

Each document is a text file; a document's score is its best chunk's. The peers rank whole documents: bm25s with its usual
stemmer and stop words, and the original model in float32, which reads the first 256 tokens. The weight of the fusion was
tuned on these three sets and on two of questions: these are no figures to expect elsewhere.
"""

import gzip
import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer

import index.search
from benchmarks.quality import DATA as EVIDENCE
from index import Index
from index.build import build
from index.embed import DEFAULT_MODEL, default_cache, open_embedder
from index.embed.export import encoder, load
from index.embed.model import packaged
from index.store import Store
from index.types import Document

DATA = EVIDENCE.parent / "retrieval"
SETS = ("cranfield", "time", "adi")
TOP, CHUNKS = 10, 100
Rank = Callable[[str], list[str]]


def main() -> None:
    """Print the table of every set that is here."""
    print("| set | documents, queries | BM25 (bm25s) | MiniLM float32 | Footnote | over the better | our BM25 alone | our vectors alone | weight 0.3, 0.7 |")
    print("| --- " * 9 + "|")
    for name in SETS:
        print(_row(name, DATA / name) if (DATA / name).is_dir() else f"| {name} | not here: {DATA / name} |" + " |" * 7, flush=True)


def _read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]


def _row(name: str, folder: Path) -> str:
    docs, queries, judged = (_read(folder / f"{part}.jsonl.gz") for part in ("docs", "queries", "qrels"))
    grades: dict[str, dict[str, float]] = {}
    for row in judged:
        grades.setdefault(row["query"], {})[row["doc"]] = row["grade"]
    asked = [(query["text"], grades[query["id"]]) for query in queries if query["id"] in grades]
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch))
        with store.lock():
            documents = [Document(doc["id"], doc["id"], doc["text"], (), "0" * 64) for doc in docs]
            build(store, documents, open_embedder(DEFAULT_MODEL, default_cache()), [])
        opened = Index.open(scratch)
        ours, weights = _score(partial(ranked, opened), asked), []
        for weight in (1e6, 0.0, 0.3, 0.7):
            index.search.LEXICAL = weight
            weights.append(_score(partial(ranked, opened), asked))
        index.search.LEXICAL = 0.5
    peers = [_score(rank, asked) for rank in (_bm25(docs), _minilm(docs))]
    lead = ours / max(peers) - 1
    return (
        f"| {name} | {len(docs)}, {len(asked)} | {peers[0]:.3f} | {peers[1]:.3f} | {ours:.3f} | {lead:+.1%} | {weights[0]:.3f} | {weights[1]:.3f}"
        f" | {weights[2]:.3f}, {weights[3]:.3f} |"
    )


def ranked(opened: Index, query: str) -> list[str]:
    """Documents in the order of their best chunks."""
    return list(dict.fromkeys(hit.chunk.document.id for hit in opened.search(query, CHUNKS)))


def _bm25(docs: Sequence[Mapping[str, str]]) -> Rank:
    stemmer = Stemmer.Stemmer("english")
    tokens = partial(bm25s.tokenize, stopwords="en", stemmer=stemmer, show_progress=False)
    made = bm25s.BM25()
    made.index(tokens([doc["text"] for doc in docs]), show_progress=False)
    return lambda query: [docs[number]["id"] for number in made.retrieve(tokens([query]), k=TOP, show_progress=False)[0][0].tolist()]


def _minilm(docs: Sequence[Mapping[str, str]]) -> Rank:
    model = load(packaged(), "cpu")
    rows = model.encode([doc["text"] for doc in docs], normalize_embeddings=True, show_progress_bar=False)
    one = encoder(model)
    return lambda query: [docs[number]["id"] for number in np.argsort(-(rows @ one(query)), kind="stable")[:TOP].tolist()]


def _score(rank: Rank, asked: Sequence[tuple[str, Mapping[str, float]]]) -> float:
    return float(np.mean([ndcg(rank(query), grades) for query, grades in asked]))


def ndcg(ranking: Sequence[str], grades: Mapping[str, float]) -> float:
    """nDCG@10 with linear gains (Järvelin and Kekäläinen, 2002)."""
    gained = sum(grades.get(id, 0) / math.log2(place + 2) for place, id in enumerate(ranking[:TOP]))
    best = sum(grade / math.log2(place + 2) for place, grade in enumerate(sorted(grades.values(), reverse=True)[:TOP]))
    return gained / best if best else 0.0


if __name__ == "__main__":
    main()
