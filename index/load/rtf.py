"""Rich text (RTF 1.9.1): paragraphs, headings by their styles, tables, notes after their paragraph, headers and footers once, at the end.

Our own, since the libraries for it lose notes and headers, read what is hidden, and know one code page for all bytes.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.errors import LoadError
from index.load.reading import Reading, Writer

TOKEN = re.compile(rb"\\([A-Za-z]{1,32})(-?\d{1,10})? ?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.S)
CODE_PAGES = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 255: "cp437",
}  # fmt: skip
"""The character sets of fonts by their numbers."""
WRITTEN = {
    "tab": "\t", "line": "\n", "softline": "\n", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
    "bullet": "•", "emspace": "\u2003", "enspace": "\u2002", "qmspace": "\u2005", "zwj": "\u200d", "zwnj": "\u200c",
}  # fmt: skip
SYMBOLS = {b"~": "\u00a0", b"_": "\u2011", b"-": "", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}
UNREAD = set(
    "colortbl fontemb fontfile filetbl listtable listoverridetable listtext pntext revtbl rsidtbl generator pict object objdata themedata"
    " colorschememapping latentstyles datastore xmlnstbl mmathPr fldinst bkmkstart bkmkend nonshppict shprslt sp sn sv author operator keywords"
    " comment company category manager doccomm subject annotation atnid atnauthor tc xe rxe txe index template private background pgdsctbl"
    " userprops factoidname".split()
)
"""Destinations whose text is not a part of the document's."""
EDGES = {"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"}
STARRED = {"shpinst", "shptxt", "footnote"}
"""Destinations that a reader may pass over, and that hold text all the same."""
HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _State:
    """What holds in a group: where its text goes (None: nowhere), how its bytes are read, how many characters stand for a \\u, whether it is hidden."""

    kind: str | None = ""
    page: str = "cp1252"
    skip: int = 1
    hidden: bool = False
    deleted: bool = False


@dataclass
class _Story:
    """The text of the body, of a note, or of a header, as it comes."""

    parts: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    level: int = 0
    in_table: bool = False


def read_rtf(path: Path) -> Reading:
    """A file of rich text."""
    return rtf_reading(path.read_bytes())


def rtf_reading(data: bytes) -> Reading:
    """What rich text says. Raises LoadError where it is none."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise LoadError("is not rich text: it does not begin with {\\rtf")
    parser = _Parser()
    parser.parse(data)
    return parser.reading()


class _Parser:
    """Reads tokens in order. A group ends as it began; nothing is recursive, so that no depth of groups is too much."""

    def __init__(self) -> None:
        self.writer = Writer()
        self.state = _State()
        self.stack: list[tuple[_State, _Story]] = []
        self.body = self.story = _Story()
        self.edges: dict[str, None] = {}
        self.rows: list[list[str]] = []
        self.headed = False
        self.fonts: dict[int, str] = {}
        self.font = 0
        self.styles: dict[int, int] = {}
        self.style, self.named = 0, ""
        self.title = ""
        self.bytes = bytearray()
        self.starred = False
        self.skipping = 0

    def parse(self, data: bytes) -> None:
        place = 0
        while match := TOKEN.match(data, place):
            place = match.end()
            word, number, hexed, symbol, brace, plain = match.groups()
            if hexed or plain:
                self._take(bytes([int(hexed, 16)]) if hexed else plain)
                continue
            self._flush()
            if word == b"bin":
                place += max(int(number or 0), 0)
            elif brace:
                self._open() if brace == b"{" else self._close()
            elif symbol == b"*":
                self.starred = True
            elif symbol in SYMBOLS:
                self._put(SYMBOLS[symbol])
            elif word:
                self._word(word.decode(), None if number is None else int(number))
        self._flush()
        while self.stack:
            self._close()
        self._end_paragraph()

    def reading(self) -> Reading:
        for edge in self.edges:
            self.writer.put(edge)
        reading = self.writer.reading(self.title)
        return replace(reading, text=_letter(reading.text))

    # --- Text --------------------------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        """Bytes, which may be parts of a letter; those that only stand for a \\u before them are passed over."""
        passed = min(self.skipping, len(data))
        self.skipping -= passed
        self.bytes += data[passed:]

    def _flush(self) -> None:
        if self.bytes:
            text = bytes(self.bytes).decode(self.state.page, "replace")
            self.bytes.clear()
            self._put(text)

    def _put(self, text: str) -> None:
        match self.state.kind:
            case None | "fonttbl" | "info":
                return
            case "stylesheet":
                self.named += text
            case "title":
                self.title += text
            case _:
                if self.state.hidden or self.state.deleted:
                    self.writer.hidden += len(text.strip()) if self.state.hidden else 0
                elif self.story.parts and "\ud800" <= self.story.parts[-1][-1:] <= "\udbff" and "\udc00" <= text <= "\udfff":
                    self.story.parts[-1] = _letter(self.story.parts[-1] + text)  # What is beyond 16 bits comes in halves.
                else:
                    self.story.parts.append(text)

    # --- Groups ------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.stack.append((self.state, self.story))
        self.starred = False
        self.skipping = 0

    def _close(self) -> None:
        if not self.stack:
            return
        kind, story = self.state.kind, self.story
        self.state, self.story = self.stack.pop()
        if kind == "stylesheet" and (found := HEADING.match(self.named.strip())):
            self.styles[self.style] = int(found[1])
        if kind == "stylesheet":
            self.named = ""
        if story is not self.story:
            text = " ".join("".join([*story.parts, *story.cells]).split())
            if kind in EDGES and text:
                self.edges.setdefault(text)
            elif kind in ("footnote", "shptxt") and text:
                self.story.notes.append(text)
        self.skipping = 0

    def _enter(self, kind: str | None) -> None:
        """The group is a destination. Once nothing is read in it, nothing is in what it holds."""
        if self.state.kind is not None:
            self.state = replace(self.state, kind=kind)

    def _word(self, word: str, number: int | None) -> None:
        starred, self.starred = self.starred, False
        if word in UNREAD or (starred and word not in STARRED):
            self._enter(None)
        elif word in EDGES or word in ("footnote", "shptxt"):
            if self.state.kind is not None:
                self._enter(word)
                self.story = _Story()
        elif word in ("fonttbl", "stylesheet", "title"):
            self._enter(word)
        elif word == "info":
            self._enter("info")
        elif word in WRITTEN:
            self._put(WRITTEN[word])
        else:
            self._set(word, number)

    def _set(self, word: str, number: int | None) -> None:
        on = number != 0
        if action := ACTIONS.get(word):
            action(self)
        elif word == "u" and number is not None:
            self._put(chr(number % 65536))
            self.skipping = self.state.skip
        elif word == "uc":
            self.state = replace(self.state, skip=max(number or 0, 0))
        elif word == "ansicpg":
            self.state = replace(self.state, page=_known(f"cp{number}"))
            self.stack = [(replace(state, page=self.state.page), story) for state, story in self.stack]
            self.fonts.setdefault(-1, self.state.page)
        elif word == "f" and number is not None:
            self.font = number
            if self.state.kind != "fonttbl" and number in self.fonts:
                self.state = replace(self.state, page=self.fonts[number])
        elif word == "fcharset" and number is not None and number not in (0, 1, 2):
            self.fonts[self.font] = CODE_PAGES.get(number, "cp1252")
        elif word == "fcharset":
            self.fonts[self.font] = self.fonts.get(-1, "cp1252")
        elif word == "v":
            self.state = replace(self.state, hidden=on)
        elif word == "deleted":
            self.state = replace(self.state, deleted=on)
        elif word == "s" and number is not None:
            self.style = number
            self.story.level = self.styles.get(number, 0)
        elif word == "outlinelevel" and number is not None and number < 9:
            self.story.level = number + 1

    # --- Paragraphs and tables ---------------------------------------------------------------------------

    def par(self) -> None:
        if self.state.kind == "":
            if self.story.in_table:
                self.story.parts.append("\n")
            else:
                self._end_paragraph()
        elif self.state.kind is not None:
            self.story.parts.append("\n")

    def _end_paragraph(self) -> None:
        self.end_table()
        text = "".join(self.story.parts)
        self.story.parts.clear()
        if self.story.level:
            self.writer.heading(text, self.story.level)
        else:
            self.writer.put(text)
        for note in self.story.notes:
            self.writer.put(note)
        self.story.notes.clear()

    def cell(self) -> None:
        self.story.cells.append(" ".join("".join(self.story.parts).split()))
        self.story.parts.clear()

    def row(self) -> None:
        if self.story is self.body:
            self.rows.append(list(self.story.cells))
            self.story.cells.clear()
            self.story.in_table = False

    def end_table(self) -> None:
        if self.rows:
            self.writer.table(self.rows, self.headed or None)
            self.rows, self.headed = [], False

    def header_row(self) -> None:
        self.headed = self.headed or not self.rows

    def pard(self) -> None:
        self.story.level = 0
        self.story.in_table = False

    def in_table(self) -> None:
        self.story.in_table = True

    def plain(self) -> None:
        self.state = replace(self.state, hidden=False, deleted=False)


ACTIONS: dict[str, Callable[[_Parser], None]] = {
    "par": _Parser.par, "sect": _Parser.par, "page": _Parser.par, "cell": _Parser.cell, "nestcell": _Parser.cell, "row": _Parser.row,
    "trhdr": _Parser.header_row, "pard": _Parser.pard, "intbl": _Parser.in_table, "plain": _Parser.plain,
}  # fmt: skip


def _known(page: str) -> str:
    """A code page that Python knows."""
    try:
        return codecs.lookup(page).name
    except LookupError:
        return "cp1252"


def _letter(text: str) -> str:
    """The text with surrogates joined, and those that are alone replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
