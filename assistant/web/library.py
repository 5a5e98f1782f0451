"""What the chat works on: the index as it is now, the conversations, and the passages that answers cite.

Conversations live in memory, under names that cannot be guessed, and only as many as fit.
"""

import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import Any, TypeVar

from assistant.answer import Assistant
from assistant.conversation import Conversation, told_answer
from assistant.errors import SettingsError
from assistant.llm import ChatModel, open_model, reachable, short_name
from assistant.render import shown
from assistant.settings import Settings
from assistant.types import QUOTE, Answer, Citation
from assistant.update import last_report
from index.store import Store
from index.types import Document

T = TypeVar("T")

MOST_CHATS = 500
MOST_ANSWERS = 5_000
AROUND = 40_000
"""Characters shown before and after a cited sentence: some fifteen pages, which a browser lays out at once."""
STARTERS = 4
WRAPPED = re.compile(r"(?<=[^\n]{30}[\w,;)])\n(?=[^\W_]|[(“\"])")  # The end of a long line that is not the end of its paragraph.
TRIED = 24


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation and, for each of its turns, the key under which its citations are found."""

    conversation: Conversation = field(default_factory=Conversation)
    keys: tuple[str, ...] = ()


class Library:
    """The one thing that the page's events share. Every method may be called from several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store(settings.index)
        self._lock = threading.Lock()  # Held for a look at the tables below, never while anything is computed.
        self._opening = threading.Lock()  # Held while an index is opened or its starters are found, once for all who wait.
        self._assistant: Assistant | None = None
        self._growing: dict[str, tuple[str, Answer]] = {}
        self._models: dict[str, str] = {}
        self._starters: tuple[str, tuple[str, ...]] = ("", ())
        self._chats: OrderedDict[str, Chat] = OrderedDict()
        self._answers: OrderedDict[str, Answer] = OrderedDict()

    def assistant(self) -> Assistant:
        """An assistant over the newest generation: a build is seen by the next question. Raises IndexingError."""
        with self._opening:
            if self._assistant is None or self._assistant.index.generation != self._store.generation():
                settings = self._settings
                self._assistant = Assistant.open(settings.index, settings.cache_folder, settings.model)
            return self._assistant

    def report(self) -> dict[str, Any]:
        """What the last build read, and could not read; empty where it told nothing."""
        return last_report(self._settings)

    def new_chat(self) -> str:
        """The name of a new, empty conversation."""
        name = secrets.token_urlsafe(12)
        with self._lock:
            self._keep(self._chats, name, Chat(), MOST_CHATS)
        return name

    def chat(self, name: str) -> Chat:
        """A conversation by name; an empty one if the name is not known (any more)."""
        with self._lock:
            return self._chats.get(name, Chat())

    def models(self) -> tuple[str, ...]:
        """The short names of the language models that can be used now: an address, and what may stand in it, stays here."""
        self._models = {short_name(full): full for full in reachable(self._settings)}
        return tuple(self._models)

    def model(self, engine: str) -> ChatModel | None:
        """The language model of that name; None for `quote`. Raises SettingsError for one that was not offered, or cannot be used."""
        if engine == QUOTE:
            return None
        if engine not in self._models and engine not in self.models():
            raise SettingsError(f"{engine} is not offered here: start the chat with --llm {engine}")  # A page must not choose where text is sent.
        return open_model(self._models[engine], self._settings)

    @property
    def engine(self) -> str:
        """The engine that a chat begins with."""
        return short_name(self._settings.llm) if self._settings.llm else QUOTE

    def ask(self, name: str, question: str) -> tuple[Answer, str]:
        """Answer in a conversation by quoting, and keep the turn; the answer, and the key of its citations."""
        *_, last = self.answers(name, question)
        return last

    def answers(self, name: str, question: str, engine: str = QUOTE) -> Iterator[tuple[Answer, str]]:
        """The answer as it grows, with the key of its citations; the turn is kept when it is whole, unless it was stopped before."""
        key = secrets.token_urlsafe(12)
        conversation = self.chat(name).conversation
        with self._lock:
            self._growing[key] = name, told_answer(question, "You stopped this answer before it began.")
        try:
            for answer in conversation.answers(self.assistant(), question, self.model(engine)):
                answer = shown(answer, self._settings.unsupported)
                with self._lock:
                    if key not in self._growing:
                        return
                    self._growing[key] = name, replace(answer, pending="", notice="You stopped this answer.")
                    self._keep(self._answers, key, answer, MOST_ANSWERS)
                yield answer, key
            self._keep_turn(name, answer, key)
        finally:
            with self._lock:
                self._growing.pop(key, None)

    def stop(self, name: str) -> None:
        """Keep what is being written in a conversation as far as it came, and write no more of it."""
        with self._lock:
            stopped = [(key, answer) for key, (chat, answer) in self._growing.items() if chat == name]
        for key, answer in stopped:
            self._keep_turn(name, answer, key)

    def _keep_turn(self, name: str, answer: Answer, key: str) -> None:
        """Add an answer to its conversation, if it is still under way."""
        with self._lock:
            if self._growing.pop(key, None) is None:
                return
            chat = self._chats.get(name, Chat())  # It may have grown in the meantime: two questions can be under way.
            longer = chat.conversation.with_turn(answer)
            self._keep(self._answers, key, answer, MOST_ANSWERS)
            self._keep(self._chats, name, Chat(longer, (*chat.keys, key)[-len(longer.turns) :]), MOST_CHATS)

    @staticmethod
    def _keep(kept: "OrderedDict[str, T]", name: str, value: T, most: int) -> None:
        """Put a value last in a table, and drop the oldest beyond `most`."""
        kept[name] = value
        kept.move_to_end(name)
        while len(kept) > most:
            kept.popitem(last=False)

    # --- Passages ------------------------------------------------------------------------------------

    def passage(self, key: str, label: int) -> dict[str, Any] | None:
        """A cited sentence in its document, cut into pieces to show; None if the answer is not known (any more)."""
        with self._lock:
            answer = self._answers.get(key)
        if answer is None:
            return None
        cited = next((citation for citation in answer.citations or answer.nearest if citation.label == label), None)
        return passage(cited) if cited else None

    # --- Starter questions ---------------------------------------------------------------------------

    def starters(self) -> tuple[str, ...]:
        """Up to four questions that the indexed documents answer: each was asked, and found."""
        assistant = self.assistant()
        with self._opening:
            if self._starters[0] != assistant.index.generation:
                found = (question for question in islice(_suggestions(assistant), TRIED) if assistant.ask(question).found)
                self._starters = assistant.index.generation, tuple(islice(found, STARTERS))
            return self._starters[1]


def _suggestions(assistant: Assistant) -> Iterator[str]:
    """Questions made of headings, one document after the other; those that are written as questions come as they are."""
    queues = [list(_questions(assistant.index.document(id))) for id in assistant.index.document_ids[:50]]
    while any(queues):
        for queue in queues:
            if queue:
                yield queue.pop(0)


def _questions(document: Document) -> Iterator[str]:
    headings = [document.text[h.start : h.end].split("\n")[0].strip('# \r"“”') for h in document.headings]
    asked = [heading for heading in headings if heading.endswith("?") and len(heading) < 90]
    yield from asked
    told = [re.sub(r"^[\d.]+\s+", "", heading) for heading in headings if heading not in asked and 3 < len(heading) < 60]
    yield from (f"What is said about “{heading}”?" for heading in told if heading != document.name)
    yield from (f"What is said about {name}?" for name in _frequent_names(document.text))


def _frequent_names(text: str) -> list[str]:
    """The two-word names that a text repeats, most frequent first."""
    counts: dict[str, int] = {}
    for name in re.findall(r"(?<=[a-z,] )[A-Z][a-zé]+ [A-Z][a-zé]+\b", text[:200_000]):
        counts[name] = counts.get(name, 0) + 1
    return sorted((name for name, count in counts.items() if count > 1), key=lambda name: (-counts[name], name))[:3]


# --- A passage, piece by piece -------------------------------------------------------------------------


def passage(citation: Citation) -> dict[str, Any]:
    """What the viewer shows: where the sentence stands, and the text around it as (kind, text) pieces.

    Kinds are `text`, `heading`, `cited`, and `page` (a label between two pages). Pieces hold text, never markup.
    """
    sentence = citation.sentence
    document = sentence.document
    first, last = max(0, sentence.start - AROUND), min(len(document.text), sentence.end + AROUND)
    return {
        "document": document.id,
        "title": document.name,
        "page": citation.page,
        "pages": len(document.pages),
        "label": citation.label,
        "start": sentence.start,
        "end": sentence.end,
        "quote": sentence.text,
        "cut_before": first > 0,
        "cut_after": last < len(document.text),
        "pieces": list(_pieces(document, first, last, sentence.start, sentence.end)),
    }


def _pieces(document: Document, first: int, last: int, start: int, end: int) -> Iterator[tuple[str, str]]:
    headings = [(h.start, h.end) for h in document.headings if first <= h.start < last]
    pages = {offset: str(number) for number, offset in enumerate(document.pages, 1) if first <= offset < last}
    edges = sorted({first, last, start, end, *pages, *(edge for heading in headings for edge in heading if first <= edge <= last)})
    for here, there in pairwise(edges):
        if here in pages:
            yield "page", pages[here]
        heading = any(a <= here < b for a, b in headings)
        kind = "cited" if start <= here < end else "heading" if heading else "text"
        yield kind, _shown(document, here, there)


def _shown(document: Document, start: int, end: int) -> str:
    """A stretch of text as the viewer shows it: where pages were printed, the lines of a paragraph run on."""
    text = document.text[start:end].replace("\f", "\n\n").replace("\0", "\ufffd")
    return WRAPPED.sub(" ", text) if document.pages else text
