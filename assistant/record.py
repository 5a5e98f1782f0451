"""An Answer as JSON to keep, and back. What it cites is kept word for word: it can be shown when the documents have long changed. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from assistant.standing import Find
from assistant.types import Answer, Citation, Claim, Support
from index.types import Document, Hit, Sentence

SNIPPET = 240
"""Characters of a hit that are kept, to tell why an answer is what it is."""

Record = dict[str, Any]


def to_record(answer: Answer) -> Record:
    """All of an answer but the texts of its documents."""
    documents = {c.sentence.document.id: c.sentence.document for c in (*answer.citations, *answer.nearest)}
    return {
        "question": answer.question,
        "standalone": answer.standalone,
        "claims": [[c.text, list(c.citations), c.support.value, list(c.differs)] for c in answer.claims],
        "citations": list(map(_kept, answer.citations)),
        "nearest": list(map(_kept, answer.nearest)),
        "missing_words": list(answer.missing_words),
        "confidence": answer.confidence,
        "engine": answer.engine,
        "short_answer": answer.short_answer,
        "judge": answer.judge,
        "notice": answer.notice,
        "told": answer.told,
        "documents": {id: _described(document) for id, document in documents.items()},
        "hits": list(map(_hit, answer.hits)),
        "timings_ms": answer.timings_ms,
    }


def from_record(record: Record, find: Find = lambda _, __: ()) -> Answer:
    """The answer that was kept. Where a document still is what it was, its own text is used."""
    documents = {id: _document(id, described, record, next(iter(find(id, described[2])), None)) for id, described in record["documents"].items()}
    return Answer(
        question=record["question"],
        standalone=record["standalone"],
        claims=tuple(Claim(text, tuple(labels), Support(support), tuple(differs)) for text, labels, support, differs in record["claims"]),
        citations=_citations(record["citations"], documents),
        nearest=_citations(record["nearest"], documents),
        missing_words=tuple(record["missing_words"]),
        confidence=record["confidence"],
        engine=record["engine"],
        hits=(),
        short_answer=record["short_answer"],
        judge=record["judge"],
        notice=record["notice"],
        told=record["told"],
        timings_ms=record["timings_ms"],
    )


def _kept(citation: Citation) -> list[Any]:
    sentence = citation.sentence
    return [citation.label, sentence.document.id, sentence.start, sentence.end, sentence.text, citation.score]


def _citations(kept: Sequence[Sequence[Any]], documents: dict[str, Document]) -> tuple[Citation, ...]:
    return tuple(Citation(label, Sentence(documents[id], start, end), score) for label, id, start, end, _, score in kept)


def _described(document: Document) -> list[Any]:
    return [document.title, list(document.pages), document.source_hash, document.source, document.modified, document.inside]


def _document(id: str, described: Sequence[Any], record: Record, today: Document | None) -> Document:
    """A document that was cited: today's where it is the same, else one of which only the cited sentences are known, blank between."""
    title, pages, source_hash, source, modified, inside = described
    quotes = [(start, quote) for _, of, start, _, quote, _ in (*record["citations"], *record["nearest"]) if of == id]
    if today is not None and today.id == id and all(today.text[start : start + len(quote)] == quote for start, quote in quotes):
        return replace(today, pages=tuple(pages)) if today.pages != tuple(pages) else today
    letters = [" "] * max((start + len(quote) for start, quote in quotes), default=0)
    for start, quote in quotes:
        letters[start : start + len(quote)] = quote
    return Document(id, title, "".join(letters), tuple(pages), source_hash, (), source, modified, inside)


def _hit(hit: Hit) -> Record:
    chunk = hit.chunk
    text = " ".join(chunk.text[:SNIPPET].split())
    return {
        "document": chunk.document.id,
        "title": chunk.document.name,
        "page": chunk.page,
        "start": chunk.start,
        "end": chunk.end,
        "text": f"{text} …" if len(chunk.text) > SNIPPET else text,
        "score": round(hit.score, 4),
        "cosine": round(hit.cosine, 4),
        "bm25": round(hit.bm25, 4),
        "why": hit.why,
    }
