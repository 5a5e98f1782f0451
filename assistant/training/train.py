"""The training loop: steps over batches, with checkpoints that it goes on from."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from assistant.training.batches import Batch, batches
from assistant.training.groups import Group
from assistant.training.network import Network, choice_loss, claim_loss, sentence_logits, span_loss

WARM, COOL = 200, 0.25
"""The steps in which the learning rate rises to its highest; and the share of the run, at its end, in which it falls to a hundredth."""

Passes = Callable[[int], Iterable[Group]]

EVERY = 250
"""Steps between checkpoints: some minutes on two cores."""


def train(network: Network, passes: Passes, folder: Path, tokenizer: Any, steps: int, seed: int, rate: float) -> None:
    """Train for so many steps in all, going on from the last checkpoint in the folder; the same passes, seed and steps give the same order of batches.

    `passes` gives the groups of a pass for a seed; `rate` is the highest learning rate.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device)
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=rate, weight_decay=0.01)
    done = resume(folder, network, optimizer)
    start, losses = time.perf_counter(), [0.0] * 3
    for step, batch in enumerate(islice(_endless(passes, tokenizer, seed), done, steps), done + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate * schedule(step, steps)
        parts = _losses(network, batch, device)
        sum(part for part in parts if part.requires_grad).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses = [0.98 * old + 0.02 * float(new.detach()) for old, new in zip(losses, parts, strict=True)]
        if step % 50 == 0:
            scale = 1 - 0.98 ** (step - done)
            told = ", ".join(f"{name} {loss / scale:.3f}" for name, loss in zip(("choice", "span", "claim"), losses, strict=True))
            print(f"step {step} of {steps}: {told}; {(time.perf_counter() - start) / (step - done):.2f} s a step", file=sys.stderr, flush=True)  # noqa: T201
        if step % EVERY == 0 or step == steps:
            save(folder, network, optimizer, step)


def schedule(step: int, steps: int) -> float:
    """Warm-up, then constant, then down: so that a run may be made longer, or shorter, while it goes on (warm-up, stable, decay)."""
    left = (steps - step) / max(1, COOL * steps)
    return min(1.0, step / WARM, max(0.01, left))


def _endless(passes: Passes, tokenizer: Any, seed: int) -> Iterator[Batch]:
    for number in count():
        yield from batches(passes(seed + number), tokenizer)


def _losses(network: Network, batch: Batch, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """Of choosing sentences, of short answers, of claims; each a mean over what the batch holds of it, weighted by its share of the batch."""
    with torch.autocast(device, torch.bfloat16):
        read = network(batch.ids.to(device), batch.kinds.to(device), batch.mask.to(device)).float().cpu()
    questions = batch.groups - len(batch.claims)
    # Claims are groups without sentences: they add log 1 = 0 to the loss of choice.
    chosen = choice_loss(sentence_logits(read, batch.sentence, len(batch.gold)), batch.group, batch.gold, batch.groups) if questions else read.new_zeros(())
    spans = span_loss(read, batch.sentence >= 0, batch.spans) if len(batch.spans) else read.new_zeros(())
    claims = claim_loss(read, batch.claims) if len(batch.claims) else read.new_zeros(())
    return chosen / batch.groups, 0.5 * spans / batch.groups, claims / batch.groups


# --- Checkpoints -----------------------------------------------------------------------------------------


def save(folder: Path, network: Network, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Write a checkpoint beside the last one, and put it in its place: the word embeddings, which never change, are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value for name, value in network.state_dict().items() if "word_embeddings" not in name}
    torch.save({"step": step, "weights": weights, "optimizer": optimizer.state_dict()}, folder / "checkpoint.new")
    (folder / "checkpoint.new").replace(folder / "checkpoint.pt")


def resume(folder: Path, network: Network, optimizer: torch.optim.Optimizer | None = None) -> int:
    """Take over the checkpoint of a folder, if it holds one; how many steps it had done."""
    file = folder / "checkpoint.pt"
    if not file.is_file():
        return 0
    state = torch.load(file, map_location="cpu", weights_only=True)
    network.load_state_dict(state["weights"], strict=False)
    if optimizer:
        optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])
