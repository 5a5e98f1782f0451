"""Marks each claim supported, weak or unsupported by the sentences that it cites. Never edits a claim's words.

What it does not catch: a claim whose words all stand in its evidence but in another relation (who did what
to whom), a wrong name of the same kind in a long sentence, and irony.
"""

from collections.abc import Sequence
from dataclasses import replace

from assistant.types import Citation, Claim, Evidence, Support


def check(claims: Sequence[Claim], citations: Sequence[Citation], evidence: Evidence) -> tuple[Claim, ...]:
    """The same claims with their `support`. A verbatim claim is supported without asking the model."""
    sentences = {citation.label: citation.sentence for citation in citations}
    return tuple(replace(claim, support=_judge(claim, [sentences[label].text for label in claim.citations], evidence)) for claim in claims)


def _judge(claim: Claim, cited: Sequence[str], evidence: Evidence) -> Support:
    if not cited:
        return Support.UNSUPPORTED
    if _folded(claim.text) in map(_folded, cited):
        return Support.SUPPORTED
    return evidence.supports(claim.text, cited).verdict


def _folded(text: str) -> str:
    return " ".join(text.split())
