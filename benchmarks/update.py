"""What a build costs where nothing has changed, and where one file has, beside the first build of ten thousand."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import corpus

FILES, PARAGRAPHS = 10_000, 2


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "documents"
        characters = corpus.write_documents(folder, FILES, PARAGRAPHS)
        first = _build(folder)
        nothing = min(_build(folder) for _ in range(3))
        changed = min(_changed(folder, number) for number in range(3))
    print(f"| {FILES:,} files, {characters / 1e6:.1f} million characters | seconds | of the first |\n| --- | --- | --- |")
    for name, seconds in (("first build", first), ("nothing changed", nothing), ("one file changed", changed)):
        print(f"| {name} | {seconds:.2f} | {seconds / first:.1%} |")


def _build(folder: Path) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-m", "assistant.cli", "build", str(folder), "--index", str(folder.parent / "index")]
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - start


def _changed(folder: Path, number: int) -> float:
    with sorted(folder.iterdir())[number].open("a") as stream:
        stream.write(f"One more sentence was written in change {number}.")
    return _build(folder)


if __name__ == "__main__":
    main()
