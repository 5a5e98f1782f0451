"""Documents and vectors of our own making, as many as a benchmark needs, the same each time.

Words are drawn by Zipf's law from a made-up vocabulary, so that postings are as uneven as a language's. Vectors are mixtures of the
vectors of real sentences (those of the sample documents) with noise, so that they crowd together as real ones do.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index import split
from index.build import SPECIAL_TOKENS
from index.embed import Embedder
from index.load import load
from index.types import Document, ModelIdentity

SEEDS = Path(__file__).parents[1] / "seeds"
WORDS = 60_000
PLACES = "harbour school forest bridge market theatre museum station hospital library".split()
SENTENCE, CHUNK, DOCUMENT = 15, 4, 100  # Words a sentence, sentences a chunk, chunks a document.


def documents(chunks: int) -> Iterator[Document]:
    """Documents of 100 chunks (or all of fewer) each."""
    chance = np.random.default_rng(5)
    vocabulary = np.array([_word(number) for number in range(WORDS)])
    for number, first in enumerate(range(0, chunks, DOCUMENT)):
        count = min(DOCUMENT, chunks - first) * CHUNK
        drawn = np.minimum(chance.zipf(1.25, (count, SENTENCE)) - 1, WORDS - 1)
        sentences = [f"The {' '.join(row)}." for row in vocabulary[drawn].tolist()]
        yield Document(f"set/{number:06}.txt", f"{number:06}", " ".join(sentences), (), f"{number:064x}", (), "/synthetic", 1_600_000_000)


def questions(count: int) -> list[str]:
    """Six words each, of middling rarity, as questions have."""
    chance = np.random.default_rng(9)
    return [f"What about the {' '.join(_word(int(n)) for n in 20 + 3000 * chance.random(6) ** 2)}?" for _ in range(count)]


def _word(number: int) -> str:
    """A word of two to four syllables that no stemmer shortens."""
    syllables = [consonant + vowel for consonant in "bdfgklmnprtv" for vowel in "aou"]
    word = ""
    number += len(syllables)
    while number:
        word = syllables[number % len(syllables)] + word
        number //= len(syllables)
    return word + "x"


def write_documents(folder: Path, count: int, length: int) -> int:
    """Reports of our own making, no two paragraphs alike; their characters in all."""
    folder.mkdir()
    total = 0
    for number in range(count):
        text = paragraphs(number, length)
        (folder / f"report about places {number}.txt").write_text(text)
        total += len(text)
    return total


def paragraphs(number: int, count: int) -> str:
    """The first paragraphs of a report."""
    return "".join(_paragraph(number, part) for part in range(count))


def _paragraph(number: int, part: int) -> str:
    place, other = PLACES[(number + part) % 10], PLACES[(number * part) % 10]
    return (
        f"Report {number}.{part} concerns the {place}. The committee meets on day {number + part} of the month in room {part}. "
        f"Its members looked at {number * part + 3} proposals for the {other} and kept {part % 4}. The rest were put off until spring.\n\n"
    )


class SyntheticEmbedder:
    """Gives every chunk a vector at no cost, in order; stands for the real model, whose identity it bears."""

    def __init__(self, real: Embedder) -> None:
        self.real = real
        self.made = 0

    @property
    def identity(self) -> ModelIdentity:
        return self.real.identity

    def count(self, texts: Sequence[str]) -> list[int]:
        """A chunk holds four sentences."""
        return [(self.identity.window - SPECIAL_TOKENS) // CHUNK if text.startswith("The ") else 0 for text in texts]

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = self.rows(self.made, len(texts))
        self.made += len(texts)
        return rows

    def question(self, text: str) -> NDArray[np.float32]:
        return self.real.question(text)

    def rows(self, first: int, count: int) -> NDArray[np.float32]:
        """The vectors number `first` and on, the same each time."""
        chance = np.random.default_rng([7, first])
        pairs = chance.integers(0, len(self._base), (2, count))
        noise = chance.normal(size=(count, self.identity.dimension)).astype(np.float32) / np.sqrt(self.identity.dimension)
        rows = np.float32(0.75) * self._base[pairs[0]] + np.float32(0.5) * self._base[pairs[1]] + np.float32(0.4) * noise.astype(np.float32)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    @cached_property
    def _base(self) -> NDArray[np.float32]:
        texts = [sentence.text for document in load([SEEDS], {}) for sentence in split.sentences(document)]
        return self.real.documents(texts)
