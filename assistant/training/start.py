"""The networks that a training starts from: a trunk with new heads, or one back out of the files that ship."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from assistant.training.network import Large, Network

MATRICES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The int8 matrices of a layer, in the order in which the graph multiplies by them."""


def new_network(trunk: Path, seed: int) -> Network:
    """The trunk with heads that the seed fixes."""
    torch.manual_seed(seed)
    return Network(trunk)


def new_teacher(trunk: Path, tokenizer: Path, seed: int) -> Large:
    """A larger trunk with heads that the seed fixes; it reads what the tokenizer gives."""
    torch.manual_seed(seed)
    return Large(trunk, tokenizer)


def take_over(network: Network, graph: Path) -> None:
    """Set the weights of a network to those of a graph that ships, as int8 has rounded them: some steps of training bring back the rest.

    The word embeddings, which are never trained, stay those of the trunk. Raises ValueError where the graph is of another network.
    """
    model = onnx.load(str(graph))
    held = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    wanted = {name: value.shape for name, value in network.state_dict().items() if "word_embeddings" not in name}
    found = {name: torch.from_numpy(held[name].copy()) for name in wanted if name in held}
    found.update(zip(_names(network), map(_tensor, _matrices(model, held)), strict=True))
    if {name: value.shape for name, value in found.items()} != wanted:
        raise ValueError(f"{graph} is of another network")
    network.load_state_dict(found, strict=False)


def _names(network: Network) -> list[str]:
    """The matrices' names, in the order of the graph."""
    layers = range(network.trunk.config.num_hidden_layers)
    return [*(f"trunk.encoder.layer.{layer}.{matrix}.weight" for layer in layers for matrix in MATRICES), "heads.weight"]


def _matrices(model: onnx.ModelProto, held: dict[str, NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """What the graph multiplies by, in order, float32 (in, out)."""
    for node in model.graph.node:
        if node.op_type == "MatMulInteger":
            name = node.input[1].removesuffix("_quantized")
            centred = held[node.input[1]].astype(np.float32) - held[f"{name}_zero_point"].astype(np.float32)
            yield centred * held[f"{name}_scale"]
        elif node.op_type in ("MatMul", "Gemm") and node.input[1] in held:
            yield held[node.input[1]]


def _tensor(matrix: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(matrix.T))
