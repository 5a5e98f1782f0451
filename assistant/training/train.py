"""The training loop: steps over batches, with checkpoints that it goes on from."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from assistant.training.batches import TOKENS, Batch, batches
from assistant.training.groups import Group
from assistant.training.losses import apart, losses
from assistant.training.network import Network
from assistant.training.prune import reshape

WARM, COOL = 0.05, 0.25
"""The share of the run in which the learning rate rises to its highest (200 steps at most); and the one, at its end, in which it falls to a hundredth."""

Passes = Callable[[int], Iterable[Group]]

FILE = "checkpoint.pt"
EVERY = 300.0
"""Seconds between checkpoints."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a training is: steps of so many tokens; the seed of its first pass; and its highest learning rate.

    `cool` is the share of the steps, at the end, in which the rate falls; `rounded`, the one in which the matrices are as the file
    will hold them.
    """

    steps: int
    seed: int
    rate: float
    tokens: int = TOKENS
    cool: float = COOL
    rounded: float = 0.0


def train(network: Network, passes: Passes, folder: Path, tokenizer: Any, plan: Plan, teacher: Network | None = None) -> None:
    """Train to the step that is planned, going on from the last checkpoint in the folder; the same plan gives the same order of batches on as many cores.

    `passes` gives the groups of a pass for a seed. A teacher's figures are aimed at beside the labels.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint = _checkpoint(folder)
    done = _take(checkpoint, network)
    network.to(device).train()
    if teacher is not None:
        teacher.to(device, torch.bfloat16).eval()
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=plan.rate, weight_decay=0.01, fused=True)
    if done:
        optimizer.load_state_dict(checkpoint["optimizer"])
    start = saved = time.perf_counter()
    told = torch.zeros(4, device=device)
    for step, batch in enumerate(islice(_loaded(passes, tokenizer, plan, device), done, plan.steps), done + 1):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * schedule(step, plan.steps, plan.cool)
        network.round_matrices(rounded=step > plan.steps * (1 - plan.rounded))
        with torch.no_grad():
            taught, aim = (None, []) if teacher is None else _read(teacher, batch)
        with torch.autocast(device, torch.bfloat16):
            read, states = _read(network, batch)
        parts = (*losses(read, batch, taught), apart(states, aim, batch.mask))
        torch.stack(parts).sum().backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        told = 0.98 * told + 0.02 * torch.stack(parts).detach()
        if step % 50 == 0:
            now = zip(("choice", "span", "claim", "states"), (told / (1 - 0.98 ** (step - done))).tolist(), strict=True)
            pace = (time.perf_counter() - start) / (step - done)
            print(f"step {step} of {plan.steps}: {', '.join(f'{name} {loss:.3f}' for name, loss in now)}; {pace:.3f} s a step", file=sys.stderr, flush=True)  # noqa: T201
        if step == plan.steps or time.perf_counter() - saved > EVERY:
            save(folder, network, optimizer, step)
            saved = time.perf_counter()


def schedule(step: int, steps: int, cool: float = COOL) -> float:
    """Warm-up, then constant, then down: so that a run may be made longer, or shorter, while it goes on (warm-up, stable, decay)."""
    left = (steps - step) / max(1, cool * steps) if cool else 1.0
    return min(1.0, step / min(200, max(1, WARM * steps)), max(0.01, left))


def _read(network: Network, batch: Batch) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """What a network reads of a batch, float32, and the states of its layers."""
    read, states = network.watched(batch.ids, batch.kinds, batch.mask)
    return read.float(), states


# --- Batches ---------------------------------------------------------------------------------------------


class _Endless(IterableDataset[Batch]):
    """The batches of one pass after another; where several workers make them, each has passes of its own."""

    def __init__(self, passes: Passes, tokenizer: Any, plan: Plan) -> None:
        self._passes, self._tokenizer, self._plan = passes, tokenizer, plan

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        for number in count(*((worker.id, worker.num_workers) if worker else (0, 1))):
            yield from batches(self._passes(self._plan.seed + number), self._tokenizer, self._plan.tokens)


def _loaded(passes: Passes, tokenizer: Any, plan: Plan, device: str) -> Iterator[Batch]:
    """The batches, on the device. A GPU is faster than what one core makes for it: then all but two make them."""
    workers = max(0, (os.cpu_count() or 1) - 2) if device == "cuda" else 0
    for batch in DataLoader(_Endless(passes, tokenizer, plan), batch_size=None, num_workers=workers):
        yield batch.to(device)


# --- Checkpoints -----------------------------------------------------------------------------------------


def save(folder: Path, network: Network, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Write a checkpoint beside the last one, and put it in its place: the word embeddings, which never change, are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value for name, value in network.state_dict().items() if "word_embeddings" not in name}
    torch.save({"step": step, "weights": weights, "optimizer": optimizer.state_dict()}, folder / "checkpoint.new")
    (folder / "checkpoint.new").replace(folder / FILE)


def resume(folder: Path, network: Network) -> int:
    """Take over the checkpoint of a folder, if it holds one, and the shapes of a pruned network; how many steps it had done."""
    return _take(_checkpoint(folder), network)


def begun(folder: Path) -> bool:
    """Whether a folder holds a checkpoint."""
    return (folder / FILE).is_file()


def _take(checkpoint: Mapping[str, Any], network: Network) -> int:
    """Set a network to a checkpoint, where there is one; its step."""
    if checkpoint:
        reshape(network, checkpoint["weights"])
        network.load_state_dict(checkpoint["weights"], strict=False)
    return int(checkpoint.get("step", 0))


def _checkpoint(folder: Path) -> Mapping[str, Any]:
    """Step, weights, optimizer; empty where the folder holds none."""
    if not begun(folder):
        return {}
    held: dict[str, Any] = torch.load(folder / FILE, map_location="cpu", weights_only=True)
    return held
