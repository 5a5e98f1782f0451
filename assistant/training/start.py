"""The whole networks that a training starts from: a small trunk or a large one, with new heads."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import LayerNorm, Linear
from transformers import BertModel, MPNetModel
from transformers.models.bert.modeling_bert import BertLayer
from transformers.models.mpnet.modeling_mpnet import MPNetLayer

from assistant.training.network import Layer, Network


def new_small(trunk: Path, seed: int) -> Network:
    """The network over the trunk of all-MiniLM-L6-v2, with heads that the seed fixes."""
    torch.manual_seed(seed)
    model = BertModel.from_pretrained(str(trunk), add_pooling_layer=False)
    parts = model.embeddings
    words, kinds, positions = (part.weight.detach() for part in (parts.word_embeddings, parts.token_type_embeddings, parts.position_embeddings))
    layers = []
    for layer in model.encoder.layer:
        inner, after = layer.attention.self, layer.attention.output
        layers.append(_layer(layer, (inner.query, inner.key, inner.value), after.dense, after.LayerNorm, inner.attention_head_size))
    return Network(words, kinds, positions, parts.LayerNorm, layers, None)


def new_large(trunk: Path, tokenizer: Path, seed: int) -> Network:
    """The network over the trunk of all-mpnet-base-v2, eight times as large; it reads what the tokenizer gives.

    MPNet has the word pieces of BERT under other numbers, and no kinds of its own: a vector for each is learnt. Raises ValueError where
    the trunk has not the word pieces of the tokenizer.
    """
    torch.manual_seed(seed)
    model = MPNetModel.from_pretrained(str(trunk), add_pooling_layer=False)
    parts = model.embeddings
    words = parts.word_embeddings.weight.detach()[_renumbered(tokenizer, trunk / "tokenizer.json")]
    layers = []
    for layer in model.encoder.layer:
        inner = layer.attention.attn
        layers.append(_layer(layer, (inner.q, inner.k, inner.v), inner.o, layer.attention.LayerNorm, inner.attention_head_size))
    positions = parts.position_embeddings.weight.detach()[parts.padding_idx + 1 :]
    relative = model.encoder.relative_attention_bias.weight.detach()
    return Network(words, words.new_zeros(2, words.shape[1]), positions, parts.LayerNorm, layers, relative)


def _layer(layer: BertLayer | MPNetLayer, three: Sequence[Linear], attended: Linear, norm: LayerNorm, width: int) -> Layer:
    """A trunk's layer, whole: its matrices for query, key and value, of heads of so many figures, and what follows those."""
    named = {"attended": attended, "norm": norm, "expand": layer.intermediate.dense, "contract": layer.output.dense, "last_norm": layer.output.LayerNorm}
    made = Layer(torch.arange(three[0].out_features // width), layer.intermediate.dense.out_features, three[0].in_features, width)
    weights = {f"{name}.{kind}": value for name, part in named.items() for kind, value in part.state_dict().items()}
    joined = {f"attend.{kind}": torch.cat([getattr(part, kind) for part in three]) for kind in ("weight", "bias")}
    made.load_state_dict({**weights, **joined, "kept": made.kept})
    made.norm.eps, made.last_norm.eps = norm.eps, layer.output.LayerNorm.eps
    return made


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
