"""`Index`: a question in, hits out; by meaning and by words at once.

The score of a chunk is its cosine with the question plus half of its BM25 relative to the best chunk's. Both lists
are fetched, and every chunk of either gets both figures. A weighted sum with the lexical part divided by its maximum is what Bruch
et al. (2023, "An analysis of fusion functions") recommend over reciprocal ranks; the weight was tuned on Cranfield, TIME, ADI,
and questions on SQuAD and SQuADShifts articles, where nDCG@10 (or the reciprocal rank) is 0.687 on average against 0.654 to 0.659
for reciprocal ranks, and hardly moves between weights of 0.4 and 0.6. `benchmarks.retrieval` prints it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index import embed, split
from index.contents import FILES, Contents, Mask
from index.embed import Embedder
from index.errors import MismatchError
from index.filter import Filter
from index.keywords import Floats, Keywords, highest
from index.store import REPAIR, Manifest, Store
from index.tables import ID, NUMBER
from index.types import Chunk, Document, Hit, Sentence
from index.vectors import Numbers, Rows, Vectors
from index.words import CODE, LONE, content_words, exact_words, indexed_stems

if TYPE_CHECKING:
    from index.retriever import FootnoteRetriever

LEXICAL = 0.5
"""The weight of the words beside the meaning."""
PHRASE_DEPTH = 1000
"""A phrase of stop words alone is looked for in so many chunks that are nearest in meaning."""
DEPTH = 100
"""How many chunks each list gives at least; twice as many change no figure by more than a tenth of a point."""
QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|«([^»]+)»')
REBUILD = "rebuild it with `footnote build --full`"
DIGITS = 6
Phrase = tuple[str, Mask]
"""What stands in quotation marks, and the rows that hold it."""


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
            raise MismatchError(f"the index in {path} was cut into sentences by other rules than this version's: {REPAIR}")
        made_with, kept = snapshot.manifest.model, cache or embed.default_cache()
        if model is not None and model != made_with.name and embed.open_embedder(model, kept).identity.weights != made_with.weights:
            raise MismatchError(f"the index in {path} was made with the model {made_with.name}, not {model}: name that one, or {REBUILD}")
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

    def _with_phrases(self, question: str, allowed: Mask | None) -> tuple[Mask | None, tuple[Phrase, ...]]:
        """The allowed rows that hold most of what stands in quotation marks, and where each of that stands; all that are allowed where nothing does."""
        held = [(said, mask) for said in quoted(question) if (mask := self._holding(said, allowed)).any()]
        if not held:
            return allowed, ()
        counts = np.sum([mask for _, mask in held], axis=0)
        return counts == counts.max(), tuple(held)

    def _ranked(self, question: str, top: int, allowed: Mask | None, phrases: tuple[Phrase, ...]) -> list[Hit]:
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

    def _fused(self, question: str, vector: Rows, bm25: Floats, depth: int, allowed: Mask | None, phrases: tuple[Phrase, ...]) -> Iterator[Hit]:
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
                dense_rank.get(row), lexical_rank.get(row),
                tuple(word for word, holds in holding if holds[place]),
                tuple(said for said, holds in phrases if holds[row]),
            )  # fmt: skip

    def _best_words(self, bm25: Floats, depth: int) -> list[int]:
        """The rows with the highest BM25, best first, equal ones in order of id."""
        rows = highest(bm25, depth)
        order = np.lexsort((self._contents.chunks[rows, ID], -bm25[rows]))
        best: list[int] = rows[order][:depth].tolist()
        return best

    def _holding(self, said: str, allowed: Mask | None) -> Mask:
        """Which rows hold a phrase, word after word, or the beginning of one that the next chunk ends."""
        holding = np.zeros(len(self._contents.chunks), np.bool_)
        phrase = exact_words(said)
        said_in = lru_cache(2)(lambda row: exact_words(self._contents.chunk(row).text))  # The next chunk is often the next candidate.
        for row in self._candidates(said, allowed).tolist() if phrase else ():
            begun = said_in(row)
            if row + 1 < len(holding) and self._contents.chunks[row, NUMBER] == self._contents.chunks[row + 1, NUMBER]:
                begun += said_in(row + 1)[: len(phrase) - 1]
            holding[row] = _within(phrase, begun)
        return holding

    def _candidates(self, said: str, allowed: Mask | None) -> Numbers:
        """The rows that hold, with the next one, all words of a phrase; but half a code may be asked for, and one character of a pair."""
        stems = {stemmed for stemmed in indexed_stems(said) if not (LONE.fullmatch(stemmed) or CODE.fullmatch(stemmed))}
        if not stems:
            rows = np.array([row for row, _ in self.vectors.nearest(self.embedder.question(said), PHRASE_DEPTH, allowed)], np.int64)
        else:
            held = sorted((self.keywords.rows(stem) for stem in stems), key=len)
            rows = reduce(np.intersect1d, (np.union1d(found, found - 1) for found in held)).astype(np.int64)
        return rows[(rows >= 0) & (True if allowed is None else allowed[rows])]

    def neighbours(self, chunk: Chunk, reach: int = 1) -> tuple[Chunk, ...]:
        """The chunks that stand up to `reach` places before and after one in its document, itself among them, in order.

        Raises KeyError where the index does not hold the document, ValueError where it no longer holds the chunk.
        """
        rows = self._contents.rows_of(chunk.document.id)
        place = rows[self._contents.chunks[rows.start : rows.stop, ID].tolist().index(chunk.id)]
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

    def sample(self, count: int) -> Iterator[Chunk]:
        """So many chunks, spread evenly over the index; all of them where there are no more."""
        total = len(self._contents.chunks)
        rows = range(total) if total <= count else (n * total // count for n in range(count))
        return map(self._contents.chunk, rows)

    def has(self, id: str) -> bool:
        """Whether there is a document of this id."""
        return self._contents.has(id)

    def twin(self, source_hash: str) -> str | None:
        """The id of a document that was read from a file of this SHA-256; None if there is none."""
        return self._contents.twin(source_hash)

    def document(self, id: str) -> Document:
        """The document of this id; KeyError if there is none."""
        return self._contents.document(id)

    def outline(self, id: str) -> Document:
        """The document of this id without its text; KeyError if there is none."""
        return self._contents.outline(id)

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
        said = exact_words(hit.chunk.text)
        if said in first:
            first[said] = replace(first[said], duplicates=(*first[said].duplicates, hit.chunk))
        elif len(first) == top:
            break
        else:
            first[said] = hit
    return list(first.values())
