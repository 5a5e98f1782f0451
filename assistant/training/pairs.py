"""Claims out of the pairs that were written for the judge: one that some sentences carry, and its twin, which differs in little and is not carried."""

import random
from collections.abc import Iterator, Sequence

from assistant.training.sets import Claim
from assistant.training.written import Pair, Written
from assistant.wording import alike
from index.words import shared_words

SET = "pairs"
ALIKE = 0.5
"""How often a claim is read in its evidence's words, as it always is in use: the judge shall not depend on it."""
LONGEST = 1_200
"""Characters of evidence, at most: the 288 tokens that the judge reads hold them, but for one in six hundred."""
LACKING = 0.3
"""How often a claim that needs several sentences stands, once more, before all of them but one."""
BESIDE = 0.15
"""How often a true claim stands, once more, before what is like it in its document and does not carry it."""


def claims_of(document: Written, pair: Pair, chance: random.Random) -> Iterator[Claim]:
    """Both claims before the same evidence; and, at times, the true one before evidence that lacks something of what it needs."""
    evidence = _evidence(document, pair, chance)
    yield _claim(pair.true, evidence, 0, chance)
    yield _claim(pair.false, evidence, pair.label, chance)
    if len(pair.on) > 1 and chance.random() < LACKING:
        left_out = document.sentences[chance.choice(pair.on)]
        yield _claim(pair.true, [sentence for sentence in evidence if sentence != left_out], 2, chance)
    if chance.random() < BESIDE:
        yield _claim(pair.true, [document.sentences[n] for n in sorted(_like(document, pair.true, pair.on, chance))], 2, chance)


def said_of(document: Written, pair: Pair) -> tuple[Claim, Claim]:
    """Both claims before just what carries the true one."""
    evidence = " ".join(document.sentences[n] for n in pair.on)
    return Claim(pair.true, evidence, 0, SET), Claim(pair.false, evidence, pair.label, SET)


def _claim(claim: str, evidence: Sequence[str], label: int, chance: random.Random) -> Claim:
    if chance.random() < ALIKE:
        claim, evidence = alike(claim, evidence)
    return Claim(claim, " ".join(evidence), label, SET)


def _evidence(document: Written, pair: Pair, chance: random.Random) -> list[str]:
    """What carries the true claim: alone; after what comes before it; with others that are like the claim; or in a longer passage, in order."""
    which, kept = chance.random(), set(pair.on)
    if 0.25 <= which < 0.4:
        kept |= {before for n in pair.on for before in range(max(0, n - chance.randint(1, 3)), n)}
    elif 0.4 <= which < 0.7:
        kept |= _like(document, pair.false, pair.on, chance)
    elif which >= 0.7:
        room = chance.randint(300, LONGEST) - sum(len(document.sentences[n]) for n in kept)
        for n in sorted(_others(document, pair.on), key=lambda n: min(abs(n - one) for one in pair.on)):
            if len(document.sentences[n]) < room:
                kept.add(n)
                room -= len(document.sentences[n])
    return [document.sentences[n] for n in sorted(kept)]


def _like(document: Written, claim: str, on: Sequence[int], chance: random.Random) -> set[int]:
    """One or two sentences that share most words with a claim, other than those that carry it."""
    near = sorted(_others(document, on), key=lambda n: -shared_words(claim, [document.sentences[n]]))[:3]
    return set(chance.sample(near, min(len(near), chance.randint(1, 2))))


def _others(document: Written, on: Sequence[int]) -> list[int]:
    return [n for n in range(len(document.sentences)) if n not in on]
