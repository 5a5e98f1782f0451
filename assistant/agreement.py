"""What a claim must share with its evidence whatever a model thinks: numbers, units, dates, names, negation, quantifiers, comparatives.

Pure rules over words, in English. They know nothing of meaning: a claim that breaks none of them may be wrong all the same.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.opposites import OPPOSITE
from index.split import sentence_spans
from index.words import STOP_WORDS, fold, stem, words

TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*|[%€$£¥°]")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
VALUE = {word: float(n) for n, word in enumerate(SMALL)} | {word: 10.0 * n for n, word in enumerate(TENS, 2)} | {"dozen": 12.0}
SCALE = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "bn": 1e9}
ROUGHLY = re.compile(
    r"\b(?:about|around|nearly|roughly|approximately|almost|some|over|under|more than|less than|fewer than|at least|up to|circa)\b", re.IGNORECASE
)
ROUNDING = 0.06
"""How far, as a share, a number that is said to be rough may lie from the one in the evidence."""

UNITS = (
    "second minute hour day week month quarter year decade century",
    "millimetre centimetre metre kilometre mile inch foot yard millimeter centimeter meter kilometer mm cm m km mi ft",
    "gram kilogram tonne ton pound ounce mg g kg lb oz",
    "litre liter millilitre gallon pint ml l",
    "dollar euro pound yen franc cent € $ £ ¥ usd eur gbp",
    "byte kilobyte megabyte gigabyte terabyte kb mb gb tb",
    "volt watt kilowatt megawatt ampere w kw mw v",
    "percent point %",
)
FAMILY = {stem(unit): number for number, units in enumerate(UNITS) for unit in units.split()}
ALIKE = {
    "%": "percent", "$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "usd": "dollar", "eur": "euro", "gbp": "pound",
    "km": "kilometr", "kilomet": "kilometr", "m": "metr", "meter": "metr", "cm": "centimetr", "centimet": "centimetr", "mm": "millimetr",
    "kg": "kilogram", "g": "gram", "lb": "pound", "ft": "foot", "liter": "litr", "l": "litr", "mi": "mile",
}  # fmt: skip
"""The stems of units that are written in several ways."""
MONTHS = "january february march april may june july august september october november december".split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
CALENDAR = {name[:length]: name for name in (*MONTHS, *DAYS) for length in (3, 4, len(name))}

NEGATIONS = frozenset("not no never none neither nor cannot without nobody nothing nowhere".split())
DENIES = frozenset(map(stem, "refuse deny fail lack forbid prohibit ban exclude reject prevent".split()))
REACH = 4
"""Words after a negation that it may stand for."""
ALL = frozenset("all every each always everyone everybody everything entire whole any".split())
SOME = frozenset("some several few many most often sometimes usually occasionally rarely partly partially mostly".split())
ONLY = frozenset("only solely exclusively sole".split())
NAME = re.compile(r"(?<![\w.!?:“\"(])(?<!^)(?<![.!?:] )(?<![“\"(])\b[A-Z][\w’'-]*")
RUN = re.compile(r"\b[A-Z][\w’'-]*(?: (?:of|the|de|von|van|and|for)(?= [A-Z]))*(?: [A-Z][\w’'-]*)+")
CODE = re.compile(r"(?<!\S)(?:--?|\.|/)[A-Za-z][\w./-]*\w|\b\w+(?:\.\w+)*\.(?:txt|md|pdf|docx?|html?|json|py|csv|xlsx?)\b|\b\w+\[\w+\]|\b\w+_\w+\b")
ACRONYM = re.compile(r"\b[A-Z]{2,6}s?\b")


@dataclass(frozen=True, slots=True)
class _Token:
    """A word or number of a text: as written, folded, its stem, and the value of a number."""

    text: str
    folded: str
    stem: str
    value: float | None


def disagreements(claim: str, evidence: Sequence[str], around: str = "") -> tuple[str, ...]:
    """The kinds of thing in which a claim differs from its evidence, in the order of RULES; `around` (title, heading) may lend names and dates only."""
    said = _tokens(claim)
    known = [token for text in evidence for token in _tokens(text)]
    case = _Case(claim, said, " ".join(evidence), known, _nearest(said, evidence), around)
    return tuple(name for name, rule in RULES.items() if rule(case))


@dataclass(frozen=True, slots=True)
class _Case:
    claim: str
    said: list[_Token]
    evidence: str
    known: list[_Token]
    near: list[_Token]
    around: str


def _nearest(said: Sequence[_Token], evidence: Sequence[str]) -> list[_Token]:
    """The sentence of the evidence that shares most words with a claim: what it denies or bounds is of the claim's matter, what others do may not be."""
    own = _contents(said)
    sentences = [_tokens(text[start:end]) for text in evidence for start, end in sentence_spans(text)]
    return max(sentences, key=lambda tokens: len(own & _contents(tokens)), default=[])


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for match in TOKEN.finditer(text.replace("n’t", " not").replace("n't", " not").replace("cannot", "can not")):
        word = match[0]
        folded = fold(word)
        value = _number(word) if word[0].isdecimal() else VALUE.get(folded)
        if folded in SCALE and found and found[-1].value is not None:
            last = found.pop()
            found.append(_Token(f"{last.text} {word}", last.folded, last.stem, (last.value or 0.0) * SCALE[folded]))
        elif value is not None and value < 10 and found and (before := found[-1].value) is not None and found[-1].folded in TENS:
            last = found.pop()
            found.append(_Token(f"{last.text}-{word}", last.folded, last.stem, before + value))
        else:
            if "-" in word and value is None and all(part in VALUE for part in folded.split("-")):
                value = sum(VALUE[part] for part in folded.split("-"))
            found.append(_Token(word, folded, ALIKE.get(stem(word), stem(word)), value))
    return found


def _number(text: str) -> float:
    """A number, its commas taken for thousands; of "3,5" a fraction."""
    whole = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text)
    plain = text.replace(",", "") if whole else text.replace(",", ".")
    head, _, rest = plain.partition(".")
    return float(f"{head}.{rest.replace('.', '')}" if rest else head)


# --- Rules -----------------------------------------------------------------------------------------------


def _numbers(case: _Case) -> bool:
    """A number of the claim that is not in the evidence."""
    there = [token.value for token in case.known if token.value is not None]
    lent = {float(number) for number in re.findall(r"\b\d{4}\b", case.around)}
    for place, token in enumerate(case.said):
        if token.value is None or token.folded in ("one", "zero") or token.value in lent or _close(token.value, there, 1e-9):
            continue
        before = " ".join(t.text for t in case.said[max(0, place - 3) : place])
        if not (ROUGHLY.search(before) and _close(token.value, there, ROUNDING)) and not _counted(token.value, case):
            return True
    return False


def _close(value: float, others: Sequence[float], within: float) -> bool:
    return any(abs(value - other) <= within * max(abs(value), abs(other), 1e-9) for other in others)


def _counted(value: float, case: _Case) -> bool:
    """A small number may be what the evidence lists: "three members" over "A, B and C"."""
    return 3 <= value <= 10 and any(len(re.split(r",\s*(?:and\s+)?|\s+and\s+", part)) == value for part in re.split(r"[.;:]", case.evidence))


def _bound(case: _Case) -> bool:
    """A number of the claim with the unit, or the thing counted, of another number of the evidence."""
    pairs = set(_measured(case.known))
    values = {value for value, _ in pairs}
    things = {thing for _, thing in pairs}
    for value, thing in _measured(case.said):
        if (value, thing) in pairs or value not in values:
            continue
        own = {other for there, other in pairs if there == value}
        families = {FAMILY.get(other) for other in own if other in FAMILY}
        if (thing in FAMILY and FAMILY[thing] in families) or (thing not in FAMILY and thing in things and own):
            return True
    return False


def _measured(tokens: Sequence[_Token]) -> Iterator[tuple[float, str]]:
    """Each number with the stem of the next content word, or of the sign of money before it."""
    for place, token in enumerate(tokens):
        if token.value is None or token.folded == "one":
            continue
        if place and tokens[place - 1].text in "€$£¥":
            yield token.value, ALIKE[tokens[place - 1].text]
            continue
        for after in tokens[place + 1 : place + 3]:
            if after.value is None and after.folded not in STOP_WORDS:
                yield token.value, after.stem
                break
            if after.value is not None or after.folded in ("and", "or", "to"):
                break


def _dates(case: _Case) -> bool:
    """A month or a weekday of the claim that is not in the evidence, which names another."""
    said, known = _calendar(case.claim), _calendar(f"{case.evidence} {case.around}")
    return any(name not in known and known & set(kind) for kind in (MONTHS, DAYS) for name in said & set(kind))


def _calendar(text: str) -> set[str]:
    """The months and weekdays of a text; "may" and "march" only where they are written large, or beside a number."""
    found = set()
    for match in re.finditer(r"\b[A-Za-z]{3,9}\b", text):
        name = CALENDAR.get(match[0].lower())
        beside = re.match(r"\.?,? \d", text[match.end() :]) or re.search(r"\d(?:st|nd|rd|th)? (?:of )?$", text[: match.start()])
        if name and (match[0][0].isupper() or beside) and (beside or match[0] not in ("May", "March", "Mar", "Sun", "Sat", "Mon", "Wed") or match.start() > 0):
            found.add(name)
    return found


def _names(case: _Case) -> bool:
    """A name of the claim that neither the evidence nor what stands above it mentions."""
    over = f"{case.evidence} {case.around}"
    known = {stemmed for _, stemmed in words(over)} | {token.stem for token in case.known}
    runs = {_initials(run) for run in RUN.findall(over)}
    short = set(ACRONYM.findall(over))
    for match in [*NAME.finditer(case.claim), *_leading(case.claim)]:
        name = re.sub(r"['’]s$", "", match[0])
        parts = [part for part in re.split(r"[-'’]", name) if len(part) > 1]
        if fold(name) in STOP_WORDS or fold(name) in CALENDAR or not parts or any(_alike(stem(part), known) for part in parts):
            continue
        if (name.isupper() and any(name in run for run in runs)) or any(
            _initials(run).startswith(one.rstrip("s")) for run in RUN.findall(case.claim) if name in run for one in short
        ):
            continue
        return True
    return False


def _leading(claim: str) -> list[re.Match[str]]:
    """The first word, where a second name follows it: "Anna Reed left"."""
    match = re.match(r"[A-Z][\w’'-]*(?= [A-Z][a-z])", claim)
    return [match] if match and fold(match[0]) not in STOP_WORDS else []


def _initials(run: str) -> str:
    return "".join(word[0] for word in re.findall(r"[A-Z]\w*", run))


def _alike(stemmed: str, known: set[str]) -> bool:
    """Whether a stem, or one that begins as it does ("Ukraine", "Ukrainian"), is among others."""
    return stemmed in known or (len(stemmed) > 4 and any(other[:4] == stemmed[:4] and len(other) > 4 for other in known))


def _negation(case: _Case) -> bool:
    """A word that is denied on one side, and said without denial on the other."""
    said, known = _denied(case.said), _denied(case.near)
    here, there = _contents(case.said), _contents(case.near)
    if any(word in there and word not in known for word in said):
        return True
    stems = [token.stem for token in case.near]  # A word that stands there both denied and not settles nothing.
    return any(word in here and word not in said and stems.count(word) < 2 for word in known)


def _contents(tokens: Sequence[_Token]) -> set[str]:
    return {token.stem for token in tokens if token.value is None and token.folded not in STOP_WORDS}


def _denied(tokens: Sequence[_Token]) -> set[str]:
    """The first content word after each negation, within reach; "not only", "no later than" deny nothing."""
    found = set()
    for place, token in enumerate(tokens):
        if token.folded not in NEGATIONS and token.stem not in DENIES:
            continue
        after = tokens[place + 1 : place + 1 + REACH]
        if after and after[0].folded in ("only", "later", "less", "more", "fewer", "earlier", "just", "least", "longer"):
            continue
        found.add(next((t.stem for t in after if t.value is None and t.folded not in STOP_WORDS), ""))
    return found - {""}


def _quantifiers(case: _Case) -> bool:
    """All of what the evidence says of some, or only what it says of more."""
    said, known = ({token.folded for token in tokens} for tokens in (case.said, case.known))
    universal = bool(said & ALL) and any(token.folded in SOME for token in case.near) and not known & ALL
    only = bool(said & ONLY) and not known & (ONLY | {"except", "unless", "but", "nothing", "none", "limited", "single", "one", "unique"})
    return universal or only


def _comparatives(case: _Case) -> bool:
    """The opposite of a word of the nearest sentence, where the claim's own word is nowhere in the evidence."""
    said, near = (_uncapitalised(tokens) for tokens in (case.said, case.near))
    known = {token.folded for token in case.known}
    said -= {"born", "died"}  # "(1875 – 1947)" says both.
    return any(word not in known and not said & set(OPPOSITE[word]) and near & set(OPPOSITE[word]) for word in said & OPPOSITE.keys())


def _uncapitalised(tokens: Sequence[_Token]) -> set[str]:
    """The words of a sentence that are no names: its first, and those that are written small."""
    return {token.folded for place, token in enumerate(tokens) if not place or token.text[:1].islower()}


def _roles(case: _Case) -> bool:
    """Two names around the same verb, the other way about: "A sued B" over "B sued A", and not over "B was sued by A"."""
    places: dict[str, list[int]] = {}
    for place in _named(case.known):
        places.setdefault(case.known[place].stem, []).append(place)
    for one, other in pairwise(_named(case.said)):
        first, second = places.get(case.said[one].stem, []), places.get(case.said[other].stem, [])
        if len(first) == len(second) == 1 and second[0] < first[0]:
            said, known = _verbs(case.said[one + 1 : other + 1]), _verbs(case.known[second[0] + 1 : first[0] + 1])
            verb = next(iter(said), "")
            if verb in known and said[verb] == known[verb]:
                return True
    return False


def _named(tokens: Sequence[_Token]) -> list[int]:
    """The places of names."""
    return [place for place, token in enumerate(tokens) if token.text[:1].isupper() and token.folded not in STOP_WORDS]


def _verbs(tokens: Sequence[_Token]) -> dict[str, bool]:
    """The content words between two names, each with whether "by" follows it."""
    return {one.stem: after.folded == "by" for one, after in pairwise(tokens) if one.text[:1].islower() and one.folded not in STOP_WORDS}


def _codes(case: _Case) -> bool:
    """A name of a file, an option or a command's argument that is not in the evidence."""
    return any(code.lower() not in case.evidence.lower() for code in CODE.findall(case.claim))


RULES: dict[str, Callable[[_Case], bool]] = {
    "number": _numbers,
    "measure": _bound,
    "date": _dates,
    "name": _names,
    "negation": _negation,
    "quantifier": _quantifiers,
    "comparative": _comparatives,
    "roles": _roles,
    "code": _codes,
}
"""What is compared, in the order in which it is told."""
