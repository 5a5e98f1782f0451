"""What the evidence model reads: token ids of a question, and of a passage in its place. In training and in use alike."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Span = tuple[int, int]

MOST_QUESTION, MOST_OVER, MOST_TEXT = 64, 32, 288
"""Tokens that are read of a question (or a claim), of title and heading, and of a passage: more than a chunk has."""

CLS, SEP = 101, 102
"""The ids of [CLS] and [SEP] in the vocabulary of BERT."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, where it stands (title and heading; "" if nowhere), and its sentences as spans of it, in order."""

    over: str
    text: str
    sentences: tuple[Span, ...]

    @classmethod
    def of(cls, over: str, sentences: Sequence[str]) -> "Passage":
        """Sentences, a space apart."""
        starts = [0]
        for sentence in sentences:
            starts.append(starts[-1] + len(sentence) + 1)
        return cls(over, " ".join(sentences), tuple((start, start + len(one)) for start, one in zip(starts, sentences, strict=False)))


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids; where what is asked of begins, and where its text; for each token of the text its sentence and its span (of code points)."""

    ids: list[int]
    asked: int
    first: int
    sentence: list[int]
    spans: list[Span]


def open_tokenizer(file: Path) -> Any:
    """The tokenizer of a file; it neither pads nor cuts."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encode(tokenizer: Any, question: str, passages: Sequence[Passage]) -> list[Encoded]:
    """The question before each passage: [CLS] question [SEP] over [SEP] text [SEP]."""
    asked = _ids(tokenizer, question, MOST_QUESTION)
    texts = tokenizer.encode_batch([passage.text for passage in passages], add_special_tokens=False)
    return [_join(asked, _ids(tokenizer, passage.over, MOST_OVER), text, passage.sentences) for passage, text in zip(passages, texts, strict=True)]


def around(encoded: Encoded, sentence: int, most: int) -> Encoded:
    """The row with nothing of the text but a sentence and whole ones around it, the nearest first, while they have no more tokens than `most` together."""
    sizes = Counter(encoded.sentence)
    first = last = sentence
    room = most - sizes[sentence]
    while near := [(abs(n - sentence), n) for n in (first - 1, last + 1) if n >= 0 and 0 < sizes[n] <= room]:
        taken = min(near)[1]
        first, last = min(first, taken), max(last, taken)
        room -= sizes[taken]
    places = [place for place, number in enumerate(encoded.sentence) if first <= number <= last]
    start, end = (places[0], places[-1] + 1) if places else (0, 0)
    before, text = encoded.ids[: encoded.first], encoded.ids[encoded.first + start : encoded.first + end]
    return Encoded([*before, *text, SEP], encoded.asked, encoded.first, encoded.sentence[start:end], encoded.spans[start:end])


def _ids(tokenizer: Any, text: str, most: int) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids[:most]
    return ids


def _join(asked: list[int], over: list[int], text: Any, sentences: Sequence[Span]) -> Encoded:
    before = [CLS, *asked, SEP, *over, SEP]
    spans = text.offsets[:MOST_TEXT]
    return Encoded([*before, *text.ids[:MOST_TEXT], SEP], len(asked) + 2, len(before), _sentence_of(spans, sentences), spans)


def _sentence_of(tokens: Sequence[Span], sentences: Sequence[Span]) -> list[int]:
    """The number of the sentence that each token starts in, or -1; both in order."""
    numbers = []
    place = 0
    for start, _ in tokens:
        while place < len(sentences) and sentences[place][1] <= start:
            place += 1
        numbers.append(place if place < len(sentences) and sentences[place][0] <= start else -1)
    return numbers
