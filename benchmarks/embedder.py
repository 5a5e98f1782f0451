"""How fast each form of the model reads, and what it loses: the original in PyTorch, and the exports in float32 and int8, in one run."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import corpus
from index.embed import DEFAULT_MODEL, Vectors32
from index.embed.export import export_graph, load, quantised
from index.embed.model import packaged
from index.embed.runtime import OnnxEmbedder
from index.types import ModelIdentity

LENGTHS = (1, 2, 4)  # Paragraphs a text, some 70 tokens each.


def main() -> None:
    """Print the table."""
    original = load(packaged(), "cpu")
    identity = ModelIdentity(DEFAULT_MODEL, "0" * 64, 384, 256)
    print("| form | thousand tokens a second | cosine with the original: mean, least |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch:
        masked = export_graph(load(packaged(), "cpu"), identity, Path(scratch) / "masked", lean=False)
        lean = export_graph(load(packaged(), "cpu"), identity, Path(scratch) / "lean", lean=True)
        assert masked is not None
        assert lean is not None
        places = {"ONNX, as exported": masked, "ONNX, lean": lean, "ONNX, lean, int8": quantised(lean, identity)}
        opened = {name: OnnxEmbedder(place, DEFAULT_MODEL) for name, place in places.items()}
        texts = [corpus.paragraphs(number, length) for number in range(150) for length in LENGTHS]
        tokens = sum(opened["ONNX, lean"].count(texts))
        wanted = original.encode(texts, normalize_embeddings=True)
        forms: dict[str, Callable[[Sequence[str]], Vectors32]] = {
            "PyTorch, batches of 32": lambda given: np.asarray(original.encode(list(given), normalize_embeddings=True, batch_size=32)),
            **{name: embedder.documents for name, embedder in opened.items()},
        }
        for name, run in forms.items():
            run(texts[:8])
            start = time.perf_counter()
            rows = run(texts)
            seconds = time.perf_counter() - start
            cosines = (rows * wanted).sum(1)
            print(f"| {name} | {tokens / seconds / 1e3:.1f} | {cosines.mean():.4f}, {cosines.min():.4f} |", flush=True)


if __name__ == "__main__":
    main()
