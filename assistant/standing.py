"""Where a sentence that was cited stands today: unchanged, moved, changed, or removed with its document. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from index.types import Document


class State(StrEnum):
    """What became of a cited sentence."""

    UNCHANGED = "unchanged"
    MOVED = "moved"
    CHANGED = "changed"
    REMOVED = "removed"


Find = Callable[[str, str], Iterable[Document]]
"""Today's document of an id, and then what was read from a file of this SHA-256 under another name, as far as there is either."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, the document as it is today (None: removed), and where in it the sentence stands, or stood."""

    state: State
    document: Document | None
    start: int
    end: int

    @property
    def holds(self) -> bool:
        """Whether the document still says the sentence."""
        return self.state in (State.UNCHANGED, State.MOVED)


def standing(quote: str, id: str, source_hash: str, start: int, find: Find) -> Standing:
    """What became of `quote`, cited from `start` of document `id`, which was read from a file of this SHA-256.

    Of several places that say it now the nearest counts; where lines were broken anew, the same words in other lines are the same sentence.
    """
    end = start + len(quote)
    documents = list(find(id, source_hash))
    for document in documents:
        if document.text[start:end] == quote:
            return Standing(State.UNCHANGED if document.id == id else State.MOVED, document, start, end)
        if place := _nearest(document.text, quote, start) or _rewrapped(document.text, quote):
            return Standing(State.MOVED, document, *place)
    if not documents or documents[0].id != id:
        return Standing(State.REMOVED, None, start, end)
    length = len(documents[0].text)
    return Standing(State.CHANGED, documents[0], min(start, length), min(end, length))


def _nearest(text: str, quote: str, start: int) -> tuple[int, int] | None:
    before, after = text.rfind(quote, 0, start + len(quote)), text.find(quote, start)
    places = [place for place in (before, after) if place >= 0]
    nearest = min(places, key=lambda place: abs(place - start), default=None)
    return None if nearest is None else (nearest, nearest + len(quote))


def _rewrapped(text: str, quote: str) -> tuple[int, int] | None:
    """The same words with other white space between them, the first time that they are said."""
    words = quote.split()
    found = re.search(r"\s+".join(map(re.escape, words)), text) if words and words[0] in text else None
    return found.span() if found else None
