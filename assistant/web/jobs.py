"""Builds that go on beside the chat: how far they are, and a way to stop them. The chat answers from the old index meanwhile."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.update import Update, Watching, update
from index.embed import Embedder, open_embedder
from index.errors import IndexingError
from index.types import ModelIdentity


class Stopped(Exception):  # noqa: N818 - It is no error: somebody asked for it.
    """A build was stopped."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is: `stage` is "reading", "embedding", "done", "stopped" or "failed", for the `reason`; `done` of `total` files or passages."""

    stage: str = ""
    done: int = 0
    total: int = 0
    reason: str = ""
    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def is_running(self) -> bool:
        return self.stage in ("reading", "embedding")


class Job:
    """A build at a time, in a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.progress = Progress()

    def start(self, settings: Settings, given: Sequence[str | Path] = (), readers: Sequence[str] = (), then: Callable[[], None] = lambda: None) -> bool:
        """Begin a build; False where one is under way. `then` is done when it has ended, however it did."""
        with self._lock:
            if self.progress.is_running:
                return False
            self._stop.clear()
            self.progress = Progress("reading")
            self._thread = threading.Thread(target=self._run, args=(settings, given, readers, then), name="footnote-build", daemon=True)
            self._thread.start()
            return True

    def stop(self) -> None:
        """Stop the build at its next step: what it was to change stays as it was."""
        self._stop.set()

    def wait(self) -> None:
        """Wait until the build has ended."""
        if self._thread:
            self._thread.join()

    def _run(self, settings: Settings, given: Sequence[str | Path], readers: Sequence[str], then: Callable[[], None]) -> None:
        watching = Watching(reading=lambda items: self._track("reading", items), embedding=lambda items: self._track("embedding", items))
        try:
            ended = _ended(update(settings, given, watching=watching, opener=_opener, readers=readers))
        except Stopped:
            ended = Progress("stopped")
        except (IndexingError, AssistantError) as error:
            ended = Progress("failed", reason=str(error))
        except BaseException as error:
            self.progress = Progress("failed", reason=f"the build broke off ({error!r}); the index is as it was")
            raise
        then()
        self.progress = ended

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
    failed = "; ".join(f"{Path(problem.file).name} {problem.reason}" for problem in done.loading.failed[:3])
    return Progress("done", added=len(plan.added), changed=len(plan.changed), removed=len(plan.removed), reason=failed)


@lru_cache(2)
def _opener(name: str, cache: Path, expected: ModelIdentity | None, device: str) -> Embedder:
    """The embedding model stays open from build to build."""
    return open_embedder(name, cache, expected, device)
