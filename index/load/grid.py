"""Tables into sentences, a row each, read with the header: "Name: Anna; Age: 30." A citation of one then says what it means."""

import re
from collections.abc import Sequence

Row = Sequence[str]

NUMBER = re.compile(r"[-+(]?[\d.,:/%€$£\s-]+\)?")
LONGEST_NAME = 60
SEARCHED = 10  # Rows at the top, in which a header is looked for: titles and notes stand above it.
FILLED = 0.6  # Of the columns: a header names at least so many.


def row_sentences(rows: Sequence[Row], header: bool | None = None) -> list[str]:
    """A sentence for each row of a table of cells. `header` says whether the first row names the columns; None: look.

    Rows of two cells without a header read as "name: value"; other rows without one keep their cells apart by bars.
    """
    filled = _trimmed([cleaned for row in rows if any(cleaned := [" ".join(cell.split()) for cell in row])])
    if not filled:
        return []
    place = 0 if header else (_header_row(filled) if header is None else None)
    if place is None or place + 1 >= len(filled):
        return [_plain(row) for row in filled]
    names = filled[place]
    return [*(_plain(row) for row in filled[:place]), *(_named(names, row) for row in filled[place + 1 :])]


def _trimmed(rows: list[list[str]]) -> list[list[str]]:
    """The rows without the columns that are empty in all of them."""
    used = [place for place in range(max(map(len, rows), default=0)) if any(place < len(row) and row[place] for row in rows)]
    return [[row[place] if place < len(row) else "" for place in used] for row in rows]


def _header_row(rows: Sequence[Row]) -> int | None:
    """Where the names of the columns stand; None where no row looks like it."""
    width = max(map(len, rows))
    if width < 3:
        return None
    for place, row in enumerate(rows[:SEARCHED]):
        names = [cell for cell in row if cell]
        if len(names) >= max(2, FILLED * width):
            return place if len(set(names)) == len(names) and not any(NUMBER.fullmatch(name) or len(name) > LONGEST_NAME for name in names) else None
    return None


def _named(names: Row, row: Row) -> str:
    cells = [(names[place] if place < len(names) else "", cell) for place, cell in enumerate(row) if cell]
    return _ended("; ".join(f"{name.rstrip(':')}: {cell}" if name else cell for name, cell in cells))


def _plain(row: Row) -> str:
    cells = [cell for cell in row if cell]
    if len(cells) == 2 and len(row) == 2:
        return _ended(f"{cells[0].rstrip(':')}: {cells[1]}")
    return " | ".join(cells)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…", "。")) else sentence + "."
