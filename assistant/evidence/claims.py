"""Whether sentences carry a claim: what the judge makes of both, joined with how like they are, and with the rules that it misses."""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assistant.agreement import RULES, disagreements
from assistant.evidence.candidates import logistic, verdict_of
from assistant.evidence.encode import MOST_TEXT, Passage
from assistant.evidence.likeness import Likeness
from assistant.evidence.reader import softmax
from assistant.evidence.shipped import ALONE, LIKE, Shipped
from assistant.exchange import exchanged
from assistant.types import Support, Verdict
from assistant.wording import alike
from index.embed import DEFAULT_MODEL
from index.split import sentence_spans
from index.words import content_words

EVIDENCE = ("logit", "cosine", *RULES, "constant")
"""What the probability that a claim is supported is the logistic function of a weighted sum of: the model's log odds, the cosine of the claim with the
sentence that is most like it, and each rule that is broken."""
LEAST = 1e-4
CLEARLY = 1.5
"""How far the log odds of a claim with two things exchanged must lie above its own. Of 1,500 true claims in documents that the model was not trained on it is
so of 2, of their false twins, few of which exchange anything, of 11."""
REMEMBERED = 256
"""Claims before their evidence whose reading is kept: one that nothing carries is tried again beside what is found for it."""


class Judge:
    """The model that judges claims, with the weights that join it to likeness and rules."""

    def __init__(self, shipped: Shipped, likeness: Likeness) -> None:
        self._shipped = shipped
        self._likeness = likeness if likeness.model == DEFAULT_MODEL else None
        self._read = lru_cache(REMEMBERED)(self._chances)

    def judge(self, claim: str, evidence: Sequence[str], around: str = "", before: str = "") -> Verdict:
        """The verdict on a claim that is not word for word among its evidence; neither is empty.

        `around` is where the evidence stands: title, heading; `before` is what it follows.
        A broken rule makes the verdict "unsupported", but for a denial in other words, and so does what is believed more with two things exchanged; the
        probability weighs each rule as often as it was right.
        """
        differs = disagreements(claim, evidence, around, before)
        weights, bars = (self._shipped.card["joined"][name] for name in (LIKE if self._likeness else ALONE))
        probability = logistic(float(self.measure(claim, evidence, differs) @ [weights[name] for name in EVIDENCE]))
        verdict = verdict_of(probability, *bars)
        # What both sides deny may be the same in other words. A sentence that says "he" names nobody; what stands about it may.
        weighed = {"denial"} if around else {"denial", "name"}
        if not set(differs) <= weighed:
            return Verdict(Support.UNSUPPORTED, verdict.probability, differs)
        if verdict.verdict is not Support.UNSUPPORTED and self._is_exchanged(claim, evidence):
            return Verdict(Support.UNSUPPORTED, verdict.probability, (*differs, "pairing"))
        return Verdict(verdict.verdict, verdict.probability, differs)

    def _is_exchanged(self, claim: str, evidence: Sequence[str]) -> bool:
        """Whether the model believes a claim clearly more with two of its things exchanged."""
        odds = self._log_odds(*alike(claim, evidence))
        return any(self._log_odds(*alike(other, evidence)) - odds > CLEARLY for other in exchanged(claim, evidence))

    def measure(self, claim: str, evidence: Sequence[str], differs: Sequence[str]) -> NDArray[np.float64]:
        """The model's log odds, the likeness (0 where it does not count), and the rules that are broken, as EVIDENCE, float64 (n,).

        Both are of the claim and its evidence as `alike` words them.
        """
        claim, evidence = alike(claim, evidence)
        like = self._likeness.nearest(claim, [text[start:end] for text in evidence for start, end in sentence_spans(text)]) if self._likeness else 0.0
        return np.array([self._log_odds(claim, evidence), like, *(name in differs for name in RULES), 1.0])

    def _log_odds(self, claim: str, evidence: Sequence[str]) -> float:
        sure = min(max(self.chances(claim, evidence)[0], LEAST), 1 - LEAST)
        return math.log(sure / (1 - sure))

    def chances(self, claim: str, evidence: Sequence[str]) -> tuple[float, float, float]:
        """The probabilities that the evidence supports a claim, contradicts it, or does neither; of more than is read at once, by its best part."""
        return self._read(claim, tuple(evidence))

    def _chances(self, claim: str, evidence: tuple[str, ...]) -> tuple[float, float, float]:
        passages = [Passage("", text, ((0, len(text)),)) for text in self._parts(claim, evidence)]
        chances = [softmax(row[0, 4:7]) for row in self._shipped.read("claims", self._shipped.encode(claim, passages))]
        best = max(chances, key=lambda chance: float(chance[0]))
        return float(best[0]), float(best[1]), float(best[2])

    def _parts(self, claim: str, evidence: Sequence[str]) -> list[str]:
        """The evidence joined; where that is more than is read at once, in parts of whole sentences, and those that share most with the claim."""
        joined = " ".join(evidence)
        if self._shipped.sizes([joined])[0] <= MOST_TEXT:
            return [joined]
        sentences = [text[start:end] for text in evidence for start, end in sentence_spans(text)]
        sizes = self._shipped.sizes(sentences)
        asked = {stemmed for _, stemmed in content_words(claim)}
        shared = [len(asked.intersection(stemmed for _, stemmed in content_words(sentence))) for sentence in sentences]
        nearest, room = [], MOST_TEXT
        for number in sorted(range(len(sentences)), key=lambda n: (-shared[n], n)):
            if shared[number] and sizes[number] <= room:
                nearest.append(number)
                room -= sizes[number]
        parts = [" ".join(sentences[number] for number in sorted(nearest))] if nearest else []
        return [*parts, *_joined(sentences, sizes)]


def _joined(sentences: Sequence[str], sizes: Sequence[int]) -> Iterator[str]:
    """Sentences in order, as many together as are read at once."""
    taken: list[str] = []
    room = MOST_TEXT
    for sentence, size in zip(sentences, sizes, strict=True):
        if taken and size > room:
            yield " ".join(taken)
            taken, room = [], MOST_TEXT
        taken.append(sentence)
        room -= size
    yield " ".join(taken)
