"""Which reader reads which file: by its suffix, and each imported when its format is read."""

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path, PurePosixPath

from index.errors import LoadError, PassingError
from index.load import ocr
from index.load.desk import Desk
from index.load.language import language_of
from index.load.reading import Reading
from index.load.text import INVISIBLE, ZERO_WIDTH

FORMATS = {
    "plain.read_text": "txt text log",
    "plain.read_markdown": "md markdown mdown mkd",
    "plain.read_rst": "rst rest",
    "plain.read_asciidoc": "adoc asciidoc asc",
    "plain.read_org": "org",
    "plain.read_data": "yaml yml toml ini cfg conf properties",
    "plain.read_code": (
        "py pyi js mjs cjs ts jsx tsx java kt kts scala groovy c h cc cpp cxx hpp hh cs fs vb go rs swift m rb php pl pm lua r jl dart ex exs erl hs ml clj"
        " lisp el sh bash zsh fish ps1 bat sql css scss less vue svelte proto graphql tf cmake gradle pas f90 f95 asm v vhd"
    ),
    "latex.read_latex": "tex latex ltx",
    "rtf.read_rtf": "rtf",
    "markup.read_html": "html htm xhtml xht",
    "markup.read_xml": "xml",
    "markup.read_epub": "epub",
    "word.read_docx": "docx docm dotx",
    "slides.read_pptx": "pptx pptm ppsx potx",
    "sheets.read_workbook": "xlsx xlsm xlsb xls ods",
    "sheets.read_delimited": "csv tsv tab",
    "odf.read_odf": "odt ott odp otp",
    "records.read_json": "json geojson",
    "records.read_json_lines": "jsonl ndjson",
    "records.read_notebook": "ipynb",
    "subtitles.read_subtitles": "srt vtt",
    "mail.read_mbox": "mbox",
    "mail.read_mhtml": "mhtml mht",
}
"""Readers of a file by its path."""
UNPACKING = {"archive.read_zip": "zip", "archive.read_tar": "tar tgz tbz2 txz gz bz2 xz", "mail.read_eml": "eml", "mail.read_msg": "msg"}
"""Readers of a file that holds others: they unpack what is of a format that is read."""
RECOGNISING = {"pdf.read_pdf": "pdf", "ocr.read_image": "png jpg jpeg tif tiff bmp webp"}
"""Readers of pages, which take as long as there are pages."""
OLD = {".doc", ".ppt"}
COMPRESSED = {".gz", ".bz2", ".xz"}

READERS = {f".{suffix}": name for name, suffixes in {**FORMATS, **UNPACKING, **RECOGNISING}.items() for suffix in suffixes.split()}


def is_read(name: str) -> bool:
    """Whether a file of this name is of a format that is read: of compressed files only archives are, and pictures where that can be done."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    return (
        suffix in READERS
        and (suffix not in ocr.SUFFIXES or ocr.is_installed())
        and (suffix not in COMPRESSED or PurePosixPath(path.stem).suffix.lower() == ".tar")
    )


def unpacks(name: str) -> bool:
    """Whether a file of this name may hold others."""
    return READERS.get(PurePosixPath(name).suffix.lower()) in UNPACKING


def unread(suffix: str) -> str:
    """Why a format is not read, and what to do."""
    if suffix in ocr.SUFFIXES:
        return f"is a picture: {ocr.INSTALL}"
    if suffix in OLD:
        return f"the format {suffix} is not read: save it as {suffix}x"
    return f"the format {suffix or 'without a suffix'} is not read"


def read(path: Path, desk: Desk) -> Reading:
    """Read a file. What it holds of other files is put into the desk's folder. Raises LoadError with the reason where that cannot be done."""
    name = READERS[path.suffix.lower()]
    module, _, function = name.partition(".")
    reader: Callable[..., Reading] = getattr(import_module(f"index.load.{module}"), function)
    try:
        if path.stat().st_size == 0:
            raise LoadError("is empty (0 bytes)")
        reading = reader(path) if name in FORMATS else reader(path, desk)
    except OSError as error:
        raise PassingError(f"cannot be opened: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise LoadError(f"is damaged: {error}") from error
    except RecursionError as error:
        raise LoadError("is nested too deep to be read") from error
    if not reading.text.strip() and not reading.parts:
        raise LoadError("holds no text")
    return replace(reading, notes=(*reading.notes, *_oddities(reading.text)), language=language_of(reading.text))


def _oddities(text: str) -> list[str]:
    odd = ["holds invisible tag characters: sentences with them are not cited"] if INVISIBLE.search(text) else []
    return [*odd, "holds many zero-width characters"] if len(ZERO_WIDTH.findall(text)) > 8 else odd
