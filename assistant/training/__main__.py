"""`python -m assistant.training DATA`: train one of the two models, write the files that ship, and fit what joins it to the rest."""

import argparse
import json
from pathlib import Path

from assistant.settings import keep_offline

RATES = {"evidence": 1.5e-4, "claims": 1e-4}
"""The highest learning rate of each model. The judge of claims starts from the model that finds evidence, so it has less far to go."""


def main() -> None:
    """Train from the last checkpoint to the step that is asked for; then export, and fit."""
    keep_offline()
    arguments = _parser().parse_args()
    from assistant.evidence.encode import open_tokenizer
    from assistant.evidence.shipped import MODELS
    from assistant.training.export import ship
    from assistant.training.fit import fit
    from assistant.training.groups import Passes
    from assistant.training.start import average, new_network, take_over
    from assistant.training.train import train
    from index.embed.model import DEFAULT_MODEL, DEFAULT_SHA256, file_sha256, packaged

    network, passes, tokenizer = new_network(packaged(), arguments.seed), Passes(arguments.data), packaged() / "tokenizer.json"
    facts = {"trunk": DEFAULT_MODEL, "trunk_sha256": DEFAULT_SHA256, "steps": arguments.steps, "seed": arguments.seed}
    start = arguments.out / MODELS["evidence"]
    if arguments.model == "claims" or arguments.go_on:
        take_over(network, start)
        facts["started_from"] = file_sha256(start)
    groups = passes.claims if arguments.model == "claims" else passes.groups
    folder = arguments.folder / arguments.model
    train(network, groups, folder, open_tokenizer(tokenizer), arguments.steps, arguments.seed, RATES[arguments.model])
    if arguments.go_on and arguments.model == "evidence":
        average(network, start)
    ship(network, tokenizer, arguments.out, arguments.model, facts)
    print(json.dumps(fit(arguments.data, arguments.out, arguments.model), indent=1))  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    from assistant.evidence.shipped import FOLDER

    parser = argparse.ArgumentParser(prog="python -m assistant.training", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with the training sets (see the model card)")
    parser.add_argument("--model", choices=RATES, default="evidence", help="which: `claims` starts from the evidence model in the folder of --out")
    parser.add_argument("--go-on", action="store_true", help="train the evidence model in the folder of --out on, and ship the mean of before and after")
    parser.add_argument("--folder", type=Path, default=Path(".training"), help="where checkpoints are kept (default: .training)")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the models are written (default: where the package looks for them)")
    parser.add_argument("--steps", type=int, default=5000, help="steps of 5,120 tokens in all; a pass has about 4,200 of questions, 1,600 of claims")
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
