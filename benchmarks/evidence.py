"""How well the evidence model chooses sentences, judges claims, and knows what it does not know: public sets that it was not trained on.

The peers beside it are what others use: MiniLM cosine, BM25, and both. `quality` measures the same end to end, from documents to answers.
"""

import gzip
import json
import math
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.evaluate import auroc
from assistant.evidence.claims import Judge
from assistant.evidence.encode import Passage
from assistant.evidence.likeness import Likeness
from assistant.evidence.reader import Read, Reader
from assistant.evidence.shipped import Shipped
from assistant.training.pairs import said_of
from assistant.training.written import read_written
from assistant.types import Support
from index.embed import DEFAULT_MODEL, Embedder, default_cache, open_embedder
from index.words import content_words, indexed_stems

DATA = Path(__file__).parents[2] / "shared" / "data" / "dev"
SELECTION = ("wikiqa_dev", "trecqa_dev", "clapnq_dev", "hotpotqa_distractor", "multirc_evidence")
CLAIMS = ("attributionbench_dev", "fever_half", "fm2_dev", "wice_dev")
PASSAGE = 1100
"""Characters of the passages that a list of sentences is read in: about a chunk's."""


def main() -> None:
    """Print the tables of every set that is here."""
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    shipped = Shipped()
    embedder = open_embedder(DEFAULT_MODEL, default_cache())
    reader, judge = Reader(shipped), Judge(shipped, Likeness(embedder))
    _print_selection(reader, shipped.card["joined"]["score"], embedder, most)
    _print_claims(judge, embedder, most)
    _print_pairs(judge, most)
    _print_speed(reader)


# --- Choosing sentences ------------------------------------------------------------------------------------


def _print_selection(reader: Reader, weights: Mapping[str, float], embedder: Embedder, most: int) -> None:
    rankers = "evidence model", "cosine", "BM25", "cosine + BM25"
    print("| sentence selection, MAP (first right) | questions | " + " | ".join(rankers) + " |")
    print("| --- | --- |" + " --- |" * len(rankers))
    for name in SELECTION:
        rows = [row for row in _rows("selection", name) if 0 < sum(row["labels"]) < len(row["labels"])][:most]
        if rows:
            figures = np.mean([[_ranked(scores, row["labels"]) for scores in _scores(reader, weights, embedder, row)] for row in rows], 0)
            print(f"| {name} | {len(rows)} | " + " | ".join(f"{precision:.3f} ({first:.0%})" for precision, first in figures) + " |", flush=True)


def _scores(reader: Reader, weights: Mapping[str, float], embedder: Embedder, row: dict[str, Any]) -> tuple[Sequence[float], ...]:
    """What each ranker says of the sentences of a row."""
    cosines, bm25 = _cosines(embedder, row["question"], row["sentences"]), _bm25(row["question"], row["sentences"])
    read = reader.read(row["question"], list(_passages(row["title"], row["sentences"])))
    return [score for one in read for score in _by_models(one, weights)], cosines, bm25, _both(cosines, bm25)


def _by_models(read: Read, weights: Mapping[str, float]) -> Iterator[float]:
    """The part of each sentence's score that the models have; the rest is of words and of the search."""
    for logit, skimmed, closely in zip(read.logits, read.skimmed, read.closely, strict=True):
        yield weights["logit"] * logit + weights["skimmed"] * skimmed + weights["closely"] * closely


def _passages(title: str, sentences: Sequence[str]) -> Iterator[Passage]:
    taken: list[str] = []
    for sentence in [*sentences, None]:
        if sentence is None or (taken and sum(map(len, taken)) + len(sentence) > PASSAGE):
            yield Passage.of(title, taken)
            taken = []
        taken += [sentence] if sentence is not None else []


def _ranked(scores: Sequence[float], labels: Sequence[int]) -> tuple[float, float]:
    """Average precision, and whether the first is right; equal scores stand in the order of the text."""
    order = sorted(range(len(scores)), key=lambda n: (-scores[n], n))
    right = np.array([labels[n] > 0 for n in order])
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float(precision[right].mean()), float(right[0])


def _cosines(embedder: Embedder, question: str, sentences: list[str]) -> list[float]:
    return [float(x) for x in embedder.documents(sentences) @ embedder.question(question)]


def _bm25(question: str, sentences: list[str]) -> list[float]:
    """BM25 within the list, k1 1.2, b 0.75, of stems without stop words."""
    stems = [Counter(indexed_stems(sentence)) for sentence in sentences]
    mean = sum(s.total() for s in stems) / len(stems) or 1
    held = Counter(stem for s in stems for stem in s)
    scores = []
    for s in stems:
        norm = 1.2 * (0.25 + 0.75 * s.total() / mean)
        asked = [stem for _, stem in content_words(question) if s[stem]]
        scores.append(sum(math.log(1 + (len(stems) - held[t] + 0.5) / (held[t] + 0.5)) * 2.2 * s[t] / (s[t] + norm) for t in asked))
    return scores


def _both(cosines: Sequence[float], bm25: Sequence[float]) -> list[float]:
    most = max(bm25) or 1.0
    return [cosine + 0.5 * words / most for cosine, words in zip(cosines, bm25, strict=True)]


# --- Judging claims ----------------------------------------------------------------------------------------


def _print_claims(judge: Judge, embedder: Embedder, most: int) -> None:
    print("\n| claims, AUROC of supported | claims | evidence model | cosine |")
    print("| --- | --- | --- | --- |")
    found = []
    for name in CLAIMS:
        rows = _rows("claims", name)
        if not rows:
            continue
        rows = rows[:: max(1, len(rows) // most)]
        supported = np.array([row["label"] == "supported" for row in rows])
        model = np.array([judge.judge(row["claim"], row["evidence"]).probability for row in rows])
        cosine = np.array([max(_cosines(embedder, row["claim"], row["evidence"][:60])) for row in rows])
        found.append(auroc(model, supported) or 0.0)
        print(f"| {name} | {len(rows)} | {found[-1]:.3f} | {auroc(cosine, supported):.3f} |", flush=True)
    if found:
        print(f"| mean | | {np.mean(found):.3f} | |")
        print(f"\nTrue claims with a number, name or negation swapped: {swapped_caught(judge, most):.0%} no longer called supported.")


def _print_pairs(judge: Judge, most: int) -> None:
    """How often the judge believes a claim more than its false twin, of pairs in documents that it was not trained on."""
    pairs = [said_of(document, pair) for document in read_written(held=True) for pair in document.pairs]
    pairs = pairs[:: max(1, len(pairs) // most)]
    told = np.array([[judge.judge(one.claim, [one.evidence]).probability for one in pair] for pair in pairs])
    apart = auroc(told.ravel(), np.array([True, False] * len(pairs))) or 0.0
    print(f"\nOf {len(pairs)} claims with a false twin, {np.mean(told[:, 0] > told[:, 1]):.0%} are believed more than it; AUROC of all {apart:.3f}.")


def swapped_caught(judge: Judge, most: int) -> float:
    """Of true claims that the model calls supported: the share that it no longer does with a number, a name, or a negation swapped."""
    chance = random.Random(0)
    rows = [row for name in ("fever_half", "fm2_dev") for row in _rows("claims", name) if row["label"] == "supported"]
    chance.shuffle(rows)
    names = sorted({match[0] for row in rows for match in re.finditer(r"(?<=\w )[A-Z][a-z]+(?: [A-Z][a-z]+)*", row["claim"])})
    caught = []
    for row in rows:
        wrong = _swapped(row["claim"], names, chance)
        if wrong and len(caught) < min(most, 500):
            caught.append(judge.judge(wrong, row["evidence"]).verdict is not Support.SUPPORTED)
    return float(np.mean(caught))


def _swapped(claim: str, names: Sequence[str], chance: random.Random) -> str | None:
    """The claim with one thing swapped, of those that it has: a number, a name, a negation."""
    changes = []
    if number := re.search(r"\d+", claim):
        changes.append(claim[: number.start()] + str(int(number[0]) + chance.choice((1, 2, 3, 10))) + claim[number.end() :])
    if name := re.search(r"(?<=\w )[A-Z][a-z]+(?: [A-Z][a-z]+)*", claim):
        changes.append(claim[: name.start()] + chance.choice(names) + claim[name.end() :])
    if verb := re.search(r"\b(?:is|was|are|were|has|had|can|will)\b", claim):
        changes.append(f"{claim[: verb.end()]} not{claim[verb.end() :]}")
    return chance.choice(changes) if changes else None


# --- Speed -------------------------------------------------------------------------------------------------


def _print_speed(reader: Reader) -> None:
    sentences = [f"In the year {1900 + n} the number of members of the {n}th society in the city grew to {n * 37} and its seat was moved." for n in range(9)]
    passages = list(_passages("The societies of the city", sentences)) * 8
    times = []
    for _ in range(20):
        start = time.perf_counter()
        reader.read("How many members did the society have in 1904?", passages[:8])
        times.append(time.perf_counter() - start)
    print(f"\nReading 8 chunks of {len(passages[0].text)} characters: {np.median(times) * 1000:.0f} ms (median of 20).")


def _rows(kind: str, name: str) -> list[dict[str, Any]]:
    file = DATA / kind / f"{name}.jsonl.gz"
    return [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()] if file.is_file() else []


if __name__ == "__main__":
    main()
