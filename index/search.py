"""`Index`: a question in, hits out."""

from pathlib import Path
from typing import TYPE_CHECKING

from index import embed, split
from index.contents import FILES, Contents
from index.embed import Embedder
from index.errors import MismatchError
from index.keywords import Vocabulary
from index.store import REBUILD, Manifest, Store
from index.types import Document, Hit, Sentence

if TYPE_CHECKING:
    from index.retriever import FootnoteRetriever


class Index:
    """One generation of an index folder, opened and checked. It never changes; open it again to see a newer one."""

    def __init__(self, contents: Contents, manifest: Manifest, embedder: Embedder, generation: str) -> None:
        self._contents = contents
        self.manifest = manifest
        self.embedder = embedder
        self.generation = generation

    @classmethod
    def open(cls, path: str | Path = ".footnote", cache: Path | None = None, model: str | None = None) -> "Index":
        """Open the index in a folder. Raises StoreError (none, damaged, another format) or ModelError.

        `cache` is where the exported embedding model is kept (default: `index.embed.default_cache`); with
        `model` an index of any other model is refused.
        """
        snapshot = Store(Path(path)).read(FILES)
        if snapshot.manifest.cut != split.VERSION:
            raise MismatchError(f"the index in {path} was cut into sentences by other rules than this version's: {REBUILD}")
        made_with, kept = snapshot.manifest.model, cache or embed.default_cache()
        if model is not None and model != made_with.name and embed.open_embedder(model, kept).identity.weights != made_with.weights:
            raise MismatchError(f"the index in {path} was made with the model {made_with.name}, not {model}: {REBUILD}")
        embedder = embed.open_embedder(made_with.name, kept, made_with)
        contents = Contents.from_files(snapshot.files)
        if contents.vectors.dimension != embedder.identity.dimension:
            raise MismatchError(f"the vectors in {path} have {contents.vectors.dimension} dimensions, the model {embedder.identity.dimension}: {REBUILD}")
        return cls(contents, snapshot.manifest, embedder, snapshot.generation)

    def search(self, question: str, top: int = 10) -> list[Hit]:
        """The `top` chunks nearest to a question, best first; equal scores stand in order of id."""
        if top < 1:
            raise ValueError(f"top is {top}: at least 1 hit can be asked for")
        if not question.strip() or not len(self._contents.vectors):
            return []
        found = self._contents.vectors.nearest(self.embedder.question(question), top)
        return [Hit(self._contents.chunk(id), score) for id, score in found]

    def as_retriever(self, top: int = 10) -> "FootnoteRetriever":
        """This index as a llama-index retriever: hits become nodes with document, offsets and sentence spans."""
        from index.retriever import FootnoteRetriever

        return FootnoteRetriever(self, top)

    @property
    def vocabulary(self) -> Vocabulary:
        return self._contents.vocabulary

    @property
    def document_ids(self) -> tuple[str, ...]:
        return tuple(entry.id for entry in self._contents.entries)

    def document(self, id: str) -> Document:
        """The document of this id; KeyError if there is none."""
        return self._contents.document(id)

    def sentences_of(self, id: str) -> tuple[Sentence, ...]:
        """All sentences of a document, in its order."""
        return self._contents.sentences_of(id)
