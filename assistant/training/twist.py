"""Makes questions unanswerable, and claims wrong, the way people do: another name, number, opposite, verb or thing of the same kind.

Half of the twists change the question and half the passage, and some change both alike, which leaves the answer where
it was: so that neither an odd wording nor a strange name gives a twisted question away.
"""

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from assistant.opposites import OPPOSITE
from assistant.training.sets import Article, Claim, Row
from index.words import STOP_WORDS

NAME = re.compile(r"[A-Z][\w’'-]*(?:(?:\s(?:of|the|de|von|van))*\s[A-Z][\w’'-]*){0,3}")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
WORD = re.compile(r"[A-Za-z]+")
PLACE = re.compile(r"\b(?:in|at|to|from|near|of)\s$", re.IGNORECASE)
ASKING = frozenset("what who whom whose when where why which how in on at the a an of for to from by is are was were did does do".split())

NOT = {
    "did": "didn't", "does": "doesn't", "do": "don't", "is": "isn't", "are": "aren't", "was": "wasn't", "were": "weren't", "has": "hasn't", "have": "haven't",
    "had": "hadn't", "can": "can't", "could": "couldn't", "will": "won't", "would": "wouldn't", "should": "shouldn't",
}  # fmt: skip

Change = Callable[[str], str]


# --- What an article offers to swap ----------------------------------------------------------------------


class Kinds:
    """The names, numbers and words of an article by their kind, from which a twist takes another one."""

    def __init__(self, article: Article) -> None:
        names: dict[str, Counter[bool]] = {}
        numbers: dict[int, set[str]] = {}
        words: dict[str, set[str]] = {}
        for context in article.contexts:
            for sentence in context.sentences:
                for match in NAME.finditer(sentence):
                    if match.start() and match[0].lower() not in STOP_WORDS:
                        names.setdefault(match[0], Counter())[bool(PLACE.search(sentence[: match.start()]))] += 1
                for number in NUMBER.findall(sentence):
                    numbers.setdefault(len(number), set()).add(number)
                for word in WORD.findall(sentence):
                    if word.islower() and len(word) > 3 and word not in STOP_WORDS:
                        words.setdefault(word[-2:], set()).add(word)
        self._kind = {name: (" " in name, places[True] > places[False]) for name, places in names.items()}
        self._names = {kind: sorted(n for n, k in self._kind.items() if k == kind) for kind in set(self._kind.values())}
        self._numbers = {size: sorted(found) for size, found in numbers.items()}
        self._words = {ending: sorted(found) for ending, found in words.items()}

    def other_name(self, name: str, chance: random.Random) -> str | None:
        alike = self._names.get(self._kind.get(name, (" " in name, False)), [])
        return _another(alike, lambda n: n not in name and name not in n, chance)

    def other_number(self, number: str, chance: random.Random) -> str:
        """A number of the article of the same length, or one nearby."""
        other = _another(self._numbers.get(len(number), []), lambda n: n != number, chance) if chance.random() < 0.7 else None
        return other or moved(number, chance)

    def other_word(self, word: str, chance: random.Random) -> str | None:
        return _another(self._words.get(word[-2:], []), lambda w: w[:4] != word[:4], chance)


def _another(alike: list[str], differs: Callable[[str], bool], chance: random.Random) -> str | None:
    """One that differs, if a few draws find one."""
    return next((one for one in chance.choices(alike, k=8) if differs(one)), None) if alike else None


def moved(number: str, chance: random.Random) -> str:
    """A number with one of its digits changed."""
    places = [n for n, letter in enumerate(number) if letter.isdigit()]
    place = chance.choice(places[-2:] if len(places) > 3 else places)
    digit = chance.choice([d for d in "123456789" if d != number[place]])
    return number[:place] + digit + number[place + 1 :]


# --- Changes of a text -----------------------------------------------------------------------------------


def change_of(text: str, kinds: Kinds, chance: random.Random, within: str = "") -> tuple[Change, str] | None:
    """A change of something in a text (and where given, in `within` too) for another of its kind, and which kind; None if it holds nothing to swap."""
    found: list[tuple[str, str]] = []
    for kind, pattern in (("name", NAME), ("number", NUMBER)):
        found += [(kind, match[0]) for match in pattern.finditer(text) if match[0].lower() not in ASKING]
    found += [("opposite", word) for word in WORD.findall(text) if word.lower() in OPPOSITE]
    found += [("word", word) for word in WORD.findall(text) if word.islower() and len(word) > 3 and word not in STOP_WORDS]
    found = [(kind, old) for kind, old in found if _has(within or text, old)]
    chance.shuffle(found)
    found.sort(key=lambda item: item[0] == "word" and chance.random() < 0.7)
    for kind, old in found:
        if new := _other(kind, old, kinds, chance):
            return _swap(old, new), kind
    return None


def _other(kind: str, old: str, kinds: Kinds, chance: random.Random) -> str | None:
    match kind:
        case "name":
            return kinds.other_name(old, chance)
        case "number":
            return kinds.other_number(old, chance)
        case "opposite":
            return chance.choice(OPPOSITE[old.lower()])
    return kinds.other_word(old, chance)


def _has(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None


def _swap(old: str, new: str) -> Change:
    pattern = re.compile(rf"(?<!\w){re.escape(old)}(?!\w)", re.IGNORECASE)

    def apply(text: str) -> str:
        return pattern.sub(lambda match: _cased(new, match[0]), text)

    return apply


def _cased(new: str, old: str) -> str:
    """The new word, lower or upper as the old one was."""
    return new.lower() if old.islower() else new[0].upper() + new[1:] if old[0].isupper() else new


def negated(text: str, chance: random.Random) -> str | None:
    """The text with "not" at its first auxiliary, or without the one that it has."""
    if " not " in text:
        return text.replace(" not ", " ", 1)
    match = re.search(r"\b(?:" + "|".join(NOT) + r")\b", text)
    if match is None:
        return None
    by = NOT[match[0]] if chance.random() < 0.6 else f"{match[0]} not"
    return text[: match.start()] + by + text[match.end() :]


# --- Questions -------------------------------------------------------------------------------------------


def unanswerable(row: Row, kinds: Kinds, chance: random.Random) -> Row | None:
    """The row with its question, or its passage, changed so that the passage no longer answers; None where nothing can be swapped."""
    answering = " ".join(row.sentences[n] for n in sorted(row.gold))
    if chance.random() < 0.1:
        twisted = negated(row.question, chance)
        return Row(twisted, row.over, row.sentences) if twisted else None
    if chance.random() < 0.5:
        change = change_of(row.question, kinds, chance)
        return Row(change[0](row.question), row.over, row.sentences) if change else None
    change = change_of(row.question, kinds, chance, within=answering)
    if change is None:
        return None
    return Row(row.question, row.over if change[1] == "word" else change[0](row.over), tuple(change[0](sentence) for sentence in row.sentences))


def renamed(row: Row, kinds: Kinds, chance: random.Random) -> Row | None:
    """The row with a name or number changed in question and passage alike: what answered still does."""
    answering = " ".join(row.sentences[n] for n in sorted(row.gold))
    found = change_of(row.question, kinds, chance, within=answering)
    if found is None or found[1] not in ("name", "number"):
        return None
    change = found[0]
    answer = row.answer
    if answer:
        n, start, end = answer
        before, middle = change(row.sentences[n][:start]), change(row.sentences[n][start:end])
        if change(row.sentences[n]) != before + middle + change(row.sentences[n][end:]):
            return None
        answer = (n, len(before), len(before) + len(middle))
    return replace(row, question=change(row.question), over=change(row.over), sentences=tuple(map(change, row.sentences)), answer=answer)


# --- Claims ----------------------------------------------------------------------------------------------


def wrong(claim: Claim, kinds: Kinds, chance: random.Random) -> Claim | None:
    """A claim that was supported, with a name, number, opposite or negation changed: contradicted now."""
    if chance.random() < 0.3:
        twisted = negated(claim.claim, chance)
    else:
        change = change_of(claim.claim, kinds, chance, within=claim.evidence)
        twisted = change[0](claim.claim) if change and change[1] != "word" else None
    return Claim(twisted, claim.evidence, 1) if twisted and twisted != claim.claim else None
