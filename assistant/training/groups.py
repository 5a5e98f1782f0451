"""One pass over the training data: groups of rows, in a random order that a seed fixes."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.training.sets import Article, Asked, Claim, Row, misleading, read_claims, read_questions, row_of, sampled, without_answer
from assistant.training.twist import Kinds, renamed, unanswerable, wrong

Group = list[Row] | Claim

HUMAN = 4
"""How often a pass holds each question that people wrote to be unanswerable, and each answerable one beside them: they are few, and the best."""


class Passes:
    """The questions and claims of a folder, and the groups that a pass makes of them."""

    def __init__(self, data: Path) -> None:
        self._questions = read_questions(data)
        self._claims = read_claims(data)
        self._kinds: dict[int, Kinds] = {}

    def groups(self, seed: int) -> Iterator[Group]:
        """The groups of one pass: the same for the same seed."""
        chance = random.Random(seed)  # noqa: S311 (nothing secret)
        human = [asked for asked in self._questions if asked.set == "squad2_dev_part"]
        items = [*sampled([*self._questions, *self._claims], chance), *(human * (HUMAN - 1))]
        chance.shuffle(items)
        for item in items:
            yield from self._claim_groups(item, chance) if isinstance(item, Claim) else self._question_groups(item, chance)

    def _question_groups(self, asked: Asked, chance: random.Random) -> Iterator[Group]:
        row = row_of(asked, chance)
        if not row.gold:
            yield [row]
            return
        kinds = self._kinds_of(asked.article)
        if chance.random() < 0.15:
            row = renamed(row, kinds, chance) or row
        more = misleading(asked, chance) if chance.random() < 0.3 else None
        yield [row, more] if more else [row]
        which = chance.random()
        if which < 0.12 and len(row.sentences) > len(row.gold):
            yield [without_answer(row)]
        elif which < 0.20 and (other := misleading(asked, chance)):
            yield [other]
        elif which < 0.48 and (twisted := unanswerable(row_of(asked, chance), kinds, chance)):
            yield [twisted]
        if chance.random() < 0.25:
            yield from _said(row, kinds, chance)

    def _claim_groups(self, claim: Claim, chance: random.Random) -> Iterator[Group]:
        yield _among(claim, self._claims, chance) if chance.random() < 0.3 else claim
        if claim.label == 0 and chance.random() < 0.2 and (twisted := wrong(claim, _NO_KINDS, chance)):
            yield twisted

    def _kinds_of(self, article: Article) -> Kinds:
        if id(article) not in self._kinds:
            self._kinds[id(article)] = Kinds(article)
        return self._kinds[id(article)]


_NO_KINDS = Kinds(Article(""))


def _said(row: Row, kinds: Kinds, chance: random.Random) -> Iterator[Claim]:
    """A sentence of a passage as a claim over several of them: said, twisted, or taken out of the evidence."""
    place = chance.randrange(len(row.sentences))
    claim = _shortened(row.sentences[place], chance)
    first = chance.randint(max(0, place - 2), place)
    around = row.sentences[first : place + 1 + chance.randint(0, 2)]
    said = Claim(claim, " ".join(around), 0)
    which = chance.random()
    if which < 0.35:
        yield said
    elif which < 0.75:
        yield wrong(said, kinds, chance) or said
    elif len(around) > 1:
        yield Claim(claim, " ".join(s for s in around if s is not row.sentences[place]), 2)


def _shortened(sentence: str, chance: random.Random) -> str:
    """A sentence, at times without what stands in brackets or after its last comma."""
    if chance.random() < 0.5:
        return sentence
    opened, closed = sentence.find(" ("), sentence.find(")")
    if 0 < opened < closed:
        return sentence[:opened] + sentence[closed + 1 :]
    head, comma, _ = sentence.rpartition(",")
    return head + "." if comma and len(head) > 40 else sentence


def _among(claim: Claim, others: Sequence[Claim], chance: random.Random) -> Claim:
    """The claim with the evidence of others around its own: what is cited is often more than one sentence."""
    evidence = [claim.evidence, *(chance.choice(others).evidence for _ in range(chance.randint(1, 2)))]
    chance.shuffle(evidence)
    return Claim(claim.claim, " ".join(evidence), claim.label)
