"""Is the right sentence found, and is an unanswerable question declined? On sets that nothing was fitted on.

Each set's articles are indexed together, every question is asked, and the first sentence, and any of the cited ones,
is held against the marked answers; of a declined question the nearest sentences are. Beside it the best sentence by a fitted sum of cosine
and words, which is what Footnote goes by without its evidence model, and by MiniLM cosine alone, the usual way to highlight a source. Then two questions
at once, both answerable or one of them, beside the same asked one by one.
"""

import gzip
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.answer import Assistant
from assistant.evaluate import auroc, calibration_error, reliability
from assistant.evidence import open_evidence
from assistant.evidence.likeness import Likeness
from assistant.evidence.linear import LinearEvidence
from assistant.types import Answer
from index import Index
from index.build import build
from index.embed import DEFAULT_MODEL, default_cache, open_embedder
from index.store import Store
from index.types import Document, Sentence

DATA = Path(__file__).parents[2] / "shared" / "data" / "dev" / "evidence"
SETS = ("squad2_dev_articles", "squadshifts_heldout")
EVERY = 4  # Of the questions, so that it ends in minutes.
OPENS = re.compile(r"(?:what|who|whom|whose|when|where|why|which|how)\b", re.IGNORECASE)
"""How a question begins that can come after "and"."""


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
    """Print the tables of every set that is here."""
    files = {name: DATA / f"{name}.jsonl.gz" for name in SETS}
    for name, file in files.items():
        if not file.is_file():
            print(f"{name} is not here: {file}\n")
    _print_head("set", "questions", "first right (words; cosine)", "one of those cited right", "AUROC (words; cosine)", "answered or declined right", "ECE")
    told, pairs = {}, []
    for name, file in files.items():
        if file.is_file():
            documents, questions = _read(file)
            with _opened(documents) as assistant:
                told[name] = _print_row(name, assistant, questions)
                pairs.append(_row_of_pairs(name, assistant, documents, questions))
    _print_reliability(told)
    _print_head("set", "pairs", "both answers cited (asked one by one)", "pairs with one answer", "it is cited, the other declined (asked one by one)")
    print("\n".join(pairs))


def _print_head(*columns: str) -> None:
    print(f"\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")


@contextmanager
def _opened(documents: Sequence[Document]) -> Iterator[Assistant]:
    """An assistant over some documents."""
    with tempfile.TemporaryDirectory() as scratch:
        embedder = open_embedder(DEFAULT_MODEL, default_cache())
        store = Store(Path(scratch))
        with store.lock():
            build(store, documents, embedder, [])
        index = Index.open(scratch)
        yield Assistant(index, open_evidence(embedder, index.keywords))


def _print_row(name: str, assistant: Assistant, questions: Sequence[Asked]) -> list[dict[str, float]]:
    """Print the row of a set; its reliability diagram."""
    likeness = Likeness(assistant.index.embedder)
    words = LinearEvidence(likeness, assistant.index.keywords)
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


def _row_of_pairs(name: str, assistant: Assistant, documents: Sequence[Document], questions: Sequence[Asked]) -> str:
    """How two questions of an article fare as one, "… , and …?" and "…? …?" by turns: no two of the pairs share a question."""
    both: list[tuple[Asked, Asked]] = []
    one: list[tuple[Asked, Asked]] = []
    for document in documents:
        own = [asked for asked in questions if asked.document == document.id and OPENS.match(asked.question)]
        can, cannot = ([asked for asked in own if bool(asked.answers) == answerable] for answerable in (True, False))
        one += zip(can, cannot, strict=False)
        left = can[len(cannot) :]
        both += zip(left[::2] or can[::2], left[1::2] or can[1::2], strict=False)
    alone = {asked: assistant.ask(asked.question) for pair in (*both, *one) for asked in pair}
    told = [assistant.ask(_as_one(pair, place)) for place, pair in enumerate((*both, *one))]
    right = [all(_cites(answer, asked) for asked in pair) for pair, answer in zip(both, told, strict=False)]
    apart = [all(_cites(alone[asked], asked) for asked in pair) for pair in both]
    named = [_cites(answer, can) and _names(answer, cannot) for (can, cannot), answer in zip(one, told[len(both) :], strict=True)]
    singly = [_cites(alone[can], can) and not alone[cannot].found for can, cannot in one]
    cells = (f"{np.mean(said):.0%} ({np.mean(by_itself):.0%})" if said else "–" for said, by_itself in ((right, apart), (named, singly)))
    first, second = cells
    return f"| {name} | {len(both)} | {first} | {len(one)} | {second} |"


def _as_one(pair: tuple[Asked, Asked], place: int) -> str:
    """Two questions as one; of every other pair the second comes first."""
    first, second = (asked.question for asked in (pair if place % 4 < 2 else pair[::-1]))
    return f"{first.rstrip('? ')}, and {second[0].lower()}{second[1:]}" if place % 2 else f"{first} {second}"


def _cites(answer: Answer, asked: Asked) -> bool:
    return any(asked.answered_by(citation.sentence) for citation in answer.citations)


def _names(answer: Answer, asked: Asked) -> bool:
    """Whether a question is named as one that the documents do not answer."""
    return asked.question.strip(" ?")[1:] in (answer.notice or "")


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
