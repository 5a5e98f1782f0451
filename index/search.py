"""`Index`: a question in, hits out; by meaning and by words at once.

The score of a chunk is its cosine with the question plus half of its BM25 relative to the best chunk's. Both lists
are fetched, and every chunk of either gets both figures. A weighted sum with the lexical part divided by its maximum is what Bruch
et al. (2023, "An analysis of fusion functions") recommend over reciprocal ranks; the weight was tuned on Cranfield, TIME, ADI,
and questions on SQuAD and SQuADShifts articles, where nDCG@10 (or the reciprocal rank) is 0.687 on average against 0.654 to 0.659
for reciprocal ranks, and hardly moves between weights of 0.4 and 0.6. `benchmarks.retrieval` prints it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index import embed, split
from index.contents import FILES, ID, Contents, Mask
from index.embed import Embedder
from index.errors import MismatchError
from index.filter import Filter
from index.keywords import Floats, Keywords, highest
from index.store import REBUILD, Manifest, Store
from index.types import Chunk, Document, Hit, Sentence
from index.vectors import Numbers, Rows, Vectors
from index.words import content_words, folded_words, indexed_stems

if TYPE_CHECKING:
    from index.retriever import FootnoteRetriever

LEXICAL = 0.5
"""The weight of the words beside the meaning."""
DEPTH = 100
"""How many chunks each list gives at least; twice as many change no figure by more than a tenth of a point."""
QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»')
DIGITS = 6


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

    # --- Searching -------------------------------------------------------------------------------------

    def search(self, question: str, top: int = 10, only: Filter | None = None) -> list[Hit]:
        """The `top` chunks that fit a question best, best first; equal scores stand in order of id.

        What stands in quotation marks is wanted word for word, where any chunk has it. A chunk that says the same as a
        better one, word for word, is folded into it. `only` says which documents may be searched.
        """
        if top < 1:
            raise ValueError(f"top is {top}: at least 1 hit can be asked for")
        if not question.strip() or not len(self.vectors):
            return []
        allowed = self._contents.allowed(only) if only else None
        hits = self._ranked(question, top, *self._with_phrases(question, allowed))
        self._contents.give_back()
        return hits

    def _with_phrases(self, question: str, allowed: Mask | None) -> tuple[Mask | None, tuple[str, ...]]:
        """The rows that are allowed and hold what stands in quotation marks, and that; all that are allowed where none does."""
        if phrases := tuple(filter(None, map(folded_words, quoted(question)))):
            holding = self._holding(phrases, allowed)
            if holding.any():
                return holding, quoted(question)
        return allowed, ()

    def _ranked(self, question: str, top: int, allowed: Mask | None, phrases: tuple[str, ...]) -> list[Hit]:
        vector = self.embedder.question(question)
        bm25 = self.keywords.scores(indexed_stems(question))
        if allowed is not None:
            bm25 = np.where(allowed, bm25, np.float32(0))
        depth = max(DEPTH, 2 * top)
        while True:
            hits = self._fused(question, vector, bm25, depth, allowed, phrases)
            folded = _folded(hits, top)
            if len(folded) == top or depth >= len(self._contents.chunks):
                return folded
            depth *= 4  # So many said the same that too few are left.

    def _fused(self, question: str, vector: Rows, bm25: Floats, depth: int, allowed: Mask | None, phrases: tuple[str, ...]) -> Iterator[Hit]:
        """The chunks of both lists with both figures, best first."""
        dense = [row for row, _ in self.vectors.nearest(vector, depth, allowed)]
        lexical = self._best_words(bm25, depth)
        rows = np.unique(np.array([*dense, *lexical], np.int64))
        cosines = self.vectors.cosines(vector, rows)
        best = float(bm25.max()) if len(lexical) else 1.0
        scores = np.round((cosines + LEXICAL * bm25[rows].astype(np.float64) / best) / (1 + LEXICAL), DIGITS)
        order = np.lexsort((self._contents.chunks[rows, ID], -scores))
        dense_rank, lexical_rank = ({row: rank for rank, row in enumerate(found, 1)} for found in (dense, lexical))
        holding = [(word, self.keywords.holds(stemmed, rows)) for word, stemmed in content_words(question)]
        for place in order.tolist():
            row = int(rows[place])
            yield Hit(
                self._contents.chunk(row), float(scores[place]), float(cosines[place]), round(float(bm25[row]), DIGITS),
                dense_rank.get(row), lexical_rank.get(row), tuple(word for word, holds in holding if holds[place]), phrases,
            )  # fmt: skip

    def _best_words(self, bm25: Floats, depth: int) -> list[int]:
        """The rows with the highest BM25, best first, equal ones in order of id."""
        rows = highest(bm25, depth)
        order = np.lexsort((self._contents.chunks[rows, ID], -bm25[rows]))
        best: list[int] = rows[order][:depth].tolist()
        return best

    def _holding(self, phrases: Sequence[tuple[str, ...]], allowed: Mask | None) -> Mask:
        """Which rows hold every phrase, word after word."""
        holding = np.zeros(len(self._contents.chunks), np.bool_)
        for row in self._with_all({stem for phrase in phrases for stem in indexed_stems(" ".join(phrase))}).tolist():
            if (allowed is None or allowed[row]) and all(_within(phrase, folded_words(self._contents.chunk(row).text)) for phrase in phrases):
                holding[row] = True
        return holding

    def _with_all(self, stems: set[str]) -> Numbers:
        """The rows that hold all of some stems; every row where there is none to go by."""
        rows = np.arange(len(self._contents.chunks))
        for held in sorted((self.keywords.rows(stem) for stem in stems), key=len):
            rows = np.intersect1d(rows, held, assume_unique=True)
        return rows

    def neighbours(self, chunk: Chunk, reach: int = 1) -> tuple[Chunk, ...]:
        """The chunks that stand up to `reach` places before and after one in its document, itself among them, in order."""
        rows = self._contents.rows_of(chunk.document.id)
        place = next(row for row in rows if int(self._contents.chunks[row, ID]) == chunk.id)
        return tuple(map(self._contents.chunk, range(max(place - reach, rows.start), min(place + reach + 1, rows.stop))))

    def as_retriever(self, top: int = 10) -> "FootnoteRetriever":
        """This index as a llama-index retriever: hits become nodes with document, offsets and sentence spans."""
        from index.retriever import FootnoteRetriever

        return FootnoteRetriever(self, top)

    # --- What is in it ---------------------------------------------------------------------------------

    @property
    def keywords(self) -> Keywords:
        return self._contents.keywords

    @property
    def vectors(self) -> Vectors:
        return self._contents.vectors

    @property
    def document_ids(self) -> tuple[str, ...]:
        return self._contents.ids

    def document(self, id: str) -> Document:
        """The document of this id; KeyError if there is none."""
        return self._contents.document(id)

    def sentences_of(self, id: str) -> tuple[Sentence, ...]:
        """All sentences of a document, in its order."""
        return self._contents.sentences_of(id)


def quoted(question: str) -> tuple[str, ...]:
    """What stands in quotation marks."""
    return tuple(next(filter(None, match.groups())).strip() for match in QUOTED.finditer(question))


def _within(phrase: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return any(words[start : start + len(phrase)] == phrase for start, word in enumerate(words) if word == phrase[0])


def _folded(hits: Iterator[Hit], top: int) -> list[Hit]:
    """The first `top` hits without those that say the same words as a better one, which are kept with it."""
    first: dict[tuple[str, ...], Hit] = {}
    for hit in hits:
        said = folded_words(hit.chunk.text)
        if said in first:
            first[said] = replace(first[said], duplicates=(*first[said].duplicates, hit.chunk))
        elif len(first) == top:
            break
        else:
            first[said] = hit
    return list(first.values())
