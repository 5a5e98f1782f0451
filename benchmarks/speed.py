"""Cold start to answer and indexing, ours and llama-index's stock pipeline in turn; sentences a second."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from index.split import sentence_spans

QUESTION = "When does the committee meet?"
RUNS = 5
SEEDS = Path(__file__).parents[1] / "seeds"
DENSE = "Dr. Reed wrote to the U.S. office on 3 May. It cost $4.50, she said. “Why?” asked Mr. Ito. Nobody knew (see Fig. 2).\n\n"
PLACES = "harbour school forest bridge market theatre museum station hospital library".split()


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        size = _write_documents(work / "documents")
        ours_ask = ["-m", "assistant.cli", "ask", QUESTION, "--index", str(work / "ours")]
        theirs_ask = ["-m", "benchmarks.stock", "ask", str(work / "theirs"), QUESTION]
        built = _pairs(
            ["-m", "assistant.cli", "build", "--full", str(work / "documents"), "--index", str(work / "ours")],
            ["-m", "benchmarks.stock", "build", str(work / "documents"), str(work / "theirs")],
            runs=3,
        )
        asked = _pairs(ours_ask, theirs_ask, RUNS)
        print("| | Footnote | llama-index, stock | ratio |\n| --- | --- | --- | --- |")
        print(f"| `ask` on a built index, cold start to answer | {asked[0]:.2f} s | {asked[1]:.2f} s | {asked[1] / asked[0]:.1f} |")
        print(f"| indexing {size / 1e3:.0f} thousand characters, start included | {built[0]:.1f} s | {built[1]:.1f} s | {built[1] / built[0]:.1f} |")
    prose = "\n\n".join(path.read_text("utf-8") for path in sorted(SEEDS.glob("*.[mt][dx]*")))
    print(f"\nSentences: {_sentence_speed(prose):.0f} MB/s of prose; {_sentence_speed(DENSE):.1f} MB/s where every word is an abbreviation.")


def _write_documents(folder: Path) -> int:
    """Reports of our own making, with enough difference between them that every chunk is another."""
    folder.mkdir()
    total = 0
    for number in range(20):
        paragraphs = [
            f"Report {number}.{part} concerns the {PLACES[(number + part) % 10]}. "
            f"The committee meets on day {number + part} of the month in room {part}. "
            f"Its members looked at {number * part + 3} proposals for the {PLACES[(number * part) % 10]} and kept {part % 4}. "
            f"The rest were put off until spring.\n\n"
            for part in range(1, 25)
        ]
        text = "".join(paragraphs)
        (folder / f"report-{number}.txt").write_text(text)
        total += len(text)
    return total


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
