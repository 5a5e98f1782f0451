"""Numbers as English texts write them: in figures and words, with scales and units, as shares, ordinals, decades, dates and hours.

A token is a word, or a number with all that it may mean beside its own value: "25%" a quarter, "3 pm" fifteen hours, "the 1990s" any year of ten.
Currencies are not converted, nor pounds and pints, of which there are several.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from index.words import fold, stem

TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?:(?:st|nd|rd|th|['’]?s)\b)?|[^\W\d_]+(?:['’-][^\W\d_]+)*|[%€$£¥°]")
SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
CARDINAL = {word: float(n) for n, word in enumerate(SMALL)} | {word: 10.0 * n for n, word in enumerate(TENS, 2)} | {"dozen": 12.0}
ORDINAL = {
    word: float(n)
    for n, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth"
        " eighteenth nineteenth twentieth".split(),
        1,
    )
}
PARTS = {"half": 2.0, "halves": 2.0, "quarter": 4.0} | {word: n for word, n in ORDINAL.items() if 3 <= n <= 10}
"""What a whole is divided into by a word: a third of it, two quarters."""
LENT = {"both": 2.0, "pair": 2.0, "couple": 2.0, "twice": 2.0, "double": 2.0, "twin": 2.0, "trio": 3.0, "triple": 3.0, "thrice": 3.0, "once": 1.0}
"""Words that say a number without being one: who reads them may count, who writes them has not counted."""
SCALE = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "bn": 1e9, "mn": 1e6, "mln": 1e6, "k": 1e3}
OF_MONEY = {"m": 1e6, "b": 1e9, "tn": 1e12}
"""Scales only after a sign of money: "$3m"."""

UNITS: tuple[dict[str, float], ...] = (
    {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "fortnight": 1_209_600, "month": 2_629_800, "quarter": 7_889_400,
     "year": 31_557_600, "decade": 315_576_000, "century": 3_155_760_000},
    {"millimetre": 1e-3, "centimetre": 1e-2, "metre": 1, "kilometre": 1e3, "mile": 1609.344, "inch": 0.0254, "foot": 0.3048, "yard": 0.9144,
     "millimeter": 1e-3, "centimeter": 1e-2, "meter": 1, "kilometer": 1e3, "mm": 1e-3, "cm": 1e-2, "m": 1, "km": 1e3, "mi": 1609.344, "ft": 0.3048},
    {"milligram": 1e-3, "gram": 1, "kilogram": 1e3, "tonne": 1e6, "ton": 1e6, "pound": 0, "ounce": 0, "mg": 1e-3, "g": 1, "kg": 1e3, "lb": 0, "oz": 0},
    {"litre": 1, "liter": 1, "millilitre": 1e-3, "milliliter": 1e-3, "gallon": 0, "pint": 0, "ml": 1e-3, "l": 1},
    dict.fromkeys(("dollar", "euro", "pound", "yen", "franc", "cent", "€", "$", "£", "¥", "usd", "eur", "gbp"), 0),
    {"byte": 1, "kilobyte": 1e3, "megabyte": 1e6, "gigabyte": 1e9, "terabyte": 1e12, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12},
    {"volt": 0, "watt": 1, "kilowatt": 1e3, "megawatt": 1e6, "ampere": 0, "w": 1, "kw": 1e3, "mw": 1e6, "v": 0},
    {"percent": 0, "point": 0, "%": 0},
)  # fmt: skip
"""Units that are of one kind, each with how much it is of another of its kind; 0 where it is not turned into another."""
FAMILY = {stem(unit): number for number, units in enumerate(UNITS) for unit in units}
AMOUNT = {stem(unit): float(amount) for units in UNITS for unit, amount in units.items() if amount}
ALIKE = {
    "%": "percent", "$": "dollar", "€": "euro", "£": "pound", "¥": "yen", "usd": "dollar", "eur": "euro", "gbp": "pound",
    "km": "kilometr", "kilomet": "kilometr", "m": "metr", "meter": "metr", "cm": "centimetr", "centimet": "centimetr", "mm": "millimetr",
    "millimet": "millimetr", "kg": "kilogram", "g": "gram", "lb": "pound", "ft": "foot", "feet": "foot", "liter": "litr", "l": "litr", "mi": "mile",
    "w": "watt", "kw": "kilowatt", "mw": "megawatt", "v": "volt", "kb": "kilobyt", "mb": "megabyt", "gb": "gigabyt", "tb": "terabyt", "ml": "millilitr",
    "mg": "milligram", "hr": "hour", "min": "minut", "sec": "second", "yr": "year",
}  # fmt: skip
"""The stems of units that are written in several ways."""
SAME = 0.02
"""How far, as a share, two measures of one length of time may differ: a month has 28 to 31 days."""
SHARE = 0.015
"""The same of shares: two thirds are 66 or 67 percent."""
MOST_PARTS = 100
"""In how many one, or several, may be counted where that is a share: "one in six", not "20 in 1990"."""
MONTHS = "january february march april may june july august september october november december".split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b|\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
HOUR = re.compile(r"(?::\d\d)?\s?([ap])\.?m\b", re.IGNORECASE)
MONEY = "€$£¥"
ARTICLES = ("a", "an")
"""They say one of a unit in the evidence; in a claim they may be a rate, "twice a week"."""
PERCENT, CENT, CENTURY = stem("percent"), stem("cent"), stem("century")
UP_TO = "".join(rf"(?<!\b{verb} )" for verb in "go goes went gone going rose risen grew grown climbed moved".split()) + "up to"
"""A bound, as part of a pattern: of debt that "went up to" a sum it is none."""
NO_UNIT = "|".join((*CARDINAL, *ORDINAL, *SCALE, *PARTS, *(f"{part}s" for part in PARTS)))
COMPOUND = re.compile(rf"\b({'|'.join(CARDINAL)})-(?=[a-z])(?!(?:{NO_UNIT})\b)", re.IGNORECASE)
"""A number that is written together with what it counts: "a three-day course"."""
PART_OF = {"½": ".5", "¼": ".25", "¾": ".75"}
FRACTION = re.compile(r"(?<![\d.,])(\d+)? ?([½¼¾])")
HALF = re.compile(rf"\b({'|'.join(SMALL)}) and a half\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A word or number of a text: as written, folded, and its stem.

    `value` is that of a number; `also` are values that it may have as well, or that a word lends; `years` a span of them, first and last;
    `measure` the family of its unit and how much it is, in the family's own measure. It stands from `start` to `end` of what `spelt_out` makes of the text.
    """

    text: str
    folded: str
    stem: str
    value: float | None = None
    also: tuple[float, ...] = ()
    years: tuple[float, float] | None = None
    measure: tuple[int, float] | None = None
    start: int = 0
    end: int = 0

    def is_in(self, others: Sequence["Token"]) -> bool:
        """Whether others say the same number, in whatever way."""
        return any(self._is(other) for other in others)

    def _is(self, other: "Token") -> bool:
        if any(close(one, two, SHARE if one < 1 else 1e-9) for one in self.values for two in other.values):
            return True
        return self._as_much(other) or self._spans(other)

    def measures_as(self, others: Sequence["Token"]) -> bool:
        """Whether others measure the same, in whatever unit."""
        return any(self._as_much(other) for other in others)

    def _as_much(self, other: "Token") -> bool:
        if self.measure is None or other.measure is None:
            return False
        return self.measure[0] == other.measure[0] and close(self.measure[1], other.measure[1], SAME)

    def _spans(self, other: "Token") -> bool:
        return self.years is not None and other.value is not None and self.years[0] <= other.value <= self.years[1]

    def is_share(self) -> bool:
        """Whether it is less than a whole: "three quarters", "60 percent"."""
        return any(0 < value < 1 for value in self.also)

    @property
    def values(self) -> tuple[float, ...]:
        """All that it may mean as a number; none of a word that is none."""
        return self.also if self.value is None else (self.value, *self.also)


def close(one: float, other: float, within: float) -> bool:
    """Whether two numbers differ by no more than a share of the greater."""
    return abs(one - other) <= within * max(abs(one), abs(other), 1e-9)


def apart(before: Token, after: Token) -> bool:
    """Whether more than a space, or a hyphen, stands between two tokens that follow each other."""
    return after.start - before.end > 1


def tokens_of(text: str) -> list[Token]:
    """The words and numbers of a text, in order; what makes up one number is one token."""
    return list(_tokens_of(text))


@lru_cache(maxsize=1024)
def _tokens_of(text: str) -> tuple[Token, ...]:
    plain = spelt_out(text)
    found: list[Token] = []
    for match in TOKEN.finditer(plain):
        token = replace(_token(match[0]), start=match.start(), end=match.end())
        if token.value is not None and plain[match.start() - 1 : match.start()] != ":" and (half := HOUR.match(plain, match.end())):
            token = replace(token, also=(token.value % 12 + 12 * (half[1] in "pP"),))
        before = found[-1] if found else None
        money = len(found) > 1 and found[-2].text in MONEY
        if before and (joined := _joined(before, token, money)):
            found[-1] = replace(joined, start=before.start, end=token.end)
        else:
            found.append(token)
    found = [_counting(token, found[place + 1 : place + 2]) for place, token in enumerate(found)]
    return tuple(_with_shares(found))


def _with_shares(found: Sequence[Token]) -> list[Token]:
    """The tokens with "one in six", and "nine out of ten", as one, that is a share; not "one in six weeks"."""
    kept: list[Token] = []
    place = 0
    while place < len(found):
        between = [token.folded for token in found[place + 1 : place + 3]]
        last = place + (2 if between[:1] == ["in"] else 3 if between == ["out", "of"] else len(found))
        if last < len(found) and _are_a_share(found[place], found[last]):
            one, whole = found[place], found[last]
            text = " ".join(token.text for token in found[place : last + 1])
            kept.append(Token(text, one.folded, one.stem, None, ((one.value or 0.0) / (whole.value or 1.0),), start=one.start, end=whole.end))
            place = last
        else:
            kept.append(found[place])
        place += 1
    return kept


def _are_a_share(one: Token, whole: Token) -> bool:
    """Whether so many of a whole that is divided into so many are a share; few are counted so, and measures are not."""
    if one.value is None or whole.value is None or one.measure or whole.measure:
        return False
    return one.value in range(1, 10) and one.value < whole.value <= MOST_PARTS and whole.value.is_integer()


def spelt_out(text: str) -> str:
    """The text as its tokens are told: dates in figures written out, "one and a half" and "1½" in figures, "three-day" in two words, "n't" as "not", "per cent"
    in one."""
    halves = HALF.sub(lambda match: f"{CARDINAL[match[1].lower()] + 0.5:g}", dates_spelt(text))
    return (
        COMPOUND.sub(r"\1 ", FRACTION.sub(lambda match: f"{match[1] or 0}{PART_OF[match[2]]}", halves))
        .replace("n’t", " not")
        .replace("n't", " not")
        .replace("cannot", "can not")
        .replace("per cent", "percent")
    )


def dates_spelt(text: str) -> str:
    """The text with its dates in figures written out, "2024-03-12" and "12.3.2024" as "12 March 2024"; not "3/12/2024", of which nobody knows the month."""
    return DAY.sub(_spelt, text)


def _spelt(match: re.Match[str]) -> str:
    year, month, day = match.groups()[:3] if match[1] else match.groups()[:2:-1]
    return f"{int(day)} {MONTHS[int(month) - 1].title()} {year}" if 1 <= int(month) <= 12 else match[0]


def _token(word: str) -> Token:
    folded = fold(word)
    root = ALIKE.get(stem(word), stem(word))
    if word[0].isdecimal():
        return _figures(word, folded, root)
    if "-" in word and (several := _hyphened(folded)):
        return Token(word, folded, root, *several)
    lent = [table[folded] for table in (LENT, ORDINAL) if folded in table] + ([1 / PARTS[folded]] if folded in PARTS else [])
    return Token(word, folded, root, CARDINAL.get(folded), tuple(lent))


def _hyphened(folded: str) -> tuple[float | None, tuple[float, ...]] | None:
    """The value of a number of two words, "twenty-five"; or what it lends, as "twenty-fifth" and "two-thirds" do; None if it is none."""
    first, _, last = folded.partition("-")
    part = PARTS.get(last.removesuffix("s"))
    if first not in CARDINAL or not (part or last in CARDINAL or last in ORDINAL):
        return None
    if part and CARDINAL[first] < part:
        return None, (CARDINAL[first] / part,)
    return (CARDINAL[first] + CARDINAL[last], ()) if last in CARDINAL else (None, (CARDINAL[first] + ORDINAL.get(last, 0.0),))


def _figures(word: str, folded: str, root: str) -> Token:
    """A number in figures; "1990s" is a span of years."""
    value = _number(word.rstrip("sthndr'’"))
    if not word.endswith(("0s", "0's", "0’s")):
        return Token(word, folded, root, value)
    first = 1900 + value if value < 100 else value
    return Token(word, folded, root, value, years=(first, first + (99 if first % 100 == 0 else 9)))


def _number(text: str) -> float:
    """A number, its commas taken for thousands; of "3,5" a fraction."""
    whole = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text)
    plain = text.replace(",", "") if whole else text.replace(",", ".")
    head, _, rest = plain.partition(".")
    return float(f"{head}.{rest.replace('.', '')}" if rest else head)


def _joined(before: Token, token: Token, money: bool) -> Token | None:
    """A number with the word after it, where both are one: "3 million", "twenty five", "two thirds"; None where they are not."""
    if before.value is None:
        return None
    if token.folded in SCALE or (money and token.folded in OF_MONEY):
        return Token(f"{before.text} {token.text}", before.folded, before.stem, before.value * (SCALE | OF_MONEY)[token.folded])
    if before.folded in TENS and token.folded in CARDINAL and 0 < CARDINAL[token.folded] < 10:
        return Token(f"{before.text}-{token.text}", before.folded, before.stem, before.value + CARDINAL[token.folded])
    part = PARTS.get(token.folded.removesuffix("s"))
    if part and before.folded in CARDINAL and before.value < part and (before.value == 1 or token.folded.endswith("s")):
        return Token(f"{before.text} {token.text}", token.folded, token.stem, None, (before.value / part,))
    return None


def _counting(token: Token, after: Sequence[Token]) -> Token:
    """A number with what the word after it makes of it: a share of a whole, a measure, the years of a century."""
    value = token.value if token.value is not None else 1.0 if token.folded in ARTICLES else None
    thing = after[0].stem if after else ""
    if thing == CENTURY and (token.text[0].isdecimal() or token.also) and not token.text.isdecimal():
        number = token.also[0] if token.value is None else token.value
        return replace(token, years=(100 * (number - 1), 100 * number))
    if value is None or not thing:
        return token
    if thing in (PERCENT, CENT) and token.value is not None:
        return replace(token, also=(*token.also, value / 100))
    return replace(token, measure=(FAMILY[thing], value * AMOUNT[thing])) if thing in AMOUNT else token
