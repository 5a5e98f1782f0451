"""Who uses this server, and their conversations."""

import threading
from collections.abc import Mapping
from typing import Any

from assistant.people import People, User
from assistant.web import CONVERSATIONS
from assistant.web.chats import Chats
from assistant.web.library import Library


class Who:
    """The users of this server and their conversations. Without `people` there is one, who may do everything."""

    def __init__(self, library: Library, people: People | None) -> None:
        self.library = library
        self.people = people
        self._chats: dict[str, Chats] = {}
        self._lock = threading.Lock()

    def chats(self, user: User) -> Chats:
        """The conversations of a user."""
        with self._lock:
            if user.name not in self._chats:
                self._chats[user.name] = Chats(self.library, self.library.settings.data_folder / CONVERSATIONS / user.name, self.people is not None)
            return self._chats[user.name]

    def shared(self, token: str) -> tuple[Chats, str] | None:
        """The conversation that a token lets read, and whose it is."""
        owner, _, secret = token.rpartition(".")
        if self.people is None or not any(user.name == owner for user in self.people.users()):
            return None
        chats = self.chats(User(owner, False))
        name = chats.history.shared_by(secret)
        return (chats, name) if name else None

    def readable(self, user: User, key: str, token: str) -> Chats | None:
        """The conversations in which a user may read an answer: their own, or those that a token opens."""
        if token:
            opened = self.shared(token)
            return opened[0] if opened and opened[0].conversation_of(key) == opened[1] else None
        return self.chats(user)

    def close(self) -> None:
        for chats in self._chats.values():
            chats.close()
        if self.people:
            self.people.close()


def user_of(scope: Mapping[str, Any]) -> User:
    """Who asks, as the guard found out."""
    user: User = scope["footnote.user"]
    return user
