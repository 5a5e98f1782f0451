"""Turns as an immutable value, and a question within them: a follow-up, a request about whole documents, or a word about the conversation itself."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import zip_longest

from assistant import about, followup, reply
from assistant.answer import LONGEST_QUESTION, Assistant, require_question
from assistant.errors import LlmError
from assistant.followup import History
from assistant.overview import central
from assistant.plain import as_data
from assistant.prompts import fill
from assistant.types import Answer, Grounds, LanguageModel, Turn
from index.filter import Filter
from index.types import Sentence
from index.union import Corpus
from index.words import content_words

MOST_TURNS = 50
MOST_DOCUMENTS = 6
"""Documents that one summary or comparison is about."""
SENTENCES, WITH_MODEL = 5, 18
"""Sentences of an overview in all, quoted or handed to a language model; at least two of each document."""
REMEMBERED = 6
"""Turns that a language model is told of."""
LONGEST = 300
"""Characters of a question that a model made to stand alone: what is longer is no question."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was asked and answered so far, oldest first; the oldest of more than 50 turns are forgotten."""

    turns: tuple[Turn, ...] = ()

    def with_turn(self, answer: Answer) -> "Conversation":
        return replace(self, turns=(*self.turns, Turn(answer.question, answer))[-MOST_TURNS:])

    def ask(self, assistant: Assistant, question: str, model: LanguageModel | None = None, only: Filter | None = None) -> tuple["Conversation", Answer]:
        """The conversation with one more turn, and its answer."""
        *_, answer = self.answers(assistant, question, model, only)
        return self.with_turn(answer), answer

    def answers(self, assistant: Assistant, question: str, model: LanguageModel | None = None, only: Filter | None = None) -> Iterator[Answer]:
        """The answer as it grows; the last is whole. `only` says which documents may be asked."""
        require_question(question)
        if told := about.told(question, self.history, lambda: _documents(assistant.index, only)):
            yield told_answer(question, told)
            return
        grounds = self._overview(assistant, question, model, only) or self._ground(assistant, question, model, only)
        yield from assistant.answers(grounds, model)

    @property
    def history(self) -> History:
        """The questions, and what was answered: the best sentence that was cited, "" where nothing was."""
        return [(turn.question, _said(turn.answer)) for turn in self.turns]

    @property
    def topic(self) -> History:
        """The history without what was only said about the conversation or the documents."""
        return [(turn.question, _said(turn.answer)) for turn in self.turns if turn.answer.told is None]

    def standalone(self, question: str, model: LanguageModel | None = None) -> str:
        """The question made to stand alone: by a model where one is given and can be reached, else by rules. Untouched in a first turn."""
        if not self.topic:
            return question
        return (_rewritten(question, self.topic, model) if model else None) or followup.standalone(question, self.topic)

    def _ground(self, assistant: Assistant, question: str, model: LanguageModel | None, only: Filter | None) -> Grounds:
        """Grounds for a question, made to stand alone where it has to be: one that only may go on with the topic is first asked as it is."""
        asked = self.standalone(question, model)
        if len(asked) > LONGEST_QUESTION:
            asked = question
        if asked != question and not followup.leans(question):
            alone = assistant.ground(question, only=only)
            if alone.answered:
                return alone
        return assistant.ground(question, asked, only)

    # --- Whole documents ---------------------------------------------------------------------------------

    def _overview(self, assistant: Assistant, question: str, model: LanguageModel | None, only: Filter | None) -> Grounds | None:
        """The sentences that stand for the documents that are to be summed up or compared; None where that is not what is asked, or of none in particular."""
        compares = about.compares(question)
        if not (compares or about.summarises(question)):
            return None
        shown = [citation.sentence.document.id for turn in self.turns[-1:] for citation in turn.answer.citations]
        meant = about.meant(question, _documents(assistant.index, only), shown)[:MOST_DOCUMENTS]
        if len(meant) < (2 if compares else 1):
            return None
        most = max(2, (WITH_MODEL if model else SENTENCES) // len(meant))
        groups = [central(assistant.index.sentences_of(id), assistant.evidence, most) for id in meant]
        return assistant.ground_on(question, [sentence for group in groups for sentence in group] if model is None else _alternating(groups))


def _documents(index: Corpus, only: Filter | None) -> list[tuple[str, str]]:
    """The (id, name) of every document that may be asked, in the order of ids."""
    found = map(index.document, index.document_ids)
    return [(document.id, document.name) for document in found if not only or only.accepts(document.id, document.source, document.modified)]


def _alternating(groups: list[tuple[Sentence, ...]]) -> list[Sentence]:
    """Sentences of each document in turn: what a model has no room for is missing of all alike."""
    return [sentence for row in zip_longest(*groups) for sentence in row if sentence]


def _said(answer: Answer) -> str:
    if answer.told:
        return answer.told
    carried = [claim for claim in answer.claims if claim.citations]
    return min(carried, key=lambda claim: min(claim.citations)).text if carried else ""


def told_answer(question: str, told: str) -> Answer:
    """What Footnote says itself, as an answer."""
    return Answer(question, question, (), (), (), (), 1.0, "footnote", (), told=told)


def _rewritten(question: str, history: History, model: LanguageModel) -> str | None:
    """The question as a model makes it stand alone; None where it fails, or what it says is no question."""
    turns = [line for asked, said in history[-REMEMBERED:] for line in (f"Question: {as_data(asked)}", f"Answer: {as_data(said) or reply.DECLINING}")]
    text = ""
    try:
        with closing(model.stream(fill("standalone", turns=turns, question=as_data(question)))) as pieces:
            for piece in pieces:
                text += piece
                if len(text) > 4 * LONGEST:
                    return None  # Thoughts and all: what is asked for is one line.
    except LlmError:
        return None
    lines = [line.strip(' "“”*`') for line in reply.THOUGHT.sub("", text).strip().splitlines() if line.strip()]
    if len(lines) != 1 or not 3 < len(lines[0]) <= LONGEST:
        return None
    kept = {stemmed for _, stemmed in content_words(lines[0])}
    lost = [stemmed for _, stemmed in content_words(question) if stemmed not in kept]
    return lines[0] if len(lost) < 2 and lines[0].endswith("?") >= question.rstrip().endswith("?") else None  # Else it is another question, or an answer.
