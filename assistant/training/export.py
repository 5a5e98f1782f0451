"""A trained network as the files that ship: an ONNX graph of int8 matrices and words, and its tokenizer."""

import json
import logging
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import onnx
import torch
from torch import Tensor

from assistant.evidence.shipped import JOINED, MODELS
from assistant.training.network import COLUMNS, Network
from index.embed.graph import quantise, slim
from index.embed.model import file_sha256


class _Shipped(torch.nn.Module):
    """Token ids and kinds of one row, int64 (1, tokens); float32 (1, tokens, 7) out. The word vectors are int8, each with a scale of its own."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        table = network.trunk.embeddings.word_embeddings.weight.detach()
        scale = table.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        self.register_buffer("words", torch.round(table / scale).to(torch.int8))
        self.register_buffer("scale", scale)
        self.trunk, self.heads = network.trunk, network.heads

    def forward(self, ids: Tensor, kinds: Tensor) -> Tensor:
        words = self.words[ids].float() * self.scale[ids]
        read: Tensor = self.heads(self.trunk(inputs_embeds=words, token_type_ids=kinds).last_hidden_state)
        return read


def ship(network: Network, tokenizer: Path, folder: Path, model: str, facts: Mapping[str, object]) -> None:
    """Write one of the models, the tokenizer and the card into a folder. What is there of the other stays; what was fitted to an earlier one goes."""
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
    """Write the graph of a network that will not be trained any more: its masks are taken out."""
    network.eval()
    slim(network, network.trunk)
    sample = torch.ones(1, 24, dtype=torch.int64)
    length = torch.export.Dim("length", max=512)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings(action="ignore"):
        plain = Path(scratch) / "model.onnx"
        torch.onnx.export(
            _Shipped(network).eval(),
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


def _heads(graph: Path) -> list[str]:
    """The nodes that multiply by the heads: they are small, and their figures are what is read."""
    model = onnx.load(str(graph))
    narrow = {weight.name for weight in model.graph.initializer if len(COLUMNS) in weight.dims}
    return [node.name for node in model.graph.node if node.op_type in ("MatMul", "Gemm") and narrow.intersection(node.input)]
