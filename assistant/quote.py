"""An answer out of verbatim sentences: the default, and it needs no language model."""

import math
from collections.abc import Sequence

from assistant.types import Citation, Claim, Draft, Evidence, Grounds
from index.words import words

MOST = 3
LATER, EARLIER = 1.17, 0.39
"""How far behind the best a further sentence may be, in log odds of their scores. On the training questions, a second sentence within 1.17 is the
right one where the best is not one time in eight; one that would stand before the best must come closer."""
SAME = 0.93  # Cosine above which two sentences say the same.


def draft(grounds: Grounds, evidence: Evidence) -> Draft:
    """One to three of the offered sentences, each a claim that cites itself; in reading order within a document."""
    chosen = _in_order(_choose(grounds.offered, evidence))
    claims = tuple(Claim(c.sentence.text, (c.label,)) for c in chosen)
    return Draft(claims, "quote")


def _choose(offered: Sequence[Citation], evidence: Evidence) -> list[Citation]:
    """The best sentence, and up to two more that are nearly as good and say something else."""
    if not offered:
        return []
    alike = evidence.similarity([citation.sentence for citation in offered])
    chosen = [0]
    for place in range(1, len(offered)):
        near = _log_odds(offered[0]) - _log_odds(offered[place]) <= (EARLIER if _precedes(offered[place], offered[0]) else LATER)
        new = all(alike[place, other] < SAME and not _same_words(offered[place], offered[other]) for other in chosen)
        if near and new and len(chosen) < MOST:
            chosen.append(place)
    return [offered[place] for place in chosen]


def _log_odds(citation: Citation) -> float:
    return math.log(citation.score / (1 - citation.score))


def _precedes(one: Citation, other: Citation) -> bool:
    return one.sentence.document.id == other.sentence.document.id and one.sentence.start < other.sentence.start


def _same_words(one: Citation, other: Citation) -> bool:
    first, second = ({stemmed for _, stemmed in words(c.sentence.text)} for c in (one, other))
    return len(first & second) > 0.8 * min(len(first), len(second))


def _in_order(chosen: Sequence[Citation]) -> list[Citation]:
    """By document, the best one's first; inside a document as one reads."""
    rank: dict[str, int] = {}
    for citation in chosen:
        rank.setdefault(citation.sentence.document.id, len(rank))
    return sorted(chosen, key=lambda citation: (rank[citation.sentence.document.id], citation.sentence.start))
