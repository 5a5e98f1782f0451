"""A trained network as the files that ship: an ONNX graph of matrices and words of few bits, and its tokenizer."""

import json
import logging
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import Tensor
from torch.nn.functional import embedding

from assistant.evidence.shipped import JOINED, MODELS
from assistant.training.network import COLUMNS, LONGEST, Network, by_distance
from assistant.training.packing import pack
from assistant.training.rounding import TwoBits
from index.embed.graph import quantise, write_out_norms
from index.embed.model import file_sha256


class _Vectors(torch.nn.Module):
    """Vectors of int8, each with a scale of its own."""

    def __init__(self, vectors: Tensor) -> None:
        super().__init__()
        scale = vectors.detach().abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        self.register_buffer("vectors", torch.round(vectors.detach() / scale).to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids: Tensor) -> Tensor:
        found: Tensor = self.vectors[ids].float() * self.scale[ids]
        return found


class _Packed(torch.nn.Module):
    """Word vectors of two bits a figure, four in a byte."""

    def __init__(self, words: TwoBits) -> None:
        super().__init__()
        quads, places = words.codes.unflatten(1, (-1, 4)), torch.arange(4, dtype=torch.uint8)
        self.register_buffer("bytes", (quads << 2 * places).sum(2, dtype=torch.uint8))
        self.register_buffer("levels", words.levels((torch.arange(256)[:, None] >> 2 * places) & 3))
        for name in ("rows", "columns", "mean"):
            self.register_buffer(name, getattr(words, name))

    def forward(self, ids: Tensor) -> Tensor:
        found: Tensor = embedding(self.bytes[ids].long(), self.levels).flatten(2) * self.rows[ids] * self.columns + self.mean
        return found


class _Graph(torch.nn.Module):
    """Token ids and kinds of one row, int64 (1, tokens); float32 (1, tokens, 7) out. It needs no mask."""

    def __init__(self, network: Network, words: TwoBits) -> None:
        super().__init__()
        self.words, self.positions = _Packed(words), _Vectors(network.positions.weight)
        self.kinds, self.norm, self.layers, self.heads = network.kinds, network.norm, network.layers, network.heads
        distances = None
        if network.relative is not None:  # From the last token to the first, the first row and column hold every distance that there is.
            bias = by_distance(network.relative, LONGEST)[0]
            distances = torch.cat([bias[:, 1:, 0].flip(1), bias[:, 0]], 1).T.contiguous()
        self.register_buffer("distances", distances)

    def forward(self, ids: Tensor, kinds: Tensor) -> Tensor:
        places, bias = torch.arange(ids.shape[1]), None
        if self.distances is not None:
            bias = embedding(places[None] - places[:, None] + LONGEST - 1, self.distances).permute(2, 0, 1)[None]
        states = self.norm(self.words(ids) + self.kinds(kinds) + self.positions(places))
        for layer in self.layers:
            states = layer(states, bias)
        read: Tensor = self.heads(states)
        return read


def ship(network: Network, tokenizer: Path, folder: Path, model: str, facts: Mapping[str, object]) -> None:
    """Write one of the models, the tokenizer and the card into a folder. What is there of the others stays; what was fitted to an earlier one goes."""
    folder.mkdir(parents=True, exist_ok=True)
    export(network, folder / MODELS[model])
    (folder / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    place = folder / "card.json"
    card = json.loads(place.read_bytes()) if place.exists() else {}
    files = {name: file_sha256(folder / name) for name in (*MODELS.values(), "tokenizer.json") if (folder / name).exists()}
    models = {**card.get("models", {}), model: facts}
    joined = {name: value for name, value in card.get("joined", {}).items() if name not in JOINED[model]}
    place.write_text(json.dumps({"models": models, "files": files, "joined": joined}, indent=1) + "\n", "utf-8")


def export(network: Network, target: Path) -> None:
    """Write the graph of a network that will not be trained any more: its norms are written out.

    Raises ValueError where its words are not rounded.
    """
    if network.words is None:
        raise ValueError("the words of the network are not rounded")
    write_out_norms(network)
    network.round_matrices(rounded=False)  # Packing rounds them.
    sample = torch.ones(1, 24, dtype=torch.int64)
    length = torch.export.Dim("length", max=LONGEST)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings(action="ignore"):
        plain = Path(scratch) / "model.onnx"
        torch.onnx.export(
            _Graph(network, network.words).eval(),
            (sample, torch.zeros_like(sample)),
            str(plain),
            input_names=["ids", "kinds"],
            output_names=["read"],
            dynamic_shapes={"ids": {1: length}, "kinds": {1: length}},
            external_data=False,
            dynamo=True,
            verbose=False,
        )
        quantise(plain, target, _heads(plain))
    pack(target, [matrix.weight.detach() for matrix in network.matrices])


def _heads(graph: Path) -> list[str]:
    """The nodes that multiply by the heads: they are small, and their figures are what is read."""
    model = onnx.load(str(graph))
    narrow = {weight.name for weight in model.graph.initializer if len(COLUMNS) in weight.dims}
    return [node.name for node in model.graph.node if node.op_type in ("MatMul", "Gemm") and narrow.intersection(node.input)]
