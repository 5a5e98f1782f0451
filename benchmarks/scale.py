"""Footnote beside llama-index's stock pipeline and txtai, from a thousand chunks to a million; as a table and as a picture.

Every figure is of a process of its own, the systems in turn. Where a peer cannot be run in half an hour or 20 GB, it says so.
"""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks import corpus

SYSTEMS = ("footnote", "llama-index", "txtai")
SIZES = (1_000, 100_000, 1_000_000)
MOST = {"llama-index": 100_000}
"""Its vectors are lists of Python floats in one JSON file: a million take more than 20 GB."""
PICTURE = Path(__file__).with_suffix(".svg")
COLOURS = {"footnote": "#1f6feb", "llama-index": "#b35900", "txtai": "#5a7d2a"}
Told = dict[str, float]


def main(sizes: Sequence[int] = SIZES) -> None:
    """Print the tables, and draw the picture."""
    with tempfile.TemporaryDirectory() as scratch:
        _print_speed(Path(scratch))
        told: dict[tuple[str, int], Told] = {}
        print("\n| chunks | system | made in s | on disk MB | open s | first answer s | query p50 ms | p95 ms | resident MB | recall@10 |")
        print("| --- " * 10 + "|")
        for size in sizes:
            for system in SYSTEMS:
                if size > MOST.get(system, size):
                    print(f"| {size:,} | {system} | not run: its vectors would not fit in 20 GB |" + " |" * 7, flush=True)
                    continue
                told[system, size] = _measure(system, size, Path(scratch) / f"{system}-{size}")
                print(_row(system, size, told[system, size]), flush=True)
                if system == "footnote":
                    answered = _run("footnote-answer", "ask", Path(scratch) / f"{system}-{size}", size)
                    print(_row("footnote, a cited answer", size, {**told[system, size], **answered}), flush=True)
    print(f"\n{_growth(told, sizes)}")
    PICTURE.write_text(picture({system: [(size, told[system, size]["p50"]) for size in sizes if (system, size) in told] for system in SYSTEMS}))
    print(f"Picture: {PICTURE}")


def _run(system: str, action: str, place: Path, argument: object) -> Told:
    done = subprocess.run([sys.executable, "-m", "benchmarks.peers", system, action, str(place), str(argument)], capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    told: Told = json.loads(done.stdout.splitlines()[-1])
    return told


def _measure(system: str, size: int, place: Path) -> Told:
    made = _run(system, "make", place, size)
    asked = _run(system, "ask", place, size)
    found = _run(system, "recall", place, size) if system == "footnote" else {}
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return {**asked, **found, "made": made["seconds"], "disk": float(sum(path.stat().st_size for path in files))}


def _row(system: str, size: int, told: Told) -> str:
    kept = f"{told['recall']:.3f}" if "recall" in told else "–"
    return (
        f"| {size:,} | {system} | {told['made']:.0f} | {told['disk'] / 1e6:.0f} | {told['open']:.2f} | {told['first']:.2f} | {told['p50']:.1f}"
        f" | {told['p95']:.1f} | {told['memory'] / 1e6:.0f} | {kept} |"
    )


def _growth(told: Mapping[tuple[str, int], Told], sizes: Sequence[int]) -> str:
    """How cost grows: the exponent of a power law between the smallest and the largest size, and what a query costs with 10 times the chunks."""
    first, last = told["footnote", sizes[0]], told["footnote", sizes[-1]]
    decades = math.log10(sizes[-1] / sizes[0]) or 1.0
    factors = {name: (last[name] / first[name]) ** (1 / decades) for name in ("p50", "memory", "disk", "made")}
    return (
        f"From {sizes[0]:,} to {sizes[-1]:,} chunks, ten times as many cost {factors['p50']:.1f} times the query, {factors['memory']:.1f} times the memory,"
        f" {factors['disk']:.1f} times the disk, and {factors['made']:.1f} times the making (without embedding, which grows with the text)."
    )


# --- Indexing of real text, and the cold start -------------------------------------------------------


def _print_speed(scratch: Path) -> None:
    """Characters a second, embedding included, on documents of three lengths; and a cold `ask`."""
    print("| indexing, thousand characters a second | footnote | llama-index | txtai | ratio |\n| --- | --- | --- | --- | --- |")
    for name, paragraphs, count in (("abstracts of a thousand characters", 4, 240), ("articles of six thousand", 24, 40), ("one book", 960, 1)):
        folder = scratch / name.split()[-1]
        size = corpus.write_documents(folder, count, paragraphs)
        rates = [
            size / 1e3 / median(_run(system, "files", scratch / f"{folder.name}-{system}-{turn}", folder)["seconds"] for turn in range(3)) for system in SYSTEMS
        ]
        print(f"| {name} | {' | '.join(f'{rate:.0f}' for rate in rates)} | {rates[0] / rates[1]:.1f}, {rates[0] / rates[2]:.1f} |", flush=True)
    print("\nllama-index embeds the first 256 tokens of each of its chunks of 1,024; the others embed every word.")


# --- The picture -------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, TOP, INNER_WIDTH, INNER_HEIGHT = 640, 400, 70, 50, 440, 290


def picture(lines: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """Query time (ms, p50) over chunks, both on logarithmic axes, as SVG."""
    points = [point for line in lines.values() for point in line]
    left, right = (math.log10(edge(size for size, _ in points)) for edge in (min, max))
    low, high = math.floor(math.log10(min(value for _, value in points))), math.ceil(math.log10(max(value for _, value in points)))

    def x(size: float) -> float:
        return LEFT + INNER_WIDTH * (math.log10(size) - left) / ((right - left) or 1)

    def y(value: float) -> float:
        return TOP + INNER_HEIGHT * (high - math.log10(value)) / ((high - low) or 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/><text x="{LEFT}" y="28" font-size="16">A query, embedding included: median milliseconds</text>',
    ]
    for power in range(low, high + 1):
        parts.append(
            f'<path d="M{LEFT} {y(10**power):.1f}h{INNER_WIDTH}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(10**power) + 4:.1f}" text-anchor="end">{10**power:g}</text>'
        )
    for size in sorted({size for size, _ in points}):
        parts.append(f'<text x="{x(size):.1f}" y="{TOP + INNER_HEIGHT + 22}" text-anchor="middle">{size:,}</text>')
    parts.append(f'<text x="{LEFT + INNER_WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">chunks</text>')
    free = HEIGHT * 1.0
    for name, line in sorted(lines.items(), key=lambda item: item[1][-1][1] if item[1] else 0):  # From the bottom up, so that no label covers another.
        if line:
            free = min(y(line[-1][1]) + 4, free - 17)
            path = "L".join(f"{x(size):.1f} {y(value):.1f}" for size, value in line)
            dots = "".join(f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="4" fill="{COLOURS[name]}"/>' for size, value in line)
            label = f'<text x="{x(line[-1][0]) + 10:.1f}" y="{free:.1f}" fill="{COLOURS[name]}">{name} {line[-1][1]:.0f} ms</text>'
            parts.append(f'<path d="M{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2.5"/>{dots}{label}')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    started = time.perf_counter()
    main([int(size.replace("_", "")) for size in sys.argv[1:]] or SIZES)
    print(f"({time.perf_counter() - started:.0f} s)")
