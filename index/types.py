"""The values that travel through an index: documents, their sentences, chunks, and hits."""

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a document: `text[start:end]`; level 1 is the outermost.

    One that is `guessed` from plain text gives its section a name, and is a sentence like any other.
    """

    start: int
    end: int
    level: int
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was read, or a part of one. All offsets into `text` count Unicode code points.

    `id` is the path inside its source, "/" separated; `title` is what the file says of itself, empty where it says nothing;
    `pages` holds the offset at which each page starts (empty where the format has none); `source_hash` is the SHA-256 of the file,
    in hex; `source` is the absolute path that was indexed, and `modified` the file's time in whole seconds since 1970, UTC.
    `inside` is the id of the archive or mail that it is a part of, `notes` tell what looked odd as it was read, and `language`
    is a guess, as a code of ISO 639-1.
    """

    id: str
    title: str
    text: str
    pages: tuple[int, ...]
    source_hash: str
    headings: tuple[Heading, ...] = ()
    source: str = ""
    modified: int = 0
    inside: str = ""
    notes: tuple[str, ...] = ()
    language: str = ""

    @property
    def name(self) -> str:
        """What a person calls it: its title, else its file's name without the suffix."""
        return self.title or PurePosixPath(self.id).stem

    def page_at(self, offset: int) -> int | None:
        """The page, counted from 1, that holds this offset; None where there are no pages."""
        return bisect_right(self.pages, offset) or None

    def heading_at(self, offset: int) -> Heading | None:
        """The nearest heading that starts at or before this offset."""
        place = bisect_right(self.headings, offset, key=lambda heading: heading.start)
        return self.headings[place - 1] if place else None

    def is_heading(self, offset: int) -> bool:
        """Whether a heading starts at this offset."""
        heading = self.heading_at(offset)
        return heading is not None and heading.start == offset

    def heading_text(self, offset: int) -> str:
        """What that heading says; empty where there is none."""
        heading = self.heading_at(offset)
        return self.text[heading.start : heading.end] if heading else ""

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells, without a look at its text, whether a stored document is still the one of its file (fields as in `Document`)."""

    source_hash: str
    source: str
    modified: int
    inside: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A document that the index holds just as its file is now, by its id."""

    id: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence by its place: its text is `document.text[start:end]`, always."""

    document: Document
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.document.text[self.start : self.end]

    @property
    def page(self) -> int | None:
        return self.document.page_at(self.start)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences that is embedded and searched as one.

    `id` is a 63-bit hash of what the chunk says (see `index.split.chunk_ids`).
    """

    id: int
    document: Document
    sentences: tuple[Sentence, ...]

    @property
    def start(self) -> int:
        return self.sentences[0].start

    @property
    def end(self) -> int:
        return self.sentences[-1].end

    @property
    def text(self) -> str:
        return self.document.text[self.start : self.end]

    @property
    def page(self) -> int | None:
        return self.document.page_at(self.start)


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that a search found, and why. The order of a list of hits is the rank, and so is the order of their `score`.

    `score` joins `cosine` (nearness of meaning, -1..1) and `bm25` (the question's words, 0 or more; see `index.search`);
    `dense_rank` and `lexical_rank` count from 1, None where that list does not reach so far; `words` are those of the
    question that stand in the chunk or its title, and `phrases` the quoted ones. `duplicates` say the same word for word.
    """

    chunk: Chunk
    score: float
    cosine: float
    bm25: float = 0.0
    dense_rank: int | None = None
    lexical_rank: int | None = None
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    duplicates: tuple[Chunk, ...] = ()

    @property
    def why(self) -> str:
        """Why it was found, in words."""
        reasons = [f"meaning (cosine {self.cosine:.2f}{_rank(self.dense_rank)})"]
        if self.words:
            reasons.append(f"words {', '.join(self.words)} (BM25 {self.bm25:.1f}{_rank(self.lexical_rank)})")
        reasons += [f"phrase “{phrase}”" for phrase in self.phrases]
        return "; ".join(reasons)


def _rank(rank: int | None) -> str:
    return f", rank {rank}" if rank else ""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which embedding model made a vector. `weights` is the SHA-256 of what decides its output, in hex.

    `window` is how many tokens it reads at once, special ones included.
    """

    name: str
    weights: str
    dimension: int
    window: int
