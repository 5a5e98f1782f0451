"""Fits the bar under which it is declined to answer to an index's own documents, without labels.

Answerable questions are made of sentences of the documents, one of whose names or numbers is asked for. The same questions with every
passage taken away that holds the sentence, and questions of foreign topics, are not answerable. What such questions cannot tell is how
people will ask: their words stand in the documents more often than people's do.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.answer import CHUNKS
from assistant.errors import QuestionsError
from assistant.types import Evidence
from index import Index
from index.types import Sentence
from index.words import STOP_WORDS, content_words, exact_words

PROBES = 200
LEAST = 20
"""Questions that must be there before a bar is fitted."""
AROUND = 11
"""Words of the sentence that a question keeps on each side of what it asks for."""
TOLERATED = 0.05
"""Of false answers where precision is preferred, of false refusals where recall is."""

YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
AMOUNT = re.compile(r"\b\d+(?:[.,]\d+)*(?= [a-z])")
NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w’'-]+(?: [A-Z][\w’'-]+)*")
FOREIGN = (
    "How long must sourdough rise before it is baked?", "Who won the football world cup in 1998?", "What is the boiling point of tungsten?",
    "Which king of France was called the Sun King?", "How many moons does Jupiter have?", "When was penicillin discovered?",
    "What do pandas eat?", "How far is the moon from the earth?", "Who composed the Moonlight Sonata?", "Which river flows through Vienna?",
    "How do bees make honey?", "What is the capital of Mongolia?", "When did the dinosaurs die out?", "Who painted the ceiling of the Sistine Chapel?",
    "How many strings has a violin?", "What causes the northern lights?", "Which vitamin prevents scurvy?", "Who wrote the Odyssey?",
    "How is glass blown?", "When did the Titanic sink?", "What is the longest bone of the human body?", "Which planet has the largest rings?",
    "How many players are on a volleyball team?", "Who first climbed Mount Everest?", "What is the currency of Thailand?",
    "How deep is the Mariana Trench?", "Which metal is liquid at room temperature?", "Who invented the saxophone?", "How is cheddar cheese aged?",
    "What do koalas sleep in?",
)  # fmt: skip
"""Questions of general knowledge; those whose every word stands in the documents are left out."""

Floats = NDArray[np.float64]
Track = Callable[[Sequence[Any]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """What a bar costs: the shares of answerable probes that it declines, and of the others that it lets through."""

    bar: float
    false_refusals: float
    false_answers: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The bar that was chosen, what each one costs, and of how many questions that was told."""

    bar: float
    rows: tuple[Row, ...]
    answerable: int
    taken_away: int
    foreign: int


def calibrate(index: Index, evidence: Evidence, prefer: str, track: Track = lambda items: items) -> Calibration:
    """Fit the bar. Raises QuestionsError where the documents give too few questions."""
    probes = made_of(index)
    if len(probes) < LEAST:
        raise QuestionsError(f"only {len(probes)} questions can be made of the documents, fewer than {LEAST}: index more text in English before you calibrate")
    said, not_said, foreign = [], [], []
    for question, sentence in track(probes):
        hits = index.search(question, 2 * CHUNKS)
        said.append(evidence.judge(question, hits[:CHUNKS]).confidence)
        without = [hit for hit in hits if not _holds(hit.chunk.text, sentence)]
        not_said.append(evidence.judge(question, without[:CHUNKS]).confidence)
    for question in FOREIGN:
        if any(stemmed not in index.keywords for _, stemmed in content_words(question)):
            foreign.append(evidence.judge(question, index.search(question, CHUNKS)).confidence)
    rows = tuple(_row(bar, np.array(said), [np.array(kind) for kind in (not_said, foreign) if kind]) for bar in np.round(np.arange(0.05, 0.96, 0.05), 2))
    return Calibration(chosen(rows, prefer), rows, len(said), len(not_said), len(foreign))


def _row(bar: float, said: Floats, others: Sequence[Floats]) -> Row:
    return Row(float(bar), round(float((said < bar).mean()), 4), round(float(np.mean([(kind >= bar).mean() for kind in others])), 4))


def chosen(rows: Sequence[Row], prefer: str) -> float:
    """The bar: the lowest with few false answers, the highest with few false refusals, or the one with the fewest of both."""
    if prefer == "precision":
        return next((row.bar for row in rows if row.false_answers <= TOLERATED), rows[-1].bar)
    if prefer == "recall":
        return next((row.bar for row in reversed(rows) if row.false_refusals <= TOLERATED), rows[0].bar)
    return min(rows, key=lambda row: (row.false_refusals + row.false_answers, row.bar)).bar


def made_of(index: Index) -> list[tuple[str, Sentence]]:
    """Questions made of sentences of the documents, with those sentences: the same ones each time."""
    chance = Random(0)  # noqa: S311 (nothing secret)
    sentences = [s for chunk in index.sample(2 * PROBES) if chunk.document.language in ("", "en") for s in chunk.sentences if 8 <= len(s.text.split()) <= 50]
    asked = [(question_of(sentence.text, chance), sentence) for sentence in chance.sample(sentences, len(sentences))]
    return [(question, sentence) for question, sentence in asked if question][:PROBES]


def question_of(sentence: str, chance: Random) -> str | None:
    """A question for a number, a year or a name of a sentence, in the sentence's words: "The lease ends in what year?"."""
    found = [(m.start(), m.end(), "what year") for m in YEAR.finditer(sentence)]
    found += [(m.start(), m.end(), "how many") for m in AMOUNT.finditer(sentence) if not YEAR.fullmatch(m[0])]
    found += [(m.start(), m.end(), "who or what") for m in NAME.finditer(sentence)]
    if not found:
        return None
    start, end, asking = chance.choice(found)
    before, after = sentence[:start].split()[-AROUND:], sentence[end:].split()[:AROUND]
    if len([word for word in (*before, *after) if word.lower() not in STOP_WORDS]) < 4:
        return None
    return f"{' '.join([*before, asking, *after]).rstrip('.!;:,')}?"


def _holds(text: str, sentence: Sentence) -> bool:
    return " ".join(exact_words(sentence.text)) in " ".join(exact_words(text))
