"""Spreadsheets and tables of values, a sentence a row. The door to python-calamine."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from index.errors import LoadError
from index.load.archive import check_archive
from index.load.reading import Reading, Writer
from index.load.text import decode

SEPARATOR = re.compile(r""""?sep=([^\w\s"]|\t)"?\r?\n""", re.I)  # Excel's own first line.
SAMPLED = 20_000  # Characters that the delimiter is told from.
LARGEST = 1e21  # Numbers up to it are written with all of their digits.
Value = int | float | str | bool | date | datetime | time | timedelta


def read_workbook(path: Path) -> Reading:
    """The sheets of an Excel or OpenDocument workbook, each under its name; hidden ones are left out and told of."""
    import python_calamine as calamine

    if path.suffix.lower() != ".xls":
        check_archive(path)
    try:
        workbook = calamine.CalamineWorkbook.from_path(str(path))
        sheets = [(sheet.name, sheet.visible, sheet.typ) for sheet in workbook.sheets_metadata]
        writer = Writer()
        hidden = []
        for name, visible, kind in sheets:
            if visible != calamine.SheetVisibleEnum.Visible:
                hidden.append(name)
            elif kind == calamine.SheetTypeEnum.WorkSheet:
                _put_sheet(writer, name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=True), alone=len(sheets) == 1)
    except calamine.PasswordError as error:
        raise LoadError("is encrypted: save a copy without its password") from error
    except (calamine.CalamineError, OSError) as error:
        raise LoadError(f"is not a spreadsheet that can be read ({error})") from error
    if hidden:
        writer.notes.append(f"hidden sheets were left out: {', '.join(hidden)}")
    return writer.reading()


def _put_sheet(writer: Writer, name: str, rows: Sequence[Sequence[Value]], alone: bool) -> None:
    used = sorted({column for row in rows for column, value in enumerate(row) if value != ""})
    kept = [column for column in used for column in ((column - 1, column) if column and column - 1 not in used else (column,))]
    shown = [["" if row[column] == "" else _shown(row[column]) for column in kept] for row in rows]
    if any(any(row) for row in shown):
        if not (alone and name.lower() in ("sheet1", "sheet")):
            writer.heading(name, 1)
        for block in _blocks(shown):
            writer.table(block)


def _blocks(rows: list[list[str]]) -> list[list[list[str]]]:
    """Tables that stand side by side, an empty column apart: each has two columns and two rows at least."""
    width = max(map(len, rows))
    full = [row + [""] * (width - len(row)) for row in rows]
    for column in range(2, width - 2):
        if not any(row[column] for row in full):
            sides = [row[:column] for row in full], [row[column + 1 :] for row in full]
            if all(_is_table(side) for side in sides):
                return [block for side in sides for block in _blocks(side)]
    return [full]


def _is_table(rows: list[list[str]]) -> bool:
    return sum(sum(map(bool, row)) > 1 for row in rows) > 1


def _shown(value: Value) -> str:
    """A value as a person reads it: whole numbers without a point, dates in the order of ISO 8601."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < LARGEST else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(value, timedelta):
        return str(value)
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def read_delimited(path: Path) -> Reading:
    """Comma- or tab-separated values, or what else stands between them."""
    text, warning = decode(path.read_bytes())
    csv.field_size_limit(len(text) + 1)
    text = text.replace("\0", "\ufffd")
    told = SEPARATOR.match(text)
    delimiter = told[1] if told else _delimiter(text, path.suffix.lower())
    rows = list(csv.reader(io.StringIO(text[told.end() if told else 0 :], newline=""), delimiter=delimiter))
    writer = Writer(notes=[warning] if warning else [])
    writer.table(rows, header=_names_columns(rows) or None)
    return writer.reading()


def _delimiter(text: str, suffix: str) -> str:
    """What stands between values. The rest of what Python's sniffer guesses, as how quotes are written, it guesses wrong."""
    if suffix in (".tsv", ".tab"):
        return "\t"
    try:
        return csv.Sniffer().sniff(text[:SAMPLED], ",;\t|").delimiter
    except csv.Error:
        return ","


def _names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns: it is full, says nothing twice, and holds no number."""
    first = [cell.strip() for cell in rows[0]] if rows else []
    return len(first) > 1 and len(rows) > 1 and all(first) and len(set(first)) == len(first) and not any(cell[0].isdigit() or cell[0] == "-" for cell in first)
