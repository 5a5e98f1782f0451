"""`Assistant`: a question in, a cited and checked answer out. Ground, then draft, then check."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, zip_longest
from pathlib import Path

from assistant import cite, compose, quote, terms, verify
from assistant.bar import read_bar
from assistant.errors import LlmError, QuestionError
from assistant.evidence import identity, open_evidence
from assistant.evidence.candidates import candidates
from assistant.parts import parts_of
from assistant.settings import Settings, from_environment
from assistant.types import QUOTE, Answer, Citation, Claim, Draft, Evidence, Grounds, Judgement, LanguageModel, Support, Verdict
from index import Index
from index.embed import open_embedder
from index.filter import Filter
from index.keywords import Keywords
from index.types import Hit, Sentence
from index.union import Corpus

LONGEST_QUESTION = 4_000
CHUNKS = 8
OFFERED = 40
NEAREST = 3
WORTH_READING = 0.25
"""The share of the bar from which on a language model is given what was found: it reads all of it, and may decline itself. Where what is asked is wide ("What
are the rules for the deposit?"), the confidence that one sentence answers is low, and the answer is there.
"""
REMEMBERED = 64
"""Questions whose evidence is kept: many people ask the same, and an index never changes while it is open."""


@dataclass(slots=True)
class Checked:
    """What has been judged of a growing answer: its claims, and what was found for them beyond what was offered."""

    claims: dict[Claim, Claim] = field(default_factory=dict)
    found: tuple[Citation, ...] = ()


class Assistant:
    """Answers questions over one index. It holds no conversation and never changes."""

    def __init__(self, index: Corpus, evidence: Evidence, bar: float | None = None) -> None:
        """`bar` is the confidence below which the documents are said not to answer (default: as whoever judges the evidence says)."""
        self.index = index
        self.evidence = evidence
        self.bar = bar
        self._hits = lru_cache(REMEMBERED)(self._search)
        self._judged = lru_cache(REMEMBERED)(self._judge)

    @classmethod
    def open(cls, path: str | Path = ".footnote", cache: Path | None = None, model: str | None = None) -> "Assistant":
        """An assistant over the index in a folder (arguments as in `Index.open`). Raises IndexingError where that fails."""
        index = Index.open(path, cache, model)
        return cls(index, open_evidence(index.embedder, index.keywords), read_bar(Path(path), identity()))

    def ask(self, question: str, standalone: str | None = None, only: Filter | None = None, model: LanguageModel | None = None) -> Answer:
        """The answer to a question; `standalone` is the same question made to stand alone, where it leans on others.

        `only` says which documents may be asked; with a `model` the answer is in its words, under the same check.
        """
        *_, answer = self.answers(self.ground(question, standalone, only), model)
        return answer

    def answers(self, grounds: Grounds, model: LanguageModel | None = None) -> Iterator[Answer]:
        """The answer as it grows, each sentence checked as it comes; the last is whole.

        A model that fails before it has written a sentence is told of, and the answer is quoted instead.
        """
        if model is None:
            yield self.check(grounds, quote.draft(grounds, self.evidence))
            return
        checked = Checked()
        start = time.perf_counter()
        try:
            for draft in compose.compose(grounds, model):
                timed = replace(grounds, timings_ms={**grounds.timings_ms, "draft": round((time.perf_counter() - start) * 1000, 1)})
                answer = self.check(timed, draft, checked)
                if draft.notice and draft.claims and not answer.claims:
                    yield self._quoted(grounds, draft.notice)
                    return
                yield answer
        except LlmError as error:
            yield self._quoted(grounds, f"{error}.")

    def _quoted(self, grounds: Grounds, failed: str) -> Answer:
        """The answer in words of the documents, if they have one, where a model failed to give one."""
        draft = quote.draft(grounds, self.evidence)
        return self.check(grounds, replace(draft, notice=f"{failed} The answer is quoted from the documents instead." if draft.claims else failed))

    def ground(self, question: str, standalone: str | None = None, only: Filter | None = None) -> Grounds:
        """What the documents offer: nothing, if they do not answer. A question that asks several is grounded part by part.

        Raises QuestionError for an empty or endless question, or a filter that nothing fits.
        """
        asked = (standalone or question).strip()
        require_question(question)
        require_question(asked)
        readings = [(asked, only), *self._as_written(asked, only)]
        found = [self._ground_as(question, said, where) for said, where in readings]
        best = max(found, key=lambda grounds: (sum(part.answered for part in grounds.parts or (grounds,)), grounds.confidence))
        return replace(best, only=only, timings_ms=_spent(found))

    def _as_written(self, asked: str, only: Filter | None) -> Iterator[tuple[str, Filter]]:
        """The question in the terms of documents that have others for what it names, and what leaves out the rest: "What must the Tenant pay?"."""
        known: dict[str, set[str]] = {}
        for document in {hit.chunk.document.id: hit.chunk.document for hit in self._hits(asked, only)}.values():
            if (said := terms.asked_in(asked, document.text)) != asked:
                known.setdefault(said, set()).add(document.id)
        for said, ids in known.items():
            yield said, replace(only or Filter(), documents=frozenset(ids))

    def _ground_as(self, question: str, asked: str, only: Filter | None) -> Grounds:
        parts = [self._ground(part, alone, only) for part, alone in parts_of(asked)]
        return _together(question, asked, parts) if parts else self._ground(question, asked, only)

    def _ground(self, question: str, asked: str, only: Filter | None) -> Grounds:
        timings: dict[str, float] = {}
        with _timed(timings, "search"):
            hits = self._hits(asked, only)
        if only and not hits:
            raise QuestionError("no document fits the filter: `footnote status --json` lists what is in the index")
        with _timed(timings, "evidence"):
            judged = self._judged(asked, only)
        bar = judged.bar if self.bar is None else self.bar
        answered = judged.confidence >= bar
        return Grounds(
            question=question,
            standalone=asked,
            hits=hits,
            offered=cite.number(_offered(judged.ranked)) if judged.confidence >= WORTH_READING * bar else (),
            nearest=cite.number(judged.ranked[:NEAREST]),
            confidence=judged.confidence,
            missing_words=judged.missing_words,
            short_answer=judged.short_answer if answered else None,
            judge=judged.judge,
            answered=answered,
            only=only,
            timings_ms=timings,
        )

    def _search(self, question: str, only: Filter | None) -> tuple[Hit, ...]:
        return tuple(self.index.search(question, CHUNKS, only))

    def _judge(self, question: str, only: Filter | None) -> Judgement:
        return self.evidence.judge(question, self._hits(question, only))

    def ground_on(self, question: str, sentences: Sequence[Sentence]) -> Grounds:
        """Grounds of sentences that were chosen already, all of which belong in the answer."""
        offered = cite.number([(sentence, 1.0) for sentence in sentences])
        return Grounds(question, question, (), offered, offered[:NEAREST], 1.0 if offered else 0.0, (), whole=True)

    def check(self, grounds: Grounds, draft: Draft, checked: Checked | None = None) -> Answer:
        """Judge every claim, number the citations, and make sure of law 4. Raises CitationError where it is broken.

        `checked` keeps what was judged from one draft of an answer to the next. Where nothing is supported, nothing is claimed.
        """
        timings = dict(grounds.timings_ms)
        with _timed(timings, "check"):
            quoted = draft.engine == QUOTE
            checked = Checked() if checked is None else checked
            new = [claim for claim in draft.claims if claim not in checked.claims]
            for claim, judged in zip(new, verify.check(new, grounds.offered, self.evidence), strict=True):
                looked_up = judged.support is Support.UNSUPPORTED and grounds.offered and not quoted and not grounds.whole
                checked.claims[claim] = self._look_up(judged, grounds, checked) if looked_up else judged
            known, offered = [checked.claims[claim] for claim in draft.claims], (*grounds.offered, *checked.found)
            carried = draft.pending or any(claim.support is not Support.UNSUPPORTED for claim in known)
            claims, citations = cite.renumber(known if carried else (), offered, best_first=quoted and not grounds.whole)
            cite.require_valid(claims, citations, offered, self.index.document, verbatim=quoted)
        missing = f"Nothing of what {draft.engine} wrote is said in the documents." if known and not claims else grounds.unanswered if draft.partial else None
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
            notice=" ".join(filter(None, (draft.notice, missing))) or None,
            pending=draft.pending,
            timings_ms=timings,
        )

    def _look_up(self, claim: Claim, grounds: Grounds, checked: Checked) -> Claim:
        """A claim that nothing offered carries, judged once more with what the documents hold that is like it: a question finds what answers, and an answer
        may say more than was asked. What carries it is kept; its score is 0, as nobody has asked whether it answers.
        """
        known = (*grounds.offered, *checked.found)
        places = {cite.place(citation.sentence) for citation in known}
        found = [one.sentence for one in candidates(self.index.search(claim.text, CHUNKS, grounds.only))]
        new = [sentence for sentence in found if cite.place(sentence) not in places]
        more = cite.number([(sentence, 0.0) for sentence in new], after=max(citation.label for citation in known))
        if not more:
            return claim
        (again,) = verify.check([claim], (*known, *more), self.evidence)
        checked.found += tuple(citation for citation in more if citation.label in again.citations)
        return claim if again.support is Support.UNSUPPORTED else again


def _offered(ranked: Sequence[tuple[Sentence, float]]) -> list[tuple[Sentence, float]]:
    """The best sentences, and the one that the very best leans on, if it does."""
    best, rest = list(ranked[:OFFERED]), ranked[OFFERED:]
    return best + [pair for pair in rest if quote.leans(best[0][0], pair[0])]


def _together(question: str, asked: str, parts: Sequence[Grounds]) -> Grounds:
    """The grounds of a question out of those of its parts: what each of them offers, in turn."""
    offered = _in_turn(part.offered for part in parts)
    labels = {cite.place(citation.sentence): citation.label for citation in offered}
    best = max(parts, key=lambda part: (part.answered, part.confidence))  # A part in another language has a bar of its own.
    return replace(
        best,
        question=question,
        standalone=asked,
        hits=tuple(sorted({hit.chunk.id: hit for part in parts for hit in part.hits}.values(), key=lambda hit: -hit.score)),
        offered=offered,
        nearest=_in_turn(part.nearest for part in parts)[:NEAREST],
        missing_words=tuple(dict.fromkeys(word for part in parts for word in part.missing_words)),
        short_answer=None,
        parts=tuple(replace(part, offered=tuple(replace(one, label=labels[cite.place(one.sentence)]) for one in part.offered)) for part in parts),
        timings_ms=_spent(parts),
    )


def _spent(grounds: Sequence[Grounds]) -> dict[str, float]:
    """The milliseconds that several took in all, by what they went into."""
    return {name: round(sum(one.timings_ms[name] for one in grounds), 1) for name in grounds[0].timings_ms}


def _in_turn(ranked: Iterable[Sequence[Citation]]) -> tuple[Citation, ...]:
    """The best of each, then the second of each, and so on, numbered anew; of two that are the same sentence the first."""
    found: dict[tuple[str, int, int], Citation] = {}
    for citation in chain.from_iterable(zip_longest(*ranked)):
        if citation:
            found.setdefault(cite.place(citation.sentence), citation)
    return cite.number([(citation.sentence, citation.score) for citation in found.values()])


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
