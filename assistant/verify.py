"""Gives each claim the sentences that carry it, and marks it supported, weak or unsupported by them. Never edits a claim's words.

What it does not catch: a claim whose words all stand in its evidence but in another relation, where they are no names
around a verb; a wrong name at the head of a sentence that its evidence does not contradict; what only several sentences
together say, beyond two of them; irony.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assistant.types import Citation, Claim, Evidence, Support, Verdict
from index.words import content_words, words

NEAREST = 4
"""Offered sentences that are tried for a claim whose own citations do not carry it: those that share most words with it."""
ORDER = {Support.SUPPORTED: 2, Support.WEAK: 1, Support.UNSUPPORTED: 0}
QUOTED = re.compile(r"[“\"„«]([^“”\"„«»]+)[”\"»]")
SHORTEST_QUOTE = 3
"""Words from which on what stands in quotation marks must be in the document to the letter: fewer may be a title or an odd word."""

Labels = tuple[int, ...]


def check(claims: Sequence[Claim], offered: Sequence[Citation], evidence: Evidence) -> tuple[Claim, ...]:
    """The same claims with their `support`, and with the labels of the offered sentences that carry them: none for one that nothing carries.

    A label that was never offered is dropped, one that carries nothing too, and one that is missing is added. A verbatim claim is supported without
    asking the model.
    """
    known = {citation.label: citation for citation in offered}
    return tuple(_checked(claim, known, evidence) for claim in claims)


def _checked(claim: Claim, offered: dict[int, Citation], evidence: Evidence) -> Claim:
    given = tuple(label for label in claim.citations if label in offered)
    said = _folded(claim.text)
    if same := [label for label in (*given, *offered) if _folded(offered[label].sentence.text) == said]:
        return replace(claim, citations=(same[0],), support=Support.SUPPORTED)

    def judged(labels: Labels) -> Verdict:
        return _verdict(claim.text, [offered[label] for label in labels], evidence)

    labels, verdict = _best(claim.text, given, offered, judged)
    if verdict.verdict is Support.UNSUPPORTED:
        return replace(claim, citations=(), support=Support.UNSUPPORTED, differs=verdict.differs)
    return replace(claim, citations=_needed(labels, verdict, judged), support=verdict.verdict, differs=verdict.differs)


def _best(text: str, given: Labels, offered: dict[int, Citation], judged: Callable[[Labels], Verdict]) -> tuple[Labels, Verdict]:
    """The labels that carry a claim best: those that it cites, if they do; else a sentence near it, or two."""
    best: tuple[Labels, Verdict] = ((), Verdict(Support.UNSUPPORTED, -1.0))
    for labels in _tries(text, given, offered):
        verdict = judged(labels)
        if verdict.verdict is Support.SUPPORTED:
            return labels, verdict
        if (ORDER[verdict.verdict], verdict.probability) > (ORDER[best[1].verdict], best[1].probability):
            best = labels, verdict
    return best


def _tries(text: str, given: Labels, offered: dict[int, Citation]) -> Iterator[Labels]:
    """Sets of labels, likeliest first: what is cited, the nearest sentences, the nearest with what it lacks most, what is cited with the nearest."""
    if given:
        yield given
    asked = {stemmed for _, stemmed in content_words(text)}
    shared = {label: asked.intersection(stemmed for _, stemmed in words(citation.sentence.text)) for label, citation in offered.items()}
    near = sorted((label for label in offered if shared[label]), key=lambda label: (-len(shared[label]), label))[:NEAREST]
    yield from ((label,) for label in near if (label,) != given)
    if not near:
        return
    first = near[0]
    rest = [label for label in offered if label != first and shared[label] - shared[first]]
    if rest:
        yield first, max(rest, key=lambda label: (len(shared[label] - shared[first]), -label))
    if given and first not in given:
        yield (*given, first)


def _needed(labels: Labels, verdict: Verdict, judged: Callable[[Labels], Verdict]) -> Labels:
    """The labels without those that the claim does as well without."""
    for label in reversed(labels):
        fewer = tuple(other for other in labels if other != label)
        if fewer and ORDER[judged(fewer).verdict] >= ORDER[verdict.verdict]:
            labels = fewer
    return labels


def _verdict(text: str, cited: Sequence[Citation], evidence: Evidence) -> Verdict:
    documents = {citation.sentence.document.id: citation.sentence.document for citation in cited}
    if not all(any(_folded(quote) in _folded(document.text) for document in documents.values()) for quote in _quotes(text)):
        return Verdict(Support.UNSUPPORTED, 0.0, ("quotation",))
    return evidence.supports(text, [citation.sentence.text for citation in cited], " ".join(dict.fromkeys(map(_around, cited))))


def _around(citation: Citation) -> str:
    """Where a sentence stands: the name of its document, and its heading."""
    document = citation.sentence.document
    heading = document.heading_at(citation.sentence.start)
    return f"{document.name}. {document.text[heading.start : heading.end] if heading else ''}"


def _quotes(text: str) -> list[str]:
    return [quote.strip(" .,;:…") for quote in QUOTED.findall(text) if len(quote.split()) >= SHORTEST_QUOTE]


def _folded(text: str) -> str:
    return " ".join(text.translate(STRAIGHT).split()).casefold()


STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-"})
