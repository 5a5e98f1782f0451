"""Turns as an immutable value; a follow-up becomes a question that stands alone.

The rule is a simple one: a question that leans on what came before takes along the content words of the last
question that did not. It does not know which of two people "he" is.
"""

import re
from dataclasses import dataclass, replace

from assistant.answer import Assistant
from assistant.types import Answer, Turn
from index.words import content_words

LEANS = re.compile(
    r"^\s*(?:and|but|so|or|also|then|what about|how about|why|how so|how come|really|else|more)\b"
    r"|\b(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|former|latter)\b"
    r"|\b(?:this|that|these|those|there|one|ones|same)\b(?=\s*(?:[?.!,;]|$))",  # At the end: not "the one that", not "is there".
    re.IGNORECASE,
)
MOST_TURNS = 50


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was asked and answered so far, oldest first; the oldest of more than 50 turns are forgotten."""

    turns: tuple[Turn, ...] = ()

    def with_turn(self, answer: Answer) -> "Conversation":
        return replace(self, turns=(*self.turns, Turn(answer.question, answer))[-MOST_TURNS:])

    def ask(self, assistant: Assistant, question: str) -> tuple["Conversation", Answer]:
        """The conversation with one more turn, and its answer."""
        answer = assistant.ask(question, self.standalone(question))
        return self.with_turn(answer), answer

    def standalone(self, question: str) -> str:
        """The question, with the last whole one's content words in brackets if it leans on them; untouched in a first turn."""
        if not self.turns or not leans(question):
            return question
        asked = {stemmed for _, stemmed in content_words(question)}
        carried = [word for word, stemmed in content_words(self._last_whole()) if stemmed not in asked]
        return f"{question.strip()} ({' '.join(carried)})" if carried else question

    def _last_whole(self) -> str:
        """The last question that leans on no other; the first, where all do."""
        return next((turn.question for turn in reversed(self.turns) if not leans(turn.question)), self.turns[0].question)


def leans(question: str) -> bool:
    """Whether a question cannot be understood without the one before: a pronoun, an "and", or no content at all."""
    return bool(LEANS.search(question)) or not content_words(question)
