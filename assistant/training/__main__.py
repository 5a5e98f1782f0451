"""`python -m assistant.training DATA`: train a teacher, or one of the two models that ship, write its files, and fit what joins it to the rest."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.settings import keep_offline

if TYPE_CHECKING:
    from assistant.training.network import Large, Network
    from assistant.training.train import Plan

OF_TEACHER, ANEW, ON, PRUNED = 3.5e-5, 1.5e-4, 1e-4, 1e-4
"""The highest learning rates, for batches of 5,120 tokens: of the teacher; of a network with new heads; of one that was trained before; and of one that was
pruned."""


def main() -> None:
    """Train from the last checkpoint to the step that is asked for; then export, and fit."""
    keep_offline()
    arguments = _arguments()
    from assistant.evidence.encode import open_tokenizer
    from assistant.training.groups import Passes
    from assistant.training.judge import STAGES, train_judge
    from assistant.training.train import train
    from index.embed.model import packaged

    passes, file = Passes(arguments.data), packaged() / "tokenizer.json"
    tokenizer, teacher = open_tokenizer(file), _teacher(arguments, file)
    facts: dict[str, object] = {"steps": arguments.steps, "tokens a step": arguments.tokens, "seed": arguments.seed}
    network: Network | Large
    if arguments.model == "evidence":
        network = _begin(arguments, facts)
        train(network, passes.groups, arguments.folder / "evidence", tokenizer, _plan(arguments, ON if arguments.go_on else ANEW), teacher)
    elif teacher is None:
        raise SystemExit("a teacher, and the judge that is made of it, need --trunk")
    elif arguments.model == "teacher":
        train(teacher, passes.both, arguments.folder / "teacher", tokenizer, _plan(arguments, OF_TEACHER))
        return
    elif arguments.steps <= (least := sum(steps for _, steps in STAGES)):
        raise SystemExit(f"the judge needs more than {least} --steps: so many go into its stages")
    else:
        network = train_judge(teacher, passes, arguments.folder / "claims", tokenizer, _plan(arguments, PRUNED))
        facts |= {"trunk": arguments.trunk.name, "stages": STAGES}
    _finish(network, file, arguments, facts)


def _plan(arguments: argparse.Namespace, rate: float) -> "Plan":
    from assistant.training.batches import TOKENS
    from assistant.training.train import Plan

    return Plan(arguments.steps, arguments.seed, rate * (arguments.tokens / TOKENS) ** 0.5, arguments.tokens)


def _teacher(arguments: argparse.Namespace, tokenizer: Path) -> "Large | None":
    """The teacher as its last checkpoint has it; None where the trunk of one is not given."""
    from assistant.training.start import new_teacher
    from assistant.training.train import resume

    if arguments.trunk is None:
        return None
    teacher = new_teacher(arguments.trunk, tokenizer, arguments.seed)
    if arguments.model != "teacher" and not resume(arguments.folder / "teacher", teacher):
        raise SystemExit(f"{arguments.folder / 'teacher'} holds no checkpoint: train the teacher first (--model teacher)")
    return teacher


def _begin(arguments: argparse.Namespace, facts: dict[str, object]) -> "Network":
    """The evidence model as its training begins; what the card shall say of that is added to the facts."""
    from assistant.evidence.shipped import MODELS
    from assistant.training.start import new_network, take_over
    from index.embed.model import DEFAULT_MODEL, DEFAULT_SHA256, file_sha256, packaged

    network = new_network(packaged(), arguments.seed)
    facts |= {"trunk": DEFAULT_MODEL, "trunk_sha256": DEFAULT_SHA256}
    if arguments.trunk is not None:
        facts["taught_by"] = arguments.trunk.name
    if arguments.go_on:
        start = arguments.out / MODELS["evidence"]
        take_over(network, start)
        facts["started_from"] = file_sha256(start)
    return network


def _finish(network: "Network | Large", tokenizer: Path, arguments: argparse.Namespace, facts: dict[str, object]) -> None:
    from assistant.training.export import ship
    from assistant.training.fit import fit

    ship(network, tokenizer, arguments.out, arguments.model, facts)
    print(json.dumps(fit(arguments.data, arguments.out, arguments.model), indent=1))  # noqa: T201


def _arguments() -> argparse.Namespace:
    from assistant.evidence.shipped import FOLDER, MODELS

    parser = argparse.ArgumentParser(prog="python -m assistant.training", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with the training sets (see the model card)")
    parser.add_argument("--model", choices=["teacher", *MODELS], default="evidence", help="`claims`: the judge, pruned out of the teacher")
    parser.add_argument("--trunk", type=Path, help="the folder of all-mpnet-base-v2: what the teacher is made of, which teaches the others")
    parser.add_argument("--go-on", action="store_true", help="start from the evidence model in the folder of --out")
    parser.add_argument("--folder", type=Path, default=Path(".training"), help="where checkpoints are kept (default: .training)")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the models are written (default: where the package looks for them)")
    parser.add_argument("--steps", type=int, default=5000, help="steps in all; a pass has 21 million tokens of questions, 8 million of claims")
    parser.add_argument("--tokens", type=int, default=5_120, help="of a step (default: 5,120, for a CPU)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
