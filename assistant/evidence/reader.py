"""What passages say to a question, as the evidence model reads them: sentence by sentence, and in the very words of a short answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from assistant.evidence.encode import Encoded, Passage, Span
from assistant.evidence.shipped import Floats, Shipped

NOTHING = -20.0
"""The logit of a sentence that is not read: it stands behind more tokens than the model takes."""
CLOSELY = 2
"""How many passages are read closely: one on each of two cores."""
LONGEST_ANSWER = 24
"""Tokens of a short answer."""


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """Words of a passage that answer, as a span of its text; the probability, 0..1, that they are just these, if the passage answers at all."""

    span: Span
    probability: float


@dataclass(frozen=True, slots=True)
class Read:
    """For each sentence of a passage the log odds that it answers, against nothing of the passage; and the best short answer within it, if any."""

    logits: tuple[float, ...]
    answers: tuple[ShortAnswer | None, ...]


class Reader:
    """The models that find what answers: a small one skims every passage, a larger one reads closely what seemed best (a cascade: Viola and Jones, 2001)."""

    def __init__(self, shipped: Shipped) -> None:
        self._shipped = shipped

    def read(self, question: str, passages: Sequence[Passage]) -> list[Read]:
        """What each passage says to the question."""
        rows = self._shipped.encode(question, passages)
        sentences = [len(passage.sentences) for passage in passages]
        read = list(map(_told, rows, self._shipped.read("skim", rows), sentences))
        best = sorted(range(len(read)), key=lambda n: (-max(read[n].logits, default=NOTHING), n))[:CLOSELY]
        for n, closely in zip(best, self._shipped.read("evidence", [rows[n] for n in best]), strict=True):
            read[n] = _told(rows[n], closely, sentences[n])
        return read


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
    return Read(tuple(logits), tuple(answers))


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
