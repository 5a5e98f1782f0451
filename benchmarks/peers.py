"""One system over one set, in a process of its own: what `benchmarks.scale` runs and reads. Prints JSON.

`python -m benchmarks.peers SYSTEM ACTION PLACE ARGUMENT`: SYSTEM is footnote, llama-index or txtai, all with the same model. The peers are
their stock pipelines, given the same work: `files` indexes a folder of documents, `make` an index of so many synthetic chunks,
`ask` opens what was made and asks. Seconds, bytes, and for synthetic chunks recall@10 against exact search.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import numpy as np

from benchmarks import corpus
from benchmarks.corpus import SyntheticEmbedder
from index import split
from index.embed import DEFAULT_MODEL, default_cache, open_embedder
from index.embed.model import packaged

TOP = 10
QUESTIONS = 100
BATCH = 1000
Ask = Callable[[str], list[int]]
"""A question to the numbers of the chunks that were found, best first."""


def synthetic() -> SyntheticEmbedder:
    return SyntheticEmbedder(open_embedder(DEFAULT_MODEL, default_cache()))


def chunk_texts(count: int) -> Iterator[str]:
    """What each synthetic chunk says, as the peers are given it."""
    embedder = synthetic()
    for document in corpus.documents(count):
        found = split.chunks(document, split.sentences(document), embedder.count, embedder.identity.window - 2)
        yield from (chunk.text for chunk in found)


def chunks(count: int) -> Iterator[tuple[list[str], Any]]:
    """All synthetic chunks in batches: their texts, and their vectors."""
    embedder, texts = synthetic(), chunk_texts(count)
    while batch := list(islice(texts, BATCH)):
        yield batch, embedder.documents(batch)


# --- Footnote ----------------------------------------------------------------------------------------


def footnote_files(folder: str, place: Path) -> float:
    from index.build import build
    from index.load import load
    from index.store import Store

    embedder = open_embedder(DEFAULT_MODEL, default_cache())
    embedder.documents(["to be ready"])
    start = time.perf_counter()
    store = Store(place)
    with store.lock():
        build(store, load([Path(folder)]), embedder, [folder])
    return time.perf_counter() - start


def footnote_make(count: int, place: Path) -> None:
    from index.build import build
    from index.store import Store

    store = Store(place)
    with store.lock():
        build(store, corpus.documents(count), synthetic(), ["/synthetic"])


def footnote_ask(_: int, place: Path) -> Ask:
    from index import Index

    index = Index.open(place)
    return lambda question: [hit.chunk.id for hit in index.search(question, TOP)]


def footnote_answer(_: int, place: Path) -> Ask:
    """Not only hits: a cited answer, the evidence model included. It tells the labels of what it cites."""
    from assistant import Assistant

    assistant = Assistant.open(place)
    return lambda question: [citation.label for citation in assistant.ask(question).citations]


# --- llama-index -------------------------------------------------------------------------------------


def llama_files(folder: str, place: Path) -> float:
    from llama_index.core import SimpleDirectoryReader, VectorStoreIndex

    model = _llama_model()
    model.get_text_embedding("to be ready")
    start = time.perf_counter()
    documents = SimpleDirectoryReader(folder, recursive=True).load_data()
    VectorStoreIndex.from_documents(documents, embed_model=model).storage_context.persist(str(place))
    return time.perf_counter() - start


def llama_make(count: int, place: Path) -> None:
    from llama_index.core import VectorStoreIndex
    from llama_index.core.schema import TextNode

    both = (pair for texts, rows in chunks(count) for pair in zip(texts, rows, strict=True))
    nodes = [TextNode(id_=str(number), text=text, embedding=row.tolist()) for number, (text, row) in enumerate(both)]
    VectorStoreIndex(nodes, embed_model=_llama_model()).storage_context.persist(str(place))


def llama_ask(_: int, place: Path) -> Ask:
    from llama_index.core import StorageContext, load_index_from_storage

    retriever = load_index_from_storage(StorageContext.from_defaults(persist_dir=str(place)), embed_model=_llama_model()).as_retriever(similarity_top_k=TOP)
    return lambda question: [int(found.node.node_id) for found in retriever.retrieve(question)]


def _llama_model() -> Any:
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding

    return HuggingFaceEmbedding(str(packaged()))


# --- txtai -------------------------------------------------------------------------------------------


def txtai_files(folder: str, place: Path) -> float:
    """txtai reads no folders: it is given the chunks that Footnote cuts, and the cutting is not counted."""
    from txtai import Embeddings

    from index.load import load

    embedder = open_embedder(DEFAULT_MODEL, default_cache())
    texts = []
    for document in load([Path(folder)]):
        texts += [chunk.text for chunk in split.chunks(document, split.sentences(document), embedder.count, embedder.identity.window - 2)]
    embeddings = Embeddings(path=str(packaged()), content=True)
    embeddings.batchtransform(["to be ready"])
    start = time.perf_counter()
    embeddings.index(texts)
    embeddings.save(str(place))
    return time.perf_counter() - start


def txtai_make(count: int, place: Path) -> None:
    from txtai import Embeddings

    embedder = synthetic()
    embeddings = Embeddings(method="external", transform=lambda texts: embedder.documents(texts), content=True)  # It takes functions only.
    embeddings.index((number, text, None) for number, text in enumerate(chunk_texts(count)))
    embeddings.save(str(place))


def txtai_ask(_: int, place: Path) -> Ask:
    from sentence_transformers import SentenceTransformer
    from txtai import Embeddings

    model = SentenceTransformer(str(packaged()), device="cpu", local_files_only=True)

    def embedded(texts: list[str]) -> Any:
        return model.encode(texts, normalize_embeddings=True)

    embeddings = Embeddings(method="external", transform=embedded, content=True)
    embeddings.load(str(place), config={"transform": embedded})
    return lambda question: [int(found["id"]) for found in embeddings.search(question, TOP)]


# --- What is measured --------------------------------------------------------------------------------

FILES = {"footnote": footnote_files, "llama-index": llama_files, "txtai": txtai_files}
MAKE = {"footnote": footnote_make, "llama-index": llama_make, "txtai": txtai_make}
ASK = {"footnote": footnote_ask, "footnote-answer": footnote_answer, "llama-index": llama_ask, "txtai": txtai_ask}


def measured(system: str, count: int, place: Path) -> dict[str, float]:
    """Open, first answer, p50 and p95 of a query (embedding included), resident memory."""
    started = time.perf_counter()
    ask = ASK[system](count, place)
    opened = time.perf_counter()
    questions = corpus.questions(QUESTIONS)
    ask(questions[0])
    first = time.perf_counter()
    times = []
    for question in questions:
        start = time.perf_counter()
        ask(question)
        times.append(1000 * (time.perf_counter() - start))
    return {
        "open": opened - started,
        "first": first - started,
        "p50": median(times),
        "p95": quantiles(times, n=20)[-1],
        "memory": _resident(),
    }


def _resident() -> float:
    """Resident memory of this process, with what it maps, in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return 1024.0 * int(line.split()[1])


def recall(count: int, place: Path) -> float:
    """The share of the ten nearest of all vectors that Footnote's vectors find, over 100 questions."""
    from index import Index

    index = Index.open(place)
    vectors = np.stack([index.embedder.question(question) for question in corpus.questions(QUESTIONS)])
    best = np.full((QUESTIONS, TOP), -2.0)
    rows = np.zeros((QUESTIONS, TOP), np.int64)
    first = 0
    for _, batch in chunks(count):
        scores = np.concatenate([best, vectors @ batch.T], axis=1)
        numbers = np.concatenate([rows, np.broadcast_to(np.arange(first, first + len(batch)), (QUESTIONS, len(batch)))], axis=1)
        kept = np.argsort(-scores, axis=1)[:, :TOP]
        best, rows = np.take_along_axis(scores, kept, 1), np.take_along_axis(numbers, kept, 1)
        first += len(batch)
    found = [{row for row, _ in index.vectors.nearest(vector, TOP)} for vector in vectors]
    return float(np.mean([len(mine & set(exact)) / TOP for mine, exact in zip(found, rows.tolist(), strict=True)]))


def main(system: str, action: str, place: str, argument: str) -> None:
    """Do one thing and print what was measured."""
    told: dict[str, float] = {}
    start = time.perf_counter()
    if action == "files":
        told["seconds"] = FILES[system](argument, Path(place))
    elif action == "make":
        MAKE[system](int(argument), Path(place))
        told["seconds"] = time.perf_counter() - start
    elif action == "recall":
        told["recall"] = recall(int(argument), Path(place))
    else:
        told = measured(system, int(argument), Path(place))
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
