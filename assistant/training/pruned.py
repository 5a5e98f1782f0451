"""Makes a smaller network out of its teacher: pruned in stages, and taught, after each, by what the teacher was before."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.training.batches import batches
from assistant.training.network import Network
from assistant.training.prune import importance, prune
from assistant.training.train import Passes, Plan, begun, train

STAGES = {
    "skim": ((8_000_000, 150), (5_000_000, 200), (3_000_000, 0)),
    "evidence": ((50_000_000, 150), (34_500_000, 200), (26_000_000, 250), (20_500_000, 0)),
    "claims": ((50_000_000, 150), (42_000_000, 200), (34_500_000, 0)),
}
"""How many weights are left in the matrices, and how many steps are made with them; with the last, all that are left of the plan's."""
TOLD_BY = 20
"""Batches that tell which heads and units matter."""
ROUNDED = 0.25
"""The share of the last stage, at its end, with matrices as the file will hold them."""
PASSES_APART = 100
"""Between the seeds of two stages: each has passes of its own."""


def train_pruned(teacher: Network, passes: Passes, folder: Path, tokenizer: Any, plan: Plan, stages: Sequence[tuple[int, int]]) -> Network:
    """The pruned network, trained to the step that is planned; each stage goes on from its last checkpoint, in a folder of its own."""
    network = copy.deepcopy(teacher)
    network.round_words()
    left = plan.steps
    for number, (weights, steps) in enumerate(stages):
        seed, place = plan.seed + PASSES_APART * number, folder / f"stage-{number}"
        if not begun(place):
            prune(network, importance(network, islice(batches(passes(seed), tokenizer, plan.tokens), TOLD_BY)), weights)
        stage = replace(plan, seed=seed, steps=steps, cool=0.0) if steps else replace(plan, seed=seed, steps=left, rounded=ROUNDED)
        train(network, passes, place, tokenizer, stage, teacher)
        left -= steps
    return network
