"""Numbers of few bits: matrices in four, word vectors in two, so that a network of three times the size takes no larger file than in int8.

A matrix keeps int8 arithmetic: its codes, each times a whole number that its block has, are int8 once they are unpacked (see `packing`).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

BLOCK = 32
"""Weights along the input axis that have a step together."""
LOWEST, HIGHEST, MOST = -8, 7, 15
"""Of a code, and of a block's step: codes times step are -120..105."""
LEVELS = (-10.0, -3.0, 3.0, 10.0)
"""What the two bits of a word vector's figure stand for: in the ratio of the best four levels of a normal distribution (Max, 1960: 0.453, 1.510)."""
BETWEEN, SPREAD = 6.5, 6.62
"""Where one level ends and the next begins, and the standard deviation that the levels fit."""
PASSES = 6


@dataclass(frozen=True, slots=True)
class FourBits:
    """A matrix (out, in): `codes` (out, in / BLOCK, BLOCK), `steps` (out, in / BLOCK, 1) and `scale` (out, 1, 1); their product is its value."""

    codes: Tensor
    steps: Tensor
    scale: Tensor

    @classmethod
    def of(cls, weight: Tensor) -> "FourBits":
        """The nearest, by the largest of each block. Raises RuntimeError where the input axis is not a multiple of BLOCK."""
        blocks = weight.reshape(len(weight), -1, BLOCK)
        largest = blocks.abs().amax(2, keepdim=True)
        scale = largest.amax(1, keepdim=True).clamp_min(1e-8) / (HIGHEST * MOST)
        steps = torch.round(largest / (HIGHEST * scale)).clamp(1, MOST)
        return cls(torch.round(blocks / (scale * steps)).clamp(LOWEST, HIGHEST), steps, scale)

    @property
    def value(self) -> Tensor:
        return (self.codes * (self.steps * self.scale)).flatten(1)


@dataclass(frozen=True, slots=True)
class TwoBits:
    """Vectors (words, size): `codes` of LEVELS, uint8 (words, size); times `rows` (words, 1), times `columns` (size,), plus their `mean` (size,)."""

    codes: Tensor
    rows: Tensor
    columns: Tensor
    mean: Tensor

    @classmethod
    def of(cls, vectors: Tensor) -> "TwoBits":
        """The nearest, scales and codes fitted in turn by least squares."""
        mean = vectors.mean(0)
        left = vectors - mean
        columns = left.std(0)
        rows = (left / columns).std(1, keepdim=True) / SPREAD
        for _ in range(PASSES):
            levels = cls.levels(_codes(left / (columns * rows)))
            rows = (left / columns * levels).sum(1, keepdim=True) / levels.square().sum(1, keepdim=True)
            scaled = levels * rows
            columns = (left * scaled).sum(0) / scaled.square().sum(0)
        return cls(_codes(left / (columns * rows)), rows, columns, mean)

    @property
    def value(self) -> Tensor:
        return self.levels(self.codes) * self.rows * self.columns + self.mean

    @staticmethod
    def levels(codes: Tensor) -> Tensor:
        """What codes stand for."""
        return torch.tensor(LEVELS, device=codes.device)[codes.long()]


def _codes(figures: Tensor) -> Tensor:
    return torch.bucketize(figures, figures.new_tensor([-BETWEEN, 0.0, BETWEEN])).to(torch.uint8)


class Rounded(torch.autograd.Function):  # type: ignore[misc]
    """A weight as the file will hold it; its gradient passes as if it were not rounded (Bengio, Léonard and Courville, 2013: straight through)."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:  # noqa: ARG004
        """The value."""
        return FourBits.of(weight).value

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ARG004
        """The gradient as it is."""
        return gradient
