"""Text out of pictures, where `footnote[ocr]` is installed: scanned pages and images. The door to RapidOCR, whose models come in its package."""

import os
import resource
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from index.errors import LoadError
from index.load.desk import Desk
from index.load.reading import Reading, Writer

ADDRESS_SPACE = 4 << 30
"""Bytes: the models and a page at 200 dots an inch take one and a half GiB, mapped libraries included."""
SURE = 0.6  # Of what is recognised with less certainty most is no text.
LARGEST = 40_000_000  # Pixels of a picture: A4 at 600 dots an inch.
SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"))
INSTALL = "install text recognition to read it: pip install 'footnote[ocr]'"


class Found(NamedTuple):
    """A line of a picture: its text, its lowest edge, counted upwards from the foot of the picture, and its height, in pixels."""

    text: str
    bottom: float
    height: float


def is_installed() -> bool:
    return find_spec("rapidocr") is not None


def lines(picture: Any) -> list[Found]:
    """The lines of a picture, uint8 (height, width, 3), from top to bottom and left to right."""
    if picture.shape[0] * picture.shape[1] > LARGEST:
        raise LoadError(f"is a picture of {picture.shape[1]} by {picture.shape[0]} pixels, more than {LARGEST // 1_000_000} million: make it smaller")
    result = _engine()(picture)
    if result.txts is None or result.boxes is None:
        return []
    found = zip(result.txts, result.boxes, result.scores, strict=True)
    return [
        Found(text.strip(), float(picture.shape[0] - box[:, 1].max()), float(box[:, 1].max() - box[:, 1].min()))
        for text, box, score in found
        if text.strip() and score >= SURE
    ]


@lru_cache(maxsize=1)
def _engine() -> Any:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, resource.getrlimit(resource.RLIMIT_AS)[1]))
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": count for kind, count in (("intra", len(os.sched_getaffinity(0))), ("inter", 1))}
    return RapidOCR(params={**threads, "Global.log_level": "critical"})


def read_image(path: Path, desk: Desk) -> Reading:
    """A picture, or each of those that a TIFF holds, as a page."""
    from PIL import UnidentifiedImageError

    writer = Writer(notes=["its text was recognised in a picture (OCR): read it with care"])
    try:
        for picture in _pictures(path):
            writer.page()
            for paragraph in _paragraphs(lines(picture)):
                writer.put(paragraph)
            desk.alive()
    except (UnidentifiedImageError, ValueError, SyntaxError) as error:  # Pillow raises the last for a damaged PNG.
        raise LoadError(f"is not a picture that can be read ({error})") from error
    return writer.reading()


def _pictures(path: Path) -> Iterator[Any]:
    import numpy as np
    from PIL import Image, ImageOps, ImageSequence

    Image.MAX_IMAGE_PIXELS = LARGEST
    try:
        with Image.open(path, formats=("PNG", "JPEG", "TIFF", "BMP", "WEBP")) as image:  # An EPS would be handed to another program.
            for frame in ImageSequence.Iterator(image):
                yield np.asarray(ImageOps.exif_transpose(frame).convert("RGB"))
    except Image.DecompressionBombError as error:
        raise LoadError(f"is too large a picture ({error})") from error


def _paragraphs(found: Sequence[Found]) -> Iterator[str]:
    """Lines that follow each other closely are of one paragraph."""
    usual = median(line.height for line in found) if found else 0.0
    paragraph: list[str] = []
    before: Found | None = None
    for line in found:
        if before is not None and before.bottom - line.bottom > 1.9 * usual:
            yield "\n".join(paragraph)
            paragraph = []
        paragraph.append(line.text)
        before = line
    yield "\n".join(paragraph)
