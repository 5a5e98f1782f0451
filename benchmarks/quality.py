"""Is the right sentence found, and is an unanswerable question declined? On sets that nothing was fitted on.

Each set's articles are indexed together, every question is asked, and the first sentence, and any of the cited ones,
is held against the marked answers. The peer is the best sentence by MiniLM cosine, the usual way to highlight a source.
"""

import gzip
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.answer import Assistant
from assistant.evidence import BAR, LinearEvidence
from index import Index
from index.build import build
from index.embed import DEFAULT_MODEL, default_cache, open_embedder
from index.store import Store
from index.types import Document, Sentence

DATA = Path(__file__).parents[2] / "shared" / "data" / "dev" / "evidence"
SETS = ("squad2_dev_articles", "squadshifts_heldout")
MOST = 1200


@dataclass(frozen=True)
class Asked:
    """A question, the id of its document, and where in it the answers stand; none if it has no answer."""

    question: str
    document: str
    answers: tuple[tuple[int, int], ...]

    def answered_by(self, sentence: Sentence) -> bool:
        return sentence.document.id == self.document and any(a < sentence.end and b > sentence.start for a, b in self.answers)


def main() -> None:
    """Print the table of every set that is here."""
    print("| set | questions | first right: Footnote (cosine) | one of the cited right | AUROC: Footnote (cosine) | answered or declined right |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in SETS:
        file = DATA / f"{name}.jsonl.gz"
        print(_row(name, file) if file.is_file() else f"| {name} | not here: {file} | | | | |")


def _row(name: str, file: Path) -> str:
    documents, questions = _read(file)
    with tempfile.TemporaryDirectory() as scratch:
        embedder = open_embedder(DEFAULT_MODEL, default_cache())
        store = Store(Path(scratch))
        with store.lock():
            build(store, documents, embedder, [])
        index = Index.open(scratch)
        assistant = Assistant(index, LinearEvidence(embedder, index.keywords), bar=0.0)
        first, cited, peer, confidence, cosine, found = (np.array(column) for column in zip(*_ask_all(assistant, questions), strict=True))
    answerable = np.array([bool(asked.answers) for asked in questions])
    right = (
        f"{first[answerable].mean():.0%} ({peer[answerable].mean():.0%}) | {cited[answerable].mean():.0%}"
        f" | {_auroc(confidence, answerable)} ({_auroc(cosine, answerable)}) | {(found == answerable).mean():.0%}"
    )
    return f"| {name} | {len(questions)}, {answerable.mean():.0%} answerable | {right} |"


def _read(file: Path) -> tuple[list[Document], list[Asked]]:
    """The articles as documents, paragraph by paragraph, and the questions (evenly spread if there are too many)."""
    rows: list[dict[str, Any]] = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    texts: dict[str, str] = {}
    places: dict[tuple[str, str], int] = {}
    for row in rows:
        if (key := (row["title"], row["context"])) not in places:
            places[key] = len(texts.setdefault(row["title"], ""))
            texts[row["title"]] += row["context"] + "\n\n"
    step = max(1, len(rows) // MOST)
    asked = [Asked(row["question"], row["title"], _answers(row, places[row["title"], row["context"]])) for row in rows[::step]]
    return [Document(title, title.replace("_", " "), text, (), "0" * 64) for title, text in texts.items()], asked


def _answers(row: dict[str, Any], start: int) -> tuple[tuple[int, int], ...]:
    """The marked answers of an answerable question, as offsets into its document."""
    return tuple((start + a, start + b) for a, b in row["answers"] or row["evidence"]) if row["answerable"] else ()


def _ask_all(assistant: Assistant, questions: list[Asked]) -> Iterator[tuple[bool, bool, bool, float, float, bool]]:
    """First right, any right, the peer's best right, confidence, the peer's cosine, found; with no bar, to rank even what is declined."""
    vectors: dict[str, Any] = {}
    for asked in questions:
        grounds = assistant.ground(asked.question)
        offered = {citation.label: citation for citation in grounds.offered}
        citations = [offered[label] for claim in assistant.draft(grounds).claims for label in claim.citations]
        sentences = list({(s.document.id, s.start): s for hit in grounds.hits for s in hit.chunk.sentences}.values())
        new = [sentence.text for sentence in sentences if sentence.text not in vectors]
        vectors.update(zip(new, assistant.index.embedder.documents(new), strict=True))
        cosines = np.stack([vectors[sentence.text] for sentence in sentences]) @ assistant.index.embedder.question(asked.question)
        best = int(np.argmax(cosines))
        rights = [asked.answered_by(citation.sentence) for citation in citations]
        yield rights[0], any(rights), asked.answered_by(sentences[best]), grounds.confidence, float(cosines[best]), grounds.confidence >= BAR


def _auroc(scores: Any, labels: Any) -> str:
    """The chance that an answerable question scores above an unanswerable one (Mann-Whitney)."""
    if labels.all() or not labels.any():
        return "–"
    order = scores[:, None]
    above = (order[labels[:]] > scores[~labels]).mean() + 0.5 * (order[labels[:]] == scores[~labels]).mean()
    return f"{above:.2f}"


if __name__ == "__main__":
    main()
