"""`python -m assistant.training DATA`: train a teacher, or one of the two models that ship, write its files, and fit what joins it to the rest."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.settings import keep_offline

if TYPE_CHECKING:
    from assistant.training.network import Network, Teacher

OF_TEACHER, ANEW, ON = 3.5e-5, 1.5e-4, 1e-4
"""The highest learning rates, for batches of 5,120 tokens: of the teacher; of a network with new heads; and of one that was trained before."""


def main() -> None:
    """Train from the last checkpoint to the step that is asked for; then export, and fit."""
    keep_offline()
    arguments = _arguments()
    from assistant.evidence.encode import open_tokenizer
    from assistant.training.batches import TOKENS
    from assistant.training.groups import Passes
    from assistant.training.start import new_network
    from assistant.training.train import Plan, train
    from index.embed.model import packaged

    passes, file, folder = Passes(arguments.data), packaged() / "tokenizer.json", arguments.folder / arguments.model
    tokenizer = open_tokenizer(file)
    rate = OF_TEACHER if arguments.model == "teacher" else ON if arguments.go_on or arguments.model == "claims" else ANEW
    plan = Plan(arguments.steps, arguments.seed, rate * (arguments.tokens / TOKENS) ** 0.5, arguments.tokens)
    teacher = _teacher(arguments, file)
    if arguments.model == "teacher" and teacher is not None:
        train(teacher, passes.both, folder, tokenizer, plan)
        return
    network = new_network(packaged(), arguments.seed)
    facts = _begin(network, arguments)
    train(network, passes.claims if arguments.model == "claims" else passes.groups, folder, tokenizer, plan, teacher)
    _finish(network, file, arguments, facts)


def _teacher(arguments: argparse.Namespace, tokenizer: Path) -> "Teacher | None":
    """The teacher as its last checkpoint has it; None where the trunk of one is not given."""
    from assistant.training.start import new_teacher
    from assistant.training.train import resume

    if arguments.trunk is None:
        return None
    teacher = new_teacher(arguments.trunk, tokenizer, arguments.seed)
    if arguments.model != "teacher" and not resume(arguments.folder / "teacher", teacher):
        raise SystemExit(f"{arguments.folder / 'teacher'} holds no checkpoint: train the teacher first (--model teacher)")
    return teacher


def _begin(network: "Network", arguments: argparse.Namespace) -> dict[str, object]:
    """Let a network start from one that ships, where it shall; what the card shall say of the training."""
    from assistant.evidence.shipped import MODELS
    from assistant.training.start import take_over
    from index.embed.model import DEFAULT_MODEL, DEFAULT_SHA256, file_sha256

    facts: dict[str, object] = {"trunk": DEFAULT_MODEL, "trunk_sha256": DEFAULT_SHA256}
    facts |= {"steps": arguments.steps, "tokens a step": arguments.tokens, "seed": arguments.seed}
    if arguments.trunk is not None:
        facts["taught_by"] = arguments.trunk.name
    if arguments.go_on or arguments.model == "claims":
        start = arguments.out / MODELS[arguments.model if arguments.go_on else "evidence"]
        take_over(network, start)
        facts["started_from"] = file_sha256(start)
    return facts


def _finish(network: "Network", tokenizer: Path, arguments: argparse.Namespace, facts: dict[str, object]) -> None:
    from assistant.training.export import ship
    from assistant.training.fit import fit

    ship(network, tokenizer, arguments.out, arguments.model, facts)
    print(json.dumps(fit(arguments.data, arguments.out, arguments.model), indent=1))  # noqa: T201


def _arguments() -> argparse.Namespace:
    from assistant.evidence.shipped import FOLDER, MODELS

    parser = argparse.ArgumentParser(prog="python -m assistant.training", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with the training sets (see the model card)")
    parser.add_argument("--model", choices=["teacher", *MODELS], default="evidence", help="`claims` starts from the evidence model in the folder of --out")
    parser.add_argument("--trunk", type=Path, help="the folder of all-mpnet-base-v2: what the teacher is made of; with another model, the teacher teaches it")
    parser.add_argument("--go-on", action="store_true", help="start from the model of that name in the folder of --out")
    parser.add_argument("--folder", type=Path, default=Path(".training"), help="where checkpoints are kept (default: .training)")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the models are written (default: where the package looks for them)")
    parser.add_argument("--steps", type=int, default=5000, help="steps in all; a pass has 21 million tokens of questions, 8 million of claims")
    parser.add_argument("--tokens", type=int, default=5_120, help="of a step (default: 5,120, for a CPU)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.model == "teacher" and arguments.trunk is None:
        parser.error("a teacher needs --trunk")
    return arguments


if __name__ == "__main__":
    main()
