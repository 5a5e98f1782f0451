"""Documents that were made up, with pairs of claims for the judge and questions for what reads passages: `written/`, a file each."""

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

from assistant.training.sets import Json

FOLDER = Path(__file__).parent / "written"
LABELS = {"contradicted": 1, "not said": 2}
HELD_OUT = 8
"""One document in so many, by its name, is kept from training, to see what was learnt of the others (`benchmarks.evidence`)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The sentences that carry the true claim, by number; both claims; what the false one is: contradicted (1), or not said (2)."""

    on: tuple[int, ...]
    true: str
    false: str
    label: int


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody may ask, and the sentences that answer it, by number: each of them, or some together; none if the document does not say."""

    asked: str
    on: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A document, and the pairs and questions over it."""

    title: str
    sentences: tuple[str, ...]
    pairs: tuple[Pair, ...]
    questions: tuple[Question, ...]


def read_written(folder: Path = FOLDER, held: bool = False) -> list[Written]:
    """The documents to train on, or those held out."""
    files = [file for file in sorted(folder.glob("*.json")) if (zlib.crc32(file.stem.encode()) % HELD_OUT == 0) == held]
    return [_written(json.loads(file.read_text("utf-8"))) for file in files]


def _written(read: Json) -> Written:
    pairs = tuple(Pair(tuple(sorted(pair["on"])), pair["true"], pair["false"], LABELS[pair["label"]]) for pair in read["pairs"])
    questions = tuple(Question(question["asked"], tuple(question["on"])) for question in read.get("questions", ()))
    return Written(read["title"], tuple(read["sentences"]), pairs, questions)
