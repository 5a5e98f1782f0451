"""One person's conversations as the page shows them: asked in, kept, opened again, with their citations and their own documents."""

import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assistant.answer import Assistant
from assistant.conversation import Conversation, told_answer
from assistant.errors import SettingsError
from assistant.export import Exchange, exchanges
from assistant.history import FILE, WHOLE, History, Rating
from assistant.record import from_record, to_record
from assistant.render import shown
from assistant.standing import Find, Standing, State, standing
from assistant.types import QUOTE, Answer, Citation, Turn
from assistant.web import viewer
from assistant.web.answers import MOST_SOURCES
from assistant.web.files import put
from assistant.web.library import Library
from assistant.web.uploads import Uploads, require_name
from index.errors import IndexingError
from index.filter import Filter
from index.types import Document
from index.union import Corpus

MOST_OPEN = 60
"""Conversations that are kept in memory; the others are read again when they are needed."""
MOST_ASKED = 3
"""Questions that one person may have under way at once, where there is a login."""
MOST_STATES = 20_000
STOPPED = "You stopped this answer."


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation that is open: its turns, and the key and the generation of each."""

    conversation: Conversation = field(default_factory=Conversation)
    keys: tuple[str, ...] = ()
    generations: tuple[str, ...] = ()


class Chats:
    """What one person asked. Every method may be called from several threads."""

    def __init__(self, library: Library, folder: Path, limited: bool = False) -> None:
        """`folder` holds this person's conversations and uploads; `limited`: others use this server too."""
        self.library = library
        self.history = History(folder / FILE)
        self.uploads = Uploads(library, folder / "files", limited)
        self._folder = folder
        self._limited = limited
        self._lock = threading.Lock()  # Held for a look at the tables below, never while anything is computed.
        self._open: OrderedDict[str, Chat] = OrderedDict()
        self._growing: dict[str, tuple[str, Answer]] = {}
        self._changes: dict[str, int] = {}
        self._deleted: set[str] = set()
        self._instead: dict[str, str] = {}
        self._states: dict[tuple[str, str, str, int, str], State] = {}

    # --- Asking ----------------------------------------------------------------------------------------

    def new(self) -> str:
        """The name of a new conversation; it is kept when something is asked in it."""
        return secrets.token_urlsafe(12)

    def open(self, name: str) -> Chat:
        """A conversation by name; an empty one if the name is not known (any more)."""
        with self._lock:
            if name in self._open:
                self._open.move_to_end(name)
                return self._open[name]
            changes = self._changes.get(name, 0)
        kept = self.history.turns(name)
        find = self._finding(name)
        turns = tuple(Turn(each.record["question"], from_record(each.record, find)) for each in kept)
        chat = Chat(Conversation(turns), tuple(each.key for each in kept), tuple(each.generation for each in kept))
        with self._lock:
            if turns and self._changes.get(name, 0) == changes:  # Else a turn has come or gone meanwhile.
                self._open[name] = chat
                while len(self._open) > MOST_OPEN:
                    self._open.popitem(last=False)
        return chat

    def _forget_open(self, name: str) -> None:
        with self._lock:
            self._open.pop(name, None)
            self._changes[name] = self._changes.get(name, 0) + 1

    def assistant(self, name: str) -> Assistant:
        """Who answers in a conversation. Raises IndexingError."""
        return self.uploads.assistant(name)

    def ask(self, name: str, question: str) -> tuple[Answer, str]:
        """Answer in a conversation by quoting, and keep the turn; the answer, and the key of its citations."""
        *_, last = self.answers(name, question)
        return last

    def answers(self, name: str, question: str, engine: str = QUOTE) -> Iterator[tuple[Answer, str]]:
        """The answer as it grows, with the key of its citations; the turn is kept when it is whole, unless it was stopped before."""
        self._require(name)
        key = secrets.token_urlsafe(12)
        conversation, instead = self.open(name).conversation, self.instead(name)
        if instead:
            conversation = Conversation(conversation.turns[:-1])
        with self._lock:
            self._instead.pop(name, None)
            if self._limited and len(self._growing) >= MOST_ASKED:
                raise SettingsError(f"you have {len(self._growing)} questions under way: wait for their answers, or stop them")
            self._growing[key] = name, told_answer(question, "You stopped this answer before it began.")
        try:
            assistant = self.assistant(name)
            only = self.only(name)
            for answer in conversation.answers(assistant, question, self.library.model(engine), only):
                answer = shown(answer, self.library.settings.unsupported)
                with self._lock:
                    if key not in self._growing:
                        return
                    self._growing[key] = name, answer
                yield answer, key
            self._keep_turn(name, answer, key, assistant.index.generation, instead)
        finally:
            with self._lock:
                self._growing.pop(key, None)

    def only(self, name: str) -> Filter | None:
        """The documents that a conversation's questions look in; None: all."""
        ids = self.history.only_in(name)
        return Filter(documents=frozenset(ids)) if ids else None

    def look_only_in(self, name: str, documents: Sequence[str]) -> None:
        """Let a conversation's questions look in these documents only, by id; in all where there are none. Raises SettingsError."""
        self._require(name)
        self.history.look_only_in(name, documents)

    def stop(self, name: str) -> None:
        """Keep what is being written in a conversation as far as it came, and write no more of it."""
        with self._lock:
            stopped = [(key, answer) for key, (chat, answer) in self._growing.items() if chat == name]
        for key, answer in stopped:
            ended = answer if answer.told else replace(answer, pending="", notice=STOPPED)
            self._keep_turn(name, ended, key, self.generation(name))

    def generation(self, name: str) -> str:
        """What answers now: another after a build."""
        return self.assistant(name).index.generation

    def _keep_turn(self, name: str, answer: Answer, key: str, generation: str, instead: str | None = None) -> None:
        """Add an answer to its conversation, if it is still under way, in the place of another one where it was asked again."""
        with self._lock:
            if self._growing.pop(key, None) is None or name in self._deleted:
                return
        self.history.add(name, key, to_record(answer), answer.text, generation, instead)
        self._forget_open(name)

    def _require(self, name: str) -> None:
        """Raise SettingsError unless something may be asked in, or added to, a conversation of that name."""
        require_name(name)
        if name in self._deleted:
            raise SettingsError("this conversation was deleted: open a new one")

    # --- Changing --------------------------------------------------------------------------------------

    def delete(self, name: str) -> None:
        """Forget a conversation, and delete what was uploaded to it."""
        require_name(name)
        self.stop(name)
        with self._lock:
            self._deleted.add(name)
        self.uploads.delete(name)
        self.history.delete(name)
        self._write_questions()
        self._forget_open(name)

    def branch(self, name: str, key: str) -> str | None:
        """A new conversation with the turns before one, and the files of the old; None where there is no such turn."""
        new = self.history.branch(name, key)
        if new:
            self.uploads.copy(name, new)
        return new

    def copy(self, other: "Chats", name: str) -> str:
        """A copy of another's conversation, without its files."""
        new = self.new()
        for each in other.history.turns(name):
            self.history.add(new, secrets.token_urlsafe(12), each.record, from_record(each.record).text, each.generation)
        self.history.rename(new, other.history.title(name))
        return new

    def ask_again(self, name: str, key: str) -> bool:
        """Let the next answer take the place of the last turn, which stays until it is there; False where that turn is not the last."""
        self._instead[name] = key
        return self.instead(name) is not None

    def instead(self, name: str) -> str | None:
        """The last turn, where the next answer is to take its place."""
        key, keys = self._instead.get(name), self.open(name).keys
        return key if key is not None and keys[-1:] == (key,) else None

    # --- Citations -------------------------------------------------------------------------------------

    def _turn(self, key: str) -> tuple[str, Answer] | None:
        """The conversation and the answer behind a key."""
        with self._lock:
            if key in self._growing:
                return self._growing[key]
        found = self.history.turn(key)
        return (found[0], from_record(found[1].record, self._finding(found[0]))) if found else None

    def _finding(self, name: str) -> Find:
        """Today's documents, or none where there is no index to look in: what is kept must do."""
        try:
            return finder(self.assistant(name).index)
        except IndexingError:
            return from_nowhere

    def conversation_of(self, key: str) -> str | None:
        """The conversation that an answer is of."""
        found = self.history.turn(key)
        return found[0] if found else None

    def states(self, name: str, keys: Collection[str]) -> dict[str, Mapping[int, State]]:
        """For each of some answers from before the last build what became of its citations, by key and label. Raises IndexingError."""
        chat, corpus = self.open(name), self.assistant(name).index
        current, find = corpus.generation, finder(corpus)
        old = (
            (key, turn.answer)
            for key, turn, generation in zip(chat.keys, chat.conversation.turns, chat.generations, strict=True)
            if key in keys and generation != current and turn.answer.claims
        )
        return {key: {c.label: self._state(c, find, current) for c in answer.citations[:MOST_SOURCES]} for key, answer in old}

    def _state(self, citation: Citation, find: Find, generation: str) -> State:
        """What became of a citation; told once for each generation."""
        sentence = citation.sentence
        known = generation, sentence.document.id, sentence.document.source_hash, sentence.start, sentence.text
        if known not in self._states:
            if len(self._states) >= MOST_STATES:
                self._states.clear()
            self._states[known] = _standing(citation, find).state
        return self._states[known]

    def passage(self, key: str, label: int, mine: bool = True) -> dict[str, Any] | None:
        """A cited sentence in its document; None if the answer is not known (any more). How it was rated is told to its owner alone."""
        found = self._cited(key, label)
        if found is None:
            return None
        cited, answer, find = found
        now = _standing(cited, find)
        others = [c for c in answer.citations or answer.nearest if c.label != label and c.sentence.document.id == cited.sentence.document.id]
        told = viewer.passage(cited, now, [(other, _standing(other, find)) for other in others], self.library.pages)
        return {**told, "rated": self.rated(key, label)} if mine else told

    def document(self, key: str, label: int) -> Document | None:
        """Today's document of a citation."""
        found = self._cited(key, label)
        return _standing(found[0], found[2]).document if found else None

    def _cited(self, key: str, label: int) -> tuple[Citation, Answer, Find] | None:
        turn = self._turn(key)
        if turn is None:
            return None
        name, answer = turn
        cited = next((citation for citation in answer.citations or answer.nearest if citation.label == label), None)
        return (cited, answer, finder(self.assistant(name).index)) if cited else None

    def why(self, key: str) -> dict[str, Any] | None:
        """What an answer was made from: hits, scores, and what was searched for."""
        found = self.history.turn(key)
        if found is None:
            return None
        record = found[1].record
        names = ("standalone", "confidence", "engine", "missing_words", "judge", "hits", "timings_ms")
        return {name: record[name] for name in names}

    def answer(self, key: str) -> Answer | None:
        """The answer behind a key."""
        turn = self._turn(key)
        return turn[1] if turn else None

    # --- Ratings ---------------------------------------------------------------------------------------

    def rate(self, key: str, label: int, good: bool | None, reason: str) -> bool:
        """Keep what was thought of an answer (label 0) or a citation; None takes it back. False where there is no such answer."""
        found = self.history.turn(key)
        if found is None:
            return False
        if good is None:
            self.history.unrate(key, label)
        else:
            self.history.rate(Rating(key, label, good, " ".join(reason.split())[:500]), found[1])
        self._write_questions()
        return True

    def rated(self, key: str, label: int = WHOLE) -> bool | None:
        """Whether an answer, or a citation of it, was called good; None where it was not rated."""
        return next((rating.good for rating in self.history.ratings(key) if rating.label == label), None)

    def _write_questions(self) -> None:
        """The ratings as a file of questions that `footnote eval` reads."""
        lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in self.history.judged()]
        new = self._folder / f".questions-{secrets.token_hex(4)}"
        new.write_text("".join(lines), "utf-8")
        put(new, self._folder, "questions.jsonl")

    # --- Files of one conversation ---------------------------------------------------------------------

    def add(self, name: str, given: str, data: Path) -> str:
        """Add an uploaded file to a conversation alone, and index it; the name that it has now. Raises SettingsError for too many."""
        self._require(name)
        kept = self.uploads.add(name, given, data)
        self.history.keep(name, given)
        return kept

    # --- Giving away -----------------------------------------------------------------------------------

    def exchanges(self, name: str) -> list[Exchange]:
        """A conversation as it is exported: its sentences as they were when they were cited."""
        return exchanges(self.history.turns(name))

    def close(self) -> None:
        self.uploads.close()
        self.history.close()


def finder(corpus: Corpus) -> Find:
    """Today's documents, as some indexes hold them."""

    def find(id: str, source_hash: str) -> Iterator[Document]:
        for known in dict.fromkeys((id, corpus.twin(source_hash) or id)):
            if corpus.has(known):
                yield corpus.document(known)

    return find


def from_nowhere(_: str, __: str) -> tuple[Document, ...]:
    """No document: what is kept must do."""
    return ()


def _standing(citation: Citation, find: Find) -> Standing:
    sentence = citation.sentence
    return standing(sentence.text, sentence.document.id, sentence.document.source_hash, sentence.start, find)
