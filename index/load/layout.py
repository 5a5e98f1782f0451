"""Where the text of a page stands on it: spans of the text that was read into rectangles. Pure.

The text of a page is made of its lines, some of them moved (see `index.load.pdf`). So each line is looked for where the
one before it ended, and the letters between two offsets are known by their place, not by their looks: a sentence that
stands on a page twice is marked where it is cited.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the page's width and height, from its upper left corner."""

APART, LEVEL = 0.3, 0.8
"""Of two letters of a line, the share of the lower one's height that they must have in common to be marked as one: next to each other, and far apart."""
FAR = 0.02
"""Of the page's width: no space between words is as wide, and the cells of a row of a table, which may stand half a line higher, are farther apart."""

REACH, MOST_REACH = 1.0, 0.6
"""How much of what the font's letters reach beyond the ink of a line is marked, and how much at most, as a share of that ink's height: some fonts tell
nonsense. So measured, marks agree best with both the ink and the line boxes that other readers of PDF tell."""
MOST_LOST = 2_000
"""Letters of a page that no line says, after which the rest is not looked for: the text is of another page."""
TELLING = 4
"""Letters of a line that is told by what it says; a shorter one may be the beginning of any."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A letter that is printed, and the box of its ink. `reach` is the top and bottom of its font's letters."""

    letter: str
    box: Box
    reach: tuple[float, float]


Line = Sequence[Glyph]


def rectangles(text: str, spans: Sequence[tuple[int, int]], lines: Sequence[Line]) -> list[list[Box]]:
    """For each span of a page's text the rectangles that cover it, one for each line, in the order of the text."""
    places = _places(text, lines)
    runs = [_runs(line) for line in lines]
    found = []
    for start, end in spans:
        wanted: dict[int, set[int]] = {}
        for line, letter in filter(None, places[start:end]):
            wanted.setdefault(line, set()).add(letter)
        found.append([_around(lines[line], run, letters) for line, letters in wanted.items() for run in runs[line] if not letters.isdisjoint(run)])
    return found


def _places(text: str, lines: Sequence[Line]) -> list[tuple[int, int] | None]:
    """The line and the letter in it of each character of a text; None for white space, and for what no line says."""
    offsets = [offset for offset, letter in enumerate(text) if not letter.isspace()]
    said = "".join(text[offset] for offset in offsets)
    words = ["".join(glyph.letter for glyph in line) for line in lines]
    unused = [number for number, word in enumerate(words) if word]
    places: list[tuple[int, int] | None] = [None] * len(text)
    at, last, lost = 0, -1, 0
    while at < len(said) and unused:
        line = _next(said, at, words, unused, last)
        if line is None:
            at, lost = at + 1, lost + 1
            if lost > MOST_LOST:
                break
            continue
        for letter in range(len(words[line])):
            places[offsets[at + letter]] = line, letter
        at, last = at + len(words[line]), line
        unused.remove(line)
    return places


def _next(said: str, at: int, words: Sequence[str], unused: Sequence[int], last: int) -> int | None:
    """The line that a text goes on with: the nearest after the last that fits, or the first; of the short ones only the very next may."""
    after = next((line for line in unused if line > last), None)
    fitting = [line for line in unused if said.startswith(words[line], at) and (line == after or len(words[line]) >= TELLING)]
    if fitting:
        return min(fitting, key=lambda line: (line <= last, line))
    return max((line for line in unused if said.startswith(words[line], at)), key=lambda line: len(words[line]), default=None)


def _runs(line: Line) -> list[list[int]]:
    """The letters of a line that stand side by side, by place. A word that is broken at the end of a printed line makes one line of two."""
    runs: list[list[int]] = []
    for place, glyph in enumerate(line):
        if runs and _in_line(line[runs[-1][-1]], glyph):
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _in_line(one: Glyph, other: Glyph) -> bool:
    """Whether two letters stand side by side."""
    high, low = max(one.reach[0], other.reach[0]), min(one.reach[1], other.reach[1])
    least = LEVEL if other.box[0] - one.box[2] > FAR else APART
    lower = min(one.reach[1] - one.reach[0], other.reach[1] - other.reach[0])
    return low - high >= least * lower and other.box[0] >= one.box[0] - 2 * (one.box[2] - one.box[0] + 0.01)


def _around(line: Line, run: Sequence[int], letters: Collection[int]) -> Box:
    """One box around some letters of a run: as wide as their ink, and nearly as high as the letters of their font reach, from the ink of the run on."""
    group, beside = [line[place] for place in run if place in letters], [line[place].box for place in run]
    left, right = min(glyph.box[0] for glyph in group), max(glyph.box[2] for glyph in group)
    high, low = min(glyph.reach[0] for glyph in group), max(glyph.reach[1] for glyph in group)
    top, bottom = min(box[1] for box in beside), max(box[3] for box in beside)
    most = MOST_REACH * (bottom - top)
    return left, top - min(REACH * max(top - high, 0.0), most), right, bottom + min(REACH * max(low - bottom, 0.0), most)
