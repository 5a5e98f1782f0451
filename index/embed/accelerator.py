"""The model itself on a GPU, through sentence-transformers: for builds of many documents where there is one.

Vectors agree with the export's to the cosine that the export was accepted at, so an index may be built here and asked there.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from index.embed.export import load, prompts_of, window_of
from index.embed.runtime import Vectors32, mean_of_pieces
from index.errors import ModelError
from index.types import ModelIdentity

BATCH = 128


class AcceleratedEmbedder:
    """An `Embedder` on `cuda` or `mps`. Equal texts are run once; batches are of similar length."""

    def __init__(self, folder: Path, model: str, weights: str, device: str) -> None:
        """Raises ModelError where there is no such device."""
        if not {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}[device]():
            raise ModelError(f"there is no {device} device here: leave out --device and FOOTNOTE_DEVICE to use the CPU")
        self._model = load(folder, device)
        self.identity = ModelIdentity(model, weights, int(self._model.get_embedding_dimension() or 0), window_of(self._model))
        self._prompts = prompts_of(self._model)
        self._tokenizer = self._model.tokenizer

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(ids) for ids in self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]] if texts else []

    def documents(self, texts: Sequence[str]) -> Vectors32:
        return self._embed([self._prompts["document"] + text for text in texts])

    def question(self, text: str) -> Vectors32:
        row: Vectors32 = self._embed([self._prompts["query"] + text])[0]
        return row

    def _embed(self, texts: Sequence[str]) -> Vectors32:
        unique = list(dict.fromkeys(texts))
        if not unique:
            return np.zeros((0, self.identity.dimension), np.float32)
        encoded = self._tokenizer(unique, truncation=True, max_length=self.identity.window, return_overflowing_tokens=True)
        pieces = sorted(range(len(encoded["input_ids"])), key=lambda piece: len(encoded["input_ids"][piece]))
        rows: dict[int, Vectors32] = {}
        for start in range(0, len(pieces), BATCH):
            batch = pieces[start : start + BATCH]
            rows.update(zip(batch, self._run([encoded["input_ids"][piece] for piece in batch]), strict=True))
        of_text: dict[str, list[int]] = {}
        for piece, sample in enumerate(encoded["overflow_to_sample_mapping"]):
            of_text.setdefault(unique[sample], []).append(piece)
        lengths = {piece: len(encoded["input_ids"][piece]) for piece in rows}
        vectors = {text: mean_of_pieces([rows[p] for p in own], [lengths[p] for p in own]) for text, own in of_text.items()}
        return np.stack([vectors[text] for text in texts])

    def _run(self, ids: Sequence[Sequence[int]]) -> Vectors32:
        padded = self._tokenizer.pad({"input_ids": list(ids)}, return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            pooled: Vectors32 = self._model(dict(padded))["sentence_embedding"].float().cpu().numpy()
        return pooled
