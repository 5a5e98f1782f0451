"""Runs an exported model with ONNX Runtime and tokenizers: no torch in the path of a question or a build.

Texts are run one by one, one on each core. Measured on two cores that is faster than batches of equal lengths (see
`benchmarks.embedder`): nothing is padded, a matrix of 200 rows already fills a core, and a text's vector does not
depend, in any bit, on the texts beside it, though int8 scales its activations by what it is given.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embed.model import file_sha256
from index.errors import ModelError
from index.types import ModelIdentity

Vectors32 = NDArray[np.float32]


class OnnxEmbedder:
    """An `Embedder` over the export in a folder."""

    def __init__(self, folder: Path, model: str) -> None:
        """Open an export; `model` is the name that its identity shall bear."""
        import onnxruntime
        from tokenizers import Tokenizer

        card = read_card(folder)
        self.identity = replace(ModelIdentity(**card["identity"]), name=model)
        self.precision: str = card["precision"]
        self._prompts: dict[str, str] = card["prompts"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.identity.window)
        self._counter = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._counter.no_padding()
        self._counter.no_truncation()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        self._masked = len(self._session.get_inputs()) > 1
        self._pool = ThreadPoolExecutor(cores())

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding) for encoding in self._counter.encode_batch_fast(list(map(_encodable, texts)), add_special_tokens=False)]

    def documents(self, texts: Sequence[str]) -> Vectors32:
        return self._embed([self._prompts["document"] + text for text in texts])

    def question(self, text: str) -> Vectors32:
        row: Vectors32 = self._embed([self._prompts["query"] + text])[0]
        return row

    def _embed(self, texts: Sequence[str]) -> Vectors32:
        """Equal texts are run once; the longest start first, so that no core is left with one at the end."""
        longest_first = sorted(dict.fromkeys(texts), key=len, reverse=True)
        encodings = self._tokenizer.encode_batch(list(map(_encodable, longest_first)))
        vectors = dict(zip(longest_first, self._pool.map(self._vector, encodings), strict=True))
        return np.stack([vectors[text] for text in texts]) if texts else np.zeros((0, self.identity.dimension), np.float32)

    def _vector(self, encoding: Any) -> Vectors32:
        pieces = [encoding, *encoding.overflowing]
        return mean_of_pieces([self._run(piece.ids) for piece in pieces], [len(piece.ids) for piece in pieces])

    def _run(self, ids: Sequence[int]) -> Vectors32:
        row = np.asarray([ids], np.int64)
        inputs = {"input_ids": row, "attention_mask": np.ones_like(row)} if self._masked else {"input_ids": row}
        vector: Vectors32 = self._session.run(None, inputs)[0][0]
        return vector


def mean_of_pieces(pieces: Iterable[Vectors32], lengths: Sequence[int]) -> Vectors32:
    """The unit mean of a text's pieces, each weighted by its tokens."""
    weighted = [np.float32(length) * unit(piece) for piece, length in zip(pieces, lengths, strict=True)]
    return unit(np.sum(weighted, axis=0, dtype=np.float32))


def unit(vector: Vectors32) -> Vectors32:
    """A vector of length 1 in the same direction."""
    return vector / np.float32(max(float(np.linalg.norm(vector)), 1e-12))


def _encodable(text: str) -> str:
    """The text without lone surrogates, which the tokenizer would refuse."""
    return text.encode("utf-8", "replace").decode()


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- The cache of exports ----------------------------------------------------------------------------


def cached(cache: Path, weights: str, model: str) -> OnnxEmbedder | None:
    """The export of these weights under the name that the model goes by now, or None if there is none that is whole: it is made again then."""
    folder = cache / weights[:32]
    try:
        card = read_card(folder)
        whole = all(file_sha256(folder / name) == digest for name, digest in card["files"].items())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise ModelError(f"cannot read the exported model in {folder}: {error.strerror}; mend that, or set FOOTNOTE_CACHE to another folder") from error
    return OnnxEmbedder(folder, model) if whole else None


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """The card with its own hash: everything that decides a vector is checked before it is used."""
    body = json.dumps(card, sort_keys=True)
    (folder / "card.json").write_text(json.dumps({"card": card, "sha256": hashlib.sha256(body.encode()).hexdigest()}), "utf-8")


def read_card(folder: Path) -> dict[str, Any]:
    """The card of an export. Raises ValueError if it is damaged."""
    stored = json.loads((folder / "card.json").read_bytes())
    card: dict[str, Any] = stored["card"] if isinstance(stored, dict) and isinstance(stored.get("card"), dict) else {}
    if not card or hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest() != stored.get("sha256"):
        raise ValueError("the card is damaged")
    return card
