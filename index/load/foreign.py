"""Any llama-index reader in the place of ours: of files, or of what else it connects to. The door to llama-index's readers.

A reader whose `load_data` takes a file reads each file of the sources; of any other the sources are the first argument, in one list:
addresses, page names, whatever it asks for. Readers of files run where ours do, without the network; the others in the build itself.
"""

import hashlib
import inspect
import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from index.errors import LoadError, SourceError
from index.load import ocr
from index.load.reading import Reading, Writer, unused
from index.types import Document

OF_A_FILE = frozenset(("file", "file_path", "filepath", "path", "input_file", "pdf_path", "filename"))
NAMES = ("file_path", "url", "URL", "source", "file_name", "title", "id")
"""What a reader's metadata may call the place that a document comes from."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A reader by its name, `module:Class`; for files of one suffix where `suffix` is not empty."""

    name: str
    suffix: str = ""

    @classmethod
    def of(cls, option: str) -> "Foreign":
        """`[.suffix=]module:Class`. Raises SourceError where that is no reader."""
        suffix, _, name = option.rpartition("=")
        foreign = cls(name, f".{suffix.lower().lstrip('.')}" if suffix else "")
        _class_of(name)
        return foreign

    @property
    def reads_files(self) -> bool:
        """Whether it is called file by file."""
        return bool(self.suffix) or next(iter(_parameters(self.name)), "") in OF_A_FILE

    def takes(self, suffix: str) -> bool:
        return self.reads_files and self.suffix in ("", suffix)


@lru_cache(maxsize=8)
def _class_of(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except Exception as error:
        raise SourceError(f"the reader {name!r} cannot be loaded ({error}): name it as module:Class, and install its package") from error
    if not callable(getattr(found, "load_data", None)):
        raise SourceError(f"{name!r} is no llama-index reader: it has no load_data")
    return found


def _parameters(name: str) -> list[str]:
    """The parameters of its `load_data`; those of `lazy_load_data`, where that is all it hands on to."""
    found = list(inspect.signature(_class_of(name).load_data).parameters.values())[1:]
    if found and found[0].kind is inspect.Parameter.VAR_POSITIONAL:
        found = list(inspect.signature(_class_of(name).lazy_load_data).parameters.values())[1:]
    return [parameter.name for parameter in found]


def read_foreign(name: str, path: Path) -> Reading:
    """A file by such a reader; each document that it makes of one is a page, if it says so. Raises LoadError with what the reader says."""
    resource.setrlimit(resource.RLIMIT_AS, (ocr.ADDRESS_SPACE, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        found = _class_of(name)().load_data(path)
        texts = [(_text(document), dict(document.metadata or {})) for document in found]
    except SourceError as error:
        raise LoadError(str(error)) from error
    except Exception as error:
        raise LoadError(f"cannot be read by {name}: {type(error).__name__}: {error}") from error
    writer = Writer()
    for text, metadata in texts:
        if "page_label" in metadata:
            writer.page()
        writer.put(text)
    title = next((str(metadata["title"]) for _, metadata in texts if metadata.get("title")), "")
    if not writer.reading().text:
        raise LoadError("holds no text")
    return writer.reading(title)


def connected(name: str, sources: Sequence[str]) -> Iterator[Document]:
    """The documents that a reader makes of some sources, each by the place that its metadata names. Raises SourceError with what the reader says."""
    try:
        found = [(_text(document), dict(document.metadata or {}), str(document.id_)) for document in _class_of(name)().load_data(list(sources))]
    except Exception as error:
        raise SourceError(f"{name} cannot read {', '.join(sources)}: {type(error).__name__}: {error}") from error
    seen: set[str] = set()
    for number, (text, metadata, id) in enumerate(found):
        place = str(next((metadata[key] for key in NAMES if metadata.get(key)), "")) or (sources[number] if len(found) == len(sources) else id)
        title = str(metadata.get("title") or "")
        numbered = unused(place, seen)
        seen.add(numbered)
        yield Document(numbered, title, text, (), hashlib.sha256(f"{title}\0{text}".encode()).hexdigest(), (), name, 0)


def _text(document: Any) -> str:
    return str(document.text).encode("utf-8", "replace").decode()
