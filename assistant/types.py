"""The values that make up an answer: citations, claims, grounds, turns."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.filter import Filter
from index.types import Hit, Sentence

QUOTE = "quote"
"""The engine that writes answers out of verbatim sentences."""
UNSUPPORTED = "[not supported by the documents]"
"""The mark on a sentence of a language model that no sentence of the documents carries."""


class Support(StrEnum):
    """How well the cited sentences carry a claim."""

    SUPPORTED = "supported"
    WEAK = "weak"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Citation:
    """The [3] in an answer and the sentence it stands for. `score` is the probability, 0..1, that it is the one that answers."""

    label: int
    sentence: Sentence
    score: float

    @property
    def title(self) -> str:
        return self.sentence.document.name

    @property
    def page(self) -> int | None:
        return self.sentence.page


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer, the labels it cites, and whether they carry it; `differs` as in `Verdict`."""

    text: str
    citations: tuple[int, ...]
    support: Support = Support.UNSUPPORTED
    differs: tuple[str, ...] = ()

    @property
    def marks(self) -> str:
        return "".join(f" [{label}]" for label in self.citations)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the documents offer on a question, before a word is written.

    `offered` are the sentences that may be cited, best first, numbered from 1; empty where it is too unlikely that any answers. `nearest` are
    the closest sentences in any case. `confidence` is the probability, 0..1, that the documents answer; `short_answer` and `judge` as in `Judgement`.
    `answered`: the confidence reaches the bar. What is quoted is quoted only then; a language model that is offered sentences may still find no answer in them.
    `whole`: all that is offered belongs in the answer, as in a summary. `only` says which documents may be cited. `parts` are the grounds of each part of a
    question that asks several, with the labels that the sentences have here; what is told of the whole is then what is told of the best of them.
    """

    question: str
    standalone: str
    hits: tuple[Hit, ...]
    offered: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    confidence: float
    missing_words: tuple[str, ...]
    short_answer: str | None = None
    judge: str = "model"
    answered: bool = True
    whole: bool = False
    only: Filter | None = None
    parts: tuple["Grounds", ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def unanswered(self) -> str | None:
        """What there is to say of the parts of a question that the documents do not answer, while they answer others."""
        return " ".join(f"The documents do not answer “{part.question}”" for part in self.parts if self.answered and not part.answered) or None


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it is checked. `engine` says who wrote it; `notice` what there is to say of how; `pending` the sentence under way.

    `partial`: it leaves out what it found no answer to, if anything.
    """

    claims: tuple[Claim, ...]
    engine: str
    notice: str | None = None
    pending: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer. `citations` are numbered from 1 as the claims cite them; where they are quotations, the best is [1].

    `short_answer` are words of one of them. `notice` is what the reader must know of how it was made; `pending` what a language model is writing,
    and nobody has checked, while it is; `told` what Footnote itself says of the conversation or the documents, in place of claims.
    """

    question: str
    standalone: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    nearest: tuple[Citation, ...]
    missing_words: tuple[str, ...]
    confidence: float
    engine: str
    hits: tuple[Hit, ...]
    short_answer: str | None = None
    judge: str = "model"
    notice: str | None = None
    pending: str = ""
    told: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def found(self) -> bool:
        return bool(self.claims) or self.told is not None

    @property
    def fully_supported(self) -> bool:
        return bool(self.claims) and all(claim.support is Support.SUPPORTED for claim in self.claims)

    @property
    def text(self) -> str:
        """The answer in words, with its [1] marks, and a mark on what no document supports; one sentence that declines where nothing was found."""
        if self.told is not None:
            return self.told
        if not self.found:
            return _declined(self.missing_words)
        return " ".join(claim.text + (claim.marks if claim.citations else f" {UNSUPPORTED}") for claim in self.claims)


def _declined(missing: tuple[str, ...]) -> str:
    if not missing:
        return "The documents do not say."
    words = ", ".join(f"“{word}”" for word in missing)
    return f"The documents do not say; they never mention {words}."


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a conversation and what was answered."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether sentences carry a claim. `probability` is that they do, 0..1; `differs` names what they disagree in: "number", "name", "negation" …"""

    verdict: Support
    probability: float
    differs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Sentences with the probability of each that it is the one that answers, best first; the probability, 0..1, that one does.

    Below `bar` the documents are said not to answer. `missing_words` are those of the question that no document holds; `short_answer`
    the words of the best sentence that answer, if they can be told. `judge` is "model", or "words" where the language is not the model's.
    """

    ranked: tuple[tuple[Sentence, float], ...]
    confidence: float
    bar: float
    missing_words: tuple[str, ...]
    short_answer: str | None = None
    judge: str = "model"


class LanguageModel(Protocol):
    """What writes an answer from evidence. `where` is the address that the evidence is sent to."""

    name: str
    where: str

    def room(self) -> int:
        """Characters that a prompt may have. Raises LlmError."""

    def stream(self, prompt: str) -> Generator[str, None, None]:
        """The reply, piece by piece; closing the iterator stops it. Raises LlmError."""


class Evidence(Protocol):
    """What a model of evidence does, whatever it is made of."""

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement: ...

    def similarity(self, sentences: Sequence[Sentence]) -> NDArray[np.float32]:
        """The cosine of every sentence with every other, float32 (n, n)."""

    def supports(self, claim: str, evidence: Sequence[str], around: str = "", before: str = "") -> Verdict:
        """Whether sentences carry a claim. `around` is where they stand (title, heading), `before` what precedes them: both may name what they mean."""
