"""An answer out of verbatim sentences: the default, and it needs no language model."""

import re
from collections.abc import Sequence

from assistant.types import QUOTE, Citation, Claim, Draft, Evidence, Grounds
from index.types import Sentence
from index.words import words

MOST, MOST_OF_PART = 3, 2
ENOUGH = 0.95
"""Sentences are added until it is this likely that one of them answers, if any does."""
LEAST = 0.06
"""How likely, if any does, a further sentence must be the one."""
SAME = 0.93  # Cosine above which two sentences say the same.
LEANS = re.compile(r"(?:He|She|It|They|This|That|These|Those|Such|His|Her|Its|Their|Here|There|Both|Neither|However|Therefore|But|And|Also)\b")
"""How a sentence begins that is not understood without the one before it."""


def draft(grounds: Grounds, evidence: Evidence) -> Draft:
    """One to three of the offered sentences, each a claim that cites itself, in reading order within a document; all of them for a summary.

    Of a question with parts these are one or two for each part that is likely enough to be answered. None where it is not likely enough that one of them
    answers.
    """
    if not grounds.answered:
        return Draft((), QUOTE)
    if grounds.whole:
        chosen = list(grounds.offered)
    else:
        parts = [part for part in grounds.parts or (grounds,) if part.answered]
        chosen = [citation for part in parts for citation in _in_order(_choose(part.offered, evidence, MOST if len(parts) < 2 else MOST_OF_PART))]
    claims = tuple(Claim(sentence, (label,)) for label, sentence in {c.label: c.sentence.text for c in chosen}.items())
    return Draft(claims, QUOTE, partial=True)


def leans(sentence: Sentence, before: Sentence) -> bool:
    """Whether a sentence is not understood without another, which stands right before it in the same paragraph."""
    between = before.document.text[before.end : sentence.start]
    next_to = before.document.id == sentence.document.id and before.end <= sentence.start and not between.strip() and between.count("\n") < 2
    return next_to and LEANS.match(sentence.text) is not None


def _choose(offered: Sequence[Citation], evidence: Evidence, most: int) -> list[Citation]:
    """The best sentence, what it leans on, and others that say something else, while it is not likely enough that one of them answers."""
    if not offered:
        return []
    total = max(sum(citation.score for citation in offered), 1e-9)
    likely = [offered[0], *(c for c in offered[1:] if c.score / total >= LEAST and not c.sentence.document.is_heading(c.sentence.start))]
    alike = evidence.similarity([citation.sentence for citation in likely])
    chosen, covered = [0], likely[0].score / total
    for place in range(1, len(likely)):
        new = all(alike[place, other] < SAME and not _same_words(likely[place], likely[other]) for other in chosen)
        if new and (len(chosen) == most or covered >= ENOUGH):
            break
        covered += likely[place].score / total
        chosen += [place] if new else []
    return _with_leaned_on([likely[place] for place in chosen], offered, most)


def _with_leaned_on(chosen: list[Citation], offered: Sequence[Citation], most: int) -> list[Citation]:
    """With the sentence that the best one leans on, if it is offered and there is room."""
    best = chosen[0].sentence
    before = [citation for citation in offered if leans(best, citation.sentence)]
    return chosen + [citation for citation in before if citation not in chosen][: most - len(chosen)]


def _same_words(one: Citation, other: Citation) -> bool:
    first, second = ({stemmed for _, stemmed in words(c.sentence.text)} for c in (one, other))
    return len(first & second) > 0.8 * min(len(first), len(second))


def _in_order(chosen: Sequence[Citation]) -> list[Citation]:
    """By document, the best one's first; inside a document as one reads."""
    rank: dict[str, int] = {}
    for citation in chosen:
        rank.setdefault(citation.sentence.document.id, len(rank))
    return sorted(chosen, key=lambda citation: (rank[citation.sentence.document.id], citation.sentence.start))
