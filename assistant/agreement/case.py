"""A claim beside its evidence, as the rules look at it."""

from dataclasses import dataclass

from assistant.quantities import Token


@dataclass(frozen=True, slots=True)
class Matter:
    """What a claim denies of what one sentence of its evidence is about; `added` are the words that only the claim denies, `dropped` those that only the
    sentence does, where the other says them.
    """

    denied: set[str]
    added: set[str]
    dropped: set[str]


@dataclass(frozen=True, slots=True)
class Case:
    """A claim and its evidence, as texts and as tokens; `nearest`, or `near`, is the sentence of the evidence that shares most words with the claim.

    What that sentence denies or bounds is of the claim's matter, what others do may not be: `denied` are the words that the claim denies, `near_denied`
    those that it does.
    """

    claim: str
    said: list[Token]
    evidence: str
    known: list[Token]
    nearest: str
    near: list[Token]
    around: str
    before: str
    denied: set[str]
    near_denied: set[str]
    matters: list[Matter]
