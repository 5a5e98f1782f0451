"""A person's conversations, kept in one SQLite file: what was asked, what was answered, and what they thought of it."""

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from assistant.database import Database
from assistant.record import Record

TITLE = 80
"""Characters of a conversation's title."""
FILE = "conversations.sqlite"
VERSION = 1
TABLES = """
CREATE TABLE chats (
    id TEXT PRIMARY KEY, title TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL,
    only_in TEXT NOT NULL DEFAULT '[]', shared TEXT UNIQUE
);
CREATE TABLE turns (
    key TEXT PRIMARY KEY, chat TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE, place INTEGER NOT NULL,
    question TEXT NOT NULL, answer TEXT NOT NULL, record TEXT NOT NULL, generation TEXT NOT NULL, asked TEXT NOT NULL, UNIQUE (chat, place)
);
CREATE TABLE ratings (
    key TEXT NOT NULL, label INTEGER NOT NULL, good INTEGER NOT NULL, reason TEXT NOT NULL, question TEXT NOT NULL, record TEXT NOT NULL,
    rated TEXT NOT NULL, PRIMARY KEY (key, label)
);
CREATE INDEX updated ON chats (updated)
"""
WHOLE = 0
"""The label of a rating of the whole answer."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list. `updated` is UTC, in ISO 8601."""

    id: str
    title: str
    updated: str
    turns: int
    shared: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn as it was kept, its key, and the generation of the index that answered it."""

    key: str
    record: Record
    generation: str
    asked: str


@dataclass(frozen=True, slots=True)
class Rating:
    """What a person thought of an answer (label 0) or one of its citations, and why, in a word of the page's list or in their own."""

    key: str
    label: int
    good: bool
    reason: str


class History:
    """The conversations of one person. May be used from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it. Raises SettingsError for one that cannot be used."""
        self._data = Database(path, VERSION, TABLES)

    # --- Conversations ---------------------------------------------------------------------------------

    def new(self, title: str = "") -> str:
        """Keep a new, empty conversation; its id cannot be guessed."""
        id = secrets.token_urlsafe(12)
        with self._data.change() as cursor:
            cursor.execute("INSERT INTO chats (id, title, created, updated) VALUES (?, ?, ?, ?)", (id, title[:TITLE], now(), now()))
        return id

    def keep(self, id: str, title: str) -> None:
        """Keep a conversation in which nothing was asked yet: it has files of its own, which must not be lost sight of."""
        with self._data.change() as cursor:
            cursor.execute("INSERT OR IGNORE INTO chats (id, title, created, updated) VALUES (?, ?, ?, ?)", (id, _storable(title[:TITLE]), now(), now()))

    def has(self, id: str) -> bool:
        return bool(self._data.rows("SELECT 1 FROM chats WHERE id = ?", (id,)))

    def chats(self, words: str = "", most: int = 200) -> list[Summary]:
        """The conversations that hold all of some words in their title, questions or answers, the newest first; those without a title are empty."""
        has = "title != ''"
        said = "(holds(title, ?) OR EXISTS (SELECT 1 FROM turns WHERE chat = chats.id AND (holds(question, ?) OR holds(answer, ?))))"
        patterns = [word.casefold() for word in words.split()[:8]]
        query = f"SELECT id, title, updated, (SELECT count(*) FROM turns WHERE chat = chats.id), shared IS NOT NULL FROM chats WHERE {has}"  # noqa: S608 - No value is in it.
        found = self._data.rows(f"{query}{f' AND {said}' * len(patterns)} ORDER BY updated DESC, id LIMIT ?", [*(p for p in patterns for _ in range(3)), most])
        return [Summary(id, title, updated, turns, bool(shared)) for id, title, updated, turns, shared in found]

    def title(self, id: str) -> str:
        """What a conversation is called; empty for one that is not known."""
        return next((title for (title,) in self._data.rows("SELECT title FROM chats WHERE id = ?", (id,))), "")

    def rename(self, id: str, title: str) -> None:
        with self._data.change() as cursor:
            cursor.execute("UPDATE chats SET title = ? WHERE id = ?", (_storable(" ".join(title.split())[:TITLE]), id))

    def delete(self, id: str) -> None:
        """Forget a conversation, and what was thought of its answers."""
        with self._data.change() as cursor:
            cursor.execute("DELETE FROM ratings WHERE key IN (SELECT key FROM turns WHERE chat = ?)", (id,))
            cursor.execute("DELETE FROM chats WHERE id = ?", (id,))

    def only_in(self, id: str) -> tuple[str, ...]:
        """The documents that a conversation's questions look in, by id; empty: in all."""
        return tuple(next((json.loads(ids) for (ids,) in self._data.rows("SELECT only_in FROM chats WHERE id = ?", (id,))), ()))

    def look_only_in(self, id: str, documents: Sequence[str]) -> None:
        with self._data.change() as cursor:
            cursor.execute("INSERT OR IGNORE INTO chats (id, title, created, updated) VALUES (?, '', ?, ?)", (id, now(), now()))
            cursor.execute("UPDATE chats SET only_in = ? WHERE id = ?", (json.dumps(sorted(documents)), id))

    def share(self, id: str, shared: bool) -> str | None:
        """Let others who are logged in read a conversation by the token returned, or no longer."""
        with self._data.change() as cursor:
            token = secrets.token_urlsafe(16) if shared else None
            cursor.execute("UPDATE chats SET shared = coalesce(shared, ?) WHERE id = ?" if shared else "UPDATE chats SET shared = ? WHERE id = ?", (token, id))
            return next((found for (found,) in cursor.execute("SELECT shared FROM chats WHERE id = ?", (id,))), None)

    def shared_by(self, token: str) -> str | None:
        """The conversation that a token lets read."""
        return next((id for (id,) in self._data.rows("SELECT id FROM chats WHERE shared = ?", (token,))), None)

    # --- Turns -----------------------------------------------------------------------------------------

    def add(self, chat: str, key: str, record: Record, said: str, generation: str, instead: str | None = None) -> None:
        """Keep a turn at a conversation's end, which begins with it if there is none; `said` is what is searched of its answer, `instead` a turn that goes.

        The first question gives it its title.
        """
        with self._data.change() as cursor:
            question = _storable(record["question"])
            cursor.execute("INSERT OR IGNORE INTO chats (id, title, created, updated) VALUES (?, '', ?, ?)", (chat, now(), now()))
            (place,) = cursor.execute("SELECT coalesce(max(place) + 1, 0) FROM turns WHERE chat = ?", (chat,)).fetchone()
            cursor.execute(
                "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (key, chat, place, question, _storable(said), json.dumps(record), generation, now()),
            )
            cursor.execute("DELETE FROM turns WHERE key = ? AND chat = ?", (instead, chat))
            title = " ".join(question.split())
            title = title if len(title) <= TITLE else title[: TITLE - 2].rstrip() + " …"
            cursor.execute(
                "UPDATE chats SET updated = ?, title = CASE WHEN ? = 0 OR title = '' THEN ? ELSE title END WHERE id = ?", (now(), place, title, chat)
            )

    def turns(self, chat: str) -> list[Kept]:
        """The turns of a conversation, oldest first."""
        found = self._data.rows("SELECT key, record, generation, asked FROM turns WHERE chat = ? ORDER BY place", (chat,))
        return [Kept(key, json.loads(record), generation, asked) for key, record, generation, asked in found]

    def turn(self, key: str) -> tuple[str, Kept] | None:
        """A turn by its key, and the conversation that it is of."""
        found = self._data.rows("SELECT chat, key, record, generation, asked FROM turns WHERE key = ?", (key,))
        return next(((chat, Kept(key, json.loads(record), generation, asked)) for chat, key, record, generation, asked in found), None)

    def branch(self, chat: str, key: str) -> str | None:
        """A new conversation with the turns before one; None where there is no such turn."""
        found = self._data.rows("SELECT place FROM turns WHERE chat = ? AND key = ?", (chat, key))
        if not found:
            return None
        new = self.new(self._numbered(self.title(chat)))
        with self._data.change() as cursor:
            cursor.execute("UPDATE chats SET only_in = (SELECT only_in FROM chats WHERE id = ?) WHERE id = ?", (chat, new))
            for place, question, answer, record, generation, asked in cursor.execute(
                "SELECT place, question, answer, record, generation, asked FROM turns WHERE chat = ? AND place < ? ORDER BY place", (chat, found[0][0])
            ).fetchall():
                values = (secrets.token_urlsafe(12), new, place, question, answer, record, generation, asked)
                cursor.execute("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        return new

    def _numbered(self, title: str) -> str:
        """A title with the next number after it that none has."""
        stem = re.sub(r" \(\d+\)$", "", title)[: TITLE - 6]
        taken = {other for (other,) in self._data.rows("SELECT title FROM chats", ())}
        return next(name for number in count(2) if (name := f"{stem} ({number})") not in taken)

    # --- Ratings ---------------------------------------------------------------------------------------

    def rate(self, rating: Rating, kept: Kept) -> None:
        """Keep what a person thought; a second rating of the same thing replaces the first."""
        values = (rating.key, rating.label, rating.good, _storable(rating.reason), _storable(kept.record["standalone"]), json.dumps(kept.record), now())
        with self._data.change() as cursor:
            cursor.execute("INSERT OR REPLACE INTO ratings VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def unrate(self, key: str, label: int) -> None:
        with self._data.change() as cursor:
            cursor.execute("DELETE FROM ratings WHERE key = ? AND label = ?", (key, label))

    def ratings(self, key: str) -> list[Rating]:
        """The ratings of an answer and its citations."""
        found = self._data.rows("SELECT key, label, good, reason FROM ratings WHERE key = ? ORDER BY label", (key,))
        return [Rating(key, label, bool(good), reason) for key, label, good, reason in found]

    def judged(self) -> Iterator[dict[str, Any]]:
        """The questions that ratings tell the answer of, as `footnote eval` reads them.

        What was called right is gold: the cited sentences of a good answer, and each good citation, less those that were called wrong. That the
        documents do not say is told by a good refusal, or by an answer called wrong because they do not.
        """
        found = self._data.rows("SELECT key, label, good, reason, question, record, rated FROM ratings ORDER BY rated, key, label")
        by_key: dict[str, list[tuple[Any, ...]]] = {}
        for row in found:
            by_key.setdefault(row[0], []).append(row)
        for rows in by_key.values():
            question, record, rated = rows[0][4], json.loads(rows[0][5]), rows[0][6]
            verdicts = {label: (bool(good), reason) for _, label, good, reason, *_ in rows}
            gold = _gold(record, verdicts)
            if gold is not None:
                reasons = [reason for _, _, _, reason, *_ in rows if reason]
                yield {"question": question, "gold": gold, "rated": rated, **({"reasons": reasons} if reasons else {})}

    def close(self) -> None:
        self._data.close()


NOT_SAID = "not-said"
"""The reason of an answer that should have been declined."""


def _gold(record: Record, verdicts: dict[int, tuple[bool, str]]) -> list[str] | None:
    """The sentences that answer, none where the documents do not say; None where the ratings tell neither."""
    good, reason = verdicts.get(WHOLE, (None, ""))
    if (good is False and reason == NOT_SAID) or (good and not record["claims"] and not record["told"]):
        return []
    cited = {citation[0]: citation[4] for citation in record["citations"] or record["nearest"]}
    whole = set(cited) if good and record["claims"] else set()
    right = {label for label, (fine, _) in verdicts.items() if fine and label in cited}
    wrong = {label for label, (fine, _) in verdicts.items() if not fine}
    return [cited[label] for label in sorted((whole | right) - wrong)] or None


def _storable(text: str) -> str:
    """Text without half characters, which SQLite does not take."""
    return text.encode("utf-8", "replace").decode()


def now() -> str:
    """The time, UTC, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
