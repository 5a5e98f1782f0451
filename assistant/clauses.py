"""The clauses of an English sentence, told by words and signs alone: no grammar is parsed, and where one is not sure to begin, none does."""

import re
from collections.abc import Iterator, Sequence

from assistant.quantities import Token, spelt_out, tokens_of

BREAK = re.compile(r"[,;:]")
JOINS = frozenset("and but or whereas while".split())
CONTRASTS = frozenset("but whereas while although though".split())
LEADS = JOINS | frozenset("which who whose because since although though when where if after before so as unless until".split())
"""Words at which another clause may begin."""

CLEAR = re.compile(r"[,;]\s+(?:and|but|while|whereas|although|though|yet)\s+(?:that\s+)?|;\s+|\s+whereas\s+")
SEAM = re.compile(rf"{CLEAR.pattern}|\s+(?:and|but)\s+(?:that\s+)?(?=(?:the|an?|it|he|she|they|this|these|there|no|each|every)\s)")
"""What may stand between two statements; and where that is clear enough to end one."""
HELPS = frozenset("is are was were be been has have had do does did will would can could may might must shall should cannot".split())
VERBS = frozenset(
    "allow appear apply arrive ask ate be became become began begin belong bought bring broke brought buy call came carry change chose close come"
    " concern contain continue cost cover declare decline decrease differ drew drove earn employ end expect fall fell find flew follow found gain"
    " gave get give go got grew grow held hold improve include increase keep kept knew last lay lead learn leave led left lent lie lose lost lower"
    " made make mean measure meet met move need offer open owe own paid pay produce provide raise ran receive remain remember rent require rise"
    " rose run said saw say see seem sell send sent serve show sit sold spent spoke stand start stay stood stop take taught tell thought threw"
    " told took use want weigh went win won wore work write wrote".split()
)
"""Common verbs, as far as they are told by their own forms or an -s."""
DETERMINERS = frozenset(
    "the a an this that these those his her its their our your my no each every all both some any many several few of in on at by for to".split()
)
"""After these a word is no verb."""
LED = frozenset("then also only not never later again still therefore thus always".split())
"""With these before its verb a statement has no subject of its own."""
POINTERS = frozenset("it he she they this these those both".split())
"""What a statement may begin with that speaks of what the one before it speaks of."""
LEAST = 3
"""Words of a statement."""


def clauses(sentence: str) -> Iterator[list[Token]]:
    """A sentence's tokens, cut where another clause may begin."""
    text, tokens = spelt_out(sentence), tokens_of(sentence)
    start = 0
    for place in range(1, len(tokens)):
        if tokens[place].folded in LEADS or broken(text, tokens, place):
            yield tokens[start:place]
            start = place
    yield tokens[start:]


def broken(text: str, tokens: Sequence[Token], place: int) -> bool:
    """Whether a comma or the like stands before a token of a text that is spelt out."""
    return place > 0 and BREAK.search(text[tokens[place - 1].end : tokens[place].start]) is not None


def statements(sentence: str) -> list[str]:
    """What a sentence says one after another, each with a subject and a verb of its own: "The rent is due in May, and the deposit was paid" says two things.

    Only the sentence itself where that cannot be told.
    """
    found: list[str] = []
    start = 0
    for seam in SEAM.finditer(sentence):
        head, rest = sentence[start : seam.start()], sentence[seam.end() :]
        if _states(head) and _begins(rest):
            found.append(head)
            start = seam.end()
    return [*found, sentence[start:]]


def points_back(statement: str) -> bool:
    """Whether a statement begins with a word for what was spoken of before it."""
    return statement.split(maxsplit=1)[0].lower() in POINTERS


def _states(text: str) -> bool:
    """Whether a text has a verb, after something else."""
    words = text.split()
    return len(words) >= LEAST and any(_is_verb(words, place) for place in range(1, len(words)))


def _begins(text: str) -> bool:
    """Whether a text begins with a statement: with what is no verb, and one follows before another statement clearly begins."""
    words = CLEAR.split(text, maxsplit=1)[0].split()
    return bool(words) and words[0].lower() not in LED and not _is_verb(["", *words], 1) and _states(" ".join(words))


def _is_verb(words: list[str], place: int) -> bool:
    word, before = words[place].strip(".,;:()\"'“”’").lower(), words[place - 1].strip(".,;:()\"'“”’").lower()
    return word in HELPS or (before not in DETERMINERS and looks_like_verb(word))


def looks_like_verb(word: str) -> bool:
    """Whether a word is a common verb, or ends as verbs do."""
    return word in VERBS or word.removesuffix("s") in VERBS or word.removesuffix("es") in VERBS or (len(word) > 4 and word.endswith("ed"))
