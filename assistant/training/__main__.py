"""`python -m assistant.training DATA`: train the evidence model, write the files that ship, and fit what joins it to the search."""

import argparse
import json
from pathlib import Path

from assistant.settings import keep_offline


def main() -> None:
    """Train from the last checkpoint to the step that is asked for; then export, and fit."""
    keep_offline()
    arguments = _parser().parse_args()
    from assistant.evidence.encode import open_tokenizer
    from assistant.training.export import ship
    from assistant.training.fit import fit
    from assistant.training.train import train
    from index.embed.model import DEFAULT_MODEL, DEFAULT_SHA256, packaged

    tokenizer = packaged() / "tokenizer.json"
    network = train(arguments.data, arguments.folder, packaged(), open_tokenizer(tokenizer), arguments.steps, arguments.seed)
    facts = {"trunk": DEFAULT_MODEL, "trunk_sha256": DEFAULT_SHA256, "steps": arguments.steps, "seed": arguments.seed}
    ship(network, tokenizer, arguments.out, facts)
    print(json.dumps(fit(arguments.data, arguments.out), indent=1))  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    from assistant.evidence.reader import FOLDER

    parser = argparse.ArgumentParser(prog="python -m assistant.training", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with the training sets (see the model card)")
    parser.add_argument("--folder", type=Path, default=Path(".training"), help="where checkpoints are kept (default: .training)")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the model is written (default: where the package looks for it)")
    parser.add_argument("--steps", type=int, default=5000, help="steps of 5,120 tokens in all; a pass has about 5,300")
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
