"""Runs the evidence model: a question before passages, a claim before its evidence. With ONNX Runtime and tokenizers, without torch.

Passages are run one by one, one on each core: nothing is padded, and what is read of one does not depend, in any bit, on the others.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.evidence.encode import MOST_TEXT, Encoded, Passage, Span, encode, open_tokenizer
from index.embed.model import file_sha256
from index.embed.runtime import cores
from index.split import sentence_spans
from index.words import content_words

FOLDER = Path(__file__).parent / "model"
Floats = NDArray[np.float32]
NOTHING = -20.0
"""The logit of a sentence that is not read: it stands behind more tokens than the model takes."""
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
    """The evidence model in a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Open the model, its hashes checked. Raises ModelError where it is missing or damaged."""
        import onnxruntime

        self.card = _card(folder)
        self.identity = hashlib.sha256(json.dumps(self.card, sort_keys=True).encode()).hexdigest()
        self._tokenizer = open_tokenizer(folder / "tokenizer.json")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self._pool = ThreadPoolExecutor(cores())

    def read(self, question: str, passages: Sequence[Passage]) -> list[Read]:
        """What each passage says to the question."""
        encoded = encode(self._tokenizer, question, passages)
        return [_read(one, row, len(p.sentences)) for one, row, p in zip(encoded, self._pool.map(self._run, encoded), passages, strict=True)]

    def verdict(self, claim: str, evidence: Sequence[str]) -> tuple[float, float, float]:
        """The probabilities that the evidence supports a claim, contradicts it, or does neither; of more than is read at once, by its best part."""
        passages = [Passage("", text, ((0, len(text)),)) for text in self._parts(claim, evidence)]
        rows = list(self._pool.map(self._run, encode(self._tokenizer, claim, passages)))
        chances = [_softmax(row[0, 4:7]) for row in rows]
        best = max(chances, key=lambda chance: float(chance[0]))
        return float(best[0]), float(best[1]), float(best[2])

    def _parts(self, claim: str, evidence: Sequence[str]) -> list[str]:
        """The evidence joined; where that is more than is read at once, in parts of whole sentences, and those that share most with the claim."""
        joined = " ".join(evidence)
        if self._sizes([joined])[0] <= MOST_TEXT:
            return [joined]
        sentences = [text[start:end] for text in evidence for start, end in sentence_spans(text)]
        sizes = self._sizes(sentences)
        asked = {stemmed for _, stemmed in content_words(claim)}
        shared = [len(asked.intersection(stemmed for _, stemmed in content_words(sentence))) for sentence in sentences]
        nearest, room = [], MOST_TEXT
        for number in sorted(range(len(sentences)), key=lambda n: (-shared[n], n)):
            if shared[number] and sizes[number] <= room:
                nearest.append(number)
                room -= sizes[number]
        parts = [" ".join(sentences[number] for number in sorted(nearest))] if nearest else []
        return [*parts, *_joined(sentences, sizes)]

    def _sizes(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def _run(self, encoded: Encoded) -> Floats:
        """What is read of each token, float32 (tokens, 7): see `assistant.training.network.COLUMNS`."""
        ids = np.asarray([encoded.ids], np.int64)
        kinds = np.zeros_like(ids)
        kinds[0, encoded.asked :] = 1
        read: Floats = self._session.run(None, {"ids": ids, "kinds": kinds})[0][0]
        return read


def _joined(sentences: Sequence[str], sizes: Sequence[int]) -> Iterator[str]:
    """Sentences in order, as many together as are read at once."""
    taken: list[str] = []
    room = MOST_TEXT
    for sentence, size in zip(sentences, sizes, strict=True):
        if taken and size > room:
            yield " ".join(taken)
            taken, room = [], MOST_TEXT
        taken.append(sentence)
        room -= size
    yield " ".join(taken)


def _read(encoded: Encoded, row: Floats, sentences: int) -> Read:
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
        weights = _softmax(np.clip(tokens[places, 1], -15, 15))
        logits.append(float(weights @ tokens[places, 0]))
        answers.append(_answer(starts[places], ends[places], [encoded.spans[place] for place in places]))
    return Read(tuple(logits), tuple(answers))


def _answer(starts: Floats, ends: Floats, spans: Sequence[Span]) -> ShortAnswer:
    """The most probable run of tokens of a sentence."""
    joint = starts[:, None] + ends[None, :]
    there = np.tril(np.triu(np.ones(joint.shape, np.bool_)), LONGEST_ANSWER - 1)
    first, last = np.unravel_index(int(np.argmax(np.where(there, joint, -np.inf))), joint.shape)
    return ShortAnswer((spans[int(first)][0], spans[int(last)][1]), float(np.exp(joint[first, last])))


def _softmax(logits: Floats) -> Floats:
    shifted: Floats = np.exp(logits - logits.max())
    shifted /= shifted.sum()
    return shifted


def _log_softmax(logits: Floats) -> Floats:
    shifted: Floats = logits - logits.max()
    shifted -= np.log(np.exp(shifted).sum())
    return shifted


# --- The files -------------------------------------------------------------------------------------------


def _card(folder: Path) -> dict[str, Any]:
    """The card of the model, every file that it names checked."""
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_bytes())
        wrong = [name for name, digest in card["files"].items() if file_sha256(folder / name) != digest]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the evidence model in {folder} cannot be read ({error}): install Footnote again") from error
    if wrong:
        raise ModelError(f"{folder / wrong[0]} is damaged (its SHA-256 differs): install Footnote again")
    return card
