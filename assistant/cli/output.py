"""What commands print: JSON, the one line of an error, progress on a terminal."""

import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

T = TypeVar("T")
FOUND, BROKEN, WRONG, NOT_SAID, WORSE = 0, 1, 2, 3, 4
"""Exit statuses: done; something does not hold; a wrong call, file or setting; the documents do not say; worse than the baseline."""


def ready_output() -> None:
    """Print what the terminal's encoding lacks as "?", and nothing at all if output was closed."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - It stays open to the end.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def fail(message: str) -> NoReturn:
    """Say what is wrong in one line, and exit."""
    click.echo(f"footnote: {' '.join(message.split())}".encode("utf-8", "backslashreplace").decode(), err=True)
    sys.exit(WRONG)


def print_json(value: dict[str, Any]) -> None:
    """Print JSON as UTF-8; a lone surrogate of a file name becomes its JSON escape."""
    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def width() -> int:
    """Characters of a line."""
    return max(40, min(shutil.get_terminal_size().columns, 100))


def track(label: str) -> Callable[[Sequence[T]], Iterable[T]]:
    """Wrap a sequence in a progress bar with a rate and a time to go, if standard error is a terminal."""
    return lambda items: _bar(label, items) if sys.stderr.isatty() and items else items


def _bar(label: str, items: Sequence[T]) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    def size(item: T) -> int:
        return len(item) if isinstance(item, Sequence) else 1

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=sum(map(size, items)), rate="")
        for item in items:
            yield item
            progress.advance(task, size(item))
            progress.update(task, rate=f"{progress.tasks[0].speed or 0:.0f}/s")
