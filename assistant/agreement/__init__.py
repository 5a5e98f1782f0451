"""What a claim must share with its evidence whatever a model thinks: numbers, units, dates, names, negation, quantifiers, comparatives, what belongs to what.

Pure rules over words, in English. They know nothing of meaning: a claim that breaks none of them may be wrong all the same.
"""

from collections.abc import Callable, Sequence
from itertools import chain

from assistant.agreement.case import Case
from assistant.agreement.degrees import comparatives, quantifiers
from assistant.agreement.denials import content_stems, denial, denied_words, matters_of, negation
from assistant.agreement.figures import dates, measures, numbers
from assistant.agreement.names import codes, names, roles
from assistant.crossing import crossed
from assistant.quantities import tokens_of
from index.split import sentence_spans


def disagreements(claim: str, evidence: Sequence[str], around: str = "", before: str = "") -> tuple[str, ...]:
    """The kinds of thing in which a claim differs from its evidence, in the order of RULES.

    `around` (title, heading) may lend names and dates only, `before` (what the evidence follows) only names.
    """
    said = tokens_of(claim)
    texts = [text[start:end] for text in evidence for start, end in sentence_spans(text)] or [""]
    sentences = list(map(tokens_of, texts))
    contents, own = list(map(content_stems, sentences)), content_stems(said)
    place = max(range(len(texts)), key=lambda n: len(own & contents[n]))
    near, known = sentences[place], list(chain.from_iterable(sentences))
    matters = matters_of(claim, sentences, contents, place)
    case = Case(claim, said, " ".join(evidence), known, texts[place], near, around, before, denied_words(said), denied_words(near), matters)
    return tuple(name for name, rule in RULES.items() if rule(case))


def _pairing(case: Case) -> bool:
    """A value, or a name, of one part of the nearest sentence with what another part is about."""
    return crossed(case.claim, case.nearest)


RULES: dict[str, Callable[[Case], bool]] = {
    "number": numbers,
    "measure": measures,
    "date": dates,
    "name": names,
    "negation": negation,
    "denial": denial,
    "quantifier": quantifiers,
    "comparative": comparatives,
    "roles": roles,
    "pairing": _pairing,
    "code": codes,
}
"""What is compared, in the order in which it is told."""
