"""Rich text (RTF) and LaTeX into plain text. The door to striprtf and pylatexenc."""

import re
from pathlib import Path
from typing import Any

from index.errors import LoadError
from index.load.reading import Reading, Writer
from index.load.text import decode

LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}
MARKED = re.compile("\x02(\\d)([^\x03]*)\x03")
"""A heading, as it is marked on its way through the converter: no text of a file holds these characters."""
TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}")
COMMENT = re.compile(r"(?<!\\)%[^\n]*\n?[ \t]*")


def read_rtf(path: Path) -> Reading:
    """Rich text: seven-bit by its own rule, with the rest escaped; what is not is taken as Windows-1252."""
    data = path.read_bytes()
    if not data.lstrip().startswith(b"{\\rtf"):
        raise LoadError("is not rich text: it does not begin with {\\rtf")
    return Reading(rtf_text(data.decode("cp1252", "replace")))


def rtf_text(source: str) -> str:
    """The text of RTF. Raises LoadError where it is damaged."""
    from striprtf.striprtf import rtf_to_text

    try:
        return str(rtf_to_text(source, errors="replace")).strip()
    except (UnicodeError, ValueError, IndexError, KeyError, TypeError, LookupError) as error:
        raise LoadError(f"is damaged: {error}") from error


def read_latex(path: Path) -> Reading:
    """LaTeX: the document without its preamble, formulas as they are written, sections as headings."""
    from pylatexenc.latexwalker import LatexWalkerError

    source, warning = decode(path.read_bytes())
    source = COMMENT.sub("", source.replace("\r\n", "\n"))
    begin = re.search(r"\\begin\s*\{document\}", source)
    title = TITLE.search(source)
    body = source[begin.end() if begin else 0 :].split("\\end{document}")[0]
    converter = _converter()
    try:
        text = converter.latex_to_text(body)
        name = " ".join(converter.latex_to_text(title[1]).split()) if title else ""
    except (LatexWalkerError, RecursionError, IndexError, ValueError) as error:
        raise LoadError(f"is not LaTeX that can be read ({error})") from error
    writer = Writer(notes=[warning] if warning else [])
    position = 0
    for mark in MARKED.finditer(text):
        _put_paragraphs(text[position : mark.start()], writer)
        writer.heading(mark[2], int(mark[1]))
        position = mark.end()
    _put_paragraphs(text[position:], writer)
    return writer.reading(name)


def _put_paragraphs(text: str, writer: Writer) -> None:
    for paragraph in re.split(r"\n[ \t]*\n", text.replace("\x02", "").replace("\x03", "")):
        writer.put("\n".join(line.strip() for line in paragraph.strip().split("\n")))


def _converter() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    context = get_default_latex_context_db()
    sections = [MacroTextSpec(name, simplify_repl=f"\n\n\x02{level}%(3)s\x03\n\n", discard=False) for name, level in LEVELS.items()]
    kept = [MacroTextSpec("footnote", simplify_repl=" (%(2)s)"), MacroTextSpec("title", simplify_repl=""), MacroTextSpec("maketitle", simplify_repl="")]
    context.add_context_category("footnote", macros=[*sections, *kept], prepend=True)
    return LatexNodes2Text(latex_context=context, math_mode="verbatim", keep_comments=False, strict_latex_spaces=False)
