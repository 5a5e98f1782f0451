"""An answer out of a language model: the prompt within its limits, and the reply as a draft while it comes. It checks nothing."""

from collections.abc import Iterator, Sequence
from contextlib import closing

from assistant import reply
from assistant.errors import LlmError
from assistant.plain import as_data, one_line
from assistant.prompts import fill
from assistant.types import Citation, Claim, Draft, Grounds, LanguageModel
from index.load.language import language_of

LEAST_WORDS = 8
"""Of a reply whose language is told."""
SHOWN_EVERY = 8
"""Pieces of a reply between two drafts."""


def compose(grounds: Grounds, model: LanguageModel) -> Iterator[Draft]:
    """The draft as it grows; the last is whole. A reply that broke off, or went in circles, ends where it was, with a notice of it.

    Raises LlmError where nothing came that could be read, or in a language that the evidence is not in. With nothing offered no model hears of it.
    """
    if not grounds.offered:
        yield Draft((), model.name)
        return
    text, notice = "", None
    try:
        with closing(model.stream(prompt(grounds.standalone, grounds.offered, model))) as pieces:
            for number, piece in enumerate(pieces, 1):
                text = (text + piece)[: reply.MOST_CHARACTERS + 1]
                if reply.endless(text):
                    notice = f"{model.name} did not come to an end, and was stopped."
                    break
                if number % SHOWN_EVERY == 0:
                    yield Draft(_claims(reply.read(text, finished=False)), model.name, pending=one_line(reply.pending(text)))
    except LlmError as error:
        if not (said := reply.read(text, finished=False)):
            raise
        yield Draft(_claims(said), model.name, f"{error}; this is what it had written by then.")
        return
    yield _draft(text, notice, grounds.offered, model)


def prompt(question: str, offered: Sequence[Citation], model: LanguageModel | None = None) -> str:
    """The question with its numbered evidence; sentences are left out from the last on until the model can read it.

    Raises LlmError where it reads too little.
    """
    room = model.room() if model else None
    for count in range(len(offered), 0, -1):
        filled = fill("answer", question=as_data(question), evidence=evidence_lines(offered[:count]), declining=reply.DECLINING)
        if room is None or len(filled) <= room:
            return filled
    raise LlmError(f"{model.name if model else 'the model'} reads too little at once to be given a single sentence")


def evidence_lines(offered: Sequence[Citation]) -> list[str]:
    """The numbered sentences that a language model is given: a line each, in which no document can fake a number or a turn of the conversation."""
    return [f"[{citation.label}] ({as_data(_where(citation))}) {as_data(citation.sentence.text)}" for citation in offered]


def _where(citation: Citation) -> str:
    document = citation.sentence.document
    over = document.heading_text(citation.sentence.start).strip("# \n")
    title = "" if document.name in document.id else document.name
    return " · ".join(dict.fromkeys(part for part in (document.id, title, over) if part))


def _draft(text: str, notice: str | None, offered: Sequence[Citation], model: LanguageModel) -> Draft:
    said = reply.read(text)
    if not said:
        raise LlmError(f"{model.name} at {model.where} sent an empty answer")
    if reply.declines(said):
        return Draft((), model.name, f"{model.name} found no answer in the sentences that it was given.")
    spoken = language_of(" ".join(one.text for one in said), LEAST_WORDS)
    if spoken and spoken not in (known := {citation.sentence.document.language for citation in offered}) and known != {""}:
        raise LlmError(f"{model.name} answered in another language than the documents', in which it cannot be checked")
    return Draft(_claims(said), model.name, notice, partial=any(map(reply.refuses, said)))


def _claims(said: Sequence[reply.Said]) -> tuple[Claim, ...]:
    return tuple(Claim(one.text, one.labels) for one in said if not reply.refuses(one))
