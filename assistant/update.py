"""Make an index equal to its sources: the parts of `index` put together, for every face that builds."""

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.settings import Settings
from assistant.standing import Find
from index.build import Built, Plan, Report, build, plan, reusable
from index.embed import Embedder, Postponed, open_embedder
from index.errors import NoIndexError, SourceError, StoreError
from index.load import Foreign, Loading, Problem, Seen, connects, load, resolve, version
from index.store import Recipe, Store
from index.types import Document, ModelIdentity, Unchanged

TAKEN_OUT = "was taken out of the index in the chat, where it can be brought back"

Opener = Callable[[str, Path, ModelIdentity | None, str], Embedder]
Track = Callable[[Sequence[Any]], Iterable[Any]]


def _silently(items: Sequence[Any]) -> Iterable[Any]:
    return items


@dataclass(frozen=True)
class Watching:
    """What is to be told of a build: progress over files and over batches of texts, what was loaded before it is committed, and what was damaged."""

    reading: Track = _silently
    embedding: Track = _silently
    loaded: Callable[[Loading], None] = field(default=lambda _: None)
    warned: Callable[[str], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True)
class Update:
    """What a build did, and what it read."""

    report: Report
    loading: Loading
    seconds: float


def update(
    settings: Settings,
    given: Sequence[str | Path] = (),
    full: bool = False,
    watching: Watching = Watching(),
    opener: Opener = open_embedder,
    readers: Sequence[str] = (),
) -> Update:
    """Make the index hold exactly these files and folders: those given, else the last build's, else ./seeds.

    `readers` are llama-index's (see `index.load.foreign`): those given with sources, else the last build's.

    `full` reads, hashes and embeds everything again. `opener` gives the embedder of a model. Raises IndexingError; the index is as it was then.
    """
    started = time.perf_counter()
    store = Store(settings.index)
    with store.lock():
        job = _Job.of(store, settings, given, full, watching, readers)

        def check() -> None:
            job.check(watching)
            if job.loading.seen.changed or store.remembered("SEEN") is None:
                store.remember("SEEN", job.loading.seen.to_bytes(version()))

        embedder = _embedder(settings, job.old, job.before, opener)
        report = build(store, job.loading, embedder, job.sources, job.old, watching.embedding, check, job.readers, version())
        done = Update(report, job.loading, time.perf_counter() - started)
        _remember(store, done)
    return done


def last_report(settings: Settings) -> dict[str, Any]:
    """What the last build that read something, or could not, told of its reading (see `reading_report`); empty where that is lost."""
    data = Store(settings.index).remembered("REPORT")
    report: dict[str, Any] = json.loads(data) if data else {}
    return report


def _remember(store: Store, done: Update) -> None:
    """Keep the report, unless a build that read nothing has nothing new to tell."""
    report, data = reading_report(done), store.remembered("REPORT")
    before = json.loads(data) if data else {}
    if done.report.committed or any(report[kind] != before.get(kind) for kind in ("failed", "skipped")):
        with contextlib.suppress(StoreError):  # The index is committed; the next build tells again what it can.
            store.remember("REPORT", json.dumps(report).encode())


def reading_report(done: Update) -> dict[str, Any]:
    """What a build read, by type and language; what it did not, and why; what looked odd; and how long each stage took, in seconds."""
    loading, report = done.loading, done.report
    return {
        "documents": report.documents,
        "read": loading.types.total(),
        "types": dict(loading.types.most_common()),
        "languages": {code or "unknown": count for code, count in loading.languages.most_common()},
        "characters": report.characters,
        "in_sentences": round(report.in_sentences / report.characters, 4) if report.characters else None,
        "failed": problems(loading.failed),
        "skipped": problems(loading.skipped),
        "warnings": problems(loading.notes),
        "seconds": {**report.seconds, "total": round(done.seconds, 3)},
    }


def left_out(store: Store) -> tuple[str, ...]:
    """The files that were taken out of the index while they stay in its sources, by their absolute paths."""
    data = store.remembered("LEFT_OUT")
    return tuple(json.loads(data)) if data else ()


def leave_out(settings: Settings, files: Sequence[str]) -> None:
    """Leave exactly these files, by their absolute paths, out of the builds to come. Raises StoreError, LockError."""
    store = Store(settings.index)
    with store.lock():
        store.remember("LEFT_OUT", json.dumps(sorted(files)).encode())


def problems(found: Sequence[Problem]) -> list[dict[str, str]]:
    return [{"file": problem.file, "reason": problem.reason} for problem in found]


def preview(
    settings: Settings, given: Sequence[str | Path] = (), full: bool = False, watching: Watching = Watching(), readers: Sequence[str] = ()
) -> tuple[Plan, Loading]:
    """What `update` would do. Nothing is changed."""
    job = _Job.of(Store(settings.index), settings, given, full, watching, readers)
    changes = plan(job.loading.documents, job.old)
    job.check(watching)
    return changes, job.loading


def todays(settings: Settings) -> Find:
    """Today's documents, as their files are now, whatever the index holds. Nothing is changed. Raises IndexingError."""
    store = Store(settings.index)
    store.generation()  # An index that there is not has no documents.
    job = _Job.of(store, settings, (), False, Watching(), ())
    read = {document.id: document for document in job.loading}

    stamps = job.old.contents.stamps if job.old else {}
    twins = {found.source_hash if isinstance(found, Document) else stamps[id].source_hash: id for id, found in read.items()}

    def find(id: str, source_hash: str) -> Iterator[Document]:
        for found in map(read.get, dict.fromkeys((id, twins.get(source_hash, "")))):
            if isinstance(found, Unchanged) and job.old:
                yield job.old.contents.document(found.id)
            elif isinstance(found, Document):
                yield found

    return find


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be indexed, what the last build was given (None where there was none), and what can be gone on from."""

    sources: list[str]
    readers: tuple[str, ...]
    before: Recipe | None
    old: Built | None
    loading: Loading

    @classmethod
    def of(cls, store: Store, settings: Settings, given: Sequence[str | Path], full: bool, watching: Watching, readers: Sequence[str]) -> "_Job":
        """The sources are those given, else the last build's, else ./seeds."""
        before = _recipe(store, bool(given))
        names = tuple(readers) or (before.readers if before and not given else ())
        foreign = list(map(Foreign.of, names))
        chosen = list(map(str, given or (before.sources if before else ()) or ("seeds",)))
        sources = list(dict.fromkeys(chosen if connects(foreign) else (str(resolve(Path(source))) for source in chosen)))
        old = None if full else reusable(store, watching.warned)
        seen = Seen() if full else Seen.from_bytes(store.remembered("SEEN"), version())
        same = old is not None and (old.manifest.readers, old.manifest.reading) == (names, version())  # Another reader may say something else of a file.
        known = old.contents if old and same else None
        away = left_out(store)
        loading = load(sources, known, seen, [settings.index, settings.data_folder, *map(Path, away)], watching.reading, foreign)
        loading.skipped += tuple(Problem(file, TAKEN_OUT) for file in away if Path(file).is_file())
        return cls(sources, names, before, old, loading)

    def check(self, watching: Watching) -> None:
        """A source that is named for the first time must hold something; one that was emptied since leaves an empty index."""
        watching.loaded(self.loading)
        if not self.loading.read and not (self.before and self.before.sources == tuple(self.sources)):
            counted = f"{len(self.loading.failed)} files failed, {len(self.loading.skipped)} skipped"
            raise SourceError(
                f"nothing in {', '.join(self.sources)} can be read ({counted}): add documents, as .txt, .md, .html, .pdf or .docx; the index is as it was"
            )


def _recipe(store: Store, given: bool) -> Recipe | None:
    """What the last build was given; None where there was none, or it cannot be told and need not be."""
    try:
        return store.recipe()
    except NoIndexError:
        return None
    except StoreError:
        if not given:
            raise
        return None


def _embedder(settings: Settings, old: Built | None, before: Recipe | None, opener: Opener) -> Embedder:
    """The embedder of the model that was asked for, else of the index's; the default's where there is no index."""
    if old and settings.model in (None, old.manifest.model.name):
        expected = old.manifest.model
        return Postponed(expected, lambda: opener(expected.name, settings.cache_folder, expected, settings.device))
    name = settings.model or (before.model if before else settings.model_name)
    return opener(name, settings.cache_folder, None, settings.device)
