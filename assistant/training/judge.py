"""Makes the judge of claims out of its teacher: pruned in stages, and taught, after each, by what the teacher was before."""

import copy
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.training.batches import batches
from assistant.training.groups import Passes
from assistant.training.network import Large
from assistant.training.prune import importance, prune
from assistant.training.train import Plan, begun, train

STAGES = ((50_000_000, 50), (42_000_000, 60), (34_500_000, 0))
"""How many weights are left in the matrices, and how many steps are made with them; with the last, all that are left of the plan's."""
TOLD_BY = 20
"""Batches that tell which heads and units matter."""
ROUNDED = 0.25
"""The share of the last stage, at its end, with matrices as the file will hold them."""
PASSES_APART = 100
"""Between the seeds of two stages: each has passes of its own."""


def train_judge(teacher: Large, passes: Passes, folder: Path, tokenizer: Any, plan: Plan) -> Large:
    """The judge, trained to the step that is planned; each stage goes on from its last checkpoint, in a folder of its own."""
    network = copy.deepcopy(teacher)
    network.round_words()
    left = plan.steps
    for number, (weights, steps) in enumerate(STAGES):
        seed, place = plan.seed + PASSES_APART * number, folder / f"stage-{number}"
        if not begun(place):
            prune(network, importance(network, islice(batches(passes.claims(seed), tokenizer, plan.tokens), TOLD_BY)), weights)
        stage = replace(plan, seed=seed, steps=steps, cool=0.0) if steps else replace(plan, seed=seed, steps=left, rounded=ROUNDED)
        train(network, passes.claims, place, tokenizer, stage, teacher)
        left -= steps
    return network
