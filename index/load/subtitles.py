"""Subtitles: what is said runs on over the cues, with the time as a heading about once a minute. SubRip and WebVTT."""

import html
import re
from pathlib import Path

from index.errors import LoadError
from index.load.reading import Reading, Writer
from index.load.text import decode

CUE = re.compile(
    r"^[ \t]*(?:(?P<hours>\d+):)?(?P<minutes>\d{1,2}):(?P<seconds>\d{1,2})(?:[.,]\d{1,3})?[ \t]*-->[^\n]*\n(?P<said>(?:[^\n]*\S[^\n]*(?:\n|\Z))*)", re.M
)
VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
MINUTE = 60
ENDED = (".", "!", "?", "…", '"', "”", "♪")


def read_subtitles(path: Path) -> Reading:
    """Cues as running text. A time heads the first sentence of each minute."""
    text, warning = decode(path.read_bytes())
    cues = [(_start(cue), _said(cue["said"])) for cue in CUE.finditer(text.replace("\r\n", "\n").replace("\r", "\n"))]
    if not cues:
        raise LoadError("holds no subtitles: no line tells from when to when")
    writer = Writer(notes=[warning] if warning else [])
    paragraph: list[str] = []
    headed = -MINUTE
    for start, said in cues:
        if start - headed >= MINUTE and (not paragraph or paragraph[-1].endswith(ENDED)):
            writer.put("\n".join(paragraph))
            writer.heading(f"{start // 3600:02}:{start // 60 % 60:02}:{start % 60:02}", 1)
            paragraph, headed = [], start
        if said and said not in paragraph[-1:]:  # Rolling captions say each line again.
            paragraph.append(said)
    writer.put("\n".join(paragraph))
    return writer.reading()


def _start(cue: re.Match[str]) -> int:
    """Seconds from the beginning."""
    return 3600 * int(cue["hours"] or 0) + 60 * int(cue["minutes"]) + int(cue["seconds"])


def _said(text: str) -> str:
    named = VOICE.sub(lambda voice: f"{voice[1].strip()}: ", text)
    return " ".join(html.unescape(TAG.sub("", named)).split())
