"""Bytes into text, strictly: no character is ever dropped, and a guess is said to be one."""

import codecs
import re

from index.errors import LoadError

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
INVISIBLE = re.compile("(?<!\U0001f3f4)[\U000e0020-\U000e007f]{2,}")
"""Tag characters, which no reader sees (outside the flags of emoji): sentences with them are not cited."""
ZERO_WIDTH = re.compile("[\u200b\u2060\ufeff]")
BINARY = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\x7fELF", b"\xff\xd8\xff", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")
MOST_CONTROLS = 0.02  # Text has none to speak of; bytes at random have 10%.
GUESSED = 20_000  # Bytes shown to the detector: enough to tell a language.


def decode(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """The text of some bytes, and a warning where its encoding is not certain.

    Tried in order: byte-order mark, UTF-16 by its zero bytes, UTF-8, what the file declares, detection, and
    Windows-1252 with Latin-1 for the bytes that it leaves undefined. Raises LoadError for binary data.
    """
    if data.startswith(BINARY):
        raise LoadError("looks like a binary file, not text: give it the suffix of its format")
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return _strict(data, encoding), None
    if b"\x1b" in data and (escaped := _escaped(data, declared)):
        return escaped
    if half := _utf16_without_mark(data):
        return _strict(data, half), f"read as {half.upper()}, which it does not declare"
    try:
        return _texty(data.decode("utf-8")), None
    except UnicodeDecodeError:
        encoding = _legacy(data, declared)
    return _texty(_single_bytes(data) if encoding == "cp1252" else data.decode(encoding)), f"is not UTF-8; read as {encoding}"


NO_TEXT = ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7")
"""What Python calls encodings, and no file is written in."""
ESCAPING = ("iso2022_jp_2", "iso2022_jp_3", "iso2022_kr")


def _escaped(data: bytes, declared: str | None) -> tuple[str, str | None] | None:
    """Seven-bit text that changes its character set by escapes, as Japanese mail does: it would pass for UTF-8."""
    for encoding in (*([declared] if declared else []), *ESCAPING):
        if _decodes(data, encoding) and "\x1b" not in (text := data.decode(encoding)):
            return _texty(text), None if encoding == declared else f"is not UTF-8; read as {encoding}"
    return None


def _strict(data: bytes, encoding: str) -> str:
    try:
        return _texty(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise LoadError(f"is marked as {encoding} but is damaged at byte {error.start}: save it again as UTF-8") from error


def _texty(text: str) -> str:
    """The text, unless its control characters show that it is none."""
    controls = sum(text.count(chr(code)) for code in (*range(9), 11, *range(14, 27), *range(28, 32), 127))
    if controls > max(2, MOST_CONTROLS * len(text)):
        raise LoadError("looks like a binary file, not text: give it the suffix of its format")
    return text


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 of mostly Latin text shows zeros in every other byte."""
    sample = data[:4096]
    if len(sample) < 4 or len(data) % 2:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > 0.7 * half and even < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd < 0.1 * half else None


def _legacy(data: bytes, declared: str | None) -> str:
    """The encoding of bytes that are not UTF-8."""
    if declared and _decodes(data, declared):
        return declared.lower()
    return _detected(data) or "cp1252"


def _detected(data: bytes) -> str | None:
    """What the detector says, where it is another script; between Western encodings its guess is worth little."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:GUESSED]).best()
    if best is None or not any(
        script in " ".join(best.alphabets) for script in ("Cyrillic", "Greek", "Hebrew", "Arabic", "CJK", "Hiragana", "Katakana", "Hangul", "Thai")
    ):
        return None
    high = sum(byte > 127 for byte in data[:GUESSED])
    return best.encoding if high > 0.2 * len(data[:GUESSED]) and _decodes(data, best.encoding) else None


def _decodes(data: bytes, encoding: str) -> bool:
    if encoding.lower().replace("-", "_") in NO_TEXT:
        return False
    try:
        data.decode(encoding)
    except (UnicodeError, LookupError, ValueError):  # Of what a file may declare some are no encodings of text.
        return False
    return True


def _single_bytes(data: bytes) -> str:
    """Windows-1252, and the five bytes that it leaves undefined as Latin-1 has them."""
    return "".join(map(WESTERN.__getitem__, data)) if any(byte in data for byte in UNDEFINED) else data.decode("cp1252")


UNDEFINED = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
WESTERN = [bytes([byte]).decode("latin-1" if byte in UNDEFINED else "cp1252") for byte in range(256)]
