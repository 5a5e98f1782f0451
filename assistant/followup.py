"""Makes a question that leans on a conversation stand alone, by rules over words. Pure; it knows neither index nor model.

The rules carry along what the conversation is about (the name that comes up most) and what was said last. They do not know
which of two people "he" is.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from index.words import STOP_WORDS, content_words, fold, words

BEGINS = re.compile(r"^\s*(?:and|but|so|or|also|then|what about|how about|why|how so|how come|really|else|more)\b", re.IGNORECASE)
ENDS = re.compile(r"\b(?:this|that|these|those|there|one|ones|same)\b(?=\s*(?:[?.!,;]|$))", re.IGNORECASE)
"""Pointing words at the end: not "the one that", not "is there"."""
PRONOUN = re.compile(r"\b(?:[Hh]e|[Ss]he|[Hh]im|[Hh]er|[Hh]is|[Hh]ers|[Ii]t|[Tt]hey|[Tt]hem|[Ii]ts|[Tt]heirs?)\b")
"""What may point to an earlier word of the same question, too."""
IT = frozenset("it they them".split())
MORE = re.compile(
    r"\b(?:other|another|else|any ?more|further|again|too|as well|instead|similar|later|after ?wards?|before that|after that|then|also)\b"
    r"|^\s*(?:anything|what happened|who else|was there|were there|is there|are there|did any|what (?:year|else|other))\b",
    re.IGNORECASE,
)
"""How a question goes on with a topic without pointing to it."""
NAME = re.compile(r"\b[A-Z][\w’'.-]*(?: (?:of|the|de|von|van|and|for)(?= [A-Z]))*(?: [A-Z][\w’'-]*)*")
ASKED, SAID = 2, 1
"""How much a name counts where it was asked about, and where it was answered."""
MOST_SAID = 12
"""Content words of the last answer that are taken along; tuned on one half of CANARD's development set (the other half is reported)."""

CARRIED = re.compile(r"(.*\?)\s+(\([^()]*\))", re.DOTALL)
"""A question, and in brackets what it leans on, as `standalone` writes it."""

History = Sequence[tuple[str, str]]
"""The questions so far and what was answered ("" where nothing was), oldest first."""


def standalone(question: str, history: History) -> str:
    """The question with what it leans on in brackets; untouched where it leans on nothing, or nothing was asked before."""
    if not history or not (leans(question) or goes_on(question, history)):
        return question
    history = _topic(history)
    asked = {stemmed for _, stemmed in content_words(question)}
    carried: dict[str, str] = {}
    for word, stemmed in _carried(question, history):
        if stemmed not in asked:
            carried.setdefault(stemmed, word)
    return f"{question.strip()} ({' '.join(carried.values())})" if carried else question


def taken_apart(question: str) -> tuple[str, str]:
    """A question that was made to stand alone: as it was asked, and what it leans on, in its brackets; "" where it leans on nothing."""
    found = CARRIED.fullmatch(question.strip())
    return (found[1], found[2]) if found else (question, "")


def _topic(history: History) -> History:
    """The turns since the last question that began a topic of its own."""
    for place in range(len(history) - 1, 0, -1):
        question = history[place][0]
        if not (leans(question) or goes_on(question, history[:place])):
            return history[place:]
    return history


def leans(question: str) -> bool:
    """Whether a question cannot be understood without the one before: a pronoun that nothing in it explains, an "and" before little, or no content at all."""
    content = content_words(question)
    if not content or ENDS.search(question):
        return True
    if BEGINS.match(question) and len(content) < 3 and (len(words(question)) < 4 or not any(names(question))):
        return True
    pronoun = PRONOUN.search(question)
    if pronoun is None:
        return False
    before = question[: pronoun.start()]
    return not content_words(before) or (pronoun[0].lower() in IT and not any(names(before)) and not words(question[pronoun.end() :]))


def goes_on(question: str, history: History) -> bool:
    """Whether a question without a name of its own may go on with the topic: it shares words with it, asks for more, or says little."""
    if any(names(question)):
        return False
    known = {stemmed for asked, said in history for _, stemmed in words(f"{asked} {said}")}
    content = content_words(question)
    return len(content) < 2 or MORE.search(question) is not None or any(stemmed in known for _, stemmed in content)


def names(text: str) -> Iterator[str]:
    """The names in a text: capitalised words, but for a lone one that begins a sentence."""
    for match in NAME.finditer(text):
        parts = match[0].split()
        begins = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in '.?!“":'
        while parts and (fold(parts[0]) in STOP_WORDS or (begins and len(parts) == 1)):
            parts = parts[1:]
            begins = False
        if parts:
            yield re.sub(r"['’]s$", "", " ".join(parts)).strip(".'’")


def _carried(question: str, history: History) -> Iterator[tuple[str, str]]:
    """The (word, stem)s to take along: of the commonest name, of the last whole question where this one has next to nothing, of the last answer."""
    counts: Counter[str] = Counter()
    for asked, said in history:
        counts.update(dict.fromkeys(names(asked), ASKED))
        counts.update(dict.fromkeys(names(said), SAID))
    if counts:
        yield from content_words(counts.most_common(1)[0][0])
    said = history[-1][1]
    if len(content_words(question)) < 2 or not said:
        yield from content_words(next((asked for asked, _ in reversed(history) if not leans(asked)), history[0][0]))
    yield from content_words(said)[:MOST_SAID]
