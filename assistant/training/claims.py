"""Claims made of what the sets hold: of a question and its answer, of the sentences of a passage, and of several claims at once."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.training.sets import Claim, Row, answer_text
from assistant.training.twist import Kinds, wrong
from index.words import shared_words

BE = "is|was|are|were"
MODAL = f"{BE}|has|have|had|can|could|will|would|should|may|might|must"
DANGLING = re.compile(r"\b(?:of|in|on|at|to|from|for|with|by|about|as|like|into|than)$")
PARTICIPLE = re.compile(
    r"\w+ed|born|built|held|found|made|known|given|taken|written|won|sold|set|led|put|said|seen|shown|drawn|begun|cut|kept|left|lost|paid|sent|spent|taught"
)
SUBJECT = re.compile(
    rf"(?:who|what|which(?: \w+)?|(?:what|which) \w+(?= (?:{MODAL})\b)) (?!(?:did|do|does|kinds?|types?|sorts?)\b)"
    rf"(?!(?:{MODAL})\b.*\b(?:he|she|they|it|you|we|i|being|\w+ing)\b)(.+)",
    re.IGNORECASE,
)
NAMED = re.compile(rf"what ({BE}) (?:the name of )?((?:the|a|an|his|her|their|its) (?!.*ing\b).+?)( called| named| known as)?", re.IGNORECASE)
PLACED = re.compile(rf"(when|where|(?:in|on|at) (?:what|which) \w+) ({BE}) (.+)", re.IGNORECASE)
LAST = re.compile(r"(.+ )(?:what|which)(?: \w+)?(?: of \w+)?", re.IGNORECASE)
WHOLE, ALONE = 0.12, 0.5
"""How often the evidence of a claim is a whole passage, and how often the one sentence that says it: what a draft is held against, most often."""
PREPOSITION = re.compile(
    r"(?:in|on|at|near|by|from|to|under|over|during|between|after|before|since|around|along|within|inside|outside|about|next)\b", re.IGNORECASE
)


def stated(question: str, answer: str) -> str | None:
    """A question and its answer as one statement, where rules can make it (Demszky, Guu and Liang, 2018, do it by parsing); None where they cannot."""
    asked = question.strip().rstrip("?").strip()
    answer = answer.strip().rstrip(".,;:")
    if not asked or not answer or DANGLING.search(asked):
        return None
    if match := NAMED.fullmatch(asked):
        said = f"{match[2]} {match[1]}{match[3] or ''} {answer}"
    elif match := PLACED.fullmatch(asked):
        rest = match[3].split()
        place = next((n for n, word in enumerate(rest) if n and PARTICIPLE.fullmatch(word)), None)
        if place is None:
            return None
        said = " ".join([*rest[:place], match[2].lower(), *rest[place:], _placed(match[1], answer)])
    elif match := SUBJECT.fullmatch(asked):
        said = f"{answer} {match[1]}"
    elif match := LAST.fullmatch(asked):
        said = f"{match[1]}{answer}"
    else:
        return None
    return said[0].upper() + said[1:] + "."


def _placed(asking: str, answer: str) -> str:
    """The answer with the preposition of its question, or with "in"."""
    if PREPOSITION.match(answer):
        return answer[0].lower() + answer[1:]
    first = asking.split()[0].lower()
    return f"{'in' if first in ('when', 'where') else first} {answer}"


def of_question(row: Row, others: Sequence[str], kinds: Kinds, chance: random.Random) -> Claim | None:
    """The answer of a row stated over sentences around it: right, or with another answer in its place, or over sentences that do not say it.

    `others` are answers to other questions of the article, for the wrong ones.
    """
    said = stated(row.question, answer_text(row.answer, row.sentences))
    if said is None or row.answer is None:
        return None
    place = row.answer[0]
    claim = Claim(said, " ".join(_evidence(row, place, chance)), 0)
    which = chance.random()
    if which < 0.45:
        return claim
    if which < 0.65:
        true = answer_text(row.answer, row.sentences)
        other = next((one for one in chance.sample(others, min(12, len(others))) if _rivals(one, true)), None)
        false = stated(row.question, other) if other else None
        return replace(claim, claim=false, label=1) if false else claim
    if which < 0.85:
        return wrong(claim, kinds, chance) or claim
    unsaid = [sentence for n, sentence in enumerate(row.sentences) if n not in row.gold]
    if not unsaid:
        return claim
    if chance.random() < 0.5:
        return replace(claim, evidence=max(unsaid, key=lambda sentence: shared_words(said, [sentence])), label=2)
    return replace(claim, evidence=" ".join(chance.sample(unsaid, min(len(unsaid), chance.randint(1, 3)))), label=2)


def _evidence(row: Row, place: int, chance: random.Random) -> tuple[str, ...]:
    """What a claim is held against that one sentence says: the passage, the sentence, or some about it."""
    which = chance.random()
    if which < WHOLE:
        return row.sentences
    return row.sentences[place : place + 1] if which < WHOLE + ALONE else _around(row, place, place, chance)


def of_two(row: Row, other: Row, kinds: Kinds, chance: random.Random) -> Claim | None:
    """What answers two questions of one paragraph in one sentence, over the paragraph: right, wrong in one half, or with one half not said there."""
    halves = [(one, stated(one.question, answer_text(one.answer, one.sentences))) for one in (row, other)]
    (first, said), (second, more) = chance.sample(halves, 2)
    if said is None or more is None or said == more:
        return None
    claim = Claim(_both(said, more), " ".join(row.sentences), 0)
    which = chance.random()
    if which < 0.45:
        return claim
    if which < 0.75:
        return wrong(claim, kinds, chance) or claim
    unsaid = {second.sentences[n] for n in second.gold} - {first.sentences[n] for n in first.gold}
    evidence = [sentence for sentence in row.sentences if sentence not in unsaid]
    return replace(claim, evidence=" ".join(evidence), label=2) if unsaid and evidence else claim


def _both(claim: str, other: str) -> str:
    return f"{claim.rstrip('.')}, and {other}"


def _rivals(one: str, other: str) -> bool:
    """Whether two answers look alike, with figures or capitals both or neither, and say different things."""
    alike = any(map(str.isdigit, one)) == any(map(str.isdigit, other)) and one[:1].isupper() == other[:1].isupper()
    return alike and one.lower() not in other.lower() and other.lower() not in one.lower()


def of_sentence(row: Row, kinds: Kinds, chance: random.Random) -> Iterator[Claim]:
    """A sentence of a passage, or two in one, as a claim over several of them: said, twisted, or with what says it taken out of the evidence."""
    place = last = chance.randrange(len(row.sentences))
    claim = _shortened(row.sentences[place], chance)
    if place + 1 < len(row.sentences) and len(row.sentences[place]) < 150 and chance.random() < 0.3:
        last = place + 1
        claim = _both(row.sentences[place], row.sentences[last])
    around = _around(row, place, last, chance)
    said = Claim(claim, " ".join(around), 0)
    which = chance.random()
    if which < 0.35:
        yield said
    elif which < 0.75:
        yield wrong(said, kinds, chance) or said
    else:
        left_out = row.sentences[chance.randint(place, last)]
        if evidence := [sentence for sentence in around if sentence != left_out]:
            yield Claim(claim, " ".join(evidence), 2)


def _around(row: Row, place: int, last: int, chance: random.Random) -> tuple[str, ...]:
    """The sentences from one place to another, with up to two before them and two after."""
    return row.sentences[chance.randint(max(0, place - 2), place) : last + 1 + chance.randint(0, 2)]


def _shortened(sentence: str, chance: random.Random) -> str:
    """A sentence, at times without what stands in brackets or after its last comma."""
    if chance.random() < 0.5:
        return sentence
    opened, closed = sentence.find(" ("), sentence.find(")")
    if 0 < opened < closed:
        return sentence[:opened] + sentence[closed + 1 :]
    head, comma, _ = sentence.rpartition(",")
    return head + "." if comma and len(head) > 40 else sentence


def among(claim: Claim, others: Sequence[Claim], chance: random.Random) -> Claim:
    """The claim with the evidence of others around its own: what is cited is often more than one sentence."""
    evidence = [claim.evidence, *(chance.choice(others).evidence for _ in range(chance.randint(1, 2)))]
    chance.shuffle(evidence)
    return replace(claim, evidence=" ".join(evidence))


def joined(claim: Claim, other: Claim) -> Claim:
    """Two claims in one sentence, over the evidence of both: no better supported than the worse of them."""
    return Claim(
        _both(claim.claim, other.claim),
        f"{claim.evidence} {other.evidence}",
        max(claim.label, other.label) if 1 not in (claim.label, other.label) else 1,
        claim.set,
    )
