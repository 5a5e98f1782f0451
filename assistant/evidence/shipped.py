"""The models that come with the package: their files checked, their graphs run. With ONNX Runtime and tokenizers, without torch.

Rows are run one by one, one on each core: nothing is padded, and what is read of one does not depend, in any bit, on the others.
"""

import hashlib
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.evidence.encode import Encoded, Passage, encode, open_tokenizer
from index.embed.model import file_sha256
from index.embed.runtime import cores

FOLDER = Path(__file__).parent / "model"
MODELS = {"skim": "skim.onnx", "evidence": "evidence.onnx", "claims": "claims.onnx"}
"""Their files: of the small one that tells which passages may answer, of the larger one that finds what answers, and of the one that judges claims."""
LIKE, ALONE = ("claim", "claim bars"), ("claim alone", "claim alone bars")
"""What the card calls the weights of a verdict, and the probabilities from which a claim counts as supported and as weak: with the cosines of the model that
they were fitted to, and without, for an index that is made with another."""
ANSWERS = ("score", "confidence", "bar", "short answer")
JOINED = {"skim": ANSWERS, "evidence": ANSWERS, "claims": (*LIKE, *ALONE)}
"""What the card says of joining each: it was fitted to that model, and to no other."""
Floats = NDArray[np.float32]


class Shipped:
    """The models in a folder. A graph is opened when it is first run: who quotes needs no judge of claims."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Check every file. Raises ModelError where one is missing or damaged."""
        self.card = _card(folder)
        self.identity = hashlib.sha256(json.dumps(self.card, sort_keys=True).encode()).hexdigest()
        self.tokenizer = open_tokenizer(folder / "tokenizer.json")
        self._folder = folder
        self._pool = ThreadPoolExecutor(cores())
        self._opening = threading.Lock()
        self._sessions: dict[str, Any] = {}

    def encode(self, question: str, passages: Sequence[Passage]) -> list[Encoded]:
        """A question (or a claim) before each passage, as all models read it."""
        return encode(self.tokenizer, question, passages)

    def read(self, model: str, rows: Sequence[Encoded]) -> list[Floats]:
        """What a model reads of each token of each row, float32 (tokens, 7). The columns are those of `assistant.training.network.COLUMNS`."""
        session = self._session(model)

        def run(encoded: Encoded) -> Floats:
            ids = np.asarray([encoded.ids], np.int64)
            kinds = np.zeros_like(ids)
            kinds[0, encoded.asked :] = 1
            read: Floats = session.run(None, {"ids": ids, "kinds": kinds})[0][0]
            return read

        longest_first = sorted(range(len(rows)), key=lambda n: -len(rows[n].ids))  # So that no core is left with one at the end.
        read = dict(zip(longest_first, self._pool.map(run, [rows[n] for n in longest_first]), strict=True))
        return [read[n] for n in range(len(rows))]

    def sizes(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        return [len(encoding.ids) for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def _session(self, model: str) -> Any:
        with self._opening:
            if model not in self._sessions:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                self._sessions[model] = onnxruntime.InferenceSession(str(self._folder / MODELS[model]), options, providers=["CPUExecutionProvider"])
            return self._sessions[model]


def _card(folder: Path) -> dict[str, Any]:
    """The card of the models, every file that it names checked."""
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_bytes())
        wrong = [name for name, digest in card["files"].items() if file_sha256(folder / name) != digest]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"the evidence model in {folder} cannot be read ({error}): install Footnote again") from error
    if wrong:
        raise ModelError(f"{folder / wrong[0]} is damaged (its SHA-256 differs): install Footnote again")
    return card
