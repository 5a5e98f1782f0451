"""Numbers the sentences that may be cited, and holds a draft to them. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from assistant.errors import CitationError
from assistant.types import Citation, Claim
from index.types import Document, Sentence


def number(ranked: Sequence[tuple[Sentence, float]], after: int = 0) -> tuple[Citation, ...]:
    """Citations labelled 1, 2, 3 … in the given order, or on from `after`."""
    return tuple(Citation(label, sentence, score) for label, (sentence, score) in enumerate(ranked, after + 1))


def renumber(claims: Sequence[Claim], offered: Sequence[Citation], best_first: bool = False) -> tuple[tuple[Claim, ...], tuple[Citation, ...]]:
    """Drop labels that were never offered; number the others anew, in the order in which they are first cited.

    With `best_first` the best of them is [1], wherever it stands.
    """
    known = {citation.label: citation for citation in offered}
    cited = list(dict.fromkeys(label for claim in claims for label in claim.citations if label in known))
    cited = sorted(cited, key=lambda label: label != min(cited)) if best_first else cited
    new = {label: position for position, label in enumerate(cited, 1)}
    renumbered = tuple(replace(claim, citations=tuple(new[label] for label in claim.citations if label in new)) for claim in claims)
    return renumbered, tuple(replace(known[label], label=new[label]) for label in cited)


def require_valid(
    claims: Sequence[Claim], citations: Sequence[Citation], offered: Sequence[Citation], stored: Callable[[str], Document], verbatim: bool
) -> None:
    """Law 4: every citation is a sentence that was offered, and stands at its offsets in the document as the index stores it.

    `stored` gives the document of an id; with `verbatim` every claim must be the words of a sentence that it cites.
    Raises CitationError; an answer that breaks the law is never shown.
    """
    places = {place(citation.sentence) for citation in offered}
    labels = {citation.label: citation for citation in citations}
    for citation in citations:
        sentence = citation.sentence
        if place(sentence) not in places:
            raise CitationError(f"citation [{citation.label}] is a sentence that was not offered")
        quote = stored(sentence.document.id).text[sentence.start : sentence.end]
        if not quote or quote != quote.strip() or quote != sentence.text:
            raise CitationError(f"citation [{citation.label}] does not stand in {sentence.document.id} at {sentence.start}-{sentence.end}")
    for claim in claims:
        if not set(claim.citations) <= labels.keys():
            raise CitationError(f"a claim cites labels that do not exist: {claim.citations}")
        if verbatim and claim.text not in {labels[label].sentence.text for label in claim.citations}:
            raise CitationError(f"a claim is not the sentence that it cites: {claim.text!r}")


def place(sentence: Sentence) -> tuple[str, int, int]:
    """What tells a sentence from every other: its document's id, and where it stands in it."""
    return sentence.document.id, sentence.start, sentence.end
