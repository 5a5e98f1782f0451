"""`python -m assistant.training DATA`: train a whole network; prune one to a model that ships, or train that further; write its file, and fit what joins it."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.settings import keep_offline

if TYPE_CHECKING:
    from assistant.training.network import Network
    from assistant.training.train import Passes, Plan

RATES = {"large": 3.5e-5, "small": 1.5e-4}
"""The highest learning rates of the whole networks, for batches of 5,120 tokens."""
PRUNED = 1e-4
"""That of a pruned one, and of one that is trained further."""
OF = {"skim": "small", "evidence": "large", "claims": "large"}
"""Which whole network each model that ships is pruned from."""


def main() -> None:
    """Train from the last checkpoint to the step that is asked for; then, where the model ships, export it, and fit."""
    keep_offline()
    arguments = _arguments()
    from assistant.evidence.encode import open_tokenizer
    from assistant.training import groups
    from assistant.training.train import train

    data, tokenizer = groups.Passes(arguments.data), open_tokenizer(_tokenizer())
    passes = {"large": data.both, "claims": data.claims}.get(arguments.model, data.groups)
    if arguments.further and arguments.model not in OF:
        raise SystemExit(f"only what ships is trained further: {', '.join(OF)}")
    if arguments.model in OF:
        (_further if arguments.further else _prune)(arguments, passes, tokenizer)
        return
    teacher = _whole(arguments, "large", trained=True) if arguments.model == "small" and arguments.trunk else None
    train(_whole(arguments, arguments.model), passes, arguments.folder / arguments.model, tokenizer, _plan(arguments), teacher)


def _prune(arguments: argparse.Namespace, passes: "Passes", tokenizer: object) -> None:
    """Make a model that ships."""
    from assistant.training.pruned import STAGES, train_pruned
    from index.embed.model import DEFAULT_MODEL, file_sha256, packaged

    of, stages = OF[arguments.model], STAGES[arguments.model]
    if arguments.steps <= (least := sum(steps for _, steps in stages)):
        raise SystemExit(f"this model needs more than {least} --steps: so many go into its stages")
    whole = _whole(arguments, of, trained=True)
    network = train_pruned(whole, passes, arguments.folder / arguments.model, tokenizer, _plan(arguments), stages)
    trunk, name = (packaged(), DEFAULT_MODEL) if of == "small" else (arguments.trunk, arguments.trunk.name)
    facts = {
        "of": of,
        "trunk": name,
        "trunk_sha256": file_sha256(trunk / "model.safetensors"),
        "steps": arguments.steps,
        "tokens a step": arguments.tokens,
        "seed": arguments.seed,
        "stages": stages,
    }
    _ship(arguments, network, facts)


def _further(arguments: argparse.Namespace, passes: "Passes", tokenizer: object) -> None:
    """Train on the file of a model that ships, and put what comes of it in its place."""
    from assistant.evidence.shipped import MODELS
    from assistant.training.reopen import reopened
    from assistant.training.train import train

    facts = json.loads((arguments.out / "card.json").read_bytes())["models"][arguments.model]
    network = reopened(arguments.out / MODELS[arguments.model])
    before = facts.get("further", [])
    train(network, passes, arguments.folder / f"{arguments.model}-further-{len(before)}", tokenizer, _plan(arguments))
    further = {"steps": arguments.steps, "tokens a step": arguments.tokens, "seed": arguments.seed}
    _ship(arguments, network, {**facts, "further": [*before, further]})


def _ship(arguments: argparse.Namespace, network: "Network", facts: Mapping[str, object]) -> None:
    """Write the file of a model, and fit what joins it."""
    from assistant.training.export import ship
    from assistant.training.fit import fit

    ship(network, _tokenizer(), arguments.out, arguments.model, facts)
    print(json.dumps(fit(arguments.data, arguments.out, arguments.model), indent=1))  # noqa: T201


def _whole(arguments: argparse.Namespace, name: str, *, trained: bool = False) -> "Network":
    """A whole network as its training begins, or as its last checkpoint has it."""
    from assistant.training.start import new_large, new_small
    from assistant.training.train import resume
    from index.embed.model import packaged

    if name == "large" and arguments.trunk is None:
        raise SystemExit("the large network, and what is pruned of it, need --trunk")
    network = new_small(packaged(), arguments.seed) if name == "small" else new_large(arguments.trunk, _tokenizer(), arguments.seed)
    if trained and not resume(arguments.folder / name, network):
        raise SystemExit(f"{arguments.folder / name} holds no checkpoint: train that network first (--model {name})")
    return network


def _plan(arguments: argparse.Namespace) -> "Plan":
    from assistant.training.batches import TOKENS
    from assistant.training.train import Plan

    rate = RATES.get(arguments.model, PRUNED) * (arguments.tokens / TOKENS) ** 0.5
    return Plan(arguments.steps, arguments.seed, rate, arguments.tokens, rounded=1.0 if arguments.further else 0.0)


def _tokenizer() -> Path:
    from index.embed.model import packaged

    return packaged() / "tokenizer.json"


def _arguments() -> argparse.Namespace:
    from assistant.evidence.shipped import FOLDER

    parser = argparse.ArgumentParser(prog="python -m assistant.training", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with the training sets (see the model card)")
    parser.add_argument("--model", choices=[*RATES, *OF], required=True, help="a whole network (large, small), or one that ships, which is pruned from it")
    parser.add_argument("--trunk", type=Path, help="the folder of all-mpnet-base-v2: what the large network is made of, which teaches the small one")
    parser.add_argument("--further", action="store_true", help="train on the file of a model that ships: it needs neither trunk nor checkpoints")
    parser.add_argument("--folder", type=Path, default=Path(".training"), help="where checkpoints are kept (default: .training)")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the models are written (default: where the package looks for them)")
    parser.add_argument("--steps", type=int, default=5000, help="steps in all; a pass has 21 million tokens of questions, 23 million of claims")
    parser.add_argument("--tokens", type=int, default=5_120, help="of a step (default: 5,120, for a CPU)")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
