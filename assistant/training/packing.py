"""Matrices of four bits in a graph: two weights in a byte, unpacked to int8 once, when ONNX Runtime opens the graph and folds what is constant."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor

from assistant.training.rounding import BLOCK, LOWEST, FourBits

CODES, STEPS = "codes of a byte", "steps of a byte"
"""What the two halves of a byte stand for: two neighbours on the output axis."""


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
    tables = {CODES: halves + LOWEST, STEPS: halves}
    graph.initializer.extend(numpy_helper.from_array(table.astype(np.int32), name) for name, table in tables.items())
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
    nodes = []
    for kind, figures, shape in (
        (CODES, (matrix.codes - LOWEST).permute(1, 2, 0), (blocks, BLOCK, out)),
        (STEPS, matrix.steps.permute(1, 2, 0), (blocks, 1, out)),
    ):
        part = f"{name} {kind}"
        pairs = figures.numpy().astype(np.uint8).reshape(*shape[:2], out // 2, 2)
        graph.initializer.append(numpy_helper.from_array(pairs[..., 0] | pairs[..., 1] << 4, f"{part} packed"))
        graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), f"{part} shape"))
        nodes += [
            helper.make_node("Cast", [f"{part} packed"], [f"{part} bytes"], to=TensorProto.INT32),
            helper.make_node("Gather", [kind, f"{part} bytes"], [f"{part} pairs"]),
            helper.make_node("Reshape", [f"{part} pairs", f"{part} shape"], [part]),
        ]
    graph.initializer.append(numpy_helper.from_array(np.array((blocks * BLOCK, out), np.int64), f"{name} shape"))
    return [
        *nodes,
        helper.make_node("Mul", [f"{name} {CODES}", f"{name} {STEPS}"], [f"{name} product"]),
        helper.make_node("Reshape", [f"{name} product", f"{name} shape"], [f"{name} whole"]),
        helper.make_node("Cast", [f"{name} whole"], [name], to=TensorProto.INT8),
    ]
