"""The network: the trunk of all-MiniLM-L6-v2, and one linear layer that reads every token."""

from pathlib import Path

import torch
from torch import Tensor
from transformers import BertModel

COLUMNS = ("answers", "weight", "start", "end", "supported", "contradicted", "not said")
"""What is read from each token. A sentence's logit is the mean of its tokens' `answers`, weighted by the softmax of their `weight`; the short
answer is where `start` and `end` are highest; the last three are read from the first token, [CLS], where a claim stands before its evidence."""


class Network(torch.nn.Module):
    """Token ids, kinds (0 question, 1 passage) and mask in, int64 (rows, tokens); float32 (rows, tokens, 7) out: see COLUMNS."""

    def __init__(self, trunk: Path) -> None:
        super().__init__()
        # Dropout off: one pass sees each example about once, and a step is a third faster. Attention written out is faster in bfloat16 than the fused one.
        self.trunk = BertModel.from_pretrained(
            str(trunk), add_pooling_layer=False, attn_implementation="eager", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
        )
        self.trunk.embeddings.word_embeddings.requires_grad_(requires_grad=False)  # Half of the parameters; the data would only move the words in it.
        self.heads = torch.nn.Linear(self.trunk.config.hidden_size, len(COLUMNS))

    def forward(self, ids: Tensor, kinds: Tensor, mask: Tensor) -> Tensor:
        states = self.trunk(input_ids=ids, token_type_ids=kinds, attention_mask=mask).last_hidden_state
        logits: Tensor = self.heads(states)
        return logits


def sentence_logits(read: Tensor, sentence: Tensor, count: int) -> Tensor:
    """The logits of `count` sentences, out of the tokens' (rows, tokens, 7); `sentence` (rows, tokens) numbers them through the batch, -1 for none."""
    inside = sentence >= 0
    numbers = sentence[inside]
    weight = torch.exp(read[..., 1][inside].clamp(-15, 15))
    total = torch.zeros(count, dtype=read.dtype).index_add(0, numbers, weight)
    return torch.zeros(count, dtype=read.dtype).index_add(0, numbers, weight * read[..., 0][inside]) / total.clamp_min(1e-9)


def choice_loss(logits: Tensor, group: Tensor, gold: Tensor, groups: int) -> Tensor:
    """Cross-entropy, summed, of choosing among the sentences of each group or none of them, whose logit is 0.

    One softmax over all passages of a question (Clark and Gardner, 2018) makes the logits of different passages comparable.
    """
    highest = torch.zeros(groups, dtype=logits.dtype).scatter_reduce(0, group, logits.detach(), "amax")
    mass = torch.exp(-highest).index_add(0, group, torch.exp(logits - highest[group]))
    normaliser = torch.log(mass) + highest
    right = torch.zeros(groups, dtype=logits.dtype).index_add(0, group, gold)
    return normaliser.sum() - (gold * logits / right[group].clamp_min(1)).sum()


def span_loss(read: Tensor, inside: Tensor, places: Tensor) -> Tensor:
    """Cross-entropy, summed, of where short answers start and end; `places` (n, 3) holds row, first token, last token."""
    rows = places[:, 0]
    loss = read.new_zeros(())
    for column, place in ((2, places[:, 1]), (3, places[:, 2])):
        scores = read[rows, :, column].masked_fill(~inside[rows], -1e4)
        loss = loss + torch.nn.functional.cross_entropy(scores, place, reduction="sum")
    return loss / 2


def claim_loss(read: Tensor, places: Tensor) -> Tensor:
    """Cross-entropy, summed, of the verdicts on claims; `places` (n, 2) holds row and label."""
    return torch.nn.functional.cross_entropy(read[places[:, 0], 0, 4:7], places[:, 1], reduction="sum")
