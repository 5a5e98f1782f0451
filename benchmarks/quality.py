"""Is the right sentence found, and is an unanswerable question declined? On sets that nothing was fitted on.

Each set's articles are indexed together, every question is asked, and the first sentence, and any of the cited ones,
is held against the marked answers; of a declined question the nearest sentences are. Beside it the best sentence by a fitted sum of cosine
and words, which is what Footnote goes by without its evidence model, and by MiniLM cosine alone, the usual way to highlight a source.
"""

import gzip
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.answer import Assistant
from assistant.evaluate import auroc, calibration_error, reliability
from assistant.evidence import open_evidence
from assistant.evidence.likeness import Likeness
from assistant.evidence.linear import LinearEvidence
from index import Index
from index.build import build
from index.embed import DEFAULT_MODEL, default_cache, open_embedder
from index.store import Store
from index.types import Document, Sentence

DATA = Path(__file__).parents[2] / "shared" / "data" / "dev" / "evidence"
SETS = ("squad2_dev_articles", "squadshifts_heldout")
EVERY = 4  # Of the questions, so that it ends in minutes.


@dataclass(frozen=True)
class Asked:
    """A question, the id of its document, and where in it the answers stand; none if it has no answer."""

    question: str
    document: str
    answers: tuple[tuple[int, int], ...]

    def answered_by(self, sentence: Sentence) -> bool:
        return sentence.document.id == self.document and any(a < sentence.end and b > sentence.start for a, b in self.answers)


@dataclass(frozen=True)
class Outcome:
    """Of one question: whether Footnote's first citation is right, and any; of its scorer of words, and of cosine, the first; each one's confidence; found."""

    first: bool
    cited: bool
    words: bool
    cosine: bool
    confidences: tuple[float, float, float]
    found: bool


def main() -> None:
    """Print the table of every set that is here."""
    columns = "set", "questions", "first right (words; cosine)", "one of those cited right", "AUROC (words; cosine)", "answered or declined right", "ECE"
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    told = {}
    for name in SETS:
        file = DATA / f"{name}.jsonl.gz"
        if file.is_file():
            told[name] = _print_row(name, file)
        else:
            print(f"| {name} | not here: {file} |{' |' * (len(columns) - 2)}", flush=True)
    _print_reliability(told)


def _print_row(name: str, file: Path) -> list[dict[str, float]]:
    """Print the row of a set; its reliability diagram."""
    documents, questions = _read(file)
    with tempfile.TemporaryDirectory() as scratch:
        embedder = open_embedder(DEFAULT_MODEL, default_cache())
        store = Store(Path(scratch))
        with store.lock():
            build(store, documents, embedder, [])
        index = Index.open(scratch)
        assistant = Assistant(index, open_evidence(embedder, index.keywords))
        likeness = Likeness(embedder)
        words = LinearEvidence(likeness, index.keywords)
        outcomes = [_outcome(assistant, words, likeness, asked) for asked in questions]
    answerable = np.array([bool(asked.answers) for asked in questions])
    first, cited, by_words, cosine = (np.mean([getattr(o, name) for o, can in zip(outcomes, answerable, strict=True) if can]) for name in RIGHTS)
    confidences = np.array([o.confidences for o in outcomes])
    told = [auroc(confidences[:, n], answerable) or "–" for n in range(3)]
    decided = np.mean([o.found == can for o, can in zip(outcomes, answerable, strict=True)])
    print(
        f"| {name} | {len(questions)}, {answerable.mean():.0%} answerable | {first:.0%} ({by_words:.0%}; {cosine:.0%}) | {cited:.0%}"
        f" | {told[0]} ({told[1]}; {told[2]}) | {decided:.0%} | {calibration_error(confidences[:, 0], answerable):.3f} |",
        flush=True,
    )
    return reliability(confidences[:, 0], answerable)


def _print_reliability(told: Mapping[str, list[dict[str, float]]]) -> None:
    """How often the documents answer, of the questions in each tenth of confidence: the nearer to the confidence, the better."""
    print("\n| confidence | " + " | ".join(f"{name}: questions, answerable" for name in told) + " |")
    print("| --- |" + " --- |" * len(told))
    for tenth in range(10):
        found = [next((one for one in bins if round(10 * one["from"]) == tenth), None) for bins in told.values()]
        cells = (f"{one['questions']}, {one['answerable']:.0%}" if one else "–" for one in found)
        print(f"| {tenth / 10:.1f} to {tenth / 10 + 0.1:.1f} | " + " | ".join(cells) + " |")


RIGHTS = ("first", "cited", "words", "cosine")


def _read(file: Path) -> tuple[list[Document], list[Asked]]:
    """The articles as documents, paragraph by paragraph, and every fourth of the questions."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    texts: dict[str, str] = {}
    places: dict[tuple[str, str], int] = {}
    for row in rows:
        if (key := (row["title"], row["context"])) not in places:
            places[key] = len(texts.setdefault(row["title"], ""))
            texts[row["title"]] += row["context"] + "\n\n"
    asked = [Asked(row["question"], row["title"], _answers(row, places[row["title"], row["context"]])) for row in rows[::EVERY]]
    return [Document(title, title.replace("_", " "), text, (), "0" * 64) for title, text in texts.items()], asked


def _answers(row: dict[str, Any], start: int) -> tuple[tuple[int, int], ...]:
    """The marked answers of an answerable question, as offsets into its document."""
    return tuple((start + a, start + b) for a, b in row["answers"] or row["evidence"]) if row["answerable"] else ()


def _outcome(assistant: Assistant, words: LinearEvidence, likeness: Likeness, asked: Asked) -> Outcome:
    grounds = assistant.ground(asked.question)
    (answer,) = assistant.answers(grounds)
    rights = [asked.answered_by(citation.sentence) for citation in answer.citations or answer.nearest]
    by_words = words.judge(asked.question, grounds.hits)
    sentences = list({(s.document.id, s.start): s for hit in grounds.hits for s in hit.chunk.sentences}.values())
    cosines = likeness.cosines(asked.question, [sentence.text for sentence in sentences])
    best = int(np.argmax(cosines))
    return Outcome(
        first=bool(rights) and rights[0],
        cited=any(rights),
        words=asked.answered_by(by_words.ranked[0][0]),
        cosine=asked.answered_by(sentences[best]),
        confidences=(grounds.confidence, by_words.confidence, float(cosines[best])),
        found=answer.found,
    )


if __name__ == "__main__":
    main()
