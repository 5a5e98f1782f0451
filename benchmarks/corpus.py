"""Documents and vectors of our own making, as many as a benchmark needs, the same each time.

Words are drawn by Zipf's law from a made-up vocabulary, so that postings are as uneven as a language's. Vectors are mixtures of the
vectors of real sentences (those of the sample documents) with noise, so that they crowd together as real ones do.
"""

from collections.abc import Iterator, Sequence
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
NOISES = 1 << 14
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
    """Gives every text a vector that follows from its words alone, at no cost; stands for the real model, whose identity it bears."""

    def __init__(self, real: Embedder) -> None:
        self.real = real
        chance = np.random.default_rng(7)
        self._noise = chance.normal(size=(NOISES, real.identity.dimension)).astype(np.float32) / np.float32(np.sqrt(real.identity.dimension))
        self._base = real.documents([sentence.text for document in load([SEEDS]) for sentence in split.sentences(document)])

    @property
    def identity(self) -> ModelIdentity:
        return self.real.identity

    def count(self, texts: Sequence[str]) -> list[int]:
        """A chunk holds four sentences."""
        return [(self.identity.window - SPECIAL_TOKENS) // CHUNK if text.startswith("The ") else 0 for text in texts]

    def documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.rows([split.text_key(text) for text in texts])

    def question(self, text: str) -> NDArray[np.float32]:
        return self.real.question(text)

    def rows(self, seeds: Sequence[int]) -> NDArray[np.float32]:
        """A vector for each whole number: two sentences of the sample documents mixed, and noise."""
        mixed = np.array(seeds, np.uint64)[:, None] * np.array(
            [0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93], np.uint64
        ) >> np.uint64(33)
        one, two = (self._base[mixed[:, column] % len(self._base)] for column in (0, 1))
        noise = self._noise[mixed[:, 2] % NOISES] + self._noise[mixed[:, 3] % NOISES]
        rows = np.float32(0.75) * one + np.float32(0.5) * two + np.float32(0.28) * noise
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
