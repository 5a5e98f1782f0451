"""The networks: one small enough to ship, and a larger one that teaches it. Each is a trunk, and one linear layer that reads every token."""

import json
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import BertModel, MPNetModel
from transformers.models.mpnet.modeling_mpnet import MPNetAttention

COLUMNS = ("answers", "weight", "start", "end", "supported", "contradicted", "not said")
"""What is read from each token. A sentence's logit is the mean of its tokens' `answers`, weighted by the softmax of their `weight`; the short
answer is where `start` and `end` are highest; the last three are read from the first token, [CLS], where a claim stands before its evidence."""


class Network(torch.nn.Module):
    """The network that ships, over the trunk of all-MiniLM-L6-v2.

    Token ids, kinds (0 question, 1 passage) and mask in, int64 (rows, tokens); float32 (rows, tokens, 7) out: see COLUMNS.
    """

    def __init__(self, trunk: Path) -> None:
        super().__init__()
        # Dropout off: a pass makes each example anew, and a step is a third faster. Attention written out is faster in bfloat16 than the fused one.
        self.trunk = BertModel.from_pretrained(
            str(trunk), add_pooling_layer=False, attn_implementation="eager", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        self.trunk.embeddings.word_embeddings.requires_grad_(requires_grad=False)  # Half of the parameters; the data would only move the words in it.
        self.heads = torch.nn.Linear(self.trunk.config.hidden_size, len(COLUMNS))

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> Tensor:
        states = self.trunk(input_ids=ids, token_type_ids=kinds, attention_mask=mask).last_hidden_state
        logits: Tensor = self.heads(states)
        return logits


class Teacher(torch.nn.Module):
    """The network that teaches, over the trunk of all-mpnet-base-v2: five times as large. It reads what `Network` reads, token for token.

    MPNet has the word pieces of BERT under other numbers, and no kinds of its own: a vector for each is learnt.
    """

    def __init__(self, trunk: Path, tokenizer: Path) -> None:
        """Raises ValueError where the trunk has not the word pieces of the tokenizer."""
        super().__init__()
        self.trunk = MPNetModel.from_pretrained(str(trunk), add_pooling_layer=False)
        self.trunk.embeddings.word_embeddings.requires_grad_(requires_grad=False)
        self.trunk.encoder.relative_attention_bias.requires_grad_(requires_grad=False)  # So that fused attention can be used.
        self.kinds = torch.nn.Embedding(2, self.trunk.config.hidden_size, _weight=torch.zeros(2, self.trunk.config.hidden_size))
        self.heads = torch.nn.Linear(self.trunk.config.hidden_size, len(COLUMNS))
        self.register_buffer("renumbered", _renumbered(tokenizer, trunk / "tokenizer.json"), persistent=False)

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> Tensor:
        words = self.trunk.embeddings.word_embeddings(self.renumbered[ids]) + self.kinds(kinds)
        states = self.trunk.embeddings(inputs_embeds=words)
        bias = self.trunk.encoder.compute_position_bias(states).masked_fill(mask[:, None, None] == 0, -1e4)
        for layer in self.trunk.encoder.layer:
            states = _attended(layer.attention, states, bias)
            states = layer.output(layer.intermediate(states), states)
        logits: Tensor = self.heads(states)
        return logits


def _attended(attention: MPNetAttention, states: Tensor, bias: Tensor) -> Tensor:
    """Attention by the fused kernels; the library's own writes its figures out in float32, which takes half of a step's time."""
    inner = attention.attn
    shape = *states.shape[:-1], -1, inner.attention_head_size
    query, key, value = (linear(states).view(shape).transpose(1, 2) for linear in (inner.q, inner.k, inner.v))
    dropped = inner.dropout.p if attention.training else 0.0
    mixed = scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype), dropout_p=dropped)
    attended: Tensor = attention.LayerNorm(attention.dropout(inner.o(mixed.transpose(1, 2).flatten(2))) + states)
    return attended


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
