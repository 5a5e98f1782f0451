"""Reads a language model's reply, whole or as far as it has come: its sentences, and the labels that each cites. Pure.

What it writes beside sentences is taken off: thoughts, Markdown, JSON around an answer, links and images, talk about the answer.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from index.split import sentence_spans

DECLINING = "The documents do not say."
"""What a model is asked to write where the evidence does not answer."""
MOST_CHARACTERS = 8_000
"""Of a reply: what is longer is talk without end."""
MARK = re.compile(
    r"[ \t]*(?:\[\^?\s*\d{1,4}(?:\s*[-–,;]\s*\d{1,4})*\s*\]|【\s*\d{1,4}[^】]{0,40}】"
    r"|\[(?:sentences?|sources?|evidence|ref\.?)\s*:?\s*\d{1,4}(?:\s*(?:,|and|-|–)\s*\d{1,4})*\s*\]"
    r"|\((?:see )?(?:sentences?|sources?|evidence|ref\.?)\s*:?\s*\d{1,4}(?:\s*(?:,|and|to|-|–)\s*\d{1,4})*\s*\))",
    re.IGNORECASE,
)
"""The ways in which models write a label."""
SPACES = re.compile(r"[ \t\u00a0]+")
HIGHEST = 199
"""The highest number that is taken for a label, offered or not."""
MOST_LABELS = 40
"""Of a mark that is a range."""
THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.IGNORECASE | re.DOTALL)
PREAMBLE = re.compile(
    r"^(?:based on|according to) (?:the )?(?:provided |given |numbered |above )*"
    r"(?:sentences?|sources?|evidence|documents?|context|information)\s*[:,]\s*",
    re.IGNORECASE,
)
MARKUP = (
    (PREAMBLE, ""),
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),
    (re.compile(r"\[([^\]\d][^\]]*)\]\((?:[^)]*)\)"), r"\1"),
    (re.compile(r"</?(?:a|b|i|u|p|br|em|strong|sup|sub|span|div|ul|ol|li|img|h\d|table|tr|td|th|code|pre|script|style)\b[^<>]{0,200}>", re.IGNORECASE), ""),
    (re.compile(r"^[ \t]*(?:```\w*|-{3,}|\|?[ :|-]{5,}\|?)[ \t]*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*#{1,6}[ \t]+.*$", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*(?:[-*•·]|\d{1,2}[.)])[ \t]+", re.MULTILINE), ""),
    (re.compile(r"^[ \t]*>[ \t]?", re.MULTILINE), ""),
    (re.compile(r"\*\*(.+?)\*\*|(?<!\w)__(\S.*?)__(?!\w)"), r"\1\2"),
    (re.compile(r"(?<![\w*])\*(?!\s)([^*\n]+?)\*(?![\w*])"), r"\1"),
    (re.compile(r"`([^`\n]*)`"), r"\1"),
)
TALK = re.compile(
    r"^(?:sure|certainly|of course|okay|ok|absolutely|great question|good question|hello|hi)[!.,]?(?: (?:here|i|let)\b.{0,60})?$"
    r"|^(?:i hope (?:this|that|it)|let me know|feel free|please let me|if you (?:have|need|would like) (?:any|more|further|other|anything)|thank you (?:for|!)"
    r"|(?:here|below) (?:is|are) (?:the|a|an|your|what))\b.{0,80}$"
    r"|^(?:answer|summary|sources?|references?|citations?|conclusion)\s*:?[\s,;]*$",
    re.IGNORECASE,
)
"""Sentences about the answer, not of it."""
REFUSES = re.compile(
    r"^(?:(?:unfortunately|sorry|i'm sorry|i am sorry|based on the (?:provided |given )?(?:evidence|sentences|documents|context)),?\s+(?:but )?)?"
    r"(?:the (?:provided |given |numbered )?(?:documents?|sentences?|evidence|context|sources?|text)s? (?:do(?:es)? not|don['’]t|doesn['’]t) "
    r"(?:say|mention|contain|answer|provide|specify|state|include)\b"
    r"|i (?:do not|don['’]t) know\b|i (?:cannot|can['’]t|am unable to|could not) (?:answer|find|determine)\b"
    r"|there is no (?:information|mention|evidence)\b|it is not (?:mentioned|stated|specified)\b|no (?:information|answer)\b)",
    re.IGNORECASE,
)
LISTED = re.compile(r"^(?:sources?|references?|citations?|footnotes?)\W*$", re.IGNORECASE)
"""What stands before a list of labels at the end."""
ANSWERS = ("answer", "response", "text", "content", "output", "result", "reply", "message", "final_answer", "summary")
LONGEST_LOOP, TIMES = 240, 4


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a reply without its marks, and the labels that it cites, each once, in order."""

    text: str
    labels: tuple[int, ...]


def read(reply: str, finished: bool = True) -> tuple[Said, ...]:
    """The sentences of a reply, each once; of one that is not finished, those that are."""
    text, marks = _unmarked(_prose(reply, finished))
    spans = [span for span in sentence_spans(text) if re.search(r"\w", text[slice(*span)])]
    whole = spans if finished else spans[:-1]
    labels: dict[int, list[int]] = {}
    for place, numbers in marks:
        labels.setdefault(_owner(place, text, spans), []).extend(numbers)
    said: dict[str, Said] = {}
    for number, (start, end) in enumerate(whole):
        sentence, cited = " ".join(text[start:end].split()), tuple(dict.fromkeys(labels.get(number, ())))
        if not LISTED.match(sentence) and (cited or not (TALK.search(sentence) or sentence.endswith(":"))):
            said.setdefault(sentence.casefold(), Said(sentence, cited))
    return tuple(said.values())


def declines(said: tuple[Said, ...]) -> bool:
    """Whether a reply says that the documents do not answer, and nothing that it cites."""
    return bool(said) and not any(one.labels for one in said) and refuses(said[0])


def refuses(said: Said) -> bool:
    """Whether a sentence says that the documents do not answer, and cites nothing."""
    return REFUSES.match(said.text) is not None and not said.labels


def endless(reply: str) -> bool:
    """Whether a reply goes round in a circle, or on and on."""
    if len(reply) > MOST_CHARACTERS:
        return True
    return any(reply.endswith(reply[-size:] * TIMES) for size in range(12, min(LONGEST_LOOP, len(reply) // TIMES) + 1))


def pending(reply: str) -> str:
    """What has come of the sentence that is being written, to show meanwhile."""
    text, _ = _unmarked(_prose(reply, finished=False))
    spans = sentence_spans(text)
    return " ".join(text[slice(*spans[-1])].split()) if spans else ""


# --- Marks -----------------------------------------------------------------------------------------------


def _unmarked(text: str) -> tuple[str, list[tuple[int, list[int]]]]:
    """A text without its marks; where each of them stood, and its labels."""
    parts: list[str] = []
    marks: list[tuple[int, list[int]]] = []
    done = size = 0
    for match in MARK.finditer(text):
        labels = list(_labels(match[0]))
        if any(label > HIGHEST for label in labels):
            continue  # "[1999]" is a year.
        parts.append(text[done : match.start()])
        size += len(parts[-1])
        done = match.end()
        marks.append((size, labels))
    return "".join([*parts, text[done:]]), marks


def _labels(mark: str) -> Iterator[int]:
    mark = re.sub(r"[†+].*", "", mark)
    for first, _, last in re.findall(r"(\d{1,4})(\s*(?:-|–|to)\s*(\d{1,4}))?", mark):
        yield from range(int(first), min(int(last or first), int(first) + MOST_LABELS) + 1)


def _owner(place: int, text: str, spans: list[tuple[int, int]]) -> int:
    """The sentence that a mark belongs to: the one that it ends or follows; the one that it leads, at the beginning of a line."""
    line = text.rfind("\n", 0, place) + 1
    for number, (start, _) in enumerate(spans):
        leads = not text[line:place].strip() and text[place : text.find("\n", place) if "\n" in text[place:] else len(text)].strip()
        if start > place or (start == place and not leads):
            return number if leads and not text[place:start].strip() else max(0, number - 1)
    return len(spans) - 1


# --- What is not prose ------------------------------------------------------------------------------------


def _prose(reply: str, finished: bool) -> str:
    text = SPACES.sub(" ", THOUGHT.sub("", reply)).strip()
    if not finished:
        text = re.sub(r"[\[【(<][^\]】)>\n]{0,60}$", "", text)  # A mark, or a tag, that is being written.
    if text.startswith(("{", "[{", "```json")):
        text = _out_of_json(text) if finished else ""
    for pattern, by in MARKUP:
        text = pattern.sub(by, text)
    return text


def _out_of_json(text: str) -> str:
    """The answer in a JSON object, whatever its key, with the labels that stand beside it; the text as it is, where it is none."""
    bare = re.sub(r"^```(?:json)?\s*|\s*```$", "", text)
    try:
        return "\n".join(_told(json.loads(bare)))
    except (ValueError, RecursionError):
        return text


def _told(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _told(one)
    elif isinstance(value, dict):
        keys = [key for key in value if str(key).lower() in ANSWERS] or [key for key, one in value.items() if isinstance(one, (str, list, dict))]
        labels = [one for key, one in value.items() if re.match(r"(?i)cit|source|ref|label", str(key))]
        numbers = [str(one) for found in labels for one in (found if isinstance(found, list) else [found]) if str(one).strip("[]").isdecimal()]
        marks = "".join(f" [{number.strip('[]')}]" for number in numbers)
        for key in keys:
            for text in _told(value[key]) if value[key] not in labels else ():
                yield text + marks
