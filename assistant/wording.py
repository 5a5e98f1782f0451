"""Says alike, in a claim and in its evidence, what is the same by rule: a model of words takes "two years" for something else than "24 months".

Only what reads them is given these words; nobody is shown them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.quantities import ALIKE, CARDINAL, CENT, FAMILY, MONEY, PERCENT, UP_TO, Token, close, spelt_out, tokens_of

NUMBER = rf"(?=[ {MONEY}]+(?:\d|(?:a|half|{'|'.join(CARDINAL)})\b))"
WORDINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\b(?:(?:no|not) more than|{UP_TO}|a maximum of){NUMBER}", re.IGNORECASE), "at most"),
    (re.compile(rf"\b(?:(?:no|not) (?:less|fewer) than|a minimum of){NUMBER}", re.IGNORECASE), "at least"),
    (re.compile(rf"\bbetween ([{MONEY}]?\d[\d.,:]*(?: (?!and\b)[^\W\d]+)?) and (?=[{MONEY}]?\d)", re.IGNORECASE), r"from \1 to "),
    (re.compile(rf"(?<=\d) ?[–-] ?(?=[{MONEY}]?\d)"), " to "),
    (re.compile(r"\b(?:a |one )?fortnight\b", re.IGNORECASE), "two weeks"),
)
"""What is said in many ways, and the one in which it is read."""
CLOCK = re.compile(r"\b(1[0-2]|0?[1-9])(?:[:.](\d\d))? ?([ap])(?:\.m\.|m\b)", re.IGNORECASE)


SOURCE = (
    r"(?:the|this|that|your|these|those) (?:[a-z]+ ){0,2}(?:agreement|article|book|clauses?|context|contract|document(?:s|ation)?|evidence|excerpts?|files?"
    r"|guide|handbook|information|instructions|lease|letter|manual|minutes|notes|pages?|paper|passages?|policy|records?|report|rules|sections?|sources?|study"
    r"|terms|text)"
)
BY = r"(?:according to|as (?:stated|noted|described|mentioned|specified|set out|explained) (?:in|by))"
FRAMES = (
    re.compile(
        r"^\W*(?:yes|no|not (?:always|entirely|necessarily|quite)|it depends|in (?:addition|conclusion|other words|short|summary)"
        r"|overall|additionally|also|finally|furthermore|however|moreover|that said)[,:;.]\s+(?:but\s+)?(?=\w)",
        re.IGNORECASE,
    ),
    re.compile(rf"^(?:{BY}|as per|under|in) {SOURCE}, ", re.IGNORECASE),
    re.compile(
        rf"^{SOURCE} (?:also )?(?:states?|says?|notes?|mentions?|specif(?:y|ies)|explains?|reports?|indicates?|shows?|found|makes? (?:it )?clear) that ",
        re.IGNORECASE,
    ),
    re.compile(r"^(?:please )?(?:note|it should be noted|one (?:finding|limitation|point|result) (?:is|was)) that ", re.IGNORECASE),
    re.compile(rf",? {BY} {SOURCE}(?=\W*$)", re.IGNORECASE),
)
"""How an answer speaks of its sources, or to the question, and not of the matter."""


def unframed(claim: str) -> str:
    """What a claim says of the matter: "the rent is 900 euros" of "Yes, according to the lease, the rent is 900 euros"."""
    for pattern in FRAMES:
        claim = pattern.sub("", claim)
    return claim


def alike(claim: str, evidence: Sequence[str]) -> tuple[str, list[str]]:
    """Both with bounds, ranges and hours in the same words, and the claim's quantities in those that the evidence has for them: "42 cents" for "€0.42"."""
    there = [_plain(spelt_out(text)) for text in evidence]
    known = [(quantity, text[quantity.start : quantity.end]) for text in there for quantity in _quantities(text)]
    said = _plain(spelt_out(claim))
    for quantity in reversed(_quantities(said)):
        words = [text for other, text in known if quantity.is_as(other)]
        if words and said[quantity.start : quantity.end] not in words:
            said = said[: quantity.start] + words[0] + said[quantity.end :]
    return said, there


def _plain(text: str) -> str:
    text = CLOCK.sub(lambda match: f"{int(match[1]) % 12 + 12 * (match[3] in 'pP')}:{match[2] or '00'}", text)
    for pattern, words in WORDINGS:
        text = pattern.sub(words, text)
    return text


@dataclass(frozen=True, slots=True)
class _Quantity:
    """A number with the sign of money before it and the unit after it, and where they stand; `unit` is the unit's stem, or nothing."""

    number: Token
    unit: str
    start: int
    end: int

    def is_as(self, other: "_Quantity") -> bool:
        """Whether both are the same: as much of one measure, or the same number of one unit, or a number and the share or the cents that it is."""
        one, two = self.number, other.number
        if one.measure or two.measure:
            return one.measures_as([two])
        if self.unit == other.unit:
            return one.value is not None and two.value is not None and close(one.value, two.value, 1e-9)
        units = {self.unit, other.unit}
        return (units <= {"", PERCENT} or CENT in units) and one.is_in([two])


def _quantities(text: str) -> list[_Quantity]:
    """The numbers of a text that is spelt out; but for "one" and "a", which seldom count, where they stand before no measure.

    Of a range both ends have the unit: "3 to 4 euros".
    """
    tokens = tokens_of(text)
    found: list[_Quantity] = []
    for before, number, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if not number.measure and ((number.value is None and not number.is_share()) or number.folded == "one"):
            continue
        unit, start, end = "", number.start, number.end
        if before and before.text in MONEY:
            unit, start = ALIKE[before.text], before.start
        if after and after.stem in FAMILY:
            unit, end = unit or after.stem, after.end
        found.append(_Quantity(number, unit, start, end))
    ranged = [replace(one, unit=other.unit) if not one.unit and text[one.end : other.start] == " to " else one for one, other in pairwise(found)]
    return ranged + found[-1:]
