"""Rules for names: those of people, places and things, who does what to whom, and the names of files, options and arguments."""

import re
from collections.abc import Sequence
from itertools import pairwise

from assistant.agreement.case import Case
from assistant.agreement.figures import CALENDAR
from assistant.clauses import HELPS, looks_like_verb
from assistant.quantities import Token
from index.words import STOP_WORDS, fold, stem, words

NAME = re.compile(r"(?<![\w.!?:“\"(])(?<!^)(?<![.!?:] )(?<![“\"(])\b[A-Z][\w’'-]*")
RUN = re.compile(r"\b[A-Z][\w’'-]*(?: (?:of|the|de|von|van|and|for)(?= [A-Z]))*(?: [A-Z][\w’'-]*)+")
CODE = re.compile(r"(?<!\S)(?:--?|\.|/)[A-Za-z][\w./-]*\w|\b\w+(?:\.\w+)*\.(?:txt|md|pdf|docx?|html?|json|py|csv|xlsx?)\b|\b\w+\[\w+\]|\b\w+_\w+\b")
PEOPLE = {
    stem(one): stem(other)
    for pair in (
        "denmark/danish wales/welsh france/french spain/spanish britain/british england/english ireland/irish scotland/scottish netherlands/dutch"
        " switzerland/swiss greece/greek turkey/turkish poland/polish sweden/swedish finland/finnish china/chinese portugal/portuguese"
        " iceland/icelandic philippines/filipino peru/peruvian iraq/iraqi germany/german norway/norwegian"
    ).split()
    for one, other in (pair.split("/"), pair.split("/")[::-1])
}
"""The stems of countries and of their people, of which the first four letters are not the same or the names too short."""
HELPING = HELPS | frozenset("not never being also later then the a an to".split())
ACRONYM = re.compile(r"\b[A-Z]{2,6}s?\b")


def names(case: Case) -> bool:
    """A name of the claim that neither the evidence nor what stands above and before it mentions, in any of its parts, forms or initials."""
    claim, text = case.claim, f"{case.evidence} {case.around} {case.before}"
    known = {stemmed for _, stemmed in words(text)}
    runs = {_initials(run) for run in RUN.findall(text)}
    short = set(ACRONYM.findall(text))
    for match in [*NAME.finditer(claim), *_leading(claim)]:
        name = re.sub(r"['’]s$", "", match[0])
        parts = [part for part in re.split(r"[-'’]", name) if len(part) > 1]
        if fold(name) in STOP_WORDS or fold(name) in CALENDAR or not parts or any(_alike(stem(part), known) for part in parts):
            continue
        if (surname := re.match(r" ([A-Z]\w+)", claim[match.end() :])) and _alone(surname[1], text):
            continue  # "Samuel Pryce" over what says "Pryce".
        if name.isupper() and (any(name in run for run in runs) or _spelt_out(name, text)):
            continue
        if not any(_initials(run).startswith(one.rstrip("s")) for run in RUN.findall(claim) if name in run for one in short):
            return True
    return False


def _alone(surname: str, text: str) -> bool:
    """Whether a text has a name, and nowhere another before it."""
    return bool(re.search(rf"\b{surname}\b", text)) and not re.search(rf"\b[A-Z]\w+ {surname}\b", text)


def _spelt_out(acronym: str, text: str) -> bool:
    """Whether words that follow each other begin with the letters of an acronym."""
    return bool(re.search(r"\b" + r"\w*[\s-]+".join(acronym.rstrip("s")), text, re.IGNORECASE))


def _leading(claim: str) -> list[re.Match[str]]:
    """The first word, where a second name follows it: "Anna Reed left"."""
    match = re.match(r"[A-Z][\w’'-]*(?= [A-Z][a-z])", claim)
    return [match] if match and fold(match[0]) not in STOP_WORDS else []


def _initials(run: str) -> str:
    return "".join(word[0] for word in re.findall(r"[A-Z]\w*", run))


def _alike(stemmed: str, known: set[str]) -> bool:
    """Whether a stem, or one that begins as it does ("Ukraine", "Ukrainian"), or is of the same people, is among others."""
    return stemmed in known or PEOPLE.get(stemmed) in known or (len(stemmed) > 4 and any(other[:4] == stemmed[:4] and len(other) > 4 for other in known))


def roles(case: Case) -> bool:
    """Two names around the same verb, the other way about: "A sued B" over "B sued A", and not over "B was sued by A"."""
    places: dict[str, list[int]] = {}
    for place in _named(case.near):
        places.setdefault(case.near[place].stem, []).append(place)
    for one, other in pairwise(_named(case.said)):
        first, second = places.get(case.said[one].stem, []), places.get(case.said[other].stem, [])
        if len(first) == len(second) == 1 and second[0] < first[0]:
            here, there = case.said[one + 1 : other + 1], case.near[second[0] + 1 : first[0] + 1]
            said, known = _contents_between(here), _contents_between(there)
            verb = _verb(here[:-1])
            if verb in known and said[verb] == known[verb] and not any(token.folded == "than" for token in here):
                return True
    return False


def _named(tokens: Sequence[Token]) -> list[int]:
    """The places of names."""
    return [place for place, token in enumerate(tokens) if token.text[:1].isupper() and token.folded not in STOP_WORDS and token.folded not in CALENDAR]


def _verb(tokens: Sequence[Token]) -> str:
    """The stem of the verb after a name, past the words that help it; "" where something else comes first: "Lyle, her former student"."""
    first = next((token for token in tokens if token.folded not in HELPING), None)
    return first.stem if first and first.folded not in STOP_WORDS and (looks_like_verb(first.text) or first.text.endswith("s")) else ""


def _contents_between(tokens: Sequence[Token]) -> dict[str, bool]:
    """The content words between two names, each with whether "by" follows it."""
    return {one.stem: after.folded == "by" for one, after in pairwise(tokens) if one.text[:1].islower() and one.folded not in STOP_WORDS}


def codes(case: Case) -> bool:
    """A name of a file, an option or a command's argument that is not in the evidence."""
    return any(code.lower() not in case.evidence.lower() for code in CODE.findall(case.claim))
