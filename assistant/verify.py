"""Gives each claim the sentences that carry it, and marks it supported, weak or unsupported by them. Never edits a claim's words.

What it does not catch: a claim whose words all stand in its evidence but in another relation than `agreement` and
`crossing` know, and that the judge believes no less for it; a wrong name at the head of a sentence that its evidence does
not contradict; what only several sentences together say, where the claim does not cite them, says it in one statement, and
they are not the nearest and those that have most of the rest; irony.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from assistant import context
from assistant.clauses import points_back, statements
from assistant.crossing import Mix, elsewhere, mixed, turned
from assistant.quantities import tokens_of
from assistant.types import Citation, Claim, Evidence, Support, Verdict
from assistant.wording import unframed
from index.types import Sentence
from index.words import content_words, shared_words, words

NEAREST = 4
"""Offered sentences that are tried for a claim whose own citations do not carry it: those that share most words with it."""
TOGETHER = 4
"""Offered sentences that are tried together, at most: the nearest, and one by one those that have most of the words that it lacks."""
ORDER = {Support.SUPPORTED: 2, Support.WEAK: 1, Support.UNSUPPORTED: 0}
QUOTED = re.compile(r"[“\"„«]([^“”\"„«»]+)[”\"»]")
SHORTEST_QUOTE = 3
"""Words from which on what stands in quotation marks must be in the document to the letter: fewer may be a title or an odd word."""

NAME = r"[A-Z][\w’'-]+"
WHO = rf"{NAME}(?:(?:,| and|,? &) {NAME})*"
FOUND_BY = re.compile(
    rf"^({WHO})(?: and (?:her |his |their )?colleagues| et al\.?)?(?: \(\d{{4}}\))? (?:also )?"
    r"(?:added|argued|concluded|confirmed|explained|found|noted|observed|reported|said|showed|stated) that "
)
"""Who is said to have found or said what follows."""
NAMED = re.compile(rf"{WHO}(?: and (?:her |his |their )?colleagues| et al\.?|,? \(?\d{{4}}\)|,? (?:said|found|reported))|(?:said|by) {WHO}")
"""Whom a text gives a finding or a saying to."""

Labels = tuple[int, ...]


def check(claims: Sequence[Claim], offered: Sequence[Citation], evidence: Evidence) -> tuple[Claim, ...]:
    """The same claims with their `support`, and with the labels of the offered sentences that carry them: none for one that nothing carries.

    A label that was never offered is dropped, one that carries nothing too, and one that is missing is added. A verbatim claim is supported without
    asking the model.
    """
    known = {citation.label: citation for citation in offered}
    return tuple(_checked(claim, known, evidence) for claim in claims)


def _checked(claim: Claim, offered: dict[int, Citation], evidence: Evidence) -> Claim:
    given = tuple(label for label in claim.citations if label in offered)
    said = _folded(claim.text)
    if same := [label for label in (*given, *offered) if _folded(offered[label].sentence.text) == said]:
        return replace(claim, citations=(same[0],), support=Support.SUPPORTED)

    matter = unframed(claim.text)
    labels, verdict = _carried(matter, given, offered, evidence)
    if not labels and (parts := _by_statements(matter, given, offered, evidence)):
        return replace(claim, citations=parts[0], support=parts[1], differs=())
    return replace(claim, citations=labels, support=verdict.verdict, differs=verdict.differs)


def _carried(text: str, given: Labels, offered: dict[int, Citation], evidence: Evidence) -> tuple[Labels, Verdict]:
    """The labels that carry a claim, and no more of them than it needs, with their verdict; none where it is unsupported."""

    def judged(labels: Labels) -> Verdict:
        return _verdict(text, [offered[label] for label in labels], evidence)

    labels, verdict = _best(text, given, offered, judged)
    return (() if verdict.verdict is Support.UNSUPPORTED else _needed(labels, verdict, judged)), verdict


def _by_statements(text: str, given: Labels, offered: dict[int, Citation], evidence: Evidence) -> tuple[Labels, Support] | None:
    """The labels that carry a claim that says several things, each of them by itself, and the least of their verdicts; None where one is not carried, or
    none is without a doubt.

    What begins with "it" or the like must be carried from near where the statement before it was, by what speaks of nothing else than the claim.
    """
    parts = statements(text)
    found: dict[int, None] = {}
    verdicts: list[Support] = []
    last: Labels = ()
    for part in parts if len(parts) > 1 else ():
        labels, verdict = _carried(part, given, offered, evidence)
        if not labels or (last and points_back(part) and not _goes_on(text, offered[last[-1]], offered[labels[0]])):
            return None
        found.update(dict.fromkeys(labels))
        verdicts.append(verdict.verdict)
        last = labels
    return (tuple(found), min(verdicts, key=ORDER.__getitem__)) if Support.SUPPORTED in verdicts else None


def _goes_on(text: str, one: Citation, other: Citation) -> bool:
    """Whether two sentences stand near each other in one document, and the other speaks of what the claim speaks of."""
    first, second = sorted((one.sentence, other.sentence), key=lambda sentence: sentence.start)
    return first.document.id == second.document.id and second.start - first.end < context.BEFORE and not elsewhere(text, context.said(other.sentence, text))


def _best(text: str, given: Labels, offered: dict[int, Citation], judged: Callable[[Labels], Verdict]) -> tuple[Labels, Verdict]:
    """The labels that carry a claim: those that it cites, if they do; else a sentence near it that does; else the likeliest with its verdict."""
    asked = _told({stemmed for _, stemmed in content_words(text)}, text)
    told = {label: context.said(citation.sentence, text) for label, citation in offered.items()}
    shared = {label: asked & _told({stemmed for _, stemmed in words(said)}, said) for label, said in told.items()}
    near = sorted((label for label in offered if shared[label]), key=lambda label: (-len(shared[label]), label))[:NEAREST]
    best: tuple[Labels, Verdict] | None = None
    neighbours = context.adjoin([offered[label].sentence for label in near[:2]])
    for labels in _tries(given, near, shared, neighbours):
        verdict = judged(labels)
        if verdict.verdict is Support.SUPPORTED:
            return labels, verdict
        # What the likeliest sentence says otherwise, another that is less like the claim does not carry by half.
        if best is None or (ORDER[verdict.verdict] > ORDER[best[1].verdict] and (near[0] in labels or not set(best[1].differs) - {"name"})):
            best = labels, verdict
    return best or ((), Verdict(Support.UNSUPPORTED, 0.0))


def _told(stems: set[str], text: str) -> set[str | float]:
    """Some stems of a text, its numbers as their values, written or spelt: these count twice, as they tell most of what is meant."""
    numbers = {token.stem: token.value for token in tokens_of(text) if token.value is not None}
    values: set[str | float] = {*numbers.values(), *map(str, numbers.values())}
    return (stems - numbers.keys()) | values


def _tries(given: Labels, near: Sequence[int], shared: Mapping[int, set[str | float]], neighbours: bool) -> Iterator[Labels]:
    """Sets of labels, likeliest first: what is cited; the nearest, which share most words with the claim; the first of them with what is cited, with the second
    where they are neighbours, and with those that have most of the words that it lacks.

    `shared` are the words that each offered sentence has of the claim.
    """
    if not near:
        yield from [given] if given else []
        return
    if any(2 * len(shared[label]) >= len(shared[near[0]]) for label in given):
        yield given
    yield from ((label,) for label in near if (label,) != given)
    if given and near[0] not in given:
        yield (*given, near[0])
    tried = [set(given)]
    if neighbours and set(near[:2]) not in tried:
        tried.append(set(near[:2]))
        yield tuple(near[:2])
    together, said = [near[0]], set(shared[near[0]])
    while len(together) < TOGETHER:
        more = max(shared, key=lambda label: (len(shared[label] - said), -label))
        if not shared[more] - said:
            break
        together.append(more)
        said |= shared[more]
        if set(together) not in tried:
            yield tuple(sorted(together))


def _needed(labels: Labels, verdict: Verdict, judged: Callable[[Labels], Verdict]) -> Labels:
    """The labels without those that the claim does as well without."""
    for label in reversed(labels):
        fewer = tuple(other for other in labels if other != label)
        if fewer and ORDER[judged(fewer).verdict] >= ORDER[verdict.verdict]:
            labels = fewer
    return labels


def _verdict(text: str, cited: Sequence[Citation], evidence: Evidence) -> Verdict:
    """The verdict on a claim by some sentences, which it must not mix up: alone, and where they point back, after what comes before them."""
    sentences = _in_order([citation.sentence for citation in cited])
    if (quotes := _quotes(text)) and not _hold(quotes, sentences):
        return Verdict(Support.UNSUPPORTED, 0.0, ("quotation",))
    texts, around = context.read(sentences, text), " ".join(dict.fromkeys(map(context.around, sentences)))
    told = context.joined(sentences, texts)
    if turned(text, told):
        return Verdict(Support.UNSUPPORTED, 0.0, ("pairing",))
    mix = mixed(text, told)
    if mix is Mix.SURELY:
        return Verdict(Support.UNSUPPORTED, 0.0)
    lent = " ".join(map(context.preceding, sentences))
    theirs = [_is_given_to(by[1], sentence) for sentence in sentences] if (by := FOUND_BY.match(text)) else []
    if False in theirs:
        return Verdict(Support.UNSUPPORTED, 0.0, ("name",))
    alone = evidence.supports(text, texts, around, lent)
    if mix is Mix.PERHAPS:
        return alone if alone.verdict is Support.SUPPORTED else Verdict(Support.UNSUPPORTED, 0.0, alone.differs)
    if alone.verdict is not Support.SUPPORTED and by and all(theirs):
        return max(alone, evidence.supports(text[by.end() :], texts, around, lent), key=lambda verdict: ORDER[verdict.verdict])
    before = [context.before(sentence, text) for sentence in sentences]
    if alone.verdict is Support.SUPPORTED or set(alone.differs) - {"name"} or not any(before):
        return alone
    more = [part for pair in zip(before, texts, strict=True) for part in pair if part]
    if 2 * shared_words(text, texts) < shared_words(text, more) or mixed(text, more) is Mix.SURELY:
        return alone  # What comes before says it, not what is cited; or of something else.
    after = evidence.supports(text, more, around, lent)
    return after if ORDER[after.verdict] > ORDER[alone.verdict] else alone


def _in_order(sentences: Sequence[Sentence]) -> list[Sentence]:
    """Those of one document together, as they stand in it: "it" and "the former" speak of what came before."""
    documents = list(dict.fromkeys(sentence.document.id for sentence in sentences))
    return sorted(sentences, key=lambda sentence: (documents.index(sentence.document.id), sentence.start))


def _is_given_to(who: str, sentence: Sentence) -> bool | None:
    """Whether what a sentence says is said or found by those: they are the last who are named in it, or before it in its paragraph. None where nobody is."""
    named = NAMED.findall(f"{context.preceding(sentence)} {sentence.text}")
    return all(name in named[-1] for name in re.findall(NAME, who)) if named else None


def _hold(quotes: Sequence[str], sentences: Sequence[Sentence]) -> bool:
    """Whether the documents of some sentences hold each of some quotations."""
    texts = [_folded(text) for text in {sentence.document.id: sentence.document.text for sentence in sentences}.values()]
    return all(any(_folded(quote) in text for text in texts) for quote in quotes)


def _quotes(text: str) -> list[str]:
    return [quote.strip(" .,;:…") for quote in QUOTED.findall(text) if len(quote.split()) >= SHORTEST_QUOTE]


def _folded(text: str) -> str:
    return " ".join(text.translate(STRAIGHT).split()).casefold()


STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-"})
