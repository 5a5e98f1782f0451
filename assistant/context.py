"""What a sentence says in its place: its parties by the names that a claim gives them, a row of a table by its header, an item after the line that leads to it.

Only what reads evidence is given these words; a citation shows the sentence as it stands.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from assistant.terms import told
from index.load.grid import row_sentences
from index.types import Sentence

PRONOUN = "it|its|he|she|they|him|her|his|them|their|former|latter"
POINTS = re.compile(rf"\b(?:{PRONOUN}|the (?:second |other )?ones?)\b|^\W*(?:this|that|these|those|such|both)\b", re.IGNORECASE)
LEANS = re.compile(rf"\W*(?:[\w’'-]+ ){{0,2}}(?:{PRONOUN}|this|that|these|those)\b", re.IGNORECASE)
"""How a sentence begins that goes on about what was spoken of right before it: "It …", "Half of this …"."""
ITEM = re.compile(r"\s*(?:[-*+•‣◦–—]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s)")
RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
"""The line below the header of a table in Markdown."""
BEFORE = 300
"""Characters before a sentence that points back, in which what it means may stand."""
LED = 1_500
"""Characters before an item, in which the line may stand that leads to its list."""
TABLE = 6_000
"""Characters before a row, in which the header of its table may stand: a row further down is read as it is."""


def said(sentence: Sentence, claim: str) -> str:
    """What a sentence says, of parties as a claim calls them; a row of a table with the names of its columns."""
    return told(_row(sentence) or sentence.text, claim, sentence.document.text)


def read(sentences: Sequence[Sentence], claim: str) -> list[str]:
    """What sentences say one after another, the items of a list after the line that leads to it."""
    found: list[str] = []
    last = ""
    for sentence in sentences:
        lead, text = _lead(sentence), said(sentence, claim)
        found.append(f"{told(lead, claim, sentence.document.text)} {text}" if lead and lead != last else text)
        last = lead
    return found


def around(sentence: Sentence) -> str:
    """Where a sentence stands: the name of its document, and its heading."""
    document = sentence.document
    return f"{document.name}. {document.heading_text(sentence.start)}"


def preceding(sentence: Sentence) -> str:
    """What comes before a sentence in its paragraph."""
    before: str = sentence.document.text[max(0, sentence.start - BEFORE) : sentence.start].rpartition("\n\n")[2]
    return before.strip()


def before(sentence: Sentence, claim: str) -> str:
    """What comes before a sentence that points back ("it", "he", "the second one"); nothing before any other."""
    return told(preceding(sentence), claim, sentence.document.text) if POINTS.search(sentence.text) else ""


def adjoin(sentences: Sequence[Sentence]) -> bool:
    """Whether two sentences follow each other in one document, in whatever order they are given."""
    if len(sentences) != 2:
        return False
    one, other = sorted(sentences, key=lambda sentence: sentence.start)
    return one.document.id == other.document.id and not one.document.text[one.end : other.start].strip()


def joined(sentences: Sequence[Sentence], texts: Sequence[str]) -> list[str]:
    """What sentences say, in one where one goes on about what the one right before it speaks of."""
    found: list[str] = []
    for place, text in enumerate(texts):
        if LEANS.match(text) and adjoin(sentences[max(0, place - 1) : place + 1]):
            found[-1] = f"{found[-1]} {text}"
        else:
            found.append(text)
    return found


def _lead(sentence: Sentence) -> str:
    """The line above an item's list, if it ends in a colon; nothing but items stands between."""
    if not ITEM.match(sentence.text):
        return ""
    line = next((line for line in _lines_above(sentence, LED) if line.strip() and not ITEM.match(line)), "")
    return line.strip() if line.rstrip(" *_").endswith(":") else ""


def _row(sentence: Sentence) -> str:
    """A row of a table that is written with bars, as "column: cell; column: cell."; nothing for any other sentence, or the header."""
    if not sentence.text.startswith("|") or RULE.fullmatch(sentence.text):
        return ""
    above = list(takewhile(lambda line: line.lstrip().startswith("|"), _lines_above(sentence, TABLE)))
    if len(above) < 2 or not RULE.fullmatch(above[-2]):
        return ""
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in (above[-1], sentence.text)]
    return " ".join(row_sentences(cells, header=True))


def _lines_above(sentence: Sentence, characters: int) -> Iterator[str]:
    """The lines above a sentence, the nearest first, as far as so many characters reach."""
    return reversed(sentence.document.text[max(0, sentence.start - characters) : sentence.start].splitlines())
