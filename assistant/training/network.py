"""The networks. A small one finds what answers; a larger one teaches it, and, pruned, judges claims. Each is a trunk and one linear layer over every token."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import Embedding, LayerNorm, Linear, Module, ModuleList
from torch.nn.functional import gelu, linear, scaled_dot_product_attention
from transformers import BertModel, MPNetModel
from transformers.models.mpnet.modeling_mpnet import MPNetLayer

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
    """The network over the trunk of all-MiniLM-L6-v2.

    Token ids, kinds (0 question, 1 passage) and mask in, int64 (rows, tokens); float32 (rows, tokens, 7) out: see COLUMNS.
    """

    def __init__(self, trunk: Path) -> None:
        super().__init__()
        # Dropout off: a pass makes each example anew, and a step is a third faster. Attention written out is faster in bfloat16 than the fused one.
        self.trunk = BertModel.from_pretrained(
            str(trunk), add_pooling_layer=False, attn_implementation="eager", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        self.trunk.embeddings.word_embeddings.requires_grad_(requires_grad=False)  # Half of the parameters; the data would only move the words in it.
        self.heads = Linear(self.trunk.config.hidden_size, len(COLUMNS))

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> Tensor:
        states = self.trunk(input_ids=ids, token_type_ids=kinds, attention_mask=mask).last_hidden_state
        logits: Tensor = self.heads(states)
        return logits


class Large(Module):
    """The network over the trunk of all-mpnet-base-v2, five times as large, with the same input and output.

    Its layers may be pruned one by one (`prune`). MPNet has the word pieces of BERT under other numbers, and no kinds of its own: a vector for each is learnt.
    """

    def __init__(self, trunk: Path, tokenizer: Path) -> None:
        """Raises ValueError where the trunk has not the word pieces of the tokenizer."""
        super().__init__()
        model = MPNetModel.from_pretrained(str(trunk), add_pooling_layer=False)
        size, parts = model.config.hidden_size, model.embeddings
        first = parts.padding_idx + 1
        renumbered = _renumbered(tokenizer, trunk / "tokenizer.json")
        self.word_embeddings = Embedding.from_pretrained(parts.word_embeddings.weight.detach()[renumbered])  # Not trained: see Network.
        self.words: TwoBits | None = None
        self.kinds = Embedding(2, size, _weight=torch.zeros(2, size))
        self.positions = Embedding.from_pretrained(parts.position_embeddings.weight.detach()[first : first + LONGEST], freeze=False)
        self.norm = parts.LayerNorm
        self.register_buffer("relative", model.encoder.relative_attention_bias.weight.detach().clone())
        self.layers = ModuleList(Layer.of(layer) for layer in model.encoder.layer)
        self.heads = Linear(size, len(COLUMNS))

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> Tensor:
        return self.watched(ids, kinds, mask)[0]

    def watched(self, ids: Tensor, kinds: Tensor, mask: Tensor, gates: Sequence[tuple[Tensor, Tensor]] | None = None) -> tuple[Tensor, list[Tensor]]:
        """What is read of every token, and each layer's states (rows, tokens, size).

        `gates` multiply, in each layer, what a row's heads (rows, heads) and inner units (rows, units) pass on.
        """
        states = self.norm(self.word_embeddings(ids) + self.kinds(kinds) + self.positions.weight[: ids.shape[1]])
        bias = self.bias(ids.shape[1]).masked_fill(mask[:, None, None] == 0, -1e4)
        watched = []
        for number, layer in enumerate(self.layers):
            states = layer(states, bias, gates[number] if gates else None)
            watched.append(states)
        return self.heads(states), watched

    def bias(self, tokens: int) -> Tensor:
        """What a head adds to the attention of one token to another, by their distance: (1, heads, tokens, tokens)."""
        places = torch.arange(tokens, device=self.relative.device)
        found: Tensor = self.relative[_buckets(places[None] - places[:, None])]
        return found.permute(2, 0, 1)[None]

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

    @classmethod
    def of(cls, layer: MPNetLayer) -> "Layer":
        """A whole one."""
        attention, inner = layer.attention, layer.attention.attn
        made = cls(torch.arange(inner.num_attention_heads), layer.intermediate.dense.out_features, inner.q.in_features, inner.attention_head_size)
        named = {"attended": inner.o, "norm": attention.LayerNorm, "expand": layer.intermediate.dense}
        named |= {"contract": layer.output.dense, "last_norm": layer.output.LayerNorm}
        weights = {f"{name}.{kind}": value for name, part in named.items() for kind, value in part.state_dict().items()}
        joined = {f"attend.{kind}": torch.cat([getattr(part, kind) for part in (inner.q, inner.k, inner.v)]) for kind in ("weight", "bias")}
        made.load_state_dict({**weights, **joined, "kept": made.kept})
        made.norm.eps, made.last_norm.eps = attention.LayerNorm.eps, layer.output.LayerNorm.eps
        return made

    def forward(self, states: Tensor, bias: Tensor, gates: tuple[Tensor, Tensor] | None = None) -> Tensor:
        rows, tokens, _ = states.shape
        query, key, value = self.attend(states).view(rows, tokens, 3, len(self.kept), self.width).permute(2, 0, 3, 1, 4)
        mixed = _attention(query, key, value, bias[:, self.kept].to(query.dtype))
        if gates:
            mixed = mixed * gates[0][:, :, None, None]
        states = self.norm(states + self.attended(mixed.transpose(1, 2).flatten(2)))
        inner = gelu(self.expand(states))
        if gates:
            inner = inner * gates[1][:, None]
        last: Tensor = self.last_norm(states + self.contract(inner))
        return last


def _attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
    """(rows, heads, tokens, width). A CPU goes back through the fused kernels slower than through what is written out."""
    if query.is_cuda:
        return scaled_dot_product_attention(query, key, value, attn_mask=bias)
    return torch.softmax(query * query.shape[-1] ** -0.5 @ key.transpose(2, 3) + bias, -1) @ value


def _buckets(distance: Tensor) -> Tensor:
    """The number of each distance's bias: half of them for either side, near ones one by one, far ones by their logarithm (Raffel and others, 2020)."""
    side = BUCKETS // 2
    near = side // 2
    away = distance.abs()
    far = near + (torch.log(away.clamp_min(1) / near) / math.log(FAR / near) * (side - near)).long()
    return (distance > 0) * side + torch.where(away < near, away, far.clamp_max(side - 1))


def _renumbered(tokenizer: Path, other: Path) -> Tensor:
    """For each id of a tokenizer, the id of the same word piece in another."""
    ours, theirs = (json.loads(file.read_bytes())["model"]["vocab"] for file in (tokenizer, other))
    theirs |= {"[CLS]": theirs["<s>"], "[SEP]": theirs["</s>"], "[PAD]": theirs["<pad>"]}
    if not theirs.keys() >= ours.keys():
        raise ValueError(f"{other} has other word pieces than {tokenizer}")
    ids = torch.zeros(len(ours), dtype=torch.int64)
    for piece, id in ours.items():
        ids[id] = theirs[piece]
    return ids
