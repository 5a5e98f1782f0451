"""Keep an index equal to its sources until stopped: a build whenever something has changed, and now and then in any case."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

from assistant.settings import Settings
from assistant.update import Update, Watching, update
from index.embed import open_embedder
from index.errors import IndexingError, LockError, SourceError, StoreError
from index.load import Loading
from index.store import Recipe, Store

QUIET = 400  # Milliseconds without a change, before what has changed is taken in: editors save in several steps.
LONGEST_BURST = 5_000  # Milliseconds: a folder that never comes to rest is taken in so often.
TICK = 1.0  # Seconds between two looks at sources that are files, and at whether to stop.
SAFETY = 60.0  # Seconds after which a build looks for what no event told: event queues overflow, and folders are mounted over.
CONNECTED = 3600.0  # Seconds between two looks at what is no file, but somewhere else.
POLLED = 5.0  # Seconds between two builds over folders that send no events.
AGAIN = 5.0  # Seconds before what failed is tried again.
REMOTE = frozenset("nfs nfs4 cifs smb3 smbfs 9p afs ceph glusterfs lustre fuse.sshfs fuse.rclone fuse.davfs davfs fuse.s3fs vboxsf prl_fs drvfs".split())
"""File systems that other machines write to without telling this one."""

Stop = Callable[[], bool]
Identity = tuple[int, ...] | None


def watch(settings: Settings, given: Sequence[str | Path], told: Callable[[Update | IndexingError], None], stop: Stop, poll: float = 0.0) -> None:
    """Build now, and whenever the sources change, until `stop()`; `told` hears of each build that did something, and of each new error.

    Folders on network file systems, and with `poll` all, are built over every so many seconds: a build that finds nothing new is cheap.
    The first build's errors are raised: they are the caller's.
    """
    opener = lru_cache(maxsize=1)(open_embedder)  # The model stays open from build to build.
    told(update(settings, given, opener=opener))
    recipe = Store(settings.index).recipe()
    sources = list(recipe.sources)
    devices = _devices(sources)
    due: float | None = None
    failure = ""
    for changed in _events(settings, sources, stop, poll):
        now = time.monotonic()
        if changed and due is None:
            due = now
        if due is None or now < due:
            continue
        due = None
        known = _recipe(settings)
        recipe = known or recipe
        # Another build may give the index other sources until this one has the lock: which they are is told then, if it can be told.
        given, readers = ((), ()) if known else (recipe.sources, recipe.readers)
        try:
            done = update(settings, given, watching=Watching(loaded=partial(_require_mounted, devices=devices)), opener=opener, readers=readers)
        except IndexingError as error:
            due = time.monotonic() + (TICK if isinstance(error, LockError) else AGAIN)
            if failure != str(error):
                failure = str(error)
                told(error)
        else:
            recipe = _recipe(settings) or recipe
            sources[:] = recipe.sources
            failure, devices = "", _devices(sources)
            if done.report.committed:
                told(done)


def _require_mounted(loading: Loading, devices: Mapping[str, int]) -> None:
    """Nothing is taken out of the index because a folder is away: on another device than when it was built of, or out of reach. Raises SourceError then."""
    stamps = loading.known.stamps if loading.known and not loading.connections else {}
    closed = tuple(f"{problem.file}/" for problem in loading.skipped if "the folder cannot be opened" in problem.reason)
    away = {source for source, device in devices.items() if _devices([source]).get(source) != device}
    found = {file.source for file in loading.files}
    gone = {stamp.source for stamp in stamps.values() if stamp.source in away - found}
    gone |= {stamp.source for id, stamp in stamps.items() if closed and f"{stamp.source}/{id}".startswith(closed)}
    if gone:
        raise SourceError(
            f"{min(gone)} is not mounted or cannot be opened, and the index holds documents of it: mount it again, or run `footnote build` if that is right"
        )


def _devices(sources: Sequence[str]) -> dict[str, int]:
    """The device that each source is on, as far as it is there."""
    found = ((source, _identity(Path(source))) for source in sources)
    return {source: identity[0] for source, identity in found if identity}


def _recipe(settings: Settings) -> Recipe | None:
    """What the index is made of; None where that cannot be told."""
    try:
        return Store(settings.index).recipe()
    except StoreError:
        return None


def _events(settings: Settings, sources: Sequence[str], stop: Stop, poll: float) -> Iterator[bool]:
    """Whether something may have changed, again and again, about once a second at least. `sources` may change meanwhile."""
    while not stop():
        watched = list(map(Path, sources))
        folders = [source for source in watched if source.is_dir()]
        remote = poll > 0 or any(map(_is_remote, folders))
        every = poll or (POLLED if remote else SAFETY if any(source.exists() for source in watched) else CONNECTED)
        seen, last = _identities(watched), 0.0  # What changed before the watch began is found by the first look.
        for told in _ticks([] if remote else folders, settings.index.resolve(), stop):
            before, seen = seen, _identities(watched)
            changed = told or before != seen or time.monotonic() - last >= every
            if changed:
                last = time.monotonic()
            yield changed
            replaced = any(one != other for one, other, source in zip(before, seen, watched, strict=True) if source.is_dir())
            if replaced or list(map(Path, sources)) != watched or [source for source in watched if source.is_dir()] != folders:
                break  # Other folders need another watch.


def _ticks(folders: Sequence[Path], index: Path, stop: Stop) -> Iterator[bool]:
    """Whether the file system told of a change in the folders; a change of the index itself is none."""
    if not folders:
        while not stop():
            time.sleep(TICK)
            yield False
        return
    from watchfiles import Change, watch

    def counts(_: Change, path: str) -> bool:
        place = Path(path)
        hidden = any(part.startswith(".") for folder in folders if place.is_relative_to(folder) for part in place.relative_to(folder).parts)
        return not hidden and not place.is_relative_to(index)

    try:
        for changes in watch(
            *folders, watch_filter=counts, debounce=LONGEST_BURST, step=QUIET, rust_timeout=int(1000 * TICK), yield_on_timeout=True,
            ignore_permission_denied=True,
        ):  # fmt: skip
            yield bool(changes)
            if stop() or any(change is Change.deleted and Path(path) in folders for change, path in changes):
                return  # What comes in the place of a folder that was removed is not what is watched, though it may bear the same number.
    except (OSError, RuntimeError):  # More folders than the kernel will watch, or one that went away meanwhile.
        while not stop():
            time.sleep(POLLED)
            yield True


def _identities(sources: Sequence[Path]) -> list[Identity]:
    """What tells that a source was replaced, and of a file that it has changed."""
    return [_identity(source) for source in sources]


def _identity(source: Path) -> Identity:
    try:
        status = source.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if source.is_dir() else (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _is_remote(folder: Path) -> bool:
    """Whether a folder is on a file system that other machines write to."""
    table = Path("/proc/self/mounts")
    mounts = [line.split(" ")[1:3] for line in table.read_text("utf-8", "surrogateescape").splitlines()] if table.exists() else []
    over = [(len(point), kind) for point, kind in mounts if folder.is_relative_to(point.replace("\\040", " "))]
    return bool(over) and max(over)[1] in REMOTE
