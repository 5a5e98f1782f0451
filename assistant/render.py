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
    told = [f"{_shown(claim.text)}{claim.marks or f' {UNSUPPORTED}'}{hardly(claim)}" for claim in answer.claims] or [answer.text]
    lead = [textwrap.fill(one_line(" ".join(told)), width)]
    if answer.short_answer:
        lead = [_bold(textwrap.fill(one_line(answer.short_answer), width), colour), "", *lead]
    lead += [line for note in _notes(answer) for line in ("", textwrap.fill(one_line(note), width))]
    if answer.found:
        return "\n".join([*lead, "", _bold("Sources", colour), *_sources(answer.citations, width, colour)])
    if not answer.nearest:
        return "\n".join(lead)
    return "\n".join([*lead, "", _bold("Closest passages", colour), *_sources(answer.nearest, width, colour)])


def hardly(claim: Claim) -> str:
    """The mark on a sentence that its citations hardly carry, after a space; empty on others."""
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
    parts = [named(sentence.document)]
    if sentence.page:
        parts.append(f"page {sentence.page}")
    parts.append(f"characters {sentence.start}–{sentence.end if end is None else end}")
    return " · ".join(parts)


def named(document: Document) -> str:
    """A document's title with its path; the path alone where the title says no more."""
    return document.id if document.name in document.id else f"{document.name} ({document.id})"


def _shown(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]} …"


def _bold(text: str, colour: bool) -> str:
    return f"\x1b[1m{text}\x1b[0m" if colour else text


# --- Markdown ----------------------------------------------------------------------------------------


def answer_markdown(answer: Answer, prefix: str = "", hashes: bool = False) -> str:
    """The answer with footnotes, ready to paste into a document; what nothing supports is left out.

    `prefix` stands before the numbers of the footnotes: where there are several answers, each needs its own. With `hashes` each names its document's SHA-256.
    """
    marks = {citation.label: f"[^{prefix}{citation.label}]" for citation in answer.citations}
    if not answer.claims:
        return "\n".join(map(markdown_text, answer.text.splitlines()))
    carried = [claim for claim in answer.claims if claim.citations]
    body = " ".join(markdown_text(claim.text) + "".join(marks[label] for label in claim.citations) + markdown_text(hardly(claim)) for claim in carried)
    notes = [f"{marks[c.label]}: {quoted_markdown(c, hashes)}" for c in answer.citations]
    short = [f"**{markdown_text(answer.short_answer)}**", ""] if answer.short_answer else []
    told = [line for note in _notes(answer) for line in (f"*{markdown_text(note)}*", "")]
    return "\n".join([*short, body, "", *told, *notes])


def quoted_markdown(citation: Citation, hashes: bool) -> str:
    """A cited sentence and where it stands."""
    sentence = citation.sentence
    told = f"{markdown_text(place(sentence))}: “{markdown_text(sentence.text)}”"
    return f"{told} (sha256:{sentence.document.source_hash})" if hashes else told


def markdown_text(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", one_line(text))
