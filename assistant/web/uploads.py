"""The files that one person added to conversations: each conversation has its own, with an index of their own, which nobody else is answered from."""

import re
import shutil
import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from assistant.answer import Assistant
from assistant.errors import SettingsError
from assistant.evidence import open_evidence
from assistant.settings import Settings
from assistant.web.files import put, unused_name
from assistant.web.jobs import Job, Progress
from assistant.web.library import Library, opened
from index.search import Index
from index.store import Store
from index.types import Document
from index.union import Union, joined

NAME = re.compile(r"[\w-]{16}")
MOST_OPEN = 60
"""Conversations whose index is kept open."""
OWN = "uploaded"
"""The folder of a conversation's own files, which their ids begin with."""
MOST_FILES = 50
MOST_BYTES = 1 << 30
"""Of files that one person among several may add to their conversations."""
BUILDS_AT_ONCE = 1
"""Of one person's conversations; the others wait."""


class Uploads:
    """The files of one person's conversations, by the conversation's name. Every method may be called from several threads."""

    def __init__(self, library: Library, folder: Path, limited: bool = False) -> None:
        """`folder` holds them, a folder for each conversation; `limited`: others use this server too."""
        self._library = library
        self._folder = folder
        self._limited = limited
        self._opening = threading.Lock()
        self._changing = threading.Lock()  # Held while files come and go.
        self._turns = threading.Semaphore(BUILDS_AT_ONCE)
        self._held: OrderedDict[str, Assistant] = OrderedDict()
        self._jobs: dict[str, Job] = {}

    def assistant(self, name: str) -> Assistant:
        """Who answers in a conversation: over the library, and over what was uploaded to it alone. Raises IndexingError."""
        index = self._settings(name).index
        if not (index / "CURRENT").exists():
            return self._library.assistant()
        everybody = opened(self._library)
        own = Store(index).generation()
        generation = joined(own, everybody.index.generation) if everybody else own
        with self._opening:
            held = self._held.get(name)
            if held is None or held.index.generation != generation:
                held = _joined(everybody, Index.open(index, self._library.settings.cache_folder))
                self._held[name] = held
                while len(self._held) > MOST_OPEN:
                    self._held.popitem(last=False)
            return held

    def documents(self, name: str) -> list[Document]:
        """The documents that were uploaded to a conversation."""
        index = self._settings(name).index if NAME.fullmatch(name) else None
        if index is None or not (index / "CURRENT").exists():
            return []
        own = Index.open(index, self._library.settings.cache_folder)
        return [own.outline(id) for id in own.document_ids]

    def add(self, name: str, given: str, data: Path) -> str:
        """Add a file to a conversation, and index it; the name that it has now. Raises SettingsError for too many."""
        folder = self._place(name) / "documents" / OWN
        with self._changing:
            if folder.is_dir() and sum(1 for _ in folder.iterdir()) >= MOST_FILES:
                raise SettingsError(f"a conversation may have {MOST_FILES} files of its own: put more into the library")
            if self._limited and sum(file.stat().st_size for file in self._folder.rglob("*") if file.is_file()) > MOST_BYTES:
                raise SettingsError(f"your conversations hold {MOST_BYTES >> 20} MB of files: delete some conversations first")
            kept = put(data, folder, unused_name(given, folder))
            self._rebuild(name)
        return kept.name

    def remove(self, name: str, id: str) -> bool:
        """Delete a file of a conversation; False where there is none."""
        path = self._place(name) / "documents" / id
        if not re.fullmatch(rf"{OWN}/[^/]+", id) or not path.is_file():
            return False
        with self._changing:
            path.unlink()
            self._rebuild(name)
        return True

    def copy(self, name: str, new: str) -> None:
        """Give another conversation the same files."""
        documents = self._place(name) / "documents"
        with self._changing:
            if documents.is_dir():
                shutil.copytree(documents, self._place(new) / "documents")
                self._rebuild(new)

    def delete(self, name: str) -> None:
        """Delete what was uploaded to a conversation."""
        if job := self._jobs.pop(name, None):
            job.stop()
            job.wait()
        with self._opening:
            self._held.pop(name, None)
        shutil.rmtree(self._place(name), ignore_errors=True)

    # --- Builds ----------------------------------------------------------------------------------------

    def job(self, name: str) -> Job:
        """The build of a conversation's own files."""
        return self._jobs.setdefault(name, Job(self._turns))

    def progress(self, name: str) -> Progress:
        """How far that build is."""
        job = self._jobs.get(name)
        return job.progress if job else Progress()

    def stop(self, name: str) -> None:
        """Stop that build, if there is one."""
        if job := self._jobs.get(name):
            job.stop()

    def _rebuild(self, name: str) -> None:
        self.job(name).start(self._settings(name), [self._place(name) / "documents"])

    def _settings(self, name: str) -> Settings:
        everybody, settings = opened(self._library), self._library.settings
        model = everybody.index.embedder.identity.name if everybody else settings.model
        return replace(settings, index=self._place(name) / "index", data=settings.data_folder, model=model)

    def _place(self, name: str) -> Path:
        require_name(name)
        return self._folder / name

    def close(self) -> None:
        """Stop the builds."""
        for job in self._jobs.values():
            job.stop()
        for job in self._jobs.values():
            job.wait()


def require_name(name: str) -> None:
    """Raise SettingsError unless a conversation may have that name."""
    if not NAME.fullmatch(name):
        raise SettingsError("this conversation's name is none that was given here: open a new one")


def _joined(everybody: Assistant | None, own: Index) -> Assistant:
    if everybody is None:
        return Assistant(own, open_evidence(own.embedder, own.keywords))
    assert isinstance(everybody.index, Index)
    corpus = Union([own, everybody.index])
    return Assistant(corpus, open_evidence(corpus.embedder, corpus.keywords), everybody.bar)
