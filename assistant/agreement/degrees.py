"""Rules for how much, how often and which way: quantifiers, comparatives, bounds, before and after."""

import re
from collections.abc import Sequence
from itertools import zip_longest

from assistant.agreement.case import Case
from assistant.agreement.denials import NEGATIONS, content_stems
from assistant.agreement.figures import AT_LEAST, AT_MOST, words_before
from assistant.opposites import OPPOSITE
from assistant.quantities import MONEY, UP_TO, Token, apart, tokens_of

OR_LESS = re.compile(
    r"\bor (?:less|fewer|more|over|under|above|below|longer|older|younger|later|earlier)\b|\b(?:no|not) (?:less|fewer|more) than\b"
    r"|\b(?:day|night|week|month|quarter|season|year)s? (?:before|after|earlier|later)(?=$|[.,;:)])",
    re.IGNORECASE,
)
"""Bounds that are written with a comparative, which compares nothing; and "the year before"."""
RELATES = frozenset(("before", "after", "once"))
"""Words whose opposites say the same of two things that are told the other way about."""
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


def quantifiers(case: Case) -> bool:
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


def comparatives(case: Case) -> bool:
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


def _relates_to_the_same(word: str, case: Case) -> bool:
    """Whether what a claim relates something to by a word is what the nearest sentence relates to by its opposite: "before the war", "after the war".

    Not "the lease ended before the sale" over "the sale came after the end of the lease".
    """
    said = next(content_stems(_part_after(place, case.said)) for place, token in enumerate(case.said) if token.folded == word)
    for place, token in enumerate(case.near):
        if token.folded in OPPOSITE[word]:
            behind, ahead = content_stems(_part_after(place, case.near)), content_stems(case.near[:place])
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


def _bounded_otherwise(case: Case) -> bool:
    """Whether a number is the least on one side and the most on the other, where nothing is denied or set apart: "within 3 km", "more than 3 km"."""
    if {token.folded for token in (*case.said, *case.near)} & (NEGATIONS | APART):
        return False
    for place, token in enumerate(case.said):
        there = [words_before(case.known, n) for n, other in enumerate(case.known) if token.value is not None and token.value == other.value]
        for one, other in ((AT_MOST, AT_LEAST), (AT_LEAST, AT_MOST)):
            if one.search(words_before(case.said, place)) and any(map(other.search, there)) and not any(map(one.search, there)):
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
