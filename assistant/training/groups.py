"""One pass over the training data: groups of rows, in a random order that a seed fixes."""

import random
from collections.abc import Iterator
from pathlib import Path

from assistant.training.claims import among, joined, of_question, of_sentence
from assistant.training.sets import Article, Asked, Claim, Row, misleading, read_claims, read_questions, row_of, sampled, without_answer
from assistant.training.twist import Kinds, renamed, unanswerable, wrong

Group = list[Row] | Claim

STATED = {"squad_train_reqa", "squad_train_span", "squad1_dev_part", "squad2_dev_part", "squadshifts_new_wiki"}
"""The sets whose questions become claims: over articles that name what they speak of, in whole sentences."""

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
            yield from of_sentence(row, kinds, chance)
        if asked.set in STATED and chance.random() < 0.6 and (claim := of_question(row_of(asked, chance), asked.article.answers, kinds, chance)):
            yield claim

    def _claim_groups(self, claim: Claim, chance: random.Random) -> Iterator[Group]:
        which = chance.random()
        yield among(claim, self._claims, chance) if which < 0.3 else joined(claim, chance.choice(self._claims)) if which < 0.4 else claim
        if claim.label == 0 and chance.random() < 0.2 and (twisted := wrong(claim, _NO_KINDS, chance)):
            yield twisted

    def _kinds_of(self, article: Article) -> Kinds:
        if id(article) not in self._kinds:
            self._kinds[id(article)] = Kinds(article)
        return self._kinds[id(article)]


_NO_KINDS = Kinds(Article(""))
