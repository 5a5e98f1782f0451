"""A conversation as a file to give away: Markdown, HTML or JSON with numbered quotes and hashes; and such a file checked again.

The Markdown and HTML carry the JSON within, with a hash of the rest: what was changed by hand afterwards is told.
"""

import hashlib
import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ExportError
from assistant.history import Kept
from assistant.plain import one_line
from assistant.record import from_record
from assistant.render import answer_json, answer_markdown, hardly, markdown_text, place, quoted_markdown
from assistant.standing import Find, State, standing
from assistant.types import Answer, Citation

FORMAT = "footnote-conversation"
VERSION = 1
FORMATS = {"md": "text/markdown", "html": "text/html", "json": "application/json"}
DATA = {"md": ("<!-- footnote-data: ", " -->"), "html": ('<script type="application/json" id="footnote-data">', "</script>")}
STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1e2433;background:#fff}"
    "h2{font-size:1.05rem;margin:2rem 0 .4rem}.short{font-weight:650;font-size:1.1rem}ol{padding-left:1.6rem;font-size:.9rem}li{margin:.4rem 0}"
    "blockquote{margin:.2rem 0;padding-left:.8rem;border-left:3px solid #c7d2fe}.where,.note{color:#55607a}code{font-size:.8em;overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer, and when it was asked (UTC, ISO 8601)."""

    answer: Answer
    asked: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a quote of an export: `quote` number `label` of answer `turn`, both from 1."""

    turn: int
    label: int
    document: str
    quote: str
    state: State


@dataclass(frozen=True, slots=True)
class Verification:
    """The quotes of an export checked against today's documents; `edited`: the file is not as it was written."""

    title: str
    checked: tuple[Checked, ...]
    edited: bool

    @property
    def holds(self) -> bool:
        """Whether every quote still stands in its document, and the file is as it was written."""
        return not self.edited and all(one.state in (State.UNCHANGED, State.MOVED) for one in self.checked)


def exchanges(kept: Sequence[Kept]) -> list[Exchange]:
    """Turns that were kept, as they are exported: their sentences as they were when they were cited."""
    return [Exchange(from_record(each.record), each.asked) for each in kept]


# --- Writing -------------------------------------------------------------------------------------------


def export(title: str, exchanges: Sequence[Exchange], format: str) -> str:
    """A conversation in one of `FORMATS`."""
    data = {"format": FORMAT, "version": VERSION, "title": title, "turns": [{"asked": each.asked, **_told(each.answer)} for each in exchanges]}
    if format == "json":
        return json.dumps({**data, "sha256": _sha256(_canonical(data))}, ensure_ascii=False, indent=1) + "\n"
    text = _markdown(title, exchanges) if format == "md" else _html(title, exchanges)
    before, after = DATA[format]
    line = before + _embeddable({**data, "sha256": _sha256(_canonical(data) + text)}) + after
    return f"{text}{line}\n" if format == "md" else text.replace("</body>", f"{line}</body>")


def _told(answer: Answer) -> dict[str, Any]:
    told = answer_json(answer)
    del told["timings_ms"]
    return {**told, "told": answer.told}


def _markdown(title: str, exchanges: Sequence[Exchange]) -> str:
    parts = [f"# {markdown_text(title)}", ""]
    for number, each in enumerate(exchanges, 1):
        answer = each.answer
        parts += [f"## {markdown_text(answer.question)}", ""]
        if answer.standalone != answer.question.strip():
            parts += [f"*Asked as: {markdown_text(answer.standalone)}*", ""]
        parts += [answer_markdown(answer, f"{number}.", hashes=True), ""]
        parts += [f"- {quoted_markdown(citation, hashes=True)}" for citation in answer.nearest]
        parts += [""] if answer.nearest else []
    return "\n".join(parts).rstrip() + "\n\n"


def _html(title: str, exchanges: Sequence[Exchange]) -> str:
    body = "".join(
        f"<section><h2>{_text(each.answer.question)}</h2>{answer_html(each.answer, f'{number}-')}</section>" for number, each in enumerate(exchanges, 1)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_text(title)}</title><style>{STYLE}</style></head>'
        f"<body><h1>{_text(title)}</h1>{body}</body></html>\n"
    )


def answer_html(answer: Answer, prefix: str = "") -> str:
    """An answer with its numbered quotes as HTML that needs nothing else; what nothing supports is left out."""
    if not answer.claims:
        said = "".join(f"<p>{_text(line)}</p>" for line in answer.text.splitlines())
        return said + _quotes(answer.nearest, prefix)
    short = f'<p class="short">{_text(answer.short_answer)}</p>' if answer.short_answer else ""
    claims = " ".join(
        _text(claim.text) + "".join(f'<sup><a href="#q{prefix}{label}">[{label}]</a></sup>' for label in claim.citations) + html.escape(hardly(claim))
        for claim in answer.claims
        if claim.citations
    )
    notice = f'<p class="note">{_text(answer.notice)}</p>' if answer.notice else ""
    return f"{short}<p>{claims}</p>{notice}{_quotes(answer.citations, prefix)}"


def _quotes(citations: Sequence[Citation], prefix: str) -> str:
    if not citations:
        return ""
    items = "".join(
        f'<li id="q{prefix}{c.label}" value="{c.label}"><blockquote dir="auto">{_text(c.sentence.text)}</blockquote>'
        f'<span class="where">{_text(place(c.sentence))}</span> <code>sha256:{c.sentence.document.source_hash}</code></li>'
        for c in citations
    )
    return f"<ol>{items}</ol>"


def _text(text: str | None) -> str:
    return html.escape(one_line(text or ""))


def _embeddable(data: dict[str, Any]) -> str:
    """JSON on one line that ends neither a comment nor a script."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")


# --- Reading -------------------------------------------------------------------------------------------


def verify(file: Path, find: Find) -> Verification:
    """Check an export: every quote against today's documents. Raises ExportError for what is no export."""
    data, edited = _read(file)
    checked = []
    try:
        for turn, answer in enumerate(data["turns"], 1):
            for c in answer["citations"]:
                state = standing(c["quote"], c["document"], c["document_hash"].removeprefix("sha256:"), c["start"], find).state
                checked.append(Checked(turn, c["label"], c["document"], c["quote"], state))
        return Verification(data["title"], tuple(checked), edited)
    except (KeyError, TypeError, AttributeError) as error:
        raise ExportError(f"{file} is damaged ({error!r}): export the conversation again") from error


def _read(file: Path) -> tuple[dict[str, Any], bool]:
    """The data of an export, and whether the file was changed since it was written."""
    try:
        text = file.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ExportError(f"{file} cannot be read ({error}): give a file that `footnote export` wrote") from error
    try:
        for before, after in DATA.values():
            found = re.search(re.escape(before) + r"(\{.*\})" + re.escape(after) + r"\n?", text)
            if found:
                data = json.loads(found[1])
                return _required(data, file), _edited(data, text[: found.start()] + text[found.end() :])
        data = json.loads(text)
        return _required(data, file), _edited(data, "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExportError(f"{file} is no export of a conversation: give a file that `footnote export` wrote") from error


def _required(data: dict[str, Any], file: Path) -> dict[str, Any]:
    if data["format"] != FORMAT or data["version"] != VERSION:
        raise ExportError(f"{file} was written by another version of Footnote: export the conversation again")
    return data


def _edited(data: dict[str, Any], text: str) -> bool:
    """Whether the data of an export, or the text around it, is not what was written."""
    return bool(_sha256(_canonical({name: value for name, value in data.items() if name != "sha256"}) + text) != data["sha256"])


def _canonical(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
