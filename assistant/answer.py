"""`Assistant`: a question in, a cited and checked answer out. Ground, then draft, then check."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from assistant import cite, quote, verify
from assistant.bar import read_bar
from assistant.errors import QuestionError
from assistant.evidence import identity, open_evidence
from assistant.settings import Settings, from_environment
from assistant.types import Answer, Citation, Draft, Evidence, Grounds, Verdict
from index import Index
from index.embed import open_embedder
from index.filter import Filter
from index.keywords import Keywords
from index.types import Sentence

LONGEST_QUESTION = 4_000
CHUNKS = 8
OFFERED = 12
NEAREST = 3


class Assistant:
    """Answers questions over one index. It holds no conversation and never changes."""

    def __init__(self, index: Index, evidence: Evidence, bar: float | None = None) -> None:
        """`bar` is the confidence below which the documents are said not to answer (default: as whoever judges the evidence says)."""
        self.index = index
        self.evidence = evidence
        self.bar = bar

    @classmethod
    def open(cls, path: str | Path = ".footnote", cache: Path | None = None, model: str | None = None) -> "Assistant":
        """An assistant over the index in a folder (arguments as in `Index.open`). Raises IndexingError where that fails."""
        index = Index.open(path, cache, model)
        return cls(index, open_evidence(index.embedder, index.keywords), read_bar(Path(path), identity()))

    def ask(self, question: str, standalone: str | None = None, only: Filter | None = None) -> Answer:
        """The answer to a question; `standalone` is the same question made to stand alone, where it leans on others.

        `only` says which documents may be asked.
        """
        grounds = self.ground(question, standalone, only)
        return self.check(grounds, self.draft(grounds))

    def ground(self, question: str, standalone: str | None = None, only: Filter | None = None) -> Grounds:
        """What the documents offer: nothing, if they do not answer. Raises QuestionError for an empty or endless question, or a filter that nothing fits."""
        asked = (standalone or question).strip()
        require_question(question)
        require_question(asked)
        timings: dict[str, float] = {}
        with _timed(timings, "search"):
            hits = self.index.search(asked, CHUNKS, only)
        if only and not hits:
            raise QuestionError("no document fits the filter: `footnote status --json` lists what is in the index")
        with _timed(timings, "evidence"):
            judged = self.evidence.judge(asked, hits)
        answers = judged.confidence >= (judged.bar if self.bar is None else self.bar)
        return Grounds(
            question=question,
            standalone=asked,
            hits=tuple(hits),
            offered=cite.number(_offered(judged.ranked)) if answers else (),
            nearest=cite.number(judged.ranked[:NEAREST]),
            confidence=judged.confidence,
            missing_words=judged.missing_words,
            short_answer=judged.short_answer if answers else None,
            judge=judged.judge,
            timings_ms=timings,
        )

    def draft(self, grounds: Grounds) -> Draft:
        """An answer in words of the documents. With nothing offered nothing is drafted, and no model hears of it."""
        return quote.draft(grounds, self.evidence)

    def check(self, grounds: Grounds, draft: Draft) -> Answer:
        """Number the citations, judge every claim, and make sure of law 4. Raises CitationError where it is broken."""
        timings = dict(grounds.timings_ms)
        with _timed(timings, "check"):
            quoted = draft.engine == "quote"
            claims, citations = cite.renumber(draft.claims, grounds.offered, best_first=quoted)
            claims = verify.check(claims, citations, self.evidence)
            cite.require_valid(claims, citations, grounds.offered, self.index.document, verbatim=quoted)
        timings["total"] = round(sum(timings.values()), 1)
        return Answer(
            question=grounds.question,
            standalone=grounds.standalone,
            claims=claims,
            citations=citations,
            nearest=() if claims else grounds.nearest,
            missing_words=() if claims else grounds.missing_words,
            confidence=grounds.confidence,
            engine=draft.engine,
            hits=grounds.hits,
            short_answer=_cited(grounds.short_answer, citations),
            judge=grounds.judge,
            timings_ms=timings,
        )


def _offered(ranked: Sequence[tuple[Sentence, float]]) -> list[tuple[Sentence, float]]:
    """The best sentences, and the one that the very best leans on, if it does."""
    best, rest = list(ranked[:OFFERED]), ranked[OFFERED:]
    return best + [pair for pair in rest if quote.leans(best[0][0], pair[0])]


def _cited(words: str | None, citations: Sequence[Citation]) -> str | None:
    """A short answer, if it stands in a sentence that is cited."""
    return words if words and any(words in citation.sentence.text for citation in citations) else None


def require_question(question: str) -> None:
    """Raise QuestionError unless this can be asked."""
    if any("\ud800" <= letter <= "\udfff" for letter in question):
        raise QuestionError("the question holds bytes that are no text: write it in UTF-8")
    if not question.strip():
        raise QuestionError('the question is empty: write one, as in `footnote ask "Who signed the contract?"`')
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(f"the question has {len(question):,} characters, more than {LONGEST_QUESTION:,}: ask a shorter one")


@contextmanager
def _timed(timings: dict[str, float], name: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    timings[name] = round((time.perf_counter() - start) * 1000, 1)


def support(claim: str, evidence: Sequence[str]) -> Verdict:
    """Judge a claim by sentences given as its evidence: `.verdict` and `.probability`, 0..1."""
    return _model(from_environment()).supports(claim, evidence)


@lru_cache(maxsize=1)
def _model(settings: Settings) -> Evidence:
    return open_evidence(open_embedder(settings.model_name, settings.cache_folder), Keywords.of(()))
