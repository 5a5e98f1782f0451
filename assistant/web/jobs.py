"""Builds that go on beside the chat: how far they are, and a way to stop them. The chat answers from the old index meanwhile."""

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.update import Update, Watching, update
from index.embed import Embedder, open_embedder
from index.errors import IndexingError, LockError
from index.types import ModelIdentity

Work = tuple[Settings, Sequence[str | Path], Sequence[str]]
TRIES, AGAIN_SECONDS = 20, 0.5


class Stopped(Exception):  # noqa: N818 - It is no error: somebody asked for it.
    """A build was stopped."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is: `stage` is "reading", "embedding", "done", "stopped" or "failed", for the `reason`; `done` of `total` files or passages.

    `failed` are the files that could not be read, and why.
    """

    stage: str = ""
    done: int = 0
    total: int = 0
    reason: str = ""
    failed: tuple[str, ...] = ()
    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def is_running(self) -> bool:
        return self.stage in ("reading", "embedding")


class Job:
    """A build at a time, in a thread of its own; what is asked for meanwhile is built after it."""

    def __init__(self, turns: threading.Semaphore | None = None) -> None:
        """`turns` are shared with other jobs: without one a build waits."""
        self._turns = turns or threading.Semaphore()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._next: Work | None = None
        self.progress = Progress()

    def start(self, settings: Settings, given: Sequence[str | Path] = (), readers: Sequence[str] = ()) -> None:
        """Begin a build, or have one follow that which is under way: it may not have seen what changed."""
        with self._lock:
            work = settings, given, readers
            if self._thread is not None:
                self._next = work
                return
            self._stop.clear()
            self.progress = Progress("reading")
            thread = threading.Thread(target=self._run, args=(work,), name="footnote-build", daemon=True)
            thread.start()
            self._thread = thread

    def stop(self) -> None:
        """Stop the build at its next step, and those that wait: what it was to change stays as it was."""
        with self._lock:
            self._next = None
            self._stop.set()

    def wait(self) -> None:
        """Wait until all builds have ended."""
        while True:
            with self._lock:
                thread = self._thread
            if thread is None:
                return
            thread.join()

    def _run(self, work: Work | None) -> None:
        while work is not None:
            ended = self._in_turn(work)
            with self._lock:
                work, self._next = self._next, None
                if work is None:
                    self._thread = None
                    self.progress = ended
                else:
                    self.progress = Progress("reading")

    def _in_turn(self, work: Work) -> Progress:
        """Build when it is this job's turn; one that is stopped does not wait for it."""
        while not self._turns.acquire(timeout=AGAIN_SECONDS):
            if self._stop.is_set():
                return Progress("stopped")
        try:
            return self._built(*work)
        finally:
            self._turns.release()

    def _built(self, settings: Settings, given: Sequence[str | Path], readers: Sequence[str]) -> Progress:
        watching = Watching(reading=lambda items: self._track("reading", items), embedding=lambda items: self._track("embedding", items))
        for tries_left in reversed(range(TRIES)):
            try:
                return _ended(update(settings, given, watching=watching, opener=_opener, readers=readers))
            except Stopped:
                return Progress("stopped")
            except LockError as error:  # Somebody builds on the command line, or keeps watch.
                if not tries_left or self._stop.wait(AGAIN_SECONDS):
                    return Progress("failed", reason=str(error))
            except (IndexingError, AssistantError) as error:
                return Progress("failed", reason=str(error))
            except Exception as error:
                logging.getLogger(__name__).exception("a build broke off")
                return Progress("failed", reason=f"the build broke off ({error!r}); the index is as it was")
        return Progress("failed")

    def _track(self, stage: str, items: Sequence[Any]) -> Iterator[Any]:
        """Count what is done, and stop where that is wanted."""
        sized = [len(item) if isinstance(item, Sequence) else 1 for item in items]
        self.progress = Progress(stage, total=sum(sized))
        for item, size in zip(items, sized, strict=True):
            if self._stop.is_set():
                raise Stopped
            yield item
            self.progress = replace(self.progress, done=self.progress.done + size)
        if self._stop.is_set():
            raise Stopped


def _ended(done: Update) -> Progress:
    plan = done.report.plan
    failed = tuple(f"{Path(problem.file).name}: {problem.reason}" for problem in done.loading.failed)
    return Progress("done", failed=failed, added=len(plan.added), changed=len(plan.changed), removed=len(plan.removed))


@lru_cache(2)
def _opener(name: str, cache: Path, expected: ModelIdentity | None, device: str) -> Embedder:
    """The embedding model stays open from build to build."""
    return open_embedder(name, cache, expected, device)
