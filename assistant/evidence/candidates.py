"""The sentences that may answer a question, and what words alone tell of them: which of the question they hold, and the kind of thing that it asks for."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.injection import instructions
from assistant.types import Support, Verdict
from index.keywords import Vocabulary
from index.load.text import INVISIBLE
from index.types import Document, Hit, Sentence
from index.words import CODE, STOP_WORDS, fold, stem, words

# --- What kind of answer a question wants --------------------------------------------------------------

MONTHS = r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
TIME = re.compile(
    rf"\b(?:1\d{{3}}|20\d{{2}}|{MONTHS}|\d{{1,2}}(?:st|nd|rd|th)|century|(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|yesterday"
    r"|tomorrow|(?:\d+|\w+) (?:days?|weeks?|months?|years?|hours?|minutes?)|after|before|during|until|since|when|once)\b",
    re.IGNORECASE,
)
AMOUNT = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half|third"
    r"|quarter|percent|several|number of)\b",
    re.IGNORECASE,
)
CAUSE = re.compile(r"\b(?:because|since|due to|so that|in order to|as a result|therefore|caused?|reason|thus|to \w+)\b", re.IGNORECASE)
NAME = re.compile(r"(?<![.!?“\"] )(?<!^)\b[A-Z][\w’'-]+")

ASKS_TIME = re.compile(r"\bwhen\b|\b(?:what|which) (?:year|date|month|day|century|decade|time)\b|\bhow long\b")
ASKS_AMOUNT = re.compile(
    r"\bhow (?:many|much|old|often|far|large|big|tall|high|deep|fast|wide)\b|\bwhat (?:percent|number|amount|population|fraction|proportion)"
)
ASKS_NAME = re.compile(r"\b(?:who|whose|whom|where)\b|\b(?:what|which) (?:country|city|place|state|region|location)\b")
ASKS_CAUSE = re.compile(r"\bwhy\b")


def fits(question: str, sentence: str) -> int:
    """1 if the sentence holds the kind of thing that is asked for, -1 if not, 0 if the question does not tell."""
    asked = question.lower()
    if ASKS_TIME.search(asked):
        return 1 if TIME.search(sentence) else -1
    if ASKS_AMOUNT.search(asked):
        return 1 if AMOUNT.search(sentence) else -1
    if ASKS_NAME.search(asked):
        known = {stemmed for _, stemmed in words(question)}
        return 1 if any(stem(name) not in known for name in NAME.findall(sentence)) else -1
    if ASKS_CAUSE.search(asked):
        return 1 if CAUSE.search(sentence) else -1
    return 0


def names(question: str) -> list[str]:
    """The stems of a question that name something: of numbers, and of capitalised words after the first."""
    found = enumerate(words(question))
    return [stemmed for place, (w, stemmed) in found if any(c.isdigit() for c in w) or (place and w[:1].isupper() and fold(w) not in STOP_WORDS)]


# --- Candidates ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, the stems in it, those around it (neighbours, heading, title), its chunk's cosine.

    It is sentence `place` of the hit of number `hit`.
    """

    sentence: Sentence
    hit: int
    place: int
    stems: frozenset[str]
    around: frozenset[str]
    chunk_score: float
    heading: bool


def candidates(hits: Sequence[Hit]) -> list[Candidate]:
    """Every sentence of the hits once, with its best chunk; headings, sentences with hidden text and instructions to a language model are none."""
    found: dict[tuple[str, int], Candidate] = {}
    for number, hit in enumerate(hits):
        document = hit.chunk.document
        stems = [frozenset(stemmed for _, stemmed in words(sentence.text)) for sentence in hit.chunk.sentences]
        headings = {heading.start for heading in document.headings if not heading.guessed}
        ordered = instructions([sentence.text for sentence in hit.chunk.sentences])
        for place, sentence in enumerate(hit.chunk.sentences):
            key = document.id, sentence.start
            if key in found or ordered[place] or sentence.start in headings or INVISIBLE.search(sentence.text) or not stems[place]:
                continue
            around = frozenset(stemmed for _, stemmed in words(over_of(document, sentence.start))).union(*stems[max(place - 1, 0) : place + 2])
            found[key] = Candidate(sentence, number, place, stems[place], around, hit.cosine, document.is_heading(sentence.start))
    return list(found.values())


def over_of(document: Document, offset: int) -> str:
    """What stands above a place: the name of its document, and its heading, each on a line."""
    return f"{document.name}\n{document.heading_text(offset)}"


def coverage(rarity: dict[str, float], stems: frozenset[str]) -> float:
    """The share of a question's words, weighted by their rarity, that stand among some stems."""
    total = sum(rarity.values())
    return sum(weight for stemmed, weight in rarity.items() if stemmed in stems) / total if total else 0.0


def missing_words(asked: Sequence[tuple[str, str]], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The (word, stem)s of a question that no document holds, without those that are parts of a code among them."""
    found = [word for word, stemmed in asked if stemmed not in vocabulary]
    parts = {part for word in found if CODE.fullmatch(word) for part, _ in words(word) if part != word}
    return tuple(word for word in found if word not in parts)


def unknown_names(question: str, vocabulary: Vocabulary) -> float:
    """The share of a question's names that no document holds."""
    return share([stemmed not in vocabulary for stemmed in names(question)])


def shares(scores: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """The softmax of scores: how likely each sentence is the one that answers, if one does."""
    raised: NDArray[np.float64] = np.exp(np.asarray(scores, np.float64) - max(scores))
    raised /= raised.sum()
    return raised


def share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def verdict_of(probability: float, supported: float, weak: float) -> Verdict:
    """The verdict on a claim by the least probabilities of `supported` and of `weak`."""
    support = Support.SUPPORTED if probability >= supported else Support.WEAK if probability >= weak else Support.UNSUPPORTED
    return Verdict(support, round(probability, 4))


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))
