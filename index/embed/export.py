"""A sentence-transformers model into ONNX, once: leaner, smaller, and compared with the original. The slow imports live here.

Two AVX-512 cores, 128 tokens a text, thousands of tokens a second (`benchmarks.embedder` prints them): the plain export runs 7,
without masks and fused LayerNorm 8, with int8 matrices 21 (see `index.embed.graph`).
"""

import logging
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

from index.embed.graph import quantise, slim
from index.embed.model import file_sha256
from index.embed.runtime import OnnxEmbedder, Vectors32, read_card, write_card
from index.errors import ModelError
from index.types import ModelIdentity

Original = Callable[[str], Vectors32]

PROBE = (
    "A contract ends thirty days after notice.",
    "When does the lease end?",
    "Die Frist beträgt 30 Tage. " * 12,
    "How is the pressure measured behind a shock wave?",
    "Payments are due on the first working day of each month; interest of 4.5 % a year runs from the day after, unless the parties have agreed otherwise.",
    "She closed the door, and for a while nobody in the house said a word about the letter that had come that morning from Lisbon.",
)
LEAST_COSINE = 0.99


def export(folder: Path, model: str, weights: str, cache: Path) -> OnnxEmbedder:
    """Export a model beside the cache, compare it with the original, and move it in whole. Raises ModelError where they differ."""
    target = cache / weights[:32]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="exporting-") as scratch:
            work = _write(folder, model, weights, Path(scratch))
            if target.exists():  # Damaged, or made by another process in the meantime.
                target.rename(Path(scratch) / "replaced")
            work.rename(target)
    except OSError as error:
        raise ModelError(f"cannot keep the exported model in {cache}: {error.strerror}; set FOOTNOTE_CACHE to a folder that can be written") from error
    return OnnxEmbedder(target, model)


def _write(folder: Path, model: str, weights: str, scratch: Path) -> Path:
    """The fastest export that says what the original says: int8, else float32; without masks, else with them."""
    disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        original = load(folder, "cpu")
        identity = ModelIdentity(model, weights, int(original.get_embedding_dimension() or 0), window_of(original))
        worst = 0.0
        for lean in (True, False):
            plain = export_graph(load(folder, "cpu"), identity, scratch / f"float32-{lean}", lean)
            for made in (quantised(plain, identity), plain) if plain else ():
                worst = max(worst, agreement(OnnxEmbedder(made, model), encoder(original)))
                if worst >= LEAST_COSINE:
                    return made
    raise ModelError(f"the export of {model} differs from the model (cosine {worst:.3f} < {LEAST_COSINE}): it cannot be used")


def load(folder: Path, device: str) -> SentenceTransformer:
    """The model itself, for evaluation, from local files without code of its own."""
    return SentenceTransformer(str(folder), device=device, local_files_only=True, trust_remote_code=False).eval()


def window_of(model: SentenceTransformer) -> int:
    """How many tokens the model reads at once."""
    return min(model.max_seq_length or 512, 8192)


def prompts_of(model: SentenceTransformer) -> dict[str, str]:
    """What the model wants before a query and before a document."""
    return {kind: model.prompts.get(kind) or "" for kind in ("query", "document")}


def encoder(model: SentenceTransformer) -> Original:
    """The original, one text at a time, without its prompts."""
    return lambda text: np.asarray(model.encode(text, normalize_embeddings=True, prompt=""), np.float32)


def agreement(exported: OnnxEmbedder, original: Original) -> float:
    """The least cosine of exported and original vectors over the probe."""
    return min(float(exported.question(text) @ original(text)) for text in PROBE)


# --- The graph ---------------------------------------------------------------------------------------


class _Masked(torch.nn.Module):
    """Token ids and mask in, one pooled vector a row out."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        pooled: torch.Tensor = self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]
        return pooled


class _Alone(_Masked):
    """Token ids of one text in, its pooled vector out: every token counts."""

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return super().forward(input_ids, torch.ones_like(input_ids))


def export_graph(model: SentenceTransformer, identity: ModelIdentity, work: Path, lean: bool) -> Path | None:
    """Write model.onnx, tokenizer.json and the card into a folder; None where the lean graph is not to be had."""
    if lean and not slim(model, getattr(model[0], "auto_model", None)):
        return None
    work.mkdir()
    sample = model.tokenizer(["of some length"] if lean else ["two rows", "of some unequal length"], padding=True, return_tensors="pt")
    length = torch.export.Dim("length", max=identity.window)
    axes: dict[int, Any] = {1: length} if lean else {0: torch.export.Dim("batch"), 1: length}
    names = ["input_ids"] if lean else ["input_ids", "attention_mask"]
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    torch.onnx.export(
        (_Alone if lean else _Masked)(model),
        tuple(sample[name] for name in names),
        str(work / "model.onnx"),
        input_names=names,
        output_names=["sentence_vector"],
        dynamic_shapes=dict.fromkeys(names, axes),
        external_data=False,
        dynamo=True,
        verbose=False,
    )
    (work / "tokenizer.json").write_text(model.tokenizer.backend_tokenizer.to_str(), "utf-8")
    _seal(work, identity, "float32", prompts_of(model))
    return work


def quantised(plain: Path, identity: ModelIdentity) -> Path:
    """The same export with int8 matrices beside it."""
    work = plain.with_name(plain.name + "-int8")
    work.mkdir()
    quantise(plain / "model.onnx", work / "model.onnx")
    (work / "tokenizer.json").write_bytes((plain / "tokenizer.json").read_bytes())
    _seal(work, identity, "int8", read_card(plain)["prompts"])
    return work


def _seal(work: Path, identity: ModelIdentity, precision: str, prompts: dict[str, str]) -> None:
    files = {name: file_sha256(work / name) for name in ("model.onnx", "tokenizer.json")}
    write_card(work, {"identity": asdict(identity), "precision": precision, "prompts": prompts, "files": files})
