"""A model that ships as a network again, to be trained further where nothing else is left of its training."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, numpy_helper
from torch import Tensor
from torch.nn import LayerNorm

from assistant.training.network import BUCKETS, LONGEST, Layer, Network, buckets
from assistant.training.rounding import BLOCK, LOWEST, FourBits, TwoBits

HEADS = 12
"""Of a layer of all-MiniLM-L6-v2, before any are pruned; the large trunk's distances tell theirs."""
OF_LAYER = ("attend", "attended", "expand", "contract")
"""A layer's matrices, in the order in which it multiplies by them."""

TINY = 1e-12

Arrays = Mapping[str, NDArray[Any]]


def reopened(file: Path) -> Network:
    """The network whose graph `export` wrote; its matrices, word vectors and positions are what the file holds: rounded. Raises ValueError for another."""
    model = onnx.load(str(file))
    held = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    try:
        return _network(model, held)
    except (KeyError, IndexError, ValueError, StopIteration) as error:
        raise ValueError(f"{file} is no graph of a network that ships") from error


def _network(model: ModelProto, held: Arrays) -> Network:
    gathered = [held[node.input[0]] for node in model.graph.node if node.op_type == "GatherND" and node.input[0] in held]
    packed, rows, vectors, scale = gathered
    quads = torch.from_numpy(packed.copy())[:, :, None] >> 2 * torch.arange(4, dtype=torch.uint8)
    words = TwoBits((quads & 3).flatten(1), torch.from_numpy(rows.copy()), _tensor(held, "words.columns"), _tensor(held, "words.mean"))
    made = {output: node for node in model.graph.node for output in node.output}
    size, epsilon = packed.shape[1] * 4, _epsilon(model, made, held)
    relative = None
    if "distances" in held:
        relative = torch.zeros(BUCKETS, held["distances"].shape[1])
        relative[buckets(torch.arange(1 - LONGEST, LONGEST))] = _tensor(held, "distances")
    network = Network(words.value, _tensor(held, "kinds.weight"), torch.from_numpy(vectors * scale), _norm(held, "norm", size, epsilon), [], relative)
    network.words = words
    matrices = [_matrix(held, node.input[1]) for node in model.graph.node if node.op_type == "MatMulInteger"]
    width = size // (HEADS if relative is None else relative.shape[1])
    for number, kept in enumerate(_kept(model, made, held)):
        network.layers.append(_layer(held, number, matrices[4 * number : 4 * number + 4], kept, width, epsilon))
    weight = next(held[node.input[1]] for node in reversed(model.graph.node) if node.op_type == "MatMul" and node.input[1] in held)
    network.heads.load_state_dict({"weight": torch.from_numpy(weight.T.copy()), "bias": _tensor(held, "heads.bias")})
    return network


def _layer(held: Arrays, number: int, matrices: list[Tensor], kept: Tensor | None, width: int, epsilon: float) -> Layer:
    (three, size), units = matrices[0].shape, len(matrices[2])
    layer = Layer(torch.arange(three // (3 * width)) if kept is None else kept, units, size, width)
    for name, matrix in zip(OF_LAYER, matrices, strict=True):
        getattr(layer, name).load_state_dict({"weight": matrix, "bias": _tensor(held, f"layers.{number}.{name}.bias")})
    layer.norm, layer.last_norm = (_norm(held, f"layers.{number}.{name}", size, epsilon) for name in ("norm", "last_norm"))
    return layer


def _kept(model: ModelProto, made: Mapping[str, NodeProto], held: Arrays) -> list[Tensor | None]:
    """Of each layer, which of the trunk's heads it has: those whose distances it adds. None where it adds none."""
    return [_heads_of(node, made, held) for node in model.graph.node if node.op_type == "Softmax"]


def _heads_of(node: NodeProto, made: Mapping[str, NodeProto], held: Arrays) -> Tensor | None:
    """The heads that are gathered before a node, and after the last matrix that is multiplied."""
    before = [made[name] for name in node.input if name in made and "MatMul" not in made[name].op_type]
    for other in before:
        if other.op_type == "GatherND":
            return torch.from_numpy(held[other.input[1]].flatten().copy())
        if (found := _heads_of(other, made, held)) is not None:
            return found
    return None


def _matrix(held: Arrays, name: str) -> Tensor:
    """A matrix of four bits (out, in): see `packing`."""
    codes, steps = held[f"{name} codes"], held[f"{name} steps"]
    blocks, _, out = codes.shape
    pairs = np.stack([codes & 15, codes >> 4], 2).reshape(blocks, BLOCK, out).astype(np.float32) + LOWEST
    apart = np.stack([steps & 15, steps >> 4], 3).reshape(blocks, 1, out).astype(np.float32)
    scale = torch.from_numpy(held[f"{name.removesuffix('_quantized')}_scale"].reshape(-1, 1, 1).copy())
    return FourBits(torch.from_numpy(pairs).permute(2, 0, 1), torch.from_numpy(apart).permute(2, 0, 1), scale).value


def _norm(held: Arrays, name: str, size: int, epsilon: float) -> LayerNorm:
    norm = LayerNorm(size, eps=epsilon)
    norm.load_state_dict({kind: _tensor(held, f"{name}.{kind}") for kind in ("weight", "bias")})
    return norm


def _epsilon(model: ModelProto, made: Mapping[str, NodeProto], held: Arrays) -> float:
    """What every norm adds to the variance before its root is taken; what is as good as nothing, the export has left out."""
    under = made[next(node.input[0] for node in model.graph.node if node.op_type == "Sqrt")]
    return float(next(held[name] for name in under.input if name in held)) if under.op_type == "Add" else TINY


def _tensor(held: Arrays, name: str) -> Tensor:
    return torch.from_numpy(held[name].copy())
