"""`python -m assistant.training`: train, and write the model that the package ships."""

import argparse
from pathlib import Path

from assistant.settings import keep_offline


def main() -> None:
    """Train from the last checkpoint to the step that is asked for."""
    keep_offline()
    arguments = _parser().parse_args()
    from tokenizers import Tokenizer

    from assistant.training.train import train
    from index.embed.model import packaged

    tokenizer = Tokenizer.from_file(str(packaged() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    train(arguments.data, arguments.folder, packaged(), tokenizer, arguments.steps, arguments.seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m assistant.training", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with the training sets (see the model card)")
    parser.add_argument("--folder", type=Path, default=Path(".training"), help="where checkpoints are kept (default: .training)")
    parser.add_argument("--steps", type=int, default=5000, help="steps of 5,120 tokens in all; a pass has about 5,500")
    parser.add_argument("--seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    main()
