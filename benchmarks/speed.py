"""Cold start to answer, ours and llama-index's stock pipeline in turn; sentences a second."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import corpus
from index.split import sentence_spans

QUESTION = "When does the committee meet?"
RUNS = 5
DENSE = "Dr. Reed wrote to the U.S. office on 3 May. It cost $4.50, she said. “Why?” asked Mr. Ito. Nobody knew (see Fig. 2).\n\n"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        corpus.write_documents(work / "documents", 20, 24)
        ours_ask = ["-m", "assistant.cli", "ask", QUESTION, "--index", str(work / "ours")]
        theirs_ask = ["-m", "benchmarks.stock", "ask", str(work / "theirs"), QUESTION]
        _seconds(["-m", "assistant.cli", "build", str(work / "documents"), "--index", str(work / "ours")])
        _seconds(["-m", "benchmarks.stock", "build", str(work / "documents"), str(work / "theirs")])
        ours, theirs = _pairs(ours_ask, theirs_ask, RUNS)
        print("| | Footnote | llama-index, stock | ratio |\n| --- | --- | --- | --- |")
        print(f"| `ask` on a built index, cold start to answer | {ours:.2f} s | {theirs:.2f} s | {theirs / ours:.1f} |")
    prose = "\n\n".join(path.read_text("utf-8") for path in sorted(corpus.SEEDS.glob("*.[mt][dx]*")))
    print(f"\nSentences: {_sentence_speed(prose):.0f} MB/s of prose; {_sentence_speed(DENSE):.1f} MB/s where every word is an abbreviation.")


def _pairs(ours: Sequence[str], theirs: Sequence[str], runs: int) -> tuple[float, float]:
    """Median wall seconds of each, run in turn after one uncounted run of each."""
    times = [(_seconds(ours), _seconds(theirs)) for _ in range(runs + 1)][1:]
    return median(one for one, _ in times), median(other for _, other in times)


def _seconds(arguments: Sequence[str]) -> float:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], capture_output=True, check=False)
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - start


def _sentence_speed(sample: str) -> float:
    """MB/s over some five megabytes of a sample, the median of three runs."""
    text = sample * (5_000_000 // len(sample))
    rates = []
    for _ in range(3):
        start = time.perf_counter()
        sentence_spans(text)
        rates.append(len(text.encode()) / 1e6 / (time.perf_counter() - start))
    return median(rates)


if __name__ == "__main__":
    main()
