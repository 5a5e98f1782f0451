"""Makes a network smaller: it loses the attention heads and inner units that what it reads depends on least."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import ModuleList

from assistant.training.batches import Batch
from assistant.training.losses import drawn, losses
from assistant.training.network import Layer, Network
from assistant.training.rounding import BLOCK


@dataclass(frozen=True, slots=True)
class Importance:
    """Of a layer's heads, float32 (heads,), and of its inner units, (units,)."""

    heads: Tensor
    units: Tensor


def importance(network: Network, batches: Iterable[Batch]) -> list[Importance]:
    """How much each head and unit of every layer tells: the diagonal of the Fisher information of gates on what they pass on (Kwon and others, 2022).

    Row by row, by labels drawn from what the network itself thinks likely.
    """
    device = network.heads.weight.device
    chance = torch.Generator(device).manual_seed(0)  # So that a training that was stopped is pruned as one that was not.
    sizes = [(len(layer.kept), layer.expand.out_features) for layer in network.layers]
    told = [Importance(*(torch.zeros(size, device=device) for size in both)) for both in sizes]
    for batch in batches:
        rows = len(batch.ids)
        gates = [tuple(torch.ones(rows, size, device=device, requires_grad=True) for size in both) for both in sizes]
        with torch.autocast(device.type, torch.bfloat16):
            read, _ = network.watched(batch.ids, batch.kinds, batch.mask, gates)
        loss = torch.stack(losses(read.float(), drawn(read.detach().float(), batch, chance))).sum() * batch.groups
        found = torch.autograd.grad(loss, [gate for both in gates for gate in both])
        for known, heads, units in zip(told, found[::2], found[1::2], strict=True):
            known.heads.add_(heads.square().sum(0))
            known.units.add_(units.square().sum(0))
    return told


def prune(network: Network, told: Sequence[Importance], weights: int) -> None:
    """Leave so many weights in the matrices: those of the heads and of the blocks of units that tell most for their size, at least one of each in a layer."""
    size, width = network.heads.in_features, network.layers[0].width
    of_head, of_units = 4 * size * width, 2 * size * BLOCK
    left = weights
    parts = []
    kept: list[tuple[list[int], list[int]]] = []
    for number, known in enumerate(told):
        order, most = known.units.argsort(descending=True), int(known.heads.argmax())
        blocks = order[: len(order) // BLOCK * BLOCK].view(-1, BLOCK).tolist()
        kept.append(([most], list(blocks[0])))
        left -= of_head + of_units
        parts += [(float(value) / of_head, of_head, number, 0, [head]) for head, value in enumerate(known.heads) if head != most]
        parts += [(float(known.units[block].sum()) / of_units, of_units, number, 1, block) for block in blocks[1:]]
    for _, cost, number, kind, places in sorted(parts, key=lambda part: -part[0]):
        if cost <= left:
            kept[number][kind].extend(places)
            left -= cost
    network.layers = ModuleList(_pruned(layer, sorted(heads), sorted(units)) for layer, (heads, units) in zip(network.layers, kept, strict=True))


def _pruned(layer: Layer, heads: Sequence[int], units: Sequence[int]) -> Layer:
    """A layer with some of its heads and units."""
    made: Layer = Layer(layer.kept[list(heads)], len(units), layer.norm.normalized_shape[0], layer.width).to(layer.kept.device)
    within = torch.cat([torch.arange(head * layer.width, (head + 1) * layer.width) for head in heads])
    three = torch.cat([within + part * layer.width * len(layer.kept) for part in range(3)])
    whole = layer.state_dict()
    changed = {"kept": made.kept}
    changed |= {f"attend.{kind}": whole[f"attend.{kind}"][three] for kind in ("weight", "bias")}
    changed |= {f"expand.{kind}": whole[f"expand.{kind}"][list(units)] for kind in ("weight", "bias")}
    changed |= {"attended.weight": whole["attended.weight"][:, within], "contract.weight": whole["contract.weight"][:, list(units)]}
    made.load_state_dict(whole | changed)
    made.norm.eps, made.last_norm.eps = layer.norm.eps, layer.last_norm.eps
    return made


def reshape(network: Network, weights: dict[str, Tensor]) -> None:
    """Give the layers the shapes that a checkpoint of a pruned network has."""
    for number, layer in enumerate(network.layers):
        heads, units = weights[f"layers.{number}.kept"], len(weights[f"layers.{number}.expand.weight"])
        if (len(heads), units) != (len(layer.kept), layer.expand.out_features):
            network.layers[number] = _pruned(layer, range(len(heads)), range(units))
