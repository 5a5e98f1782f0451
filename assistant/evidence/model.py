"""Which sentences answer a question, by the evidence model joined with what the search knows; and whether sentences carry a claim.

What it does not catch: a twisted question about as often as the figures in its model card say, and what the whole of a
document says without any of its passages saying it.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.evidence.candidates import Candidate, candidates, coverage, fits, logistic, missing_words, over_of, shares, unknown_names
from assistant.evidence.claims import Judge
from assistant.evidence.encode import Passage
from assistant.evidence.likeness import Likeness
from assistant.evidence.linear import LinearEvidence
from assistant.evidence.reader import NOTHING, Read, Reader
from assistant.evidence.shipped import Shipped
from assistant.followup import taken_apart
from assistant.types import Judgement, Support, Verdict
from index.embed import Embedder, Vectors32
from index.keywords import Vocabulary
from index.load.language import language_of
from index.types import Hit, Sentence
from index.words import content_words, words

Floats = NDArray[np.float64]

LANGUAGES = ("", "en")
"""What the model has learnt to read; a text whose language cannot be told is taken for it."""
ENGLISH = frozenset("how what who whom whose when where why which does did the and are were this that with from for".split())
"""Words that no question holds but an English one: a short question's language is a guess without them."""
LEAST_WORDS = 3
"""Of a question whose language is told: it is short, and a wrong guess costs only the model's help."""

FEATURES = (
    "logit",
    "coverage",
    "coverage in context",
    "cosine of the chunk",
    "score of the chunk",
    "fits",
    "is a question",
    "is a heading, perhaps",
    "short answer",
    "skimmed",
    "closely",
)
"""What the score of a sentence is a weighted sum of. "short answer" is the logarithm of how sure the model is of one in it; "skimmed" the small
model's logit, "closely" whether the larger model read it, whose logits are others."""
SIGNS = ("closely", "skimmed", "cosine", "unknown names", "constant")
"""What the confidence is the logistic function of a weighted sum of: the log odds that any sentence answers, of those that the larger model read and, of
all, by the small one; the best chunk's cosine; and the share of the question's names that no document holds. What answers a wide question is told in several
sentences, none of which is likely to be the one. More (the scores, their lead, the words shared) told less of articles that the weights were not fitted to."""
LEAST_SURE = 1e-4


class ModelEvidence:
    """The evidence model, with the weights that join it to the rest; for other languages than its own the linear scorer, by itself."""

    def __init__(self, embedder: Embedder, vocabulary: Vocabulary, shipped: Shipped) -> None:
        self._likeness = Likeness(embedder)
        self._linear = LinearEvidence(self._likeness, vocabulary)
        self._vocabulary = vocabulary
        self._reader = Reader(shipped)
        self._judge = Judge(shipped, self._likeness)
        self._joined = shipped.card["joined"]

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        if not reads_language(question, hits):
            return self._linear.judge(question, hits)
        missing = missing_words(content_words(question), self._vocabulary)
        found = candidates(hits)
        bar = float(self._joined["bar"])
        if not found or not words(question):
            return Judgement((), 0.0, bar, missing)
        read = self._read(question, [passage_of(hit) for hit in hits])
        features = measure(question, found, hits, read, self._vocabulary)
        scores = features @ weights_of(self._joined["score"], FEATURES)
        order = sorted(range(len(found)), key=lambda n: (-scores[n], found[n].sentence.document.id, found[n].sentence.start))
        confidence = logistic(float(signs(question, features, self._vocabulary) @ weights_of(self._joined["confidence"], SIGNS)))
        chances = confidence * shares(scores)
        ranked = tuple((found[n].sentence, float(chances[n])) for n in order)
        short = self._short_answer(found[order[0]], hits, read, confidence)
        return Judgement(ranked, round(confidence, 4), bar, missing, short)

    def _read(self, question: str, passages: Sequence[Passage]) -> list[Read]:
        """What passages say to a question; to a follow-up as it was asked, or with what it leans on, whichever a sentence answers better."""
        read = self._reader.read(question, passages)
        asked, carried = taken_apart(question)
        return [either(one, other) for one, other in zip(read, self._reader.read(asked, passages), strict=True)] if carried else read

    def _short_answer(self, best: Candidate, hits: Sequence[Hit], read: Sequence[Read], confidence: float) -> str | None:
        """The words of the best sentence that answer, where it is likely enough that something answers and that they do."""
        answer, before = read[best.hit].answers[best.place], hits[best.hit].chunk.start
        if answer is None or confidence * answer.probability < self._joined["short answer"]:
            return None
        return best.sentence.document.text[before + answer.span[0] : before + answer.span[1]] or None

    def similarity(self, sentences: Sequence[Sentence]) -> Vectors32:
        return self._likeness.among([sentence.text for sentence in sentences])

    def supports(self, claim: str, evidence: Sequence[str], around: str = "", before: str = "") -> Verdict:
        said = [text for text in evidence if text.strip()]
        if not claim.strip() or not said:
            return Verdict(Support.UNSUPPORTED, 0.0)
        if any(_folded(claim) == _folded(text) for text in said):
            return Verdict(Support.SUPPORTED, 1.0)
        if language_of(" ".join([claim, *said]), LEAST_WORDS) not in LANGUAGES:
            return self._linear.supports(claim, said)
        return self._judge.judge(claim, said, around, before)


def either(one: Read, other: Read) -> Read:
    """Two readings of a passage as one: for each sentence the better."""
    skimmed, closely = tuple(map(max, one.skimmed, other.skimmed)), tuple(map(max, one.closely, other.closely))
    return Read(tuple(map(max, one.logits, other.logits)), one.answers, skimmed, closely)


def reads_language(question: str, hits: Sequence[Hit]) -> bool:
    """Whether the model knows the language of a question, and of most of what was found."""
    asked = {word.lower() for word, _ in words(question)}
    if not asked & ENGLISH and language_of(question, LEAST_WORDS) not in LANGUAGES:
        return False
    known = Counter(hit.chunk.document.language in LANGUAGES for hit in hits)
    return known[True] >= known[False]


def passage_of(hit: Hit) -> Passage:
    """A hit as the model reads it; its spans are those of the document's text, less where the chunk starts."""
    chunk = hit.chunk
    over = over_of(chunk.document, chunk.start).replace("\n", ". ").strip(". ")
    return Passage(over, chunk.text, tuple((s.start - chunk.start, s.end - chunk.start) for s in chunk.sentences))


def measure(question: str, found: Sequence[Candidate], hits: Sequence[Hit], read: Sequence[Read], vocabulary: Vocabulary) -> Floats:
    """The features of each candidate, float64 (candidates, features)."""
    rarity = {stemmed: vocabulary.rarity(stemmed) for _, stemmed in content_words(question)}
    rows = [
        (
            read[c.hit].logits[c.place],
            coverage(rarity, c.stems),
            coverage(rarity, c.stems | c.around),
            c.chunk_score,
            hits[c.hit].score,
            fits(question, c.sentence.text),
            c.sentence.text.endswith("?"),
            c.heading,
            math.log(max(answer.probability if (answer := read[c.hit].answers[c.place]) else 0.0, LEAST_SURE)),
            read[c.hit].skimmed[c.place],
            read[c.hit].closely[c.place],
        )
        for c in found
    ]
    return np.array(rows, np.float64)


def signs(question: str, features: Floats, vocabulary: Vocabulary) -> Floats:
    """What the confidence is told from, float64 (signs,)."""
    logits, skimmed, read, cosines = (features[:, FEATURES.index(name)] for name in ("logit", "skimmed", "closely", "cosine of the chunk"))
    # All logits of a question are against the same "none of them", so that their exponentials add up (Clark and Gardner, 2018).
    closely = np.logaddexp.reduce(logits[read > 0], initial=NOTHING)
    return np.array([closely, np.logaddexp.reduce(skimmed), cosines.max(), unknown_names(question, vocabulary), 1.0])


def weights_of(named: dict[str, float], order: Sequence[str]) -> Floats:
    """Weights by name, in order."""
    return np.array([named[name] for name in order])


def _folded(text: str) -> str:
    return " ".join(text.split())
