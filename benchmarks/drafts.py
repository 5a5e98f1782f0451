"""Are the false sentences of a draft marked, and the true ones not? Sentences as a language model may write them, each known to be true or false.

`tests/drafts.jsonl` is over the sample documents. `written/` holds six other documents and harder drafts: true ones in free paraphrase, some out of two
sentences, false ones of eight kinds. `reworded/` holds twelve more, and drafts as they are worded by language models that have read them. Half of all cite
no sentence or a wrong one. The rules of the check were mended while looking at all of them.
Beside Footnote: the same check by words and likeness, as it is done without a judge of claims.
"""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assistant.answer import Assistant
from assistant.evidence.likeness import Likeness
from assistant.evidence.linear import LinearEvidence
from assistant.types import Claim, Draft, Grounds, Support
from index.build import build
from index.embed import DEFAULT_MODEL, default_cache, open_embedder
from index.load import load
from index.store import Store

HERE = Path(__file__).parent
SETS = {
    "over the sample documents": (HERE.parent / "seeds", HERE.parent / "tests" / "drafts.jsonl"),
    "over six others, worded freely": (HERE / "written", HERE / "written" / "drafts.jsonl"),
    "over twelve others, worded as language models do": (HERE / "reworded", HERE / "reworded" / "drafts.jsonl"),
}
LABELS: tuple[tuple[int, ...], ...] = ((), (1,), (7,), (2, 3))
"""What the drafts cite, in turn: a draft's own labels are often wrong."""


def main() -> None:
    """Print a table of each set: of each kind of draft, how many are marked unsupported."""
    for name, (documents, drafts) in SETS.items():
        rows = [json.loads(line) for line in drafts.read_text("utf-8").splitlines()]
        print(f"\n| drafts {name}, marked unsupported | drafts | Footnote | words and likeness |\n| --- | --- | --- | --- |")
        with tempfile.TemporaryDirectory() as scratch:
            embedder = open_embedder(DEFAULT_MODEL, default_cache())
            store = Store(Path(scratch))
            with store.lock():
                build(store, load([documents], leave_out=[drafts]), embedder, [])
            assistant = Assistant.open(scratch)
            words = LinearEvidence(Likeness(embedder), assistant.index.keywords)
            _print_kinds(rows, _grounds(assistant, rows), assistant, Assistant(assistant.index, words))


def _grounds(assistant: Assistant, rows: Sequence[dict[str, str]]) -> dict[str, Grounds]:
    """What a draft may cite, of each question: the nearest sentences where no language model would be asked."""
    grounds = {question: assistant.ground(question) for question in {row["question"] for row in rows}}
    return {question: replace(found, offered=found.offered or found.nearest) for question, found in grounds.items()}


def _print_kinds(rows: Sequence[dict[str, str]], grounds: dict[str, Grounds], *assistants: Assistant) -> None:
    total: Counter[str] = Counter()
    marked: list[Counter[str]] = [Counter() for _ in assistants]
    took = 0.0
    for number, row in enumerate(rows):
        kinds = [row["kind"]] if row["kind"] == "supported" else [row["kind"], "all that are false"]
        total.update(kinds)
        for place, assistant in enumerate(assistants):
            start = time.perf_counter()
            answer = assistant.check(grounds[row["question"]], Draft((Claim(row["claim"], LABELS[number % 4]),), "draft"))
            took += 0.0 if place else time.perf_counter() - start
            marked[place].update([] if any(claim.support is not Support.UNSUPPORTED for claim in answer.claims) else kinds)
    for kind in sorted(total, key=lambda kind: (kind != "supported", kind == "all that are false", kind)):
        told = " | ".join(f"{of[kind]} ({of[kind] / total[kind]:.0%})" for of in marked)
        print(f"| {'true' if kind == 'supported' else kind} | {total[kind]} | {told} |")
    print(f"\nA sentence is checked in {took / len(rows) * 1000:.0f} ms.", flush=True)


if __name__ == "__main__":
    main()
