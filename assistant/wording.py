"""Says alike, in a claim and in its evidence, what is the same by rule: a model of words takes "two years" for something else than "24 months".

Only what reads them is given these words; nobody is shown them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.quantities import ALIKE, CARDINAL, CENT, FAMILY, MONEY, PERCENT, Token, close, spelt_out, tokens_of

NUMBER = rf"(?=[ {MONEY}]+(?:\d|(?:a|half|{'|'.join(CARDINAL)})\b))"
BOUNDS = {
    "at most": re.compile(rf"\b(?:(?:no|not) more than|up to|a maximum of){NUMBER}", re.IGNORECASE),
    "at least": re.compile(rf"\b(?:(?:no|not) (?:less|fewer) than|a minimum of){NUMBER}", re.IGNORECASE),
}


def alike(claim: str, evidence: Sequence[str]) -> tuple[str, list[str]]:
    """Both with their bounds in the same words, and the claim's numbers and measures in those that the evidence has for them: "42 cents" for "€0.42"."""
    there = [_bounded(spelt_out(text)) for text in evidence]
    known = [(quantity, text[quantity.start : quantity.end]) for text in there for quantity in _quantities(text)]
    said = _bounded(spelt_out(claim))
    for quantity in reversed(list(_quantities(said))):
        words = [text for other, text in known if quantity.is_as(other)]
        if words and said[quantity.start : quantity.end] not in words:
            said = said[: quantity.start] + words[0] + said[quantity.end :]
    return said, there


def _bounded(text: str) -> str:
    for words, pattern in BOUNDS.items():
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


def _quantities(text: str) -> Iterator[_Quantity]:
    """The numbers of a text that is spelt out; but for "one" and "a", which seldom count, where they stand before no measure."""
    tokens = tokens_of(text)
    for before, number, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        if not number.measure and ((number.value is None and not number.is_share()) or number.folded == "one"):
            continue
        unit, start, end = "", number.start, number.end
        if before and before.text in MONEY:
            unit, start = ALIKE[before.text], before.start
        if after and after.stem in FAMILY:
            unit, end = unit or after.stem, after.end
        yield _Quantity(number, unit, start, end)
