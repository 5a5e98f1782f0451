"""The pages of a PDF file for whoever shows them: pictures, and rectangles over what stands at some offsets of their text.

They are made in a worker process (`index.load.printed`): no file stops or crashes whoever asks.
"""

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.errors import ChangedError, LoadError
from index.load import worker
from index.load.layout import Box
from index.load.seen import signature
from index.types import Document


class Pages:
    """One worker, started when a page is asked for first, and again whenever it was lost. May be called from several threads."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._failed: dict[str, tuple[int, ...]] = {}

    def sizes(self, path: Path, document: Document) -> list[tuple[float, float]]:
        """Width and height of each page of a document's file, in points. Raises LoadError, as ChangedError where it is not what was read."""
        told, _ = self._ask(path, document, {"what": "sizes"})
        return [(width, height) for width, height in told]

    def picture(self, path: Path, document: Document, page: int, width: int) -> tuple[str, bytes]:
        """A page, counted from 1, as a picture so many pixels wide: its media type and its bytes. Raises LoadError as `sizes` does."""
        told, data = self._ask(path, document, {"what": "picture", "page": page - 1, "width": width})
        return str(told), data

    def rectangles(self, path: Path, document: Document, spans: Sequence[tuple[int, int]]) -> dict[int, list[list[Box]]]:
        """For each page that one of the spans of a document's text reaches, by its number from 1: the rectangles over each span, none where it is elsewhere.

        Rectangles are shares of the page's width and height, from its upper left corner. Raises LoadError as `sizes` does.
        """
        found = {}
        for number in sorted({page for start, end in spans for page in _pages_of(document, start, end)}):
            first = document.pages[number - 1]
            last = document.pages[number] if number < len(document.pages) else len(document.text)
            inside = [(min(max(start, first), last) - first, min(max(end, first), last) - first) for start, end in spans]
            told, _ = self._ask(path, document, {"what": "marks", "page": number - 1, "text": document.text[first:last], "spans": inside})
            found[number] = [[(left, top, right, bottom) for left, top, right, bottom in boxes] for boxes in told]
        return found

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._stop()

    def _ask(self, path: Path, document: Document, question: dict[str, Any]) -> tuple[Any, bytes]:
        with self._lock:
            try:
                status = path.stat()
                if self._failed.get(str(path)) == signature(status):
                    raise LoadError(f"{path.name} cannot be shown as pages: its parser gave up on it")
                known = {"path": os.fsencode(path).hex(), "signature": signature(status), "hash": document.source_hash}
                line = json.dumps({**known, **question})
                if self._process is not None and self._process.poll() is not None:
                    self._stop()  # Somebody else ended it.
                process = self._process = self._process or worker.start("from index.load.printed import work; work()")
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(line.encode() + b"\n")
                process.stdin.flush()
                answer = json.loads(process.stdout.readline())
                data = process.stdout.read(answer.get("bytes", 0))
            except (OSError, ValueError) as error:  # It died, of the file or of the time it took: it is not asked about this one again.
                if isinstance(error, ValueError):
                    self._failed[str(path)] = signature(status)
                self._stop()
                raise LoadError(
                    f"{path.name} cannot be shown as pages: {error.strerror if isinstance(error, OSError) else 'its parser gave up on it'}"
                ) from error
        if "error" in answer:
            raise (ChangedError if answer["changed"] else LoadError)(f"{path.name} cannot be shown as pages: {answer['error']}")
        return answer["told"], data

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with contextlib.suppress(OSError):
                process.communicate()


def _pages_of(document: Document, start: int, end: int) -> range:
    """The numbers of the pages that a span reaches; none where the document has no pages."""
    first, last = document.page_at(start), document.page_at(max(start, end - 1))
    return range(first, last + 1) if first and last else range(0)
