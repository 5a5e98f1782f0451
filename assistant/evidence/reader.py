"""What passages say to a question, as the evidence model reads them: sentence by sentence, and in the very words of a short answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assistant.evidence.encode import Encoded, Passage, Span, around
from assistant.evidence.shipped import Floats, Shipped

NOTHING = -20.0
"""The logit of a sentence that is not read: it stands behind more tokens than the model takes."""
CLOSELY = 2
"""How many passages are read closely: one on each of two cores."""
AROUND = 96
"""How many tokens of a passage are read closely: the sentence that seemed best, and whole ones around it. On articles that nothing was trained on, the
confidence told more apart by them than by 128, or by the whole passage (AUROC 0.896, 0.893 and 0.880), in half the time.
"""
LONGEST_ANSWER = 24
"""Tokens of a short answer."""


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """Words of a passage that answer, as a span of its text; the probability, 0..1, that they are just these, if the passage answers at all."""

    span: Span
    probability: float


@dataclass(frozen=True, slots=True)
class Read:
    """For each sentence of a passage the log odds that it answers, against nothing of the passage, and the best short answer within it, if any.

    They are of the larger model where it read the sentence (`closely`), else of the small one, whose log odds are `skimmed`.
    """

    logits: tuple[float, ...]
    answers: tuple[ShortAnswer | None, ...]
    skimmed: tuple[float, ...]
    closely: tuple[bool, ...]


class Reader:
    """The models that find what answers: a small one skims every passage, a larger one reads closely what seemed best (a cascade: Viola and Jones, 2001)."""

    def __init__(self, shipped: Shipped) -> None:
        self._shipped = shipped

    def read(self, question: str, passages: Sequence[Passage]) -> list[Read]:
        """What each passage says to the question."""
        rows = self._shipped.encode(question, passages)
        sentences = [len(passage.sentences) for passage in passages]
        read = list(map(_told, rows, self._shipped.read("skim", rows), sentences))
        best = sorted((n for n in range(len(read)) if sentences[n]), key=lambda n: (-max(read[n].logits), n))[:CLOSELY]
        parts = [around(rows[n], int(np.argmax(read[n].logits)), AROUND) for n in best]
        for n, part, closely in zip(best, parts, self._shipped.read("evidence", parts), strict=True):
            read[n] = _over(read[n], _told(part, closely, sentences[n]))
        return read


def _over(skimmed: Read, closely: Read) -> Read:
    """What was skimmed, and where a sentence was read closely, that."""
    seen = tuple(logit != NOTHING for logit in closely.logits)
    logits = tuple(new if there else old for old, new, there in zip(skimmed.logits, closely.logits, seen, strict=True))
    answers = tuple(new if there else old for old, new, there in zip(skimmed.answers, closely.answers, seen, strict=True))
    return Read(logits, answers, skimmed.logits, seen)


def _told(encoded: Encoded, row: Floats, sentences: int) -> Read:
    tokens = row[encoded.first : encoded.first + len(encoded.sentence)]
    numbers = np.asarray(encoded.sentence, np.int64)
    inside = numbers >= 0
    starts, ends = (_log_softmax(np.where(inside, tokens[:, column], -np.inf)) for column in (2, 3)) if inside.any() else (tokens[:, 2], tokens[:, 3])
    logits: list[float] = []
    answers: list[ShortAnswer | None] = []
    for number in range(sentences):
        places = np.flatnonzero(numbers == number)
        if not len(places):
            logits.append(NOTHING)
            answers.append(None)
            continue
        weights = softmax(np.clip(tokens[places, 1], -15, 15))
        logits.append(float(weights @ tokens[places, 0]))
        answers.append(_answer(starts[places], ends[places], [encoded.spans[place] for place in places]))
    return Read(tuple(logits), tuple(answers), tuple(logits), (False,) * sentences)


def _answer(starts: Floats, ends: Floats, spans: Sequence[Span]) -> ShortAnswer:
    """The most probable run of tokens of a sentence."""
    joint = starts[:, None] + ends[None, :]
    first, last = divmod(int(np.argmax(joint + _barred(len(spans)))), len(spans))
    return ShortAnswer((spans[first][0], spans[last][1]), float(np.exp(joint[first, last])))


@lru_cache(maxsize=64)
def _barred(tokens: int) -> Floats:
    """Minus infinity where a run from one token to another would end before it starts, or be too long, float32 (tokens, tokens); elsewhere 0."""
    length = np.arange(tokens)[None] - np.arange(tokens)[:, None]
    return np.where((length >= 0) & (length < LONGEST_ANSWER), np.float32(0), np.float32(-np.inf))


def softmax(logits: Floats) -> Floats:
    """Log odds as probabilities, float32 (n,)."""
    shifted: Floats = np.exp(logits - logits.max())
    shifted /= shifted.sum()
    return shifted


def _log_softmax(logits: Floats) -> Floats:
    shifted: Floats = logits - logits.max()
    shifted -= np.log(np.exp(shifted).sum())
    return shifted
