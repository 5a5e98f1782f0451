"""A claim with two of its things exchanged, "Brand lent Holm £400" for "Holm lent Brand £400": whoever believes that more takes the claim for mixed up.

Pure rules over words, in English. They make sentences that nobody writes, too; these are believed less than the claim, and do no harm.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, islice, pairwise

from assistant.opposites import OPPOSITE
from assistant.quantities import DAYS, MONEY, MONTHS, Token, apart, spelt_out, tokens_of
from index.words import STOP_WORDS

Span = tuple[int, int]

MOST = 4
"""Exchanges of a claim, at most: each is read as the claim is."""
NO_NAMES = STOP_WORDS | frozenset((*DAYS, *MONTHS))
RANGE = re.compile(r"\W*(?:\w{1,8}\W+)?(?:to\b|and\b|or\b|[–,-])\W*")
"""What stands between the ends of a range, or of a list: "from 40 to 100", "from 5 cm to 8 cm"."""
YEAR = re.compile(r"1\d{3}|20\d\d")


def exchanged(claim: str, evidence: Sequence[str]) -> list[str]:
    """A claim with two of its things exchanged, once for every two that are of a kind and that the evidence has, too: names, opposites, words before the
    same word, numbers.
    """
    text, tokens = spelt_out(claim), tokens_of(claim)
    there = [token for sentence in evidence for token in tokens_of(sentence)]
    found = dict.fromkeys(_swapped(text, tokens, *two) for two in _pairs(tokens, there, text))
    return list(islice(found, MOST))


def _swapped(text: str, tokens: Sequence[Token], one: Span, other: Span) -> str:
    (a, b), (c, d) = ((tokens[first].start, tokens[last - 1].end) for first, last in (one, other))
    return text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]


def _pairs(tokens: Sequence[Token], there: Sequence[Token], text: str) -> Iterator[tuple[Span, Span]]:
    """Two and two things of a claim that are of a kind, as tokens from and to, the first before the second."""
    known = {token.stem for token in there}
    for one, other in combinations(_names(tokens, there), 2):
        own, its = ({token.text for token in tokens[slice(*name)]} for name in (one, other))
        if own - its and its - own and [token.folded for token in tokens[one[1] : other[0]]] != ["of"]:
            yield one, other
    words = [place for place, token in enumerate(tokens) if token.stem in known and token.value is None and token.folded not in STOP_WORDS]
    for first, second in combinations(words, 2):
        heads = {tokens[place + 1].stem if place + 1 < len(tokens) else "" for place in (first, second)}
        alike = len(heads) == 1 and heads.isdisjoint(("", *STOP_WORDS)) and tokens[first].stem != tokens[second].stem
        if alike or tokens[second].folded in OPPOSITE.get(tokens[first].folded, ()):
            yield (first, first + 1), (second, second + 1)
    for first, second in combinations(_numbers(tokens, text), 2):
        differ = tokens[first].value != tokens[second].value and all(tokens[place].is_in(there) for place in (first, second))
        if differ and _kind(tokens, first) == _kind(tokens, second):
            yield (first, first + 1), (second, second + 1)


def _names(tokens: Sequence[Token], there: Sequence[Token]) -> list[Span]:
    """Words in a row that are written large, in the evidence, too; a lone one that begins the claim, where it does not begin the evidence."""
    found: list[Span] = []
    for place, token in enumerate(tokens):
        if token.text[0].isupper() and token.value is None and token.folded not in NO_NAMES:
            if found and found[-1][1] == place and not apart(tokens[place - 1], token):
                found[-1] = (found[-1][0], place + 1)
            else:
                found.append((place, place + 1))
    written, inner = {token.text for token in there}, {token.text for token in there[1:]}
    return [span for span in found if {token.text for token in tokens[slice(*span)]} <= (inner if span == (0, 1) else written)]


def _numbers(tokens: Sequence[Token], text: str) -> list[int]:
    """The places of numbers, but for those of dates and ranges."""
    places = [place for place, token in enumerate(tokens) if token.value is not None]
    ranges = [two for two in pairwise(places) if RANGE.fullmatch(text[tokens[two[0]].end : tokens[two[1]].start])]
    near = {place: {token.folded for token in (*tokens[max(0, place - 1) : place], *tokens[place + 1 : place + 2])} for place in places}
    return [place for place in places if near[place].isdisjoint(MONTHS) and not any(place in two for two in ranges)]


def _kind(tokens: Sequence[Token], place: int) -> str:
    """What a number counts: the sign of money before it, "year", or the unit after it if it has one."""
    if place and tokens[place - 1].text in MONEY:
        return tokens[place - 1].text
    if YEAR.fullmatch(tokens[place].text):
        return "year"
    return tokens[place + 1].stem if tokens[place].measure else ""
