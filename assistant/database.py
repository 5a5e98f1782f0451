"""SQLite files of our own: opened with their tables made, and used from several threads. The door to sqlite3."""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assistant.errors import SettingsError

Row = tuple[Any, ...]
BUSY_SECONDS = 10.0


class Database:
    """One file. A change is whole or not at all, and is on the disk when it is told of; a reader never waits for long."""

    def __init__(self, path: Path, version: int, tables: str) -> None:
        """Open a file, and make its tables where it is new. Raises SettingsError for one that is damaged, or of another version."""
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # It holds what people asked, and who they are.
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._connection.create_function("holds", 2, lambda text, word: word in text.casefold(), deterministic=True)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
            if found == 0:
                self._connection.executescript(f"BEGIN IMMEDIATE; {tables}; PRAGMA user_version = {version}; COMMIT;")
            elif found != version:
                raise SettingsError(f"{path} was made by another version of Footnote ({found}, not {version}): move it away to start anew")
        except (OSError, sqlite3.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise SettingsError(f"{path} cannot be opened ({reason}): move it away to start anew, or name another folder with --data") from error

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """All that a query finds."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def change(self) -> "Iterator[sqlite3.Cursor]":
        """A transaction: kept when the block ends, undone when it fails."""
        with self._lock:
            cursor = self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        with self._lock:
            self._connection.close()
