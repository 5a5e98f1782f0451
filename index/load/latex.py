"""LaTeX into plain text. The door to pylatexenc."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from index.errors import LoadError
from index.load.reading import Reading, Writer
from index.load.text import decode

LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4}
MARKED = re.compile("\x02(\\d)([^\x03]*)\x03")
"""A heading, as it is marked on its way through the converter: no text of a file holds these characters."""
TITLE = re.compile(r"\\title\s*(?:\[[^\]]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}")
LINK = re.compile(r"\\(?:url|path)\s*\{([^{}]*)\}")
HREF = re.compile(r"\\href\s*\{[^{}]*\}\s*(?=\{)|\\href(?!\s*\{)")
PARAGRAPH = re.compile(r"\\(?:sub)?paragraph\*?\s*(?=\{)")
COLUMNS = re.compile(r"\\multicolumn\s*\{[^{}]*\}\s*\{[^{}]*\}\s*(?=\{)")
UNSET = re.compile(r"\\begin\{comment\}.*?\\end\{comment\}|\\iffalse\b.*?\\fi\b", re.S)
VERBATIM = re.compile(r"\\begin\{(verbatim\*?|lstlisting|minted)\}(?:\[[^\]]*\])?(?:\{[^{}]*\})?\n?(.*?)\\end\{\1\}|\\verb\*?([^A-Za-z\s])(.*?)\3", re.S)
HELD = re.compile("\x04(\\d+)\x04")
"""Where a text stands that is set as it is written: the converter does not see it."""
NAME = re.compile(r"\\(?:re)?newcommand\*?\s*\{?\\([A-Za-z]+)\}?\s*\{((?:[^{}#]|\{[^{}#]*\})*)\}")


def read_latex(path: Path) -> Reading:
    """LaTeX: the document without its preamble, formulas as they are written, sections as headings."""
    from pylatexenc.latexwalker import LatexWalkerError

    source, warning = decode(path.read_bytes())
    held: list[str] = []
    source = _prepared(source.replace("\r\n", "\n"), held)
    begin = re.search(r"\\begin\s*\{document\}", source)
    title = TITLE.search(source)
    body = source[begin.end() if begin else 0 :].split("\\end{document}")[0]
    converter = _converter()
    try:
        text = HELD.sub(lambda mark: held[int(mark[1])], converter.latex_to_text(body + "{}{}"))  # What a macro at the end would ask for
        name = " ".join(converter.latex_to_text(title[1]).split()) if title else ""
    except (LatexWalkerError, RecursionError, IndexError, ValueError, KeyError, AttributeError, TypeError) as error:
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


def _prepared(source: str, held: list[str]) -> str:
    """The source with what the converter would lose put otherwise; `held` takes what is set as it is written."""

    def hold(found: re.Match[str]) -> str:
        held.append(found[2] if found[1] else found[4])
        return f"\x04{len(held) - 1}\x04"

    def hold_link(found: re.Match[str]) -> str:
        held.append(found[1])
        return f"\x04{len(held) - 1}\x04"

    source = LINK.sub(hold_link, VERBATIM.sub(hold, UNSET.sub("", source.replace("\x04", ""))))
    source = PARAGRAPH.sub(r"\\subsubsection", COLUMNS.sub("", HREF.sub("", source)))
    for name, meaning in NAME.findall(source):  # Short names for longer words: those with arguments are left to the converter.
        source = re.sub(rf"\\{name}(?![A-Za-z])(?:\{{\}})?(?!\}}?\s*\{{)", meaning.replace("\\", r"\\"), source)
    return source


def _converter() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

    def heading(level: int) -> Callable[[Any, Any], str]:
        return lambda node, l2tobj: f"\n\n\x02{level}{_last(node, l2tobj)}\x03\n\n"

    context = get_default_latex_context_db()
    macros = [MacroTextSpec(name, simplify_repl=heading(level), discard=False) for name, level in LEVELS.items()]
    macros.append(MacroTextSpec("footnote", simplify_repl=lambda node, l2tobj: f" ({_last(node, l2tobj)})"))
    macros += [MacroTextSpec(name, simplify_repl="") for name in ("title", "maketitle", "newcommand", "renewcommand")]
    context.add_context_category("footnote", macros=macros, prepend=True)
    return LatexNodes2Text(latex_context=context, math_mode="verbatim", keep_comments=False, strict_latex_spaces=False)


def _last(node: Any, converter: Any) -> str:
    """The text of a macro's last argument; empty where it has none."""
    arguments = [argument for argument in (node.nodeargd.argnlist if node.nodeargd else ()) or () if argument is not None]
    return str(converter.nodelist_to_text([arguments[-1]])) if arguments else ""
