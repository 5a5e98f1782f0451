"""The scorer for languages that the evidence model does not know: a linear one over embeddings and words.

What it does not know: it cannot tell a question that the documents answer from the same question with one word twisted
(AUROC 0.6 on such pairs).
"""

import re
from collections.abc import Sequence

from assistant.evidence.candidates import Candidate, candidates, coverage, fits, logistic, missing_words, share, shares, unknown_names, verdict_of
from assistant.evidence.likeness import Likeness
from assistant.types import Judgement, Verdict
from index.keywords import Vocabulary
from index.types import Hit
from index.words import content_words, words

BAR = 0.36
"""Below this confidence the documents are said not to answer. Best at two answerable questions in three, tuned with the weights."""
WORDS = "words"

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


class LinearEvidence:
    """Cosine, word overlap weighted by rarity, and the kind of answer that is asked for, in a fitted sum."""

    def __init__(self, likeness: Likeness, vocabulary: Vocabulary) -> None:
        self._likeness = likeness
        self._vocabulary = vocabulary

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        asked = content_words(question)
        missing = missing_words(asked, self._vocabulary)
        found = candidates(hits)
        if not found or not words(question):
            return Judgement((), 0.0, BAR, missing, judge=WORDS)
        cosines = self._likeness.cosines(question, [candidate.sentence.text for candidate in found])
        rarity = {stemmed: self._vocabulary.rarity(stemmed) for _, stemmed in asked}
        scored = [(c, self._score(question, rarity, c, float(cosine)), float(cosine)) for c, cosine in zip(found, cosines, strict=True)]
        scored.sort(key=lambda item: (-item[1], item[0].sentence.document.id, item[0].sentence.start))
        _, score, cosine = scored[0]
        unknown = unknown_names(question, self._vocabulary)
        confidence = logistic(CONFIDENCE["score"] * score + CONFIDENCE["cosine"] * cosine + CONFIDENCE["unknown names"] * unknown + CONFIDENCE["constant"])
        chances = confidence * shares([score for _, score, _ in scored])
        ranked = tuple((c.sentence, float(chance)) for (c, _, _), chance in zip(scored, chances, strict=True))
        return Judgement(ranked, round(confidence, 4), BAR, missing, judge=WORDS)

    def _score(self, question: str, rarity: dict[str, float], candidate: Candidate, cosine: float) -> float:
        text = candidate.sentence.text
        return (
            SCORE["cosine"] * cosine
            + SCORE["coverage"] * coverage(rarity, candidate.stems)
            + SCORE["coverage in context"] * coverage(rarity, candidate.stems | candidate.around)
            + SCORE["cosine of the chunk"] * candidate.chunk_score
            + SCORE["fits"] * fits(question, text)
            + SCORE["is a question"] * text.endswith("?")
            + SCORE["is a heading, perhaps"] * candidate.heading
        )

    def supports(self, claim: str, evidence: Sequence[str], around: str = "", before: str = "") -> Verdict:  # noqa: ARG002 - It reads claim and evidence.
        """The verdict on a claim that is not word for word among its evidence; neither is empty."""
        joined = " ".join(evidence)
        return judge_claim(claim, joined, self._likeness.nearest(claim, [joined, *evidence]))


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
    probability = logistic(
        CLAIM["cosine"] * cosine
        + CLAIM["coverage"] * share([stemmed in said for _, stemmed in content_words(claim)])
        + CLAIM["number not there"] * bool(set(NUMBER.findall(claim)) - set(NUMBER.findall(evidence)))
        + CLAIM["negation differs"] * (bool(NEGATION.search(claim)) != bool(NEGATION.search(evidence)))
        + CLAIM["constant"]
    )
    return verdict_of(probability, SUPPORTED, WEAK)
