"""JSON, JSON lines and notebooks: records become sentences, each value under the names that lead to it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from index.errors import LoadError
from index.load.plain import markdown_headings
from index.load.reading import Reading, Writer
from index.load.text import decode

Value = None | bool | int | float | str | Sequence[Any] | Mapping[str, Any]


def read_json(path: Path) -> Reading:
    """JSON: an object of plain values is a sentence, "name: value; name: value."; what it holds follows under its name."""
    text, warning = decode(path.read_bytes())
    writer = Writer(notes=[warning] if warning else [])
    try:
        _put(json.loads(text, object_pairs_hook=_object), (), writer)
    except ValueError as error:
        raise LoadError(f"is not JSON: {error}") from error
    except RecursionError as error:
        raise LoadError("is nested too deep to be read") from error
    return writer.reading()


def read_json_lines(path: Path) -> Reading:
    """JSON lines: a record a line. Lines that are none are told of and left out."""
    text, warning = decode(path.read_bytes())
    writer = Writer(notes=[warning] if warning else [])
    wrong = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            if line.strip():
                _put(json.loads(line, object_pairs_hook=_object), (), writer)
        except (ValueError, RecursionError):
            wrong.append(str(number))
    if wrong:
        writer.notes.append(f"lines that are no JSON were left out: {', '.join(wrong[:20])}{' …' if len(wrong) > 20 else ''}")
    return writer.reading()


def _object(pairs: Sequence[tuple[str, Value]]) -> Mapping[str, Value]:
    """An object; what stands under one name twice is a list."""
    found: dict[str, list[Value]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _put(value: Value, names: tuple[str, ...], writer: Writer) -> None:
    over = " › ".join(names)
    if isinstance(value, Mapping):
        plain = {name: said for name, inner in value.items() if (said := _said(inner))}
        if plain:
            sentence = "; ".join(f"{name}: {said}" for name, said in plain.items())
            writer.put(f"{over} › {sentence}." if over else f"{sentence}.")
        for name, inner in value.items():
            if name not in plain:
                _put(inner, (*names, name), writer)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            _put(inner, names, writer)
    elif said := _said(value):
        writer.put(f"{over}: {said}." if over else said)


def _said(value: Value) -> str:
    """A plain value, or a list of them, in words; empty for what holds more."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Sequence) and value and all(isinstance(inner, (str, bool, int, float)) for inner in value):
        return ", ".join(map(_said, value))
    return ""


def read_notebook(path: Path) -> Reading:
    """A Jupyter notebook: its Markdown, its code, and the text that the code printed."""
    text, _ = decode(path.read_bytes())
    try:
        notebook = json.loads(text)
        cells = notebook["cells"] if "cells" in notebook else [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
        writer = Writer()
        for cell in cells:
            source = _joined(cell.get("source", cell.get("input", "")))
            headings = markdown_headings(source) if cell["cell_type"] == "markdown" else ()
            writer.take(Reading(source, headings=headings))
            for output in _outputs(cell):
                writer.put(output)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LoadError(f"is not a Jupyter notebook ({error})") from error
    first = writer.headings[0] if writer.headings else None
    reading = writer.reading()
    return Reading(reading.text, reading.text[first.start : first.end].strip("# \n") if first else "", headings=reading.headings)


def _outputs(cell: Mapping[str, Any]) -> Iterator[str]:
    for output in cell.get("outputs", ()):
        yield _joined(output.get("text") or output.get("data", {}).get("text/plain", ""))


def _joined(lines: str | Sequence[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)
