"""Claims made of what the sets hold: of a question and its answer, of the sentences of a passage, and of several claims at once."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.training.sets import Claim, Row, answer_text
from assistant.training.twist import Kinds, wrong

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
    around = _around(row, place, chance)
    claim = Claim(said, " ".join(around), 0)
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
    return replace(claim, evidence=" ".join(unsaid[:3]), label=2) if unsaid else claim


def _rivals(one: str, other: str) -> bool:
    """Whether two answers look alike, with figures or capitals both or neither, and say different things."""
    alike = any(map(str.isdigit, one)) == any(map(str.isdigit, other)) and one[:1].isupper() == other[:1].isupper()
    return alike and one.lower() not in other.lower() and other.lower() not in one.lower()


def of_sentence(row: Row, kinds: Kinds, chance: random.Random) -> Iterator[Claim]:
    """A sentence of a passage, or two in one, as a claim over several of them: said, twisted, or with what says it taken out of the evidence."""
    place = chance.randrange(len(row.sentences))
    claim = _shortened(row.sentences[place], chance)
    if place + 1 < len(row.sentences) and len(row.sentences[place]) < 150 and chance.random() < 0.3:
        claim = f"{row.sentences[place].rstrip('.')}, and {row.sentences[place + 1]}"
    around = _around(row, place, chance, after=2)
    said = Claim(claim, " ".join(around), 0 if claim.split(", and ")[-1] in " ".join(around) or ", and " not in claim else 2)
    which = chance.random()
    if which < 0.35 or said.label:
        yield said
    elif which < 0.75:
        yield wrong(said, kinds, chance) or said
    elif len(around) > 1:
        yield Claim(claim, " ".join(s for s in around if s is not row.sentences[place]), 2)


def _around(row: Row, place: int, chance: random.Random, after: int = 1) -> tuple[str, ...]:
    """The sentence at a place with up to two before it and some after it."""
    first = chance.randint(max(0, place - 2), place)
    return row.sentences[first : place + 1 + chance.randint(0, after)]


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
    both = f"{claim.claim.rstrip('.')}, and {other.claim}"
    return Claim(both, f"{claim.evidence} {other.evidence}", max(claim.label, other.label) if 1 not in (claim.label, other.label) else 1, claim.set)
