"""The sentences that stand for whole documents: for a summary, and for a comparison. Needs no language model."""

import re
from collections.abc import Sequence

import numpy as np

from assistant.injection import instructions
from assistant.types import Evidence
from index.load.text import INVISIBLE
from index.types import Sentence
from index.words import content_words

MOST_READ = 240
"""Sentences of a document that are compared with each other: of a longer one as many, spread over it."""
LEAST_WORDS, MOST_CHARACTERS = 4, 400
"""Content words that a sentence needs to say something, and how long one may be that is to be read at a glance."""
NEAR = 0.3
"""Cosine from which on two sentences speak of the same (Erkan and Radev, 2004: LexRank's threshold, for embeddings)."""
SAME = 0.8
RECORD = re.compile(r"[^.;:]{1,60}: [^;]+; [^.;:]{1,60}: ")
"""A row of a table, as it is read: "Name: value; Name: value"."""
LEAD = 0.15
"""What the first sentences of a document count more: that is where authors say what it is about."""


def central(sentences: Sequence[Sentence], evidence: Evidence, most: int) -> tuple[Sentence, ...]:
    """The sentences that most others of a document are like, none like another, in reading order."""
    fit = _spread([sentence for sentence, ordered in zip(sentences, instructions([s.text for s in sentences]), strict=True) if not ordered and _says(sentence)])
    if not fit:
        return ()
    cosines = np.asarray(evidence.similarity(fit))
    degree = np.where(cosines >= NEAR, cosines, 0.0).sum(1) / len(fit)
    score = degree / max(float(degree.max()), 1e-9) + LEAD * np.exp(-np.arange(len(fit)) / 5.0)
    chosen: list[int] = []
    for place in np.argsort(-score, kind="stable"):
        if len(chosen) < most and all(cosines[place, other] < SAME for other in chosen):
            chosen.append(int(place))
    return tuple(fit[place] for place in sorted(chosen))


def _says(sentence: Sentence) -> bool:
    """Whether a sentence is one to quote: no heading, no question, no row of a table, not hidden, not endless."""
    text, document = sentence.text, sentence.document
    heading = document.heading_at(sentence.start)
    if heading and heading.start <= sentence.start < heading.end:
        return False
    whole = text[-1:] in '.!”")' and "\n\n" not in text and len(text) <= MOST_CHARACTERS and not RECORD.match(text)
    return whole and len(content_words(text)) >= LEAST_WORDS and not INVISIBLE.search(text)


def _spread(sentences: list[Sentence]) -> list[Sentence]:
    if len(sentences) <= MOST_READ:
        return sentences
    return [sentences[int(place)] for place in np.linspace(0, len(sentences) - 1, MOST_READ)]
