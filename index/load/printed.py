"""The pages of a PDF as they are printed: their sizes, pictures, and where the letters stand. Runs in a worker process (see `index.pages`)."""

import ctypes
import hashlib
import io
import json
import signal
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import pypdfium2
import pypdfium2.raw as raw

from index.errors import ChangedError
from index.load.layout import Box, Glyph, rectangles
from index.load.worker import confine

SECONDS = 20.0
ADDRESS_SPACE = 2 << 30
OPEN = 8
"""Files that are kept open."""
FINE = 100_000
"""Steps into which PDFium is asked to divide a page: it tells places as whole numbers."""
LARGEST = 4_000
"""Pixels of a picture's longer side."""
QUALITY = 90


def work() -> None:
    """Answer for one question a line until standard input ends: a line of JSON, and the bytes that it tells of."""
    output = confine(ADDRESS_SPACE, ADDRESS_SPACE)
    for line in sys.stdin.buffer:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        _answer(json.loads(line), output)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(asked: dict[str, Any], output: IO[bytes]) -> None:
    data = b""
    try:
        pages = _read(bytes.fromhex(asked["path"]), tuple(asked["signature"]), asked["hash"])
        if asked["what"] == "sizes":
            told: Any = [pages.get_page_size(number) for number in range(len(pages))]
        elif asked["what"] == "marks":
            page = pages[asked["page"]]
            told = rectangles(asked["text"], asked["spans"], list(lines(page)))
        else:
            told, data = picture(pages[asked["page"]], asked["width"])
        answer = {"told": told, "bytes": len(data)}
    except (ChangedError, pypdfium2.PdfiumError, IndexError, OSError, MemoryError) as error:
        answer = {"error": str(error) or "it needs too much memory", "changed": isinstance(error, ChangedError)}
    output.write(json.dumps(answer).encode() + b"\n" + data)
    output.flush()


def _read(path: bytes, signature: tuple[int, ...], expected: str) -> pypdfium2.PdfDocument:
    try:
        digest, pages = _opened(path, signature)
    except (MemoryError, pypdfium2.PdfiumError):
        _opened.cache_clear()  # The files that are held may take the room that this one needs.
        digest, pages = _opened(path, signature)
    if digest != expected:
        raise ChangedError("it has changed since it was indexed")
    return pages


@lru_cache(OPEN)
def _opened(path: bytes, _signature: tuple[int, ...]) -> tuple[str, pypdfium2.PdfDocument]:
    """A file, and its SHA-256, for as long as it bears this signature. It is read whole: one that changes under PDFium would be read as a mixture."""
    data = Path(path.decode("utf-8", "surrogateescape")).read_bytes()
    return hashlib.sha256(data).hexdigest(), pypdfium2.PdfDocument(data)


def picture(page: Any, width: int) -> tuple[str, bytes]:
    """A page so many pixels wide, and its media type: a PNG, which keeps letters sharp, or a JPEG where the page holds photographs."""
    wide, high = page.get_size()
    scale = min(width, LARGEST, LARGEST * wide / high) / wide
    image = page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    out = io.BytesIO()
    if any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)):
        image.save(out, "JPEG", quality=QUALITY, subsampling=0)
        return "image/jpeg", out.getvalue()
    image.save(out, "PNG", compress_level=1)
    return "image/png", out.getvalue()


def lines(page: Any) -> Iterator[list[Glyph]]:
    """The printed letters of a page by its lines, in the order in which `index.load.pdf` reads them."""
    text = page.get_textpage()
    line: list[Glyph] = []
    half = 0
    for place in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, place)
        if code in (10, 13):
            if line:
                yield line
            line = []
        elif 0xD800 <= code < 0xDC00:
            half = code
        else:
            if half and 0xDC00 <= code < 0xE000:
                code = 0x10000 + ((half - 0xD800) << 10) + (code - 0xDC00)
            half = 0
            letter = chr(code)
            if not letter.isspace() and code not in (0, 0xFFFE, 0xFFFF) and raw.FPDFText_IsHyphen(text, place) != 1:
                line.append(_glyph(page, text, place, letter))
    if line:
        yield line


def _glyph(page: Any, text: Any, place: int, letter: str) -> Glyph:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(text, place, left, right, bottom, top)
    ink = _on_page(page, left.value, top.value, right.value, bottom.value)
    loose = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text, place, loose)
    high, low = _on_page(page, loose.left, loose.top, loose.right, loose.bottom)[1::2]
    return Glyph(letter, ink, (min(high, ink[1]), max(low, ink[3])))


def _on_page(page: Any, left: float, top: float, right: float, bottom: float) -> Box:
    """A box in a PDF's own points as shares of the page as it is shown, turned and cut as the page is."""
    x, y = ctypes.c_int(), ctypes.c_int()
    xs, ys = [], []
    for across, up in ((left, top), (right, bottom)):
        raw.FPDF_PageToDevice(page, 0, 0, FINE, FINE, 0, across, up, x, y)
        xs.append(x.value / FINE)
        ys.append(y.value / FINE)
    return min(xs), min(ys), max(xs), max(ys)
