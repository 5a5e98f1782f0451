"""What a claim must share with its evidence whatever a model thinks: numbers, units, dates, names, negation, quantifiers, comparatives, what belongs to what.

Pure rules over words, in English. They know nothing of meaning: a claim that breaks none of them may be wrong all the same.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise, zip_longest

from assistant.clauses import CONTRASTS, HELPS, LEADS, clauses, looks_like_verb
from assistant.crossing import crossed
from assistant.opposites import OPPOSITE
from assistant.quantities import ALIKE, AMOUNT, ARTICLES, DAYS, FAMILY, MONEY, MONTHS, ORDINAL, UP_TO, Token, apart, close, dates_spelt, tokens_of
from index.split import sentence_spans
from index.words import STOP_WORDS, fold, stem, words

ROUGHLY = re.compile(r"\b(?:about|around|nearly|roughly|approximately|almost|some|circa) (?:[€$£¥] )?(?:a )?$", re.IGNORECASE)
AT_MOST = re.compile(
    rf"\b(?:under|below|within|(?<!no )(?<!not )(?:less|fewer) than|{UP_TO}|at most|(?:no|not|never) (?:more|later|longer) than|maximum of|not exceed(?:ing)?)"
    r" (?:[€$£¥] )?$",
    re.IGNORECASE,
)
AT_LEAST = re.compile(
    r"\b(?:over|above|beyond|(?<!no )(?<!not )(?<!never )more than|at least|(?:no|not) (?:less|fewer) than|minimum of|(?<!not )exceed(?:s|ed|ing)?)"
    r" (?:[€$£¥] )?$",
    re.IGNORECASE,
)
OR_LESS = re.compile(
    r"\bor (?:less|fewer|more|over|under|above|below|longer|older|younger|later|earlier)\b|\b(?:no|not) (?:less|fewer|more) than\b"
    r"|\b(?:day|night|week|month|quarter|season|year)s? (?:before|after|earlier|later)(?=$|[.,;:)])",
    re.IGNORECASE,
)
"""Bounds that are written with a comparative, which compares nothing; and "the year before"."""
ROUNDING = 0.06
"""How far, as a share, a number that is said to be rough may lie from the one in the evidence."""
BEYOND = 1.5
"""How far a number may lie beyond a bound: what is over 800 may be 873, and is not thought to be 2,000."""

YEAR = stem("year")
CALENDAR = {name[:length]: name for name in (*MONTHS, *DAYS) for length in (3, 4, len(name))}

NEGATIONS = frozenset("not no never none neither nor cannot without nobody nothing nowhere".split())
DENIES = frozenset(map(stem, "refuse deny fail lack forbid prohibit ban exclude reject prevent decline".split()))
TO_DO = frozenset(map(stem, ("fail", "decline")))
"""These deny only what one fails, or declines, to do."""
RUBBISH = frozenset("and or of the household domestic garden collection collections bin bins disposal sack sacks chute room area".split())
"""Words beside "refuse" where it is what is thrown away."""
SET_ASIDE = frozenset({("instead", "of"), ("rather", "than"), ("left", "out"), ("leave", "out"), ("leaving", "out")})
"""What sets aside what comes after it: no denial, but what is denied on the other side agrees with it."""
NEEDS = frozenset("need needs needed require requires required must only".split())
"""What says with no denial that something goes not without something."""
FEWER = frozenset("fewer less closer lower smaller shorter younger nearer".split())
COMPARES = frozenset(
    "more less fewer higher lower above below over under ahead behind longer shorter later earlier older younger dearer cheaper rose fell".split()
)
"""Words before which, or after, a number tells how far two others lie apart."""
ADDS = frozenset("total totalling altogether together combined both sum overall rest remaining remainder left difference".split())
"""Words beside which a number tells what others are together, or what is left of them."""
RELATES = frozenset(("before", "after", "once"))
"""Words whose opposites say the same of two things that are told the other way about."""
ROW = re.compile(r": [^;]*; [^;:]+: ")
"""Cells of a table's row."""
REACH = 4
"""Words after a negation that it may stand for."""
ALL = frozenset("all every each always everyone everybody everything entire whole any".split())
SOME = frozenset("some several few many most often sometimes usually occasionally rarely partly partially mostly".split())
OVERALL = re.compile(
    r"(?<!nearly )(?<!almost )(?<!virtually )\b(?:always|at any time|at all times|in (?:every|all) cases?|whether or not|without exception"
    r"|under (?:any|all) circumstances)\b",
    re.IGNORECASE,
)
"""What leaves no condition and no exception."""
THROUGHOUT = ALL | frozenset("never ever even either whatever whenever whoever whichever regardless throughout permanently constantly continuously".split())
"""What says so in the evidence."""
ONLY = frozenset("only solely exclusively sole".split())
APART = ONLY | frozenset("except unless otherwise else".split())
BARRED = ONLY | frozenset("just merely alone except unless but nothing none limited single one unique".split())
LIMIT = re.compile(rf"\b(?:no more|not more|no later) than|\b(?:at most|{UP_TO})\b", re.IGNORECASE)
"""What leaves the rest out, as "only" does."""
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


def disagreements(claim: str, evidence: Sequence[str], around: str = "", before: str = "") -> tuple[str, ...]:
    """The kinds of thing in which a claim differs from its evidence, in the order of RULES.

    `around` (title, heading) may lend names and dates only, `before` (what the evidence follows) only names.
    """
    said = tokens_of(claim)
    texts = [text[start:end] for text in evidence for start, end in sentence_spans(text)] or [""]
    sentences = list(map(tokens_of, texts))
    contents, own = list(map(_contents, sentences)), _contents(said)
    place = max(range(len(texts)), key=lambda n: len(own & contents[n]))
    near, known = sentences[place], list(chain.from_iterable(sentences))
    matters = _matters(claim, sentences, contents, place)
    case = _Case(claim, said, " ".join(evidence), known, texts[place], near, around, before, _denied(said), _denied(near), matters)
    return tuple(name for name, rule in RULES.items() if rule(case))


@dataclass(frozen=True, slots=True)
class _Case:
    """A claim and its evidence, as texts and as tokens; `nearest`, or `near`, is the sentence of the evidence that shares most words with the claim.

    What that sentence denies or bounds is of the claim's matter, what others do may not be: `denied` are the words that the claim denies, `near_denied`
    those that it does.
    """

    claim: str
    said: list[Token]
    evidence: str
    known: list[Token]
    nearest: str
    near: list[Token]
    around: str
    before: str
    denied: set[str]
    near_denied: set[str]
    matters: list["_Matter"]


@dataclass(frozen=True, slots=True)
class _Matter:
    """What a claim denies of what one sentence of its evidence is about; `added` are the words that only the claim denies, `dropped` those that only the
    sentence does, where the other says them.
    """

    denied: set[str]
    added: set[str]
    dropped: set[str]


def _matters(claim: str, sentences: Sequence[list[Token]], contents: Sequence[set[str]], nearest: int) -> list[_Matter]:
    """Each sentence with the clauses of the claim most of whose words it has, more than any other has; the nearest sentence with the rest."""
    shared: dict[int, list[Token]] = {}
    for clause in clauses(claim):
        words = _contents(clause)
        counts = [len(words & content) for content in contents]
        best = max(counts)
        clear = counts.count(best) == 1 and 2 * best >= max(len(words), 4)
        shared.setdefault(counts.index(best) if clear else nearest, []).extend(clause)
    return [_matter(said, sentences[n]) for n, said in shared.items()]


# --- Rules -----------------------------------------------------------------------------------------------


def _numbers(case: _Case) -> bool:
    """A number of the claim that is not in the evidence, or an ordinal in whose place it has others."""
    over = tokens_of(case.around)
    years = _years(over)
    named = {(before.stem, token.value) for before, token in pairwise(over)}  # "Windows 11" may be said where the title says it.
    ordinals = any(token.folded in ORDINAL for token in case.near)
    for place, token in enumerate(case.said):
        if token.is_in(case.known) or token.value in years or (place and (case.said[place - 1].stem, token.value) in named):
            continue
        if token.value is None:
            if (token.folded in ORDINAL and ordinals) or (" " in token.text and token.is_share() and not _is_a_share(place, case)):
                return True
        elif not (token.folded == "one" or token.value == 0 or any(told(place, case) for told in (_bounded, _lies_between, _follows, _counted))):
            return True
    return False


def _is_a_share(place: int, case: _Case) -> bool:
    """Whether the evidence has about the share that a claim has in words, "one in six", or the rest to it; or no share at all, but may be counts."""
    before = _before(case.said, place)
    shares = [share for token in case.known for value in token.values if 0 < value < 1 for share in (value, 1 - value)]
    return not shares or any(close(value, there, ROUNDING) or _is_about(value, there, before) for value in case.said[place].also for there in shares)


def _lies_between(place: int, case: _Case) -> bool:
    """Whether a number counts the years, or decades, between two that the evidence names: "four years later" over "1917" and "1921"."""
    measure, years = case.said[place].measure, _years(case.known)
    if measure is None or measure[0] != FAMILY[YEAR] or measure[1] < AMOUNT[YEAR]:
        return False
    value, before = measure[1] / AMOUNT[YEAR], _before(case.said, place)
    return any(value == there or _is_about(value, there, before) for one in years for other in years if (there := abs(one - other)))


def _years(tokens: Sequence[Token]) -> set[float]:
    return {token.value for token in tokens if token.value is not None and token.text.isdecimal() and len(token.text) == 4}


def _bounded(place: int, case: _Case) -> bool:
    """Whether the evidence has a number that lies where the claim says that it lies: about there, above, below; in whatever unit of one kind."""
    said, before = case.said[place], _before(case.said, place)
    for there, token in enumerate(case.known):
        beyond = 1 + ROUNDING if _is_bound(_before(case.known, there)) else BEYOND
        pairs = [(said.value, token.value)] if said.value and token.value else []
        if said.measure and token.measure and said.measure[0] == token.measure[0] and said.measure[1]:
            pairs = [(said.measure[1], token.measure[1])]
        if any(_is_about(one, other, before, beyond) for one, other in pairs):
            return True
    return False


def _is_about(value: float, there: float, before: str, beyond: float = BEYOND) -> bool:
    """Whether a number lies about where another does, above or below it, as the words before it say."""
    if ROUGHLY.search(before) and close(value, there, ROUNDING):
        return True
    return bool((AT_LEAST.search(before) and value <= there <= value * beyond) or (AT_MOST.search(before) and value / beyond <= there <= value))


def _follows(place: int, case: _Case) -> bool:
    """Whether a number is the sum of two of one kind in the evidence, or how far they lie apart, and one of both texts says that it adds or compares.

    "€130 more" over "€520 and €390"; "716 a year before" over "812, which is 96 more".
    """
    if not {token.folded for token in (*case.said, *case.known)} & (COMPARES | ADDS):
        return False
    things: dict[str, list[float]] = {}
    for token, value, thing in _measured(case.known):
        if token.value is not None and not _years([token]):
            things.setdefault(thing, []).append(value)
    value = case.said[place].value or 0.0
    own = {thing for token, _, thing in _measured(case.said) if token is case.said[place]}
    pairs = [pair for thing, values in things.items() if thing in own for pair in combinations(values, 2)]
    if any(close(abs(one - other), value, 1e-6) or close(one + other, value, 1e-6) for one, other in pairs):
        return True
    return bool(ROW.search(case.nearest)) and any(close(abs(one - other), value, 1e-6) for one, other in combinations(_bare(case.near), 2))


def _bare(tokens: Sequence[Token]) -> list[float]:
    """The numbers that count nothing, but for years: the cells of a row."""
    counted = {id(token) for token, _, _ in _measured(tokens)}
    return [token.value for token in tokens if token.value is not None and id(token) not in counted and not _years([token])]


def _is_bound(before: str) -> bool:
    return bool(AT_LEAST.search(before) or AT_MOST.search(before))


def _before(said: Sequence[Token], place: int) -> str:
    """The four words before a place, and a space."""
    return "".join(f"{token.text} " for token in said[max(0, place - 4) : place])


def _counted(place: int, case: _Case) -> bool:
    """A small number may be what the evidence lists: "three members" over "A, B and C", or over "of them are A, B and C"; "two" over "A and B"."""
    value = case.said[place].value or 0.0
    if case.said[place].measure:
        return False
    for part in re.split(r"[.;:](?!\d)", case.evidence):
        *listed, last = re.split(r",(?!\d)", part)
        count = len(listed) + 1 + bool(re.search(r"\w\s+(?:and|or)\s", last))
        if 2 <= value <= 10 and value in ((count, count - 1) if len(listed) > 1 else (count,)):
            return True
    return False


def _bound(case: _Case) -> bool:
    """A number of the claim with the unit, or the thing counted, of another number of the evidence; or a rate for another unit than the evidence's."""
    pairs = {(value, thing) for _, value, thing in _measured(case.known)}
    values = {value for value, _ in pairs}
    things = {thing for _, thing in pairs}
    for token, value, thing in _measured(case.said):
        if (value, thing) in pairs or value not in values or token.folded in ARTICLES or token.measures_as(case.known):
            continue
        own = {other for there, other in pairs if there == value}
        families = {FAMILY.get(other) for other in own if other in FAMILY}
        if (thing in FAMILY and FAMILY[thing] in families) or (thing not in FAMILY and thing in things and own):
            return True
    rates = set(_rates(case.known))
    return any(rate not in rates and any(FAMILY[rate] == FAMILY[other] for other in rates) for rate in _rates(case.said))


def _measured(said: Sequence[Token]) -> Iterator[tuple[Token, float, str]]:
    """Each number, its value, and the stem of the next content word or of the sign of money before it; "one month" and "a month" are a number with a unit."""
    for place, token in enumerate(said):
        if token.value is None or token.folded == "one":
            if token.measure:
                yield token, 1.0, said[place + 1].stem
            continue
        if place and said[place - 1].text in MONEY:
            yield token, token.value, ALIKE[said[place - 1].text]
            continue
        for before, after in pairwise(said[place : place + 3]):
            if apart(before, after) or after.value is not None or after.folded in ("and", "or", "to"):
                break  # "7.8; Control: 10.7" counts no controls.
            if after.folded not in STOP_WORDS:
                yield token, token.value, after.stem
                break


def _rates(said: Sequence[Token]) -> Iterator[str]:
    """The units that something is reckoned by: "per kilometre"."""
    for before, token in pairwise(said):
        if before.folded == "per" and token.stem in AMOUNT:
            yield token.stem


def _dates(case: _Case) -> bool:
    """A month or a weekday of the claim that is not in the evidence, which names another."""
    said, known = (_calendar(dates_spelt(text)) for text in (case.claim, f"{case.evidence} {case.around}"))
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


def _negation(case: _Case) -> bool:
    """What the evidence denies and the claim says, where the claim denies nothing."""
    return any(matter.dropped and not matter.denied for matter in case.matters)


def _denial(case: _Case) -> bool:
    """A word that is denied on one side and said on the other, in any other way: perhaps the same in other words, "is not open" over "is closed"."""
    return any(matter.added or matter.dropped for matter in case.matters) and not _negation(case)


def _matter(said: Sequence[Token], known: Sequence[Token]) -> _Matter:
    """What a claim says of a sentence's matter, beside that sentence."""
    denied, known_denied = _denied(said), _denied(known)
    if _only_with(said, known) or _only_with(known, said):
        return _Matter(denied, set(), set())
    dropped = (known_denied & _contents(said)) - denied - _set_aside(said)
    stems = [token.stem for token in known]  # A word that stands there both denied and not settles nothing.
    return _Matter(
        denied,
        added=(denied & _contents(known)) - known_denied - _set_aside(known),
        dropped={word for word in dropped if stems.count(word) < 2},
    )


def _only_with(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """Whether one says by two denials what the other says by none: "not without a permit", "needs one"; "no trip with fewer than two", "at least two"."""
    there = [token.folded for token in other]
    place = next((place for place, token in enumerate(one) if token.folded in NEGATIONS), len(one))
    rest = one[place + 1 :]
    if not NEGATIONS.isdisjoint(there):
        return False
    if any(token.folded == "without" for token in rest):
        return not NEEDS.isdisjoint(there)
    than = next((n for n, (word, after) in enumerate(pairwise(rest), 1) if word.folded in FEWER and after.folded == "than"), None)
    if than is None:
        return False
    values = {token.value for token in rest[than + 1 : than + 3] if token.value is not None}
    if not values:
        return ("at", "least") in pairwise(there)
    return any(token.value in values and AT_LEAST.search(_before(other, n)) for n, token in enumerate(other))


def _contents(tokens: Sequence[Token]) -> set[str]:
    return set(_content(tokens))


def _content(tokens: Sequence[Token]) -> list[str]:
    """The stems of the content words, in order."""
    return [token.stem for token in tokens if token.value is None and token.folded not in STOP_WORDS]


def _denied(tokens: Sequence[Token]) -> set[str]:
    """The first content word after each negation, within reach; "not only", "no later than" deny nothing."""
    found = set()
    for place, token in enumerate(tokens):
        after = tokens[place + 1 : place + 1 + REACH]
        free_of = token.folded == "free" and [word.folded for word in after[:1]] == ["of"]
        if token.folded == "not" and place and tokens[place - 1].folded == "or":
            continue  # "Whether or not".
        if not free_of and token.folded not in NEGATIONS and (token.stem not in DENIES or _is_something(tokens, place)):
            continue
        if after and after[0].folded in ("only", "later", "less", "more", "fewer", "earlier", "just", "least"):
            continue
        if after and after[0].folded == "longer":  # "No longer sold" denies; "no longer than two years" does not.
            after = [] if after[1:2] and after[1].folded == "than" else after[1:]
        found.add(_first_content(after))
    return found - {""}


def _is_something(tokens: Sequence[Token], place: int) -> bool:
    """Whether "refuse" is what is thrown away ("refuse collection", "water and refuse"); or a firm fails and sales decline, but not to do something."""
    after = tokens[place + 1 : place + 2]
    around = {token.folded for token in (*tokens[max(0, place - 1) : place], *after)}
    return (tokens[place].folded == "refuse" and bool(around & RUBBISH)) or (tokens[place].stem in TO_DO and [token.folded for token in after] != ["to"])


def _set_aside(tokens: Sequence[Token]) -> set[str]:
    """The first content words after each "instead of", "except" and the like: "rather than whole schools"."""
    pairs = [after for after, (one, other) in enumerate(pairwise(tokens), 2) if (one.folded, other.folded) in SET_ASIDE]
    lone = [after for after, token in enumerate(tokens, 1) if token.folded in ("except", "excepting", "excluding", "unless")]
    return {word for after in (*pairs, *lone) for word in _content(tokens[after : after + REACH])[:2]} | _left_to(tokens)


def _left_to(tokens: Sequence[Token]) -> set[str]:
    """The words of a part of a sentence that ends by denying what was said before: "the pump is covered, but the seal and the lamp are not"."""
    found: set[str] = set()
    said = [token.folded for token in tokens]
    for place, word in enumerate(said):
        if word == "not" and said[max(0, place - 1)] in HELPS and set(said[place + 1 : place + 2]) <= LEADS:
            starts = [n for n in range(place) if said[n] in CONTRASTS or (said[n] == "and" and not HELPS.isdisjoint(said[:n]))]
            found |= _contents(tokens[max(starts, default=0) : place])
    return found


def _first_content(tokens: Sequence[Token]) -> str:
    return next(iter(_content(tokens)), "")


def _quantifiers(case: _Case) -> bool:
    """All of what the evidence says of some, always what it says of a case, or only what it says of more: "only 72%" says no more than "72%"."""
    said, known = ({token.folded for token in tokens} for tokens in (case.said, case.known))
    some = any(token.folded in SOME or _is_part(token, before) for before, token in zip([None, *case.near], case.near, strict=False))
    universal = bool(said & ALL) and some and not known & ALL
    barred = any(one.folded in ONLY and not _counts(other) for one, other in zip_longest(case.said, case.said[1:]))
    only = barred and "not only" not in case.claim.lower() and not known & BARRED and not LIMIT.search(case.evidence)
    return universal or only or (_is_overall(case.claim) and not known & THROUGHOUT)


def _is_overall(claim: str) -> bool:
    """Whether a claim leaves no condition and no exception, and denies nothing before it says so: "always", not "not always"."""
    found = OVERALL.search(claim)
    return found is not None and NEGATIONS.isdisjoint(token.folded for token in tokens_of(claim[: found.start()]))


def _is_part(token: Token, before: Token | None) -> bool:
    """Whether a token is a share of things: "two thirds", "60% of the staff"; not "at 0.8% a month", "rose by 4%"."""
    return token.is_share() and (token.value is None or before is None or before.folded not in ("at", "by", "to", "of"))


def _counts(token: Token | None) -> bool:
    """Whether a token is a number, the sign of money before one, or tells when: before these "only" leaves nothing out."""
    return token is not None and (token.value is not None or token.text in MONEY or token.folded in ("afterwards", "then", "later", "recently"))


def _comparatives(case: _Case) -> bool:
    """The opposite of a word of the nearest sentence, where the claim's own word is nowhere in the evidence; or another bound on the same number."""
    if _bounded_otherwise(case):
        return True
    said, near = (_uncapitalised(tokens) for tokens in (case.said, case.near))
    said -= _bounding(case.claim) | NEGATIONS  # Denials are compared by themselves.
    near -= _bounding(case.nearest) | NEGATIONS
    known = {token.folded for token in case.known} | {word for word in RELATES & said if not _relates_to_the_same(word, case)}
    said -= {"born", "died"} | {token.folded for token in case.said if token.stem in case.denied}  # "(1875 – 1947)" says both.
    near -= {token.folded for token in case.near if token.stem in case.near_denied}  # What is not allowed is forbidden.
    return any(word not in known and not said & set(OPPOSITE[word]) and near & set(OPPOSITE[word]) for word in said & OPPOSITE.keys())


def _relates_to_the_same(word: str, case: _Case) -> bool:
    """Whether what a claim relates something to by a word is what the nearest sentence relates to by its opposite: "before the war", "after the war".

    Not "the lease ended before the sale" over "the sale came after the end of the lease".
    """
    said = next(_contents(_part_after(place, case.said)) for place, token in enumerate(case.said) if token.folded == word)
    for place, token in enumerate(case.near):
        if token.folded in OPPOSITE[word]:
            behind, ahead = _contents(_part_after(place, case.near)), _contents(case.near[:place])
            if len(said & behind) > len(said & ahead):
                return True
    return False


def _part_after(place: int, tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens after one, up to a sign."""
    end = next((n for n in range(place + 1, len(tokens)) if apart(tokens[n - 1], tokens[n])), len(tokens))
    return tokens[place + 1 : end]


def _bounding(text: str) -> set[str]:
    """The comparatives that bound a number: "10% or less", "no more than 10%"."""
    return {word for bound in OR_LESS.findall(text.lower()) for word in bound.split()}


def _bounded_otherwise(case: _Case) -> bool:
    """Whether a number is the least on one side and the most on the other, where nothing is denied or set apart: "within 3 km", "more than 3 km"."""
    if {token.folded for token in (*case.said, *case.near)} & (NEGATIONS | APART):
        return False
    for place, token in enumerate(case.said):
        there = [_before(case.known, n) for n, other in enumerate(case.known) if token.value is not None and token.value == other.value]
        for one, other in ((AT_MOST, AT_LEAST), (AT_LEAST, AT_MOST)):
            if one.search(_before(case.said, place)) and any(map(other.search, there)) and not any(map(one.search, there)):
                return True
    return False


def _uncapitalised(tokens: Sequence[Token]) -> set[str]:
    """The words of a sentence that are no names: its first, those that are written small, and what a contract writes large: "the Tenant"."""
    found = set()
    for place, token in enumerate(tokens):
        lone = (
            place
            and tokens[place - 1].folded in ("the", "a", "an", "either", "each")
            and not any(after.text[:1].isupper() for after in tokens[place + 1 : place + 2])
        )
        if not place or lone or token.text[:1].islower():
            found.add(token.folded)
    return found


def _roles(case: _Case) -> bool:
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


def _pairing(case: _Case) -> bool:
    """A value, or a name, of one part of the nearest sentence with what another part is about."""
    return crossed(case.claim, case.nearest)


def _codes(case: _Case) -> bool:
    """A name of a file, an option or a command's argument that is not in the evidence."""
    return any(code.lower() not in case.evidence.lower() for code in CODE.findall(case.claim))


RULES: dict[str, Callable[[_Case], bool]] = {
    "number": _numbers,
    "measure": _bound,
    "date": _dates,
    "name": _names,
    "negation": _negation,
    "denial": _denial,
    "quantifier": _quantifiers,
    "comparative": _comparatives,
    "roles": _roles,
    "pairing": _pairing,
    "code": _codes,
}
"""What is compared, in the order in which it is told."""
