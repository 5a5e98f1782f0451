"""Where a sentence that was cited stands today: unchanged, moved, changed, or removed with its document. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from index.types import Document


class State(StrEnum):
    """What became of a cited sentence."""

    UNCHANGED = "unchanged"
    MOVED = "moved"
    CHANGED = "changed"
    REMOVED = "removed"


Find = Callable[[str, str], Document | None]
"""Today's document of an id, or else one under another name that was read from a file of this SHA-256; None where there is neither."""


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
    document = find(id, source_hash)
    if document is None:
        return Standing(State.REMOVED, None, start, end)
    if document.text[start:end] == quote:
        return Standing(State.UNCHANGED if document.id == id else State.MOVED, document, start, end)
    place = _nearest(document.text, quote, start) or _rewrapped(document.text, quote, start)
    if place is None:
        return Standing(State.CHANGED, document, min(start, len(document.text)), min(end, len(document.text)))
    return Standing(State.MOVED, document, *place)


def _nearest(text: str, quote: str, start: int) -> tuple[int, int] | None:
    before, after = text.rfind(quote, 0, start + len(quote)), text.find(quote, start)
    places = [place for place in (before, after) if place >= 0]
    nearest = min(places, key=lambda place: abs(place - start), default=None)
    return None if nearest is None else (nearest, nearest + len(quote))


def _rewrapped(text: str, quote: str, start: int) -> tuple[int, int] | None:
    """The same words with other white space between them."""
    bare = [(letter, offset) for offset, letter in enumerate(text) if not letter.isspace()]
    wanted = "".join(quote.split())
    said = "".join(letter for letter, _ in bare)
    if not wanted or wanted not in said:
        return None
    earlier = sum(offset < start for _, offset in bare)
    place, _ = _nearest(said, wanted, earlier) or (said.find(wanted), 0)
    return bare[place][1], bare[place + len(wanted) - 1][1] + 1
