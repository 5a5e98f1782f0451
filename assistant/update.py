"""Make an index equal to its sources: the parts of `index` put together, for every face that builds."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.settings import Settings
from index.build import Built, Plan, Report, build, plan, reusable
from index.embed import Embedder, Postponed, open_embedder
from index.errors import NoIndexError, SourceError, StoreError
from index.load import VERSION, Loading, Seen, load, resolve
from index.store import Store

Track = Callable[[Sequence[Any]], Iterable[Any]]


def _silently(items: Sequence[Any]) -> Iterable[Any]:
    return items


@dataclass(frozen=True)
class Watching:
    """What is to be told while a build runs: progress over files and over batches of texts, and what was loaded before it is committed."""

    reading: Track = _silently
    embedding: Track = _silently
    loaded: Callable[[Loading], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True)
class Update:
    """What a build did, and what it read."""

    report: Report
    loading: Loading
    seconds: float


def update(settings: Settings, given: Sequence[Path] = (), full: bool = False, watching: Watching = Watching()) -> Update:
    """Make the index hold exactly these files and folders: those given, else the last build's, else ./seeds.

    `full` reads, hashes and embeds everything again. Raises IndexingError; the index is as it was then.
    """
    started = time.perf_counter()
    store = Store(settings.index)
    with store.lock():
        sources, before = _sources(store, given)
        old = None if full else reusable(store)
        seen = Seen() if full else Seen.from_bytes(store.remembered(), VERSION)
        loading = load(sources, old.contents if old else None, seen, [settings.index], watching.reading)

        def check() -> None:
            watching.loaded(loading)
            _require_documents(loading, sources, before)
            if seen.changed:
                store.remember(seen.to_bytes(VERSION))

        report = build(store, loading, _embedder(store, settings, old, full), list(map(str, sources)), old, watching.embedding, check)
    return Update(report, loading, time.perf_counter() - started)


def preview(settings: Settings, given: Sequence[Path] = (), full: bool = False, watching: Watching = Watching()) -> tuple[Plan, Loading]:
    """What `update` would do. Nothing is changed."""
    store = Store(settings.index)
    sources, before = _sources(store, given)
    old = None if full else reusable(store)
    seen = Seen() if full else Seen.from_bytes(store.remembered(), VERSION)
    loading = load(sources, old.contents if old else None, seen, [settings.index], watching.reading)
    changes = plan(loading.documents, old)
    watching.loaded(loading)
    _require_documents(loading, sources, before)
    return changes, loading


def _sources(store: Store, given: Sequence[Path]) -> tuple[list[Path], tuple[str, ...]]:
    """What to index, as absolute paths: what was given, else the last build's sources, else ./seeds; and the last build's."""
    try:
        before = store.sources()
    except NoIndexError:
        before = ()
    except StoreError:
        if not given:
            raise
        before = ()
    chosen = given or tuple(map(Path, before)) or (Path("seeds"),)
    return list(dict.fromkeys(map(resolve, chosen))), before


def _embedder(store: Store, settings: Settings, old: Built | None, full: bool) -> Embedder:
    """The embedder of the model that was asked for, else of the index's; where there is none, or it cannot be told, of the default."""
    if old and settings.model in (None, old.model.name):
        expected = old.model
        return Postponed(expected, lambda: open_embedder(expected.name, settings.cache_folder, expected, settings.device))
    return open_embedder(_model(store, settings, full), settings.cache_folder, device=settings.device)


def _model(store: Store, settings: Settings, full: bool) -> str:
    if settings.model:
        return settings.model
    try:
        return store.manifest().model.name
    except NoIndexError:
        return settings.model_name
    except StoreError:
        if not full:
            raise
        return settings.model_name


def _require_documents(loading: Loading, chosen: Sequence[Path], before: Sequence[str]) -> None:
    """A source that is named for the first time must hold something; one that was emptied since leaves an empty index."""
    if not loading.read and list(before) != list(map(str, chosen)):
        named = ", ".join(map(str, chosen))
        counted = f"{len(loading.failed)} files failed, {len(loading.skipped)} skipped"
        raise SourceError(f"nothing in {named} can be read ({counted}): add documents, as .txt, .md, .html, .pdf or .docx; the index is as it was")
