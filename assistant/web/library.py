"""What everybody who uses the chat shares: the index as it is now, the language models, the builds, and the files that were uploaded for all."""

import contextlib
import re
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.answer import Assistant
from assistant.errors import SettingsError
from assistant.llm import ChatModel, open_model, reachable, short_name
from assistant.settings import Settings
from assistant.types import QUOTE
from assistant.update import last_report, leave_out, left_out
from assistant.web.files import put, unused_name
from assistant.web.jobs import Job
from index import original
from index.errors import IndexingError, NoIndexError
from index.pages import Pages
from index.search import Index
from index.store import Store
from index.types import Document

STARTERS = 4
TRIED = 24
UPLOADED = "library"
"""The folder of what was uploaded for all conversations, inside the data folder: a source of the index like any other."""


class Library:
    """The one thing that all pages share. Every method may be called from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pages = Pages()
        self.job = Job()
        self._store = Store(settings.index)
        self._opening = threading.Lock()  # Held while an index is opened, once for all who wait.
        self._starting = threading.Lock()  # Held while its starters are found.
        self._changing = threading.Lock()  # Held while what shall be indexed is changed.
        self._assistant: Assistant | None = None
        self._models: dict[str, str] = {}
        self._starters: tuple[str, tuple[str, ...]] = ("", ())
        self._preparing = threading.Thread(target=self._prepare, name="footnote-prepare", daemon=True)

    @property
    def folder(self) -> Path:
        return self.settings.data_folder / UPLOADED

    def assistant(self) -> Assistant:
        """An assistant over the newest generation: a build is seen by the next question. Raises IndexingError."""
        with self._opening:
            if self._assistant is None or self._assistant.index.generation != self._store.generation():
                settings = self.settings
                self._assistant = Assistant.open(settings.index, settings.cache_folder, settings.model)
            return self._assistant

    def index(self) -> Index:
        """The index of the newest generation. Raises IndexingError."""
        index = self.assistant().index
        assert isinstance(index, Index)
        return index

    def report(self) -> dict[str, Any]:
        """What the last build read, and could not read; empty where it told nothing."""
        return last_report(self.settings)

    # --- Language models -------------------------------------------------------------------------------

    def models(self) -> tuple[str, ...]:
        """The short names of the language models that can be used now: an address, and what may stand in it, stays here."""
        self._models = {short_name(full): full for full in reachable(self.settings)}
        return tuple(self._models)

    def model(self, engine: str) -> ChatModel | None:
        """The language model of that name; None for `quote`. Raises SettingsError for one that was not offered, or cannot be used."""
        if engine == QUOTE:
            return None
        if engine not in self._models and engine not in self.models():
            raise SettingsError(f"{engine} is not offered here: start the chat with --llm {engine}")  # A page must not choose where text is sent.
        return open_model(self._models[engine], self.settings)

    @property
    def engine(self) -> str:
        """The engine that a chat begins with."""
        return short_name(self.settings.llm) if self.settings.llm else QUOTE

    # --- What is indexed -------------------------------------------------------------------------------

    def add(self, name: str, data: Path) -> str:
        """Put an uploaded file where the index finds it, and build; the name that it has now."""
        with self._changing:
            if self._recipe()[1]:
                raise SettingsError("the index is made by readers of its own, and takes no uploads: add documents to a conversation instead")
            kept = put(data, self.folder, unused_name(name, self.folder))
            self.rebuild()
            return kept.name

    def rebuild(self) -> None:
        """Make the index equal to its sources, in the background."""
        sources, readers = self._recipe()
        ours = str(self.folder.resolve())
        uploads = self.folder.is_dir() and any(self.folder.iterdir())
        given = [*sources, ours] if uploads and ours not in sources else list(sources)
        self.job.start(self.settings, given, readers)

    def _recipe(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        try:
            recipe = self._store.recipe()
        except NoIndexError:
            return (), ()
        return recipe.sources, recipe.readers

    def remove(self, id: str) -> None:
        """Take a document out of the index: delete the file of an uploaded one, leave that of another out of builds to come.

        Raises SettingsError where it cannot be told which, KeyError for a document that there is not, IndexingError.
        """
        document = self.index().outline(id)
        path = original.find(document)
        with self._changing:
            if document.inside:
                raise SettingsError(f"{id} is a part of {document.inside}: unpack that, or take it out of its folder")
            if path is None or not original.is_unchanged(document, path):
                raise SettingsError(f"the file of {id} is gone or has changed: rebuild the index, and try again")
            if self.owns(document):
                path.unlink()
            else:
                leave_out(self.settings, [*left_out(self._store), str(path)])
            self.rebuild()

    def taken_out(self) -> tuple[str, ...]:
        """The files that were taken out and could come back, by their absolute paths."""
        return left_out(self._store)

    def bring_back(self, file: str) -> None:
        """Index a file again that was taken out."""
        with self._changing:
            leave_out(self.settings, [other for other in left_out(self._store) if other != file])
            self.rebuild()

    def owns(self, document: Document) -> bool:
        """Whether a document was uploaded here."""
        return bool(document.source) and Path(document.source) == self.folder.resolve()

    # --- Starter questions -----------------------------------------------------------------------------

    def starters(self) -> tuple[str, ...]:
        """Up to four questions that the indexed documents answer: each was asked, and found. Raises IndexingError."""
        assistant = self.assistant()
        with self._starting:
            if self._starters[0] != assistant.index.generation:
                found = (question for question in islice(_suggestions(assistant), TRIED) if assistant.ask(question).found)
                self._starters = assistant.index.generation, tuple(islice(found, STARTERS))
            return self._starters[1]

    def prepare(self) -> None:
        """Open the index; find its starters in the background: the page is served meanwhile, and waits for them if it comes first. Raises IndexingError."""
        self.assistant()
        self._preparing.start()

    def _prepare(self) -> None:
        with contextlib.suppress(IndexingError):  # The index may have gone since; the page says so.
            self.starters()

    def close(self) -> None:
        """Stop what goes on beside the chat."""
        if self._preparing.is_alive():
            self._preparing.join()
        self.job.stop()
        self.job.wait()
        self.pages.close()


def opened(library: Library) -> Assistant | None:
    """The library's assistant; None where there is no index yet. Raises IndexingError for a damaged one."""
    try:
        return library.assistant()
    except NoIndexError:
        return None


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
