"""An Answer as JSON, plain text, Markdown, or HTML; every face uses it.

Whatever comes from a document or a file name is escaped here: it can neither steer a terminal nor a browser.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assistant.plain import one_line
from assistant.types import UNSUPPORTED, Answer, Citation, Claim, Support
from index.types import Chunk, Document, Hit, Sentence

SPECIAL = re.compile(r"[&<>\"'\\`*_{}\[\]()#+!|~$:@-]")
LONGEST_SHOWN = 1_500  # Characters of a sentence on a terminal; JSON has it whole.
BY_WORDS = "Judged by words and likeness alone: the evidence model reads English only."
INDENT = "    "
QUOTED = "  │ "


WEAKLY = "[hardly supported]"
UNSAID = "No sentence of the documents supports this"


def shown(answer: Answer, unsupported: str) -> Answer:
    """An answer without the sentences that nothing supports, where they shall be removed."""
    if unsupported != "remove":
        return answer
    return replace(answer, claims=tuple(claim for claim in answer.claims if claim.support is not Support.UNSUPPORTED))


# --- JSON --------------------------------------------------------------------------------------------


def answer_json(answer: Answer) -> dict[str, Any]:
    """The shape that scripts rely on; the same, byte for byte but for `timings_ms`, for the same index and question."""
    return {
        "question": answer.question,
        "standalone": answer.standalone,
        "found": answer.found,
        "answer": answer.text,
        "short_answer": answer.short_answer,
        "confidence": answer.confidence,
        "engine": answer.engine,
        "claims": [{"text": c.text, "citations": list(c.citations), "support": c.support.value, "differs": list(c.differs)} for c in answer.claims],
        "citations": [citation_json(citation) for citation in answer.citations],
        "nearest": [citation_json(citation) for citation in answer.nearest],
        "missing_words": list(answer.missing_words),
        "judge": answer.judge,
        "notice": answer.notice,
        "timings_ms": answer.timings_ms,
    }


def citation_json(citation: Citation) -> dict[str, Any]:
    sentence = citation.sentence
    return {
        "label": citation.label,
        "document": sentence.document.id,
        "title": citation.title,
        "page": citation.page,
        "start": sentence.start,
        "end": sentence.end,
        "quote": sentence.text,
        "score": round(citation.score, 4),
        "document_hash": f"sha256:{sentence.document.source_hash}",
    }


def hit_json(rank: int, hit: Hit, around: Sequence[Chunk] = ()) -> dict[str, Any]:
    """A hit, with the passages `around` it where they are asked for."""
    chunk = hit.chunk
    found = {
        "rank": rank,
        "score": round(hit.score, 4),
        "cosine": round(hit.cosine, 4),
        "bm25": round(hit.bm25, 4),
        "dense_rank": hit.dense_rank,
        "lexical_rank": hit.lexical_rank,
        "words": list(hit.words),
        "phrases": list(hit.phrases),
        "why": hit.why,
        "duplicates": [{"document": c.document.id, "page": c.page, "start": c.start, "end": c.end} for c in hit.duplicates],
        "document": chunk.document.id,
        "title": chunk.document.name,
        "page": chunk.page,
        "start": chunk.start,
        "end": chunk.end,
        "text": chunk.text,
        "sentences": [[sentence.start, sentence.end] for sentence in chunk.sentences],
    }
    return {**found, "neighbours": [{"start": c.start, "end": c.end, "text": c.text} for c in around]} if around else found


# --- Terminal ----------------------------------------------------------------------------------------


def answer_plain(answer: Answer, width: int = 80, colour: bool = False) -> str:
    """An answer with its [1] marks, and below it the quoted sources; or the closest passages."""
    if answer.told is not None:
        return "\n".join(textwrap.fill(one_line(line), width) for line in answer.told.splitlines())
    told = [f"{_shown(claim.text)}{claim.marks or f' {UNSUPPORTED}'}{_hardly(claim)}" for claim in answer.claims] or [answer.text]
    lead = [textwrap.fill(one_line(" ".join(told)), width)]
    if answer.short_answer:
        lead = [_bold(textwrap.fill(one_line(answer.short_answer), width), colour), "", *lead]
    lead += [line for note in _notes(answer) for line in ("", textwrap.fill(one_line(note), width))]
    if answer.found:
        return "\n".join([*lead, "", _bold("Sources", colour), *_sources(answer.citations, width, colour)])
    if not answer.nearest:
        return "\n".join(lead)
    return "\n".join([*lead, "", _bold("Closest passages", colour), *_sources(answer.nearest, width, colour)])


def _hardly(claim: Claim) -> str:
    return f" {WEAKLY}" if claim.support is Support.WEAK else ""


def _notes(answer: Answer) -> list[str]:
    """What there is to know of how an answer was made."""
    return [note for note in (answer.notice, BY_WORDS if answer.judge == "words" else None) if note]


def _sources(citations: Sequence[Citation], width: int, colour: bool) -> list[str]:
    lines = []
    for citation in citations:
        mark = _bold(f"[{citation.label}]", colour)
        lines.append(f"{mark} {one_line(place(citation.sentence))}")
        lines.append(textwrap.fill(one_line(_shown(citation.sentence.text)), width, initial_indent=QUOTED, subsequent_indent=QUOTED))
    return lines


def hits_plain(hits: Sequence[Hit], around: Sequence[Sequence[Chunk]], width: int = 80, colour: bool = False, explain: bool = False) -> str:
    """Hits, best first: score, document, page, and the beginning of the passage, or all of it with those `around` it; with `explain` why."""
    lines = []
    for rank, (hit, near) in enumerate(zip(hits, around, strict=True), 1):
        where = one_line(place(hit.chunk.sentences[0], hit.chunk.end))
        lines.append(f"{_bold(f'{rank:>2}', colour)}  {hit.score:.3f}  {where}")
        if explain:
            lines.append(textwrap.fill(one_line(hit.why), width, initial_indent=INDENT, subsequent_indent=INDENT))
        lines += [f"{INDENT}the same words: {one_line(place(c.sentences[0], c.end))}" for c in hit.duplicates]
        told = [one_line(_shown(chunk.text)) for chunk in near] or [textwrap.shorten(one_line(hit.chunk.text), 3 * width, placeholder=" …")]
        lines += [textwrap.fill(text, width, initial_indent=INDENT, subsequent_indent=INDENT) for text in told]
    return "\n".join(lines)


def place(sentence: Sentence, end: int | None = None) -> str:
    """Where a sentence stands, in words: document, title if it says more, page, characters."""
    parts = [_named(sentence.document)]
    if sentence.page:
        parts.append(f"page {sentence.page}")
    parts.append(f"characters {sentence.start}–{sentence.end if end is None else end}")
    return " · ".join(parts)


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} …"


def _bold(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text


# --- Markdown ----------------------------------------------------------------------------------------


def answer_markdown(answer: Answer) -> str:
    """The answer with footnotes, ready to paste into a document; what nothing supports is left out."""
    marks = {citation.label: f"[^{citation.label}]" for citation in answer.citations}
    if not answer.claims:
        return "\n".join(map(_markdown, answer.text.splitlines()))
    carried = [claim for claim in answer.claims if claim.citations]
    body = " ".join(_markdown(claim.text) + "".join(marks[label] for label in claim.citations) + _markdown(_hardly(claim)) for claim in carried)
    notes = [f"{marks[c.label]}: {_markdown(place(c.sentence))}: “{_markdown(c.sentence.text)}”" for c in answer.citations]
    short = [f"**{_markdown(answer.short_answer)}**", ""] if answer.short_answer else []
    told = [line for note in _notes(answer) for line in (f"*{_markdown(note)}*", "")]
    return "\n".join([*short, body, "", *told, *notes])


def _markdown(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", one_line(text))


# --- HTML --------------------------------------------------------------------------------------------


def answer_html(answer: Answer, key: str) -> str:
    """An answer for the chat. Its marks are links to `#cite-KEY-N`, which the page opens in the viewer."""
    if answer.told is not None:
        return "".join(f'<p class="fn-answer">{html_text(line)}</p>' for line in answer.told.splitlines())
    if not answer.claims and not answer.pending:
        return _declined_html(answer, key)
    quotes = {citation.label: citation for citation in answer.citations}
    claims = " ".join(_claim_html(claim, quotes, key) for claim in answer.claims)
    claims += f' <span class="fn-pending">{html_text(answer.pending)}</span>' if answer.pending else ""
    short = f'<p class="fn-short">{html_text(answer.short_answer)}</p>' if answer.short_answer else ""
    return f'{short}<p class="fn-answer">{claims}</p>{_judge_html(answer)}{_list_html("Sources", answer.citations, key)}'


def _claim_html(claim: Claim, quotes: dict[int, Citation], key: str) -> str:
    """A sentence with its marks; one that the documents do not carry, or hardly, says so in words."""
    marks = "".join(_mark_html(quotes[label], key) for label in claim.citations)
    match claim.support:
        case Support.SUPPORTED:
            return html_text(claim.text) + marks
        case Support.WEAK:
            return f'<span class="fn-weak" title="The cited sentence may not say quite this">{html_text(claim.text)}</span>{marks}'
    why = f": its {claim.differs[0]} differs" if claim.differs else ""
    return f'<span class="fn-unsupported" title="{UNSAID}{why}">{html_text(claim.text)}<span class="fn-flag">not supported{html_text(why)}</span></span>'


def _declined_html(answer: Answer, key: str) -> str:
    said = f'<p class="fn-declined">{html_text(answer.text)}</p>{_judge_html(answer)}'
    return said + (_list_html("Closest passages", answer.nearest, key) if answer.nearest else "")


def _judge_html(answer: Answer) -> str:
    return "".join(f'<p class="fn-note">{html_text(note)}</p>' for note in _notes(answer))


def _mark_html(citation: Citation, key: str) -> str:
    # The word joiner keeps the mark on the line of the word it follows.
    return f'&#8288;<a class="fn-mark" href="#cite-{key}-{citation.label}" title="{html_text(_hover(citation))}">{citation.label}</a>'


def _list_html(heading: str, citations: Sequence[Citation], key: str) -> str:
    items = "".join(
        f'<li><a class="fn-source" href="#cite-{key}-{c.label}"><span class="fn-label">{c.label}</span>'
        f'<span class="fn-where">{html_text(_where(c))}</span><span class="fn-quote">{html_text(c.sentence.text)}</span></a></li>'
        for c in citations
    )
    return f'<p class="fn-heading">{heading}</p><ol class="fn-sources">{items}</ol>'


def _hover(citation: Citation) -> str:
    return f"{_where(citation)}: {textwrap.shorten(one_line(citation.sentence.text), 300, placeholder=' …')}"


def _where(citation: Citation) -> str:
    page = f", page {citation.page}" if citation.page else ""
    return f"{_named(citation.sentence.document)}{page}"


def _named(document: Document) -> str:
    """A document's title with its path; the path alone where the title says no more."""
    return document.id if document.name in document.id else f"{document.name} ({document.id})"


def html_text(text: str) -> str:
    """Text that is only text: no tag, no attribute, and nothing that Markdown or a formula would read as more."""
    return SPECIAL.sub(lambda match: f"&#{ord(match[0])};", one_line(text))


# --- What was read -----------------------------------------------------------------------------------

MOST_TOLD = 100
"""Files of a kind that a reading report lists: whoever has more looks at `footnote build --json`."""


def report_html(report: dict[str, Any]) -> str:
    """The reading report of the last build, folded away: what was read, what was not and why, what looked odd."""
    read = ", ".join(f"{count} {name}" for name, count in report["types"].items()) or "nothing new"
    languages = ", ".join(f"{count} {name}" for name, count in report["languages"].items())
    seconds = ", ".join(f"{stage} {took:.1f} s" for stage, took in report["seconds"].items())
    rows = [("Read", read), ("Language", languages), ("Text", _amount(report)), ("Time", seconds)]
    facts = "".join(f"<li><b>{name}</b> {html_text(value)}</li>" for name, value in rows if value)
    kinds = (("failed", "Not read"), ("skipped", "Skipped"), ("warnings", "To note"))
    lists = "".join(_told(title, report[kind]) for kind, title in kinds)
    count = len(report["failed"])
    failed = f" · {count} file{'' if count == 1 else 's'} not read" if count else ""
    return f'<details class="fn-report"><summary>Reading report{failed}</summary><ul>{facts}</ul>{lists}</details>'


def _amount(report: dict[str, Any]) -> str:
    share = report["in_sentences"]
    return f"{report['characters']:,} characters, {share:.0%} of them in sentences" if share is not None else ""


def _told(title: str, found: list[dict[str, str]]) -> str:
    if not found:
        return ""
    items = "".join(f"<li>{html_text(one_line(problem['file']))}: {html_text(one_line(problem['reason']))}</li>" for problem in found[:MOST_TOLD])
    more = f"<li>and {len(found) - MOST_TOLD} more</li>" if len(found) > MOST_TOLD else ""
    return f"<p><b>{title} ({len(found)})</b></p><ul>{items}{more}</ul>"
