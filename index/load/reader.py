"""Reads files in a worker process that can be killed: no file, however made, stops or crashes a build.

The worker (`python -m index.load.reader`) has 1 GiB of address space (text recognition 4), no network, and 30 seconds a file, or for
each page of one whose text is recognised.
Both sides speak lines of JSON; the text follows its line as UTF-8.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from index.errors import LateError, LoadError, PassingError
from index.load import ocr
from index.load.desk import Desk
from index.load.foreign import read_foreign
from index.load.formats import is_read, read, unpacks
from index.load.reading import Reading
from index.load.worker import confine, start
from index.types import Heading

SECONDS = 30
SCRATCH = "footnote-"
ADDRESS_SPACE = 1 << 30
MOST_PARTS, MOST_TEXT, LONGEST = 10_000, 200 << 20, 900.0
"""Of one file with all that is in it: how many files, bytes of text, and seconds."""
DEEPEST = 3
"""Archives in one another that are opened."""


class Reader:
    """One worker at a time, started when the first file is read and again whenever one was lost."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def read_all(self, path: Path, foreign: str = "") -> Iterator[tuple[str, Reading | LoadError]]:
        """What a file says, by the empty name, and what the files in it say, by their paths inside; each is read by itself, or is its own failure.

        `foreign` names a llama-index reader for the file. What goes beyond the limits of one file, all that is in it included, is left out and told of.
        """
        parts, text, until = 0, 0, time.monotonic() + LONGEST
        with _scratch(path) as scratch:
            for name, reading in self._read_all("", path, scratch, DEEPEST, foreign):
                yield name, reading
                parts, text = parts + 1, text + (len(reading.text) if isinstance(reading, Reading) else 0)
                if name and (parts > MOST_PARTS or text > MOST_TEXT or time.monotonic() > until):
                    yield f"{name} …", LoadError("what follows in the archive is more than one file may hold: unpack it, and index its folder")
                    return

    def _read_all(self, name: str, path: Path, scratch: Path, depth: int, foreign: str = "") -> Iterator[tuple[str, Reading | LoadError]]:
        try:
            reading = self.read(path, scratch, foreign)
        except LoadError as error:
            yield name, error
            return
        yield name, reading
        for inside, part in reading.parts:
            within = f"{name}/{inside}"
            if depth == 0:
                yield within, LoadError(f"stands in an archive in an archive, more than {DEEPEST} deep: unpack it")
                continue
            with _scratch(part, scratch) as inner:
                yield from self._read_all(within, part, inner, depth - 1)

    def read(self, path: Path, scratch: Path, foreign: str = "") -> Reading:
        """What a file says; what it holds of others is put into `scratch`. Raises LoadError with the reason if it cannot be read, in time and in bounds."""
        process = self._process = self._process or _start(self._seconds)
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps([os.fsencode(place).hex() for place in (path, scratch, foreign)]).encode() + b"\n")
            process.stdin.flush()
            header = json.loads(process.stdout.readline() or b"null")
            text = process.stdout.read(header["bytes"]) if header and "bytes" in header else b""
        except (BrokenPipeError, ValueError):  # It died before it answered, or half-way.
            header = None
        if header is None or ("bytes" in header and len(text) != header["bytes"]):
            late = self._stop() == -signal.SIGALRM
            if late:
                raise LateError(f"took longer than {self._seconds:g} s and was given up")
            raise PassingError("the parser crashed on it: the file is damaged or hostile")
        if "error" in header:
            raise (PassingError if header["passing"] else LoadError)(header["error"])
        headings = tuple(Heading(*heading) for heading in header["headings"])
        parts = tuple((name, Path(os.fsdecode(bytes.fromhex(place)))) for name, place in header["parts"])
        return Reading(text.decode(), header["title"], tuple(header["pages"]), headings, tuple(header["notes"]), parts, header["language"])

    def _stop(self) -> int:
        """End the worker, if it has not ended; how it did."""
        process, self._process = self._process, None
        if process is None:
            return 0
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=1)  # One that was closed, or has died, ends by itself.
        process.kill()
        process.communicate()
        return process.returncode


@contextlib.contextmanager
def _scratch(path: Path, inside: Path | None = None) -> Iterator[Path]:
    """An empty folder to unpack a file into; none is made for one that holds no others."""
    if not unpacks(path.name):
        yield Path()
        return
    with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=inside) as folder:
        yield Path(folder)


def _start(seconds: float = SECONDS) -> "subprocess.Popen[bytes]":
    return start(f"from index.load.reader import work; work({seconds})")


# --- The worker --------------------------------------------------------------------------------------


def work(seconds: float = SECONDS) -> None:
    """Answer for one path a line until standard input ends. Should the build be killed meanwhile, it ends by itself, and leaves nothing."""
    output = confine(ADDRESS_SPACE, ocr.ADDRESS_SPACE)
    scratch = ""
    for line in sys.stdin.buffer:
        path, scratch, foreign = (os.fsdecode(bytes.fromhex(place)) for place in json.loads(line))
        _set_alarm(seconds)
        _answer(Path(path), Desk(Path(scratch), is_read, partial(_set_alarm, seconds)), foreign, output)
        signal.setitimer(signal.ITIMER_REAL, 0)
    ours = [folder for folder in (Path(scratch), *Path(scratch).parents) if scratch and folder.name.startswith(SCRATCH)]
    if ours:
        shutil.rmtree(ours[-1], ignore_errors=True)


def _set_alarm(seconds: float) -> None:
    """Have the kernel end this process: no parser can hold that up, and it happens though the build was killed meanwhile."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(path: Path, desk: Desk, foreign: str, output: IO[bytes]) -> None:
    try:
        answer, text = _told(read_foreign(foreign, path) if foreign else read(path, desk))
    except LoadError as error:
        answer, text = {"error": str(error), "passing": isinstance(error, PassingError)}, b""
    except MemoryError:
        answer, text = {"error": f"needs more than {ADDRESS_SPACE >> 30} GiB of memory to be read: split it", "passing": True}, b""
    output.write(json.dumps(answer).encode() + b"\n")
    output.write(text)
    output.flush()


def _told(reading: Reading) -> tuple[dict[str, Any], bytes]:
    """A reading as the line and the text that follows it."""
    text = _encodable(reading.text).encode()
    line = {
        "title": _encodable(reading.title),
        "bytes": len(text),
        "pages": reading.pages,
        "headings": [(h.start, h.end, h.level, h.guessed) for h in reading.headings],
        "notes": list(map(_encodable, reading.notes)),
        "language": reading.language,
        "parts": [(_printable(name), os.fsencode(place).hex()) for name, place in reading.parts],
    }
    return line, text


def _encodable(text: str) -> str:
    """The text with "?" for a lone surrogate, which some PDFs hold."""
    return text.encode("utf-8", "replace").decode()


def _printable(name: str) -> str:
    """A name with its bytes that are no text written out: two that differ stay apart."""
    return name.encode("utf-8", "backslashreplace").decode()
