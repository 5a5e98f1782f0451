"""The network: word vectors, layers that may be pruned one by one, and one linear layer over every token. Over either of two trunks: see `start`."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Embedding, LayerNorm, Linear, Module, ModuleList
from torch.nn.functional import gelu, linear, scaled_dot_product_attention

from assistant.evidence.encode import MOST_OVER, MOST_QUESTION, MOST_TEXT
from assistant.training.rounding import Rounded, TwoBits

COLUMNS = ("answers", "weight", "start", "end", "supported", "contradicted", "not said")
"""What is read from each token. A sentence's logit is the mean of its tokens' `answers`, weighted by the softmax of their `weight`; the short
answer is where `start` and `end` are highest; the last three are read from the first token, [CLS], where a claim stands before its evidence."""
LONGEST = MOST_QUESTION + MOST_OVER + MOST_TEXT + 16
"""Tokens of a row, those between its parts among them."""
BUCKETS, FAR = 32, 128
"""Of relative positions in MPNet: how many values a head's bias has, and the distance from which on it is one value."""


class Network(Module):
    """Token ids, kinds (0 question, 1 passage) and mask in, int64 (rows, tokens); float32 (rows, tokens, 7) out: see COLUMNS.

    Of a trunk it takes the vectors of words, of kinds and of positions, each (n, size); the norm of their sum; the layers; and, where there is one,
    what each head adds to attention by distance, (BUCKETS, heads). Word vectors and distances are not trained: they are most of the
    parameters, and the data would only move the words in it. There is no dropout: a pass makes each example anew, and a step is a third faster.
    """

    relative: Tensor | None

    def __init__(self, words: Tensor, kinds: Tensor, positions: Tensor, norm: LayerNorm, layers: Sequence["Layer"], relative: Tensor | None) -> None:
        super().__init__()
        self.word_embeddings = Embedding.from_pretrained(words)
        self.words: TwoBits | None = None
        self.kinds, self.positions = (Embedding.from_pretrained(vectors.clone(), freeze=False) for vectors in (kinds, positions[:LONGEST]))
        self.norm = norm
        self.register_buffer("relative", relative)
        self.layers = ModuleList(layers)
        self.heads = Linear(words.shape[1], len(COLUMNS))

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> Tensor:
        return self.watched(ids, kinds, mask)[0]

    def watched(self, ids: Tensor, kinds: Tensor, mask: Tensor, gates: Sequence[tuple[Tensor, Tensor]] | None = None) -> tuple[Tensor, list[Tensor]]:
        """What is read of every token, and each layer's states (rows, tokens, size).

        `gates` multiply, in each layer, what a row's heads (rows, heads) and inner units (rows, units) pass on.
        """
        states = self.norm(self.word_embeddings(ids) + self.kinds(kinds) + self.positions.weight[: ids.shape[1]])
        bias = states.new_zeros(1) if self.relative is None else by_distance(self.relative, ids.shape[1])
        bias = bias.masked_fill(mask[:, None, None] == 0, -1e4)
        watched = []
        for number, layer in enumerate(self.layers):
            states = layer(states, bias, gates[number] if gates else None)
            watched.append(states)
        return self.heads(states), watched

    def round_words(self) -> None:
        """Let the word vectors be of two bits a figure. A network that is trained afterwards makes up for it."""
        self.words = TwoBits.of(self.word_embeddings.weight)
        self.word_embeddings = Embedding.from_pretrained(self.words.value)

    @property
    def matrices(self) -> list["Matrix"]:
        """Those of the layers, in the order in which states go through them."""
        return [module for module in self.modules() if isinstance(module, Matrix)]

    def round_matrices(self, *, rounded: bool) -> None:
        """Whether the layers multiply by their matrices as the file will hold them."""
        for matrix in self.matrices:
            matrix.rounded = rounded


class Matrix(Linear):
    """A linear layer that can count with its weights as the file will hold them."""

    rounded = False

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, Rounded.apply(self.weight) if self.rounded else self.weight, self.bias)


class Layer(Module):
    """Attention and what follows it, with some of its trunk's heads, whose numbers `kept` holds, and so many inner units."""

    def __init__(self, kept: Tensor, units: int, size: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("kept", kept)
        self.attend, self.attended, self.norm = Matrix(size, 3 * width * len(kept)), Matrix(width * len(kept), size), LayerNorm(size)
        self.expand, self.contract, self.last_norm = Matrix(size, units), Matrix(units, size), LayerNorm(size)

    def forward(self, states: Tensor, bias: Tensor | None, gates: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """`bias` (rows, heads, tokens, tokens), of all the trunk's heads or of one for all, is added to the attention."""
        rows, tokens, _ = states.shape
        query, key, value = self.attend(states).view(rows, tokens, 3, len(self.kept), self.width).permute(2, 0, 3, 1, 4)
        if bias is not None:
            bias = (bias if bias.shape[1] == 1 else bias[:, self.kept]).to(query.dtype)
        mixed = _attention(query, key, value, bias)
        if gates:
            mixed = mixed * gates[0][:, :, None, None]
        states = self.norm(states + self.attended(mixed.transpose(1, 2).flatten(2)))
        inner = gelu(self.expand(states))
        if gates:
            inner = inner * gates[1][:, None]
        last: Tensor = self.last_norm(states + self.contract(inner))
        return last


def _attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
    """(rows, heads, tokens, width). A CPU goes back through the fused kernels slower than through what is written out."""
    if query.is_cuda:
        return scaled_dot_product_attention(query, key, value, attn_mask=bias)
    weights = query * query.shape[-1] ** -0.5 @ key.transpose(2, 3)
    return torch.softmax(weights if bias is None else weights + bias, -1) @ value


def by_distance(relative: Tensor, tokens: int) -> Tensor:
    """What a head adds to the attention of one token to another: (1, heads, tokens, tokens)."""
    places = torch.arange(tokens, device=relative.device)
    found: Tensor = relative[buckets(places[None] - places[:, None])]
    return found.permute(2, 0, 1)[None]


def buckets(distance: Tensor) -> Tensor:
    """The number of each distance's bias: half of them for either side, near ones one by one, far ones by their logarithm (Raffel and others, 2020)."""
    side = BUCKETS // 2
    near = side // 2
    away = distance.abs()
    far = near + (torch.log(away.clamp_min(1) / near) / math.log(FAR / near) * (side - near)).long()
    return (distance > 0) * side + torch.where(away < near, away, far.clamp_max(side - 1))
