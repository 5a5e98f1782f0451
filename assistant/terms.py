"""What a document says in two ways: parties, `Holm Ltd ("the Lessee")`; abbreviations, "total sleep time (TST)"; initials of people; kinds, "Category C -
visits abroad"; sums, where "all amounts are in millions of euros".

Pure rules over words, in English. What is defined in other ways ("hereinafter together the Sellers") they miss.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Protocol

from assistant.quantities import ALIKE, MONEY, OF_MONEY, SCALE
from index.words import STOP_WORDS, content_words, fold, stem

FORMS = frozenset("ab ag as aps bv co company corp corporation gmbh inc kg limited llc llp ltd nv oy plc pty sa sarl se spa srl".split())
"""The forms of firms, as their names end."""
TITLES = frozenset("mr mrs ms miss mx dr doctor prof professor sir dame".split())
CAPITAL = r"[A-Z][\w’'.-]*"
NAME = re.compile(rf"{CAPITAL}(?:\s(?:{CAPITAL}|&|(?:of|the|of the|de|der|van|von)(?=\s[A-Z])))*")
QUOTED = r"[“\"'‘](?:[Tt]he )?([A-Za-z][\w-]+(?: [A-Za-z][\w-]+){0,2})[”\"'’]"
DEFINED = re.compile(rf"\((?:(?:herein)?after(?: referred to as| called)?,? |referred to (?:below |here )?as )?(?:[Tt]he )?{QUOTED}\)")
"""`("the Lessee")`, after a name."""
MEANS = re.compile(rf"{QUOTED} (?:means|is|refers to) (?:the )?(?=[A-Z])")
LINE = re.compile(r"^[ \t>*_|•-]*(?:The )?([A-Z][a-z]+(?: [a-z]+)?)[*_]*[ \t]*[:|][ \t|*_]*(?=[A-Z])", re.MULTILINE)
"""`Tenant: `, before a name, at the beginning of a line."""
SEAM = re.compile(r"[;:)]\s|\n\s*\n|\b(?:and|are|as|between|by|from|is|to|was|with)\s(?=(?:the\s)?[A-Z])")
"""What comes before the name of a party."""
LAST = re.compile(r",\s|\s*$")
"""What stands between a name and what it is called: an address, or nothing."""
SHORT = re.compile(r"\(([A-Z][A-Za-z0-9-]{1,9})(?:[;,] [^()]{1,40})?\)")
"""An abbreviation, after what it stands for."""
INITIALS = re.compile(r"(?<![\w.])([A-Z]\.[ -]?[A-Z]\.(?:[ -]?[A-Z]\.)?)(?=\s[a-z(]|[,;:)]|\s*$)", re.MULTILINE)
"""`H.I.`, where no surname follows."""
KIND = re.compile(r"^[ \t>*_-]*([A-Z][a-z]+) ([A-Z]|\d{1,2})[*_]*(?::[*_]*| [-–—])[ \t]+([a-z][^.;:()\n]{3,100})", re.MULTILINE)
"""`Category C - visits abroad`, at the beginning of a line."""
SCALES = SCALE | OF_MONEY | {"000": 1e3}
WORDED = "thousand|million|billion"
CURRENCY = rf"[{MONEY}]|(?:dollar|euro|pound|yen|franc)s?|usd|eur|gbp|chf"
STATED = re.compile(
    rf"\bin (?:({CURRENCY}) )?({WORDED})s?\b(?: (?:of )?({CURRENCY})\b)?|([{MONEY}]) ?['’]?(m|mn|bn|k|000|{WORDED})s?\b|\b(usd|eur|gbp|chf) (m|mn|bn|k)\b",
    re.IGNORECASE,
)
"""What sums are in: "all amounts are in millions of dollars", "in € million", "£m", "€'000", "EUR m"."""
SUM = re.compile(rf"(?:({CURRENCY}) ?)?\b(\d[\d.,]*) ?(m|mn|bn|k|{WORDED})\b(?: ({CURRENCY})\b)?", re.IGNORECASE)
BEFORE = 250
"""Characters before a definition in which what it defines may begin."""


class Term(Protocol):
    """What is said in two ways."""

    def told(self, sentence: str, claim: str) -> str:
        """A sentence that says it as a claim does."""


@lru_cache(maxsize=1024)
def told(sentence: str, claim: str, text: str) -> str:
    """A sentence of a document's text in the terms of a claim: "Holm may extend the Term" where a claim says "Holm", and the text "The Lessee"."""
    for term in terms(text):
        sentence = term.told(sentence, claim)
    return sentence


def asked_in(question: str, text: str) -> str:
    """A question as a document's text would put it: with a party's role for its name, "What must the Lessee pay?", and an abbreviation for its long form."""
    for short in shorts(text):
        question = short.asked(question)
    for party in parties(text):
        question = party.asked(question)
    return question


@lru_cache(maxsize=32)
def terms(text: str) -> tuple[Term, ...]:
    """What a text defines."""
    return (*shorts(text), *_kinds(text), *_sums(text), *([Parties(parties(text))] if parties(text) else []))


@lru_cache(maxsize=64)
def parties(text: str) -> tuple["Party", ...]:
    """Whom a text gives a role."""
    return tuple(_parties(text))


@lru_cache(maxsize=64)
def shorts(text: str) -> tuple["Short", ...]:
    """What a text abbreviates."""
    return (*_shorts(text), *_initials(text))


# --- Parties ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with a name and a role; `own` are the words, folded, that tell the name from the others of a document."""

    name: str
    role: str
    own: frozenset[str]

    def said(self, text: str) -> str:
        """How a text names it: the first words in a row that are of its name; "" where it does not."""
        word = rf"(?:{'|'.join(map(re.escape, sorted(_words(self.name), key=len, reverse=True)))})(?!\w)"
        found = re.search(rf"(?<!\w){word}(?:(?: & | and |[ -]){word})*", text, re.IGNORECASE) if self.is_in(text) else None
        return found[0] if found else ""

    def is_in(self, text: str) -> bool:
        """Whether a text has a word, written large, that is of its name alone."""
        return any(fold(word) in self.own for word in re.findall(r"\b[A-Z][\w-]*", text))

    def asked(self, question: str) -> str:
        """A question with its role for its name: "does the Employee" for "does Ms Reed"."""
        if not (said := self.said(question)):
            return question
        around = rf"(?:\b(?:{'|'.join(TITLES)})\b\.? )?{re.escape(said)}(?:,? (?:{'|'.join(FORMS)})\b\.?)?"
        return re.sub(rf"(?:\bthe )?{around}", f"the {self.role}", question, flags=re.IGNORECASE)

    @property
    def called(self) -> re.Pattern[str]:
        """How a text says its role, or defines it: `the "Tenant"`."""
        return re.compile(rf"\b(?:the [“\"'‘]?|[“\"'‘]the ){re.escape(self.role)}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parties:
    """The parties of a document."""

    parties: tuple[Party, ...]

    def told(self, sentence: str, claim: str) -> str:
        """A sentence with each party as the claim calls it; where the claim names one of them, those that it leaves out by name, too."""
        named = any(party.is_in(claim) for party in self.parties)
        for party in self.parties:
            if party.called.search(claim):
                if not party.called.search(sentence) and (said := party.said(sentence)):
                    sentence = sentence.replace(said, f"the {party.role}")
            elif named and not party.is_in(sentence):
                sentence = party.called.sub(party.said(claim) or party.name, sentence)
        return sentence


def _parties(text: str) -> Iterator[Party]:
    """Whom a text defines, each role once; none whose name tells nothing of its own."""
    found: dict[str, str] = {}
    for match in DEFINED.finditer(text):
        if name := _named_before(text[max(0, match.start() - BEFORE) : match.start()]):
            found.setdefault(match[1], name)
    for pattern in (MEANS, LINE):
        for match in pattern.finditer(text):
            if name := _named_after(text, match.end(), alone=pattern is LINE):
                found.setdefault(match[1], name)
    words = {role: _words(name) - FORMS - TITLES - _words(role) for role, name in found.items()}
    for role, name in found.items():
        if own := words[role].difference(*(words[other] for other in found if found[other] != name)):
            yield Party(name, role, frozenset(own))


def _named_before(text: str) -> str:
    """The name that ends, but for an address after a comma, what comes before a definition; "" where none does."""
    *_, start = [0, *(seam.end() for seam in SEAM.finditer(text))]
    return next((_trimmed(name[0]) for name in NAME.finditer(text, start) if LAST.match(text, name.end())), "")


def _named_after(text: str, start: int, *, alone: bool) -> str:
    """The name that a text goes on with, and that ends a part of it; "" where none does. Where it stands `alone` one word is none."""
    line = text[start : start + BEFORE].partition("\n")[0]
    name = NAME.match(line)
    return _trimmed(name[0]) if name and not re.match(r" ?\w", line[name.end() :]) and (not alone or " " in name[0]) else ""


def _trimmed(name: str) -> str:
    """A name without titles, the form of a firm, and what comes after that; large letters only where names have them."""
    parts = [part for part in name.split() if fold(part.strip(".")) not in TITLES]
    end = next((place for place, part in enumerate(parts) if place and fold(part.strip(".")) in FORMS), None)
    kept = " ".join(parts[:end]).rstrip(".")
    return kept.title() if kept.isupper() and " " in kept else kept


def _words(name: str) -> set[str]:
    return {fold(word) for word in re.findall(r"\w[\w-]*", name) if fold(word) not in STOP_WORDS}


# --- Abbreviations ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Short:
    """An abbreviation and what it stands for; initials and a surname."""

    long: str
    short: str

    def told(self, sentence: str, claim: str) -> str:
        """A sentence with whichever of both a claim has, or has half the words of."""
        short, long = re.compile(rf"(?<![\w-]){re.escape(self.short)}(?![\w-])"), re.compile(rf"\b{re.escape(self.long)}\b", re.IGNORECASE)
        if bool(short.search(sentence)) == bool(long.search(sentence)):
            return sentence
        if short.search(claim):
            return long.sub(self.short, sentence)
        stems = _stems(self.long)
        return short.sub(self.long, sentence) if 2 * len(stems & _stems(claim)) >= len(stems) else sentence

    def asked(self, question: str) -> str:
        """A question with the abbreviation for what it stands for."""
        if self.long.lower() not in question.lower():
            return question  # Every question is held against every abbreviation of what it found: no pattern is made in vain.
        return re.sub(rf"\b{re.escape(self.long)}(?: \({re.escape(self.short)}\))?", self.short, question, flags=re.IGNORECASE)


def _shorts(text: str) -> Iterator[Short]:
    """The abbreviations that a text gives in brackets after what they stand for (Schwartz and Hearst, 2003), each once."""
    found: set[str] = set()
    for match in SHORT.finditer(text):
        short = match[1]
        if short not in found and sum(map(str.isupper, short)) > 1 and (long := _stands_for(short, text[max(0, match.start() - BEFORE) : match.start()])):
            found.add(short)
            yield Short(long, short)


def _initials(text: str) -> Iterator[Short]:
    """The initials in a text, with the surname of the only one whose they are: "H.I. analysed the data" in a paper by H. Imanishi."""
    for short in dict.fromkeys(match[1] for match in INITIALS.finditer(text)):
        first, *between, last = re.findall("[A-Z]", short)
        named = rf"\b{first}(?:\.|[a-z]+)[ -]{''.join(rf'{letter}[.a-z]*[ -]?' for letter in between)}({last}[a-z][\w’'-]+)"
        if len(surnames := set(re.findall(named, text))) == 1:
            yield Short(surnames.pop(), short)


def _stands_for(short: str, text: str) -> str:
    """The fewest words at the end of a text that have the letters of an abbreviation in order, the first of them at the beginning; "" where none do."""
    words = re.split(r"[.;:()\n]", text.rstrip())[-1].split()
    long = " ".join(words[-min(len(short) + 5, 2 * len(short)) :])
    folded, place = long.lower(), len(long)
    for letter in reversed([letter for letter in short.lower() if letter.isalnum()]):
        place = folded.rfind(letter, 0, place)
        if place < 0:
            return ""
    while place > 0 and folded[place - 1].isalnum():
        place = folded.rfind(short[0].lower(), 0, place)
    return long[place:] if place >= 0 and len(long) - place > len(short) else ""


# --- Sums -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sums:
    """What the sums of a text are in: how many of which currency, by its stem; "" where that is not said."""

    scale: float
    currency: str

    def told(self, sentence: str, claim: str) -> str:
        """A sentence with its bare numbers as a claim has them: "a surplus of $3.0 million" for "of 3.0"."""
        for match in SUM.finditer(claim):
            before, number, scale, after = match.groups()
            currency = _currency(before or after)
            if SCALES[fold(scale)] == self.scale and currency and self.currency in ("", currency):
                bare = rf"(?<![\w.,{MONEY}-]){re.escape(number)}(?![\d%]|[.,]\d| ?(?:{WORDED}|percent|per cent)\b)"
                sentence = re.sub(bare, match[0], sentence)
        return sentence


def _sums(text: str) -> Iterator[Sums]:
    """What a text says that its sums are in, each once."""
    found: dict[Sums, None] = {}
    for match in STATED.finditer(text):
        one, worded, other, sign, short, code, brief = match.groups()
        found[Sums(SCALES[fold(worded or short or brief)], _currency(one or other or sign or code))] = None
    yield from found


def _currency(word: str | None) -> str:
    return ALIKE.get(stem(word), stem(word)) if word else ""


# --- Kinds -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds that go by a noun and a letter or number, with what each is ("Category", "C", "visits abroad"); `own` are the stems that only one of these has."""

    noun: str
    meanings: tuple[tuple[str, str], ...]
    own: frozenset[str]

    def told(self, sentence: str, claim: str) -> str:
        """A sentence with what a kind is after its mark, where a claim speaks of one and of no mark."""
        nouns = rf"\b(?:{self.noun}|{self.noun}s|{self.noun.removesuffix('y')}ies) (?:\w{{1,2}}(?:, | and | or |, and |, or ))*"
        if re.search(rf"{nouns}\w{{1,2}}\b", claim, re.IGNORECASE) or not self.own & _stems(claim):
            return sentence
        for mark, meaning in reversed(self.meanings):  # "Categories C and D": when D is told first, C still stands after its noun.
            marked = re.search(rf"(?i:{nouns}){mark}\b", sentence)
            if marked and meaning not in sentence:
                sentence = f"{sentence[: marked.end()]} ({meaning}){sentence[marked.end() :]}"
        return sentence


def _kinds(text: str) -> Iterator[Kinds]:
    """The kinds that lines of a text tell of, where there are several of a noun."""
    found: dict[str, dict[str, str]] = {}
    for match in KIND.finditer(text):
        found.setdefault(match[1], {}).setdefault(match[2], match[3].strip())
    for noun, meanings in found.items():
        if len(meanings) > 1:
            counts = Counter(chain.from_iterable(map(_stems, meanings.values())))
            yield Kinds(noun, tuple(meanings.items()), frozenset(stem for stem, count in counts.items() if count == 1))


def _stems(text: str) -> set[str]:
    return {stemmed for _, stemmed in content_words(text)}
