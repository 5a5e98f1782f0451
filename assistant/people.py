"""Who may use a chat that has a login: names, hashed passwords, roles, and who is logged in."""

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from assistant.database import Database
from assistant.errors import SettingsError

VERSION = 1
TABLES = """
CREATE TABLE users (name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, admin INTEGER NOT NULL);
CREATE TABLE sessions (token BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE, until REAL NOT NULL)
"""
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
SHORTEST = 8
"""Characters of a password, as NIST SP 800-63B asks of one that a person chose."""
COST, BLOCK, PARALLEL = 2**15, 8, 1
"""scrypt's N, r and p: 32 MiB and about a tenth of a second, within what OWASP's cheat sheet on password storage asks."""
SESSION_SECONDS = 14 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class User:
    """Someone who is logged in. An `admin` may rebuild the index and change what is in it."""

    name: str
    admin: bool


OWNER = User("owner", True)
"""Whoever sits at this machine, where there is no login."""


class People:
    """The users of a chat, in one SQLite file. May be used from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises SettingsError for one that cannot be used."""
        self._data = Database(path, VERSION, TABLES)

    def add(self, name: str, password: str, admin: bool) -> None:
        """Add a user. Raises SettingsError for a name that is taken or cannot be one, or a password that is too short."""
        if not NAME.fullmatch(name) or name == OWNER.name:
            raise SettingsError(f"{name!r} cannot be a user's name: take small letters, digits, dots, dashes; up to 40, and not {OWNER.name!r}")
        salt, hashed = _hashed(password)
        with self._data.change() as cursor:
            if cursor.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone():
                raise SettingsError(f"there is a user {name} already: `footnote user password {name}` gives them another password")
            cursor.execute("INSERT INTO users VALUES (?, ?, ?, ?)", (name, salt, hashed, admin))

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password, and log them out everywhere."""
        self._require(name)
        salt, hashed = _hashed(password)
        with self._data.change() as cursor:
            cursor.execute("UPDATE users SET salt = ?, hash = ? WHERE name = ?", (salt, hashed, name))
            cursor.execute("DELETE FROM sessions WHERE name = ?", (name,))

    def remove(self, name: str) -> None:
        """Take a user's access away; their conversations stay on the disk."""
        self._require(name)
        with self._data.change() as cursor:
            cursor.execute("DELETE FROM users WHERE name = ?", (name,))

    def users(self) -> list[User]:
        return [User(name, bool(admin)) for name, admin in self._data.rows("SELECT name, admin FROM users ORDER BY name")]

    def _require(self, name: str) -> None:
        if not self._data.rows("SELECT 1 FROM users WHERE name = ?", (name,)):
            raise SettingsError(f"there is no user {name}: `footnote user list` shows who there is")

    # --- Logging in ------------------------------------------------------------------------------------

    def log_in(self, name: str, password: str) -> str | None:
        """A session's token for the right password; None for a wrong one, after as long a time for a name that is not known."""
        found = self._data.rows("SELECT salt, hash FROM users WHERE name = ?", (name,))
        salt, right = found[0] if found else (b"nobody of this name", b"")
        if not hmac.compare_digest(_scrypt(password, salt), right):
            return None
        token = secrets.token_urlsafe(32)
        with self._data.change() as cursor:
            cursor.execute("DELETE FROM sessions WHERE until < ?", (time.time(),))
            cursor.execute("INSERT INTO sessions VALUES (?, ?, ?)", (_digest(token), name, time.time() + SESSION_SECONDS))
        return token

    def log_out(self, token: str) -> None:
        with self._data.change() as cursor:
            cursor.execute("DELETE FROM sessions WHERE token = ?", (_digest(token),))

    def who(self, token: str) -> User | None:
        """The user of a session; None for one that ended, or never was."""
        query = "SELECT users.name, admin FROM sessions JOIN users ON users.name = sessions.name WHERE token = ? AND until > ?"
        return next((User(name, bool(admin)) for name, admin in self._data.rows(query, (_digest(token), time.time()))), None)

    def close(self) -> None:
        self._data.close()


def _hashed(password: str) -> tuple[bytes, bytes]:
    if len(password) < SHORTEST:
        raise SettingsError(f"the password has {len(password)} characters: take {SHORTEST} or more")
    salt = secrets.token_bytes(16)
    return salt, _scrypt(password, salt)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=4 * 128 * COST * BLOCK)


def _digest(token: str) -> bytes:
    """What is kept of a token: who reads the file cannot use it."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
