"""Matrices of four bits in a graph: two weights in a byte, unpacked to int8 once, when ONNX Runtime opens the graph and folds what is constant."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor

from assistant.training.rounding import BLOCK, LOWEST, MOST, FourBits

PAIRS, STEPS = "weights of a byte and its step", "steps of a byte"
"""What is looked up: for 256 times a block's step plus a byte, the two int8 weights that the byte's halves stand for, neighbours on the input axis; and for a
byte, 256 times the steps of two neighbours on the output axis."""


def pack(file: Path, weights: Sequence[Tensor]) -> None:
    """Let a graph of int8 matrices hold the four-bit ones of these weights (out, in), which are in the order in which it multiplies by them.

    Raises ValueError where it multiplies by others.
    """
    model = onnx.load(str(file))
    graph = model.graph
    held = {weight.name: weight for weight in graph.initializer}
    names = [node.input[1] for node in graph.node if node.op_type == "MatMulInteger"]
    shapes = [tuple(held[name].dims) for name in names]
    if shapes != [tuple(reversed(weight.shape)) for weight in weights]:
        raise ValueError(f"{file} is of another network")
    halves = np.stack([np.arange(256) & 15, np.arange(256) >> 4], 1)
    products = (np.arange(MOST + 1)[:, None, None] * (halves + LOWEST)).reshape(-1, 2)
    tables = {PAIRS: products.astype(np.int8), STEPS: (256 * halves).astype(np.int32)}
    graph.initializer.extend(numpy_helper.from_array(table, name) for name, table in tables.items())
    nodes: list[NodeProto] = []
    for name, weight in zip(names, weights, strict=True):
        matrix = FourBits.of(weight)
        nodes += _unpacked(graph, name, matrix)
        base = name.removesuffix("_quantized")
        held[f"{base}_scale"].CopyFrom(numpy_helper.from_array(matrix.scale.flatten().numpy(), f"{base}_scale"))
        held[f"{base}_zero_point"].CopyFrom(numpy_helper.from_array(np.zeros(len(weight), np.int8), f"{base}_zero_point"))
    for node in graph.node:  # Where in the source each was made: half a megabyte.
        del node.metadata_props[:]
    left = [weight for weight in graph.initializer if weight.name not in names]
    packed = helper.make_graph([*nodes, *graph.node], graph.name, graph.input, graph.output, left)
    graph.CopyFrom(packed)
    onnx.save(model, str(file))


def _unpacked(graph: onnx.GraphProto, name: str, matrix: FourBits) -> list[NodeProto]:
    """The nodes that make the int8 matrix (in, out) of that name; what they read is added to the graph."""
    out, blocks = matrix.codes.shape[:2]
    codes = (matrix.codes - LOWEST).permute(1, 2, 0).numpy().astype(np.uint8).reshape(blocks, BLOCK // 2, 2, out)
    steps = matrix.steps.permute(1, 2, 0).numpy().astype(np.uint8).reshape(blocks, 1, out // 2, 2)
    read = {
        "codes": codes[:, :, 0] | codes[:, :, 1] << 4,
        "steps": steps[..., 0] | steps[..., 1] << 4,
        "steps shape": np.array((blocks, 1, out), np.int64),
        "shape": np.array((blocks * BLOCK, out), np.int64),
    }
    graph.initializer.extend(numpy_helper.from_array(figures, f"{name} {what}") for what, figures in read.items())
    return [
        helper.make_node("Cast", [f"{name} steps"], [f"{name} steps bytes"], to=TensorProto.INT32),
        helper.make_node("Gather", [STEPS, f"{name} steps bytes"], [f"{name} steps apart"]),
        helper.make_node("Reshape", [f"{name} steps apart", f"{name} steps shape"], [f"{name} step"]),
        helper.make_node("Cast", [f"{name} codes"], [f"{name} bytes"], to=TensorProto.INT32),
        helper.make_node("Add", [f"{name} bytes", f"{name} step"], [f"{name} rows"]),
        helper.make_node("Gather", [PAIRS, f"{name} rows"], [f"{name} pairs"]),
        helper.make_node("Transpose", [f"{name} pairs"], [f"{name} whole"], perm=[0, 1, 3, 2]),
        helper.make_node("Reshape", [f"{name} whole", f"{name} shape"], [name]),
    ]
