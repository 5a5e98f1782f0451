"""What a network is trained to make small: cross-entropies of choosing sentences, of the ends of short answers, and of verdicts on claims.

A teacher's probabilities may stand beside the labels (Hinton, Vinyals and Dean, 2015, "Distilling the knowledge in a neural network").
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from assistant.training.batches import Batch

TAUGHT = 0.7
"""The share of a teacher in what is aimed at: labels that rules made are wrong at times, and say nothing of how near another choice is."""


def losses(read: Tensor, batch: Batch, taught: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Of choosing sentences, of short answers, of claims; each a mean over what the batch holds of it, weighted by its share of the batch.

    `read`, and `taught` by a teacher, are of the batch's tokens, float32 (rows, tokens, 7).
    """
    chosen = spans = claims = read.new_zeros(())
    if len(batch.gold):  # Claims are groups without sentences: they add log 1 = 0.
        told, other = _of_both(lambda one: sentence_logits(one, batch.sentence, len(batch.gold)), read, taught)
        chosen = choice_loss(told, batch.group, batch.gold, batch.groups, other)
    if len(batch.spans):
        spans = span_loss(read, batch.sentence >= 0, batch.spans, taught)
    if len(batch.claims):
        claims = claim_loss(read, batch.claims, taught)
    return chosen / batch.groups, 0.5 * spans / batch.groups, claims / batch.groups


def sentence_logits(read: Tensor, sentence: Tensor, count: int) -> Tensor:
    """The logits of `count` sentences, out of the tokens' (rows, tokens, 7); `sentence` (rows, tokens) numbers them through the batch, -1 for none."""
    inside = sentence >= 0
    numbers = sentence[inside]
    weight = torch.exp(read[..., 1][inside].clamp(-15, 15))
    total = read.new_zeros(count).index_add(0, numbers, weight)
    return read.new_zeros(count).index_add(0, numbers, weight * read[..., 0][inside]) / total.clamp_min(1e-9)


def choice_loss(logits: Tensor, group: Tensor, gold: Tensor, groups: int, taught: Tensor | None = None) -> Tensor:
    """Cross-entropy, summed, of choosing among the sentences of each group or none of them, whose logit is 0.

    One softmax over all passages of a question (Clark and Gardner, 2018) makes the logits of different passages comparable.
    """
    normaliser = _normaliser(logits, group, groups)
    aim = gold / gold.new_zeros(groups).index_add(0, group, gold)[group].clamp_min(1)
    if taught is not None:
        aim = _mixed(aim, torch.exp(taught - _normaliser(taught, group, groups)[group]))
    return normaliser.sum() - (aim * logits).sum()


def _normaliser(logits: Tensor, group: Tensor, groups: int) -> Tensor:
    """For each group, the logarithm of the sum of its logits' exponentials and of one, for none."""
    highest = logits.new_zeros(groups).scatter_reduce(0, group, logits.detach(), "amax")
    return torch.log(torch.exp(-highest).index_add(0, group, torch.exp(logits - highest[group]))) + highest


def span_loss(read: Tensor, inside: Tensor, places: Tensor, taught: Tensor | None = None) -> Tensor:
    """Cross-entropy, summed, of where short answers start and end; `places` (n, 3) holds row, first token, last token."""
    rows = places[:, 0]
    told, other = _of_both(lambda one: one[rows, :, 2:4].masked_fill(~inside[rows, :, None], -1e4), read, taught)
    return cross_entropy(told, _aim(told, places[:, 1:], other), reduction="sum") / 2


def apart(states: Sequence[Tensor], taught: Sequence[Tensor], mask: Tensor) -> Tensor:
    """How far a network's states are from those of its teacher; 0 where it has none, or one with other layers or of another size.

    The mean squared distance over the variance of the teacher's: of the last layer, and half as much of those at one and two
    thirds (Jiao and others, 2020, "TinyBERT: distilling BERT for natural language understanding").
    """
    if [state.shape for state in states] != [state.shape for state in taught]:
        return torch.zeros((), device=mask.device)
    inside, last = mask > 0, len(taught) - 1
    pairs = [(share, states[place][inside].float(), taught[place][inside].float()) for place, share in ((last // 3, 0.5), (2 * last // 3, 0.5), (last, 1.0))]
    return torch.stack([share * mse_loss(ours, theirs) / theirs.var() for share, ours, theirs in pairs]).sum()


def claim_loss(read: Tensor, places: Tensor, taught: Tensor | None = None) -> Tensor:
    """Cross-entropy, summed, of the verdicts on claims; `places` (n, 2) holds row and label."""
    told, other = _of_both(lambda one: one[places[:, 0], 0, 4:7], read, taught)
    return cross_entropy(told, _aim(told, places[:, 1], other), reduction="sum")


def drawn(read: Tensor, batch: Batch, chance: torch.Generator) -> Batch:
    """The batch with other labels: as likely as what was read of it, float32 (rows, tokens, 7), has them."""
    gold, spans, claims = batch.gold, batch.spans.clone(), batch.claims.clone()
    if len(gold):
        noise = -torch.log(-torch.log(torch.rand(len(gold) + batch.groups, generator=chance, device=read.device).clamp(1e-9, 1 - 1e-7)))  # Gumbel's.
        raised = sentence_logits(read, batch.sentence, len(gold)) + noise[: len(gold)]
        highest = noise[len(gold) :].scatter_reduce(0, batch.group, raised, "amax")
        gold = (raised == highest[batch.group]).float()
    if len(spans):
        inside = batch.sentence[spans[:, 0]] >= 0
        for column in (1, 2):
            spans[:, column] = _draw(read[spans[:, 0], :, column + 1].masked_fill(~inside, -1e4), chance)
    if len(claims):
        claims[:, 1] = _draw(read[claims[:, 0], 0, 4:7], chance)
    return replace(batch, gold=gold, spans=spans, claims=claims)


def _draw(logits: Tensor, chance: torch.Generator) -> Tensor:
    return torch.multinomial(torch.softmax(logits, 1), 1, generator=chance)[:, 0]


def _of_both(pick: Callable[[Tensor], Tensor], read: Tensor, taught: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """The same figures of what was read, and of what a teacher read where there is one."""
    return pick(read), None if taught is None else pick(taught)


def _aim(told: Tensor, labels: Tensor, taught: Tensor | None) -> Tensor:
    """What is aimed at along the second axis: the label, or probabilities, a teacher's beside it."""
    return labels if taught is None else _mixed(one_hot(labels, told.shape[1]).movedim(-1, 1), torch.softmax(taught, 1))


def _mixed(labels: Tensor, taught: Tensor) -> Tensor:
    return (1 - TAUGHT) * labels + TAUGHT * taught
