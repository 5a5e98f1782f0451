"""Rules for numbers, what they measure or count, and dates: a figure of the claim stands in the evidence, follows from it, or lies within its bounds."""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from assistant.agreement.case import Case
from assistant.quantities import ALIKE, AMOUNT, ARTICLES, DAYS, FAMILY, MONEY, MONTHS, ORDINAL, UP_TO, Token, apart, close, dates_spelt, tokens_of
from index.words import STOP_WORDS, stem

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
ROUNDING = 0.06
"""How far, as a share, a number that is said to be rough may lie from the one in the evidence."""
BEYOND = 1.5
"""How far a number may lie beyond a bound: what is over 800 may be 873, and is not thought to be 2,000."""
YEAR = stem("year")
CALENDAR = {name[:length]: name for name in (*MONTHS, *DAYS) for length in (3, 4, len(name))}
COMPARES = frozenset(
    "more less fewer higher lower above below over under ahead behind longer shorter short later earlier older younger dearer cheaper rose fell".split()
)
"""Words before which, or after, a number tells how far two others lie apart."""
ADDS = frozenset("total totalling altogether together combined both sum overall rest remaining remainder left difference".split())
"""Words beside which a number tells what others are together, or what is left of them."""
ROW = re.compile(r": [^;]*; [^;:]+: ")
"""Cells of a table's row."""


def numbers(case: Case) -> bool:
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


def _is_a_share(place: int, case: Case) -> bool:
    """Whether the evidence has about the share that a claim has in words, "one in six", or the rest to it; or no share at all, but may be counts."""
    before = words_before(case.said, place)
    shares = [share for token in case.known for value in token.values if 0 < value < 1 for share in (value, 1 - value)]
    return not shares or any(close(value, there, ROUNDING) or _is_about(value, there, before) for value in case.said[place].also for there in shares)


def _lies_between(place: int, case: Case) -> bool:
    """Whether a number counts the years, or decades, between two that the evidence names: "four years later" over "1917" and "1921"."""
    measure, years = case.said[place].measure, _years(case.known)
    if measure is None or measure[0] != FAMILY[YEAR] or measure[1] < AMOUNT[YEAR]:
        return False
    value, before = measure[1] / AMOUNT[YEAR], words_before(case.said, place)
    return any(value == there or _is_about(value, there, before) for one in years for other in years if (there := abs(one - other)))


def _years(tokens: Sequence[Token]) -> set[float]:
    return {token.value for token in tokens if token.value is not None and token.text.isdecimal() and len(token.text) == 4}


def _bounded(place: int, case: Case) -> bool:
    """Whether the evidence has a number that lies where the claim says that it lies: about there, above, below; in whatever unit of one kind."""
    said, before = case.said[place], words_before(case.said, place)
    for there, token in enumerate(case.known):
        beyond = 1 + ROUNDING if _is_bound(words_before(case.known, there)) else BEYOND
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


def _follows(place: int, case: Case) -> bool:
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


def words_before(said: Sequence[Token], place: int) -> str:
    """The four words before a place, and a space."""
    return "".join(f"{token.text} " for token in said[max(0, place - 4) : place])


def _counted(place: int, case: Case) -> bool:
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


def measures(case: Case) -> bool:
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


def dates(case: Case) -> bool:
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
