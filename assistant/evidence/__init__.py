"""Which sentences answer a question; does a sentence carry a claim. The only door to the evidence model.

This model is a linear one over embeddings and words. What it does not know: it cannot tell a question that
the documents answer from the same question with one word twisted (AUROC 0.6 on such pairs, see benchmarks).
"""

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assistant.types import Judgement, Support, Verdict
from index.embed import Embedder, Vectors32
from index.keywords import Keywords
from index.load.text import INVISIBLE
from index.types import Hit, Sentence
from index.words import CODE, STOP_WORDS, content_words, fold, stem, words

BAR = 0.36
"""Below this confidence the documents are said not to answer. Best at two answerable questions in three, tuned with the weights."""

KEPT_VECTORS = 4096


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


# --- The model -----------------------------------------------------------------------------------------

# Fitted by a softmax over the sentences of the found chunks, on the answerable questions of the human-written
# SQuAD 2.0 part of the training sets, in corpora of 20 articles and of single articles. The last is set by hand.
SCORE = {
    "cosine": 6.9,
    "coverage": 4.3,
    "coverage in context": 6.4,
    "cosine of the chunk": 8.6,
    "fits": 1.0,
    "is a question": -2.5,
    "is a heading, perhaps": -2.5,
}
# Fitted by logistic regression on the same articles, half of the questions answerable, the others written to
# be unanswerable, or asked of another part of the article, or of another article.
CONFIDENCE = {"score": 0.27, "cosine": 3.35, "unknown names": -1.64, "constant": -5.40}
# The same for a sentence alone, from its score only: what a citation shows as its score.
ALONE = {"score": 0.39, "constant": -5.37}


class LinearEvidence:
    """Cosine, word overlap weighted by rarity, and the kind of answer that is asked for, in a fitted sum."""

    def __init__(self, embedder: Embedder, vocabulary: Keywords) -> None:
        self._embedder = embedder
        self._vocabulary = vocabulary
        self._vectors: OrderedDict[str, Vectors32] = OrderedDict()
        self._lock = threading.Lock()

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        asked = content_words(question)
        missing = _whole([word for word, stemmed in asked if stemmed not in self._vocabulary])
        candidates = _candidates(hits)
        if not candidates or not words(question):
            return Judgement((), 0.0, missing)
        vector = self._embedder.question(question)
        cosines = self._embedded([candidate.sentence.text for candidate in candidates]) @ vector
        rarity = {stemmed: self._vocabulary.rarity(stemmed) for _, stemmed in asked}
        scored = [(c, self._score(question, rarity, c, float(cosine)), float(cosine)) for c, cosine in zip(candidates, cosines, strict=True)]
        scored.sort(key=lambda item: (-item[1], item[0].sentence.document.id, item[0].sentence.start))
        _, score, cosine = scored[0]
        unknown = _share([stemmed not in self._vocabulary for stemmed in names(question)])
        confidence = _logistic(CONFIDENCE["score"] * score + CONFIDENCE["cosine"] * cosine + CONFIDENCE["unknown names"] * unknown + CONFIDENCE["constant"])
        return Judgement(tuple((c.sentence, _logistic(ALONE["score"] * score + ALONE["constant"])) for c, score, _ in scored), round(confidence, 4), missing)

    def _score(self, question: str, rarity: dict[str, float], candidate: "_Candidate", cosine: float) -> float:
        text = candidate.sentence.text
        return (
            SCORE["cosine"] * cosine
            + SCORE["coverage"] * _coverage(rarity, candidate.stems)
            + SCORE["coverage in context"] * _coverage(rarity, candidate.stems | candidate.around)
            + SCORE["cosine of the chunk"] * candidate.chunk_score
            + SCORE["fits"] * fits(question, text)
            + SCORE["is a question"] * text.endswith("?")
            + SCORE["is a heading, perhaps"] * candidate.heading
        )

    def similarity(self, sentences: Sequence[Sentence]) -> Vectors32:
        rows = self._embedded([sentence.text for sentence in sentences])
        return rows @ rows.T

    def supports(self, claim: str, evidence: Sequence[str]) -> Verdict:
        joined = " ".join(evidence)
        if any(_folded(claim) == _folded(sentence) for sentence in evidence) and claim.strip():
            return Verdict(Support.SUPPORTED, 1.0)
        if not claim.strip() or not joined.strip():
            return Verdict(Support.UNSUPPORTED, 0.0)
        rows = self._embedder.documents([claim, joined, *evidence])
        cosine = float(max(rows[1:] @ rows[0]))
        return judge_claim(claim, joined, cosine)

    def _embedded(self, texts: Sequence[str]) -> Vectors32:
        """The vectors of sentences; the last few thousand made are kept."""
        with self._lock:
            vectors = {text: self._vectors[text] for text in texts if text in self._vectors}
        new = [text for text in dict.fromkeys(texts) if text not in vectors]
        vectors.update(zip(new, self._embedder.documents(new), strict=True))
        with self._lock:
            self._vectors.update(vectors)
            while len(self._vectors) > KEPT_VECTORS:
                self._vectors.popitem(last=False)
        return np.stack([vectors[text] for text in texts])


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence that may answer, the stems in it, those around it (neighbours, heading, title), its chunk's cosine."""

    sentence: Sentence
    stems: frozenset[str]
    around: frozenset[str]
    chunk_score: float
    heading: bool


def _candidates(hits: Sequence[Hit]) -> list[_Candidate]:
    """Every sentence of the hits once, with its best chunk; headings and sentences with hidden text are none."""
    found: dict[tuple[str, int], _Candidate] = {}
    for hit in hits:
        document = hit.chunk.document
        stems = [frozenset(stemmed for _, stemmed in words(sentence.text)) for sentence in hit.chunk.sentences]
        headings = {heading.start for heading in document.headings if not heading.guessed}
        for place, sentence in enumerate(hit.chunk.sentences):
            key = document.id, sentence.start
            if key in found or sentence.start in headings or INVISIBLE.search(sentence.text) or not stems[place]:
                continue
            heading = document.heading_at(sentence.start)
            over = f"{document.name}\n{document.text[heading.start : heading.end] if heading else ''}"
            around = frozenset(stemmed for _, stemmed in words(over)).union(*stems[max(place - 1, 0) : place + 2])
            found[key] = _Candidate(sentence, stems[place], around, hit.cosine, heading is not None and heading.start == sentence.start)
    return list(found.values())


def _coverage(rarity: dict[str, float], stems: frozenset[str]) -> float:
    """The share of a question's words, weighted by their rarity, that stand among some stems."""
    total = sum(rarity.values())
    return sum(weight for stemmed, weight in rarity.items() if stemmed in stems) / total if total else 0.0


def _whole(found: Sequence[str]) -> tuple[str, ...]:
    """Some words without those that are parts of a code among them."""
    parts = {part for word in found if CODE.fullmatch(word) for part, _ in words(word) if part != word}
    return tuple(word for word in found if word not in parts)


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


# --- Claims --------------------------------------------------------------------------------------------

NEGATION = re.compile(r"\b(?:not|no|never|none|neither|nor|cannot|without|nobody|nothing|refus\w+|den(?:y|ied|ies))\b|n['’]t\b", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")

# Fitted by logistic regression on the FEVER and NLI training sets, both classes weighted alike.
CLAIM = {"cosine": 2.96, "coverage": 1.95, "number not there": -1.64, "negation differs": -1.22, "constant": -2.92}
SUPPORTED, WEAK = 0.75, 0.45
"""A claim is called supported only where that is three times as likely as not."""


def judge_claim(claim: str, evidence: str, cosine: float) -> Verdict:
    """The verdict on a claim by the joined text of its evidence and the best cosine with it."""
    said = {stemmed for _, stemmed in words(evidence)}
    probability = _logistic(
        CLAIM["cosine"] * cosine
        + CLAIM["coverage"] * _share([stemmed in said for _, stemmed in content_words(claim)])
        + CLAIM["number not there"] * bool(set(NUMBER.findall(claim)) - set(NUMBER.findall(evidence)))
        + CLAIM["negation differs"] * (bool(NEGATION.search(claim)) != bool(NEGATION.search(evidence)))
        + CLAIM["constant"]
    )
    verdict = Support.SUPPORTED if probability >= SUPPORTED else Support.WEAK if probability >= WEAK else Support.UNSUPPORTED
    return Verdict(verdict, round(probability, 4))


def _folded(text: str) -> str:
    return " ".join(text.split())
