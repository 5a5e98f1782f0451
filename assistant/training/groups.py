"""One pass over the training data: groups of rows, or claims, in a random order that a seed fixes."""

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from assistant.training.claims import among, joined, of_question, of_sentence, of_two
from assistant.training.pairs import claims_of
from assistant.training.questions import questions_of
from assistant.training.sets import Article, Asked, Claim, Row, misleading, paragraph_of, read_claims, read_questions, row_of, sampled, without_answer
from assistant.training.twist import Kinds, renamed, unanswerable, wrong
from assistant.training.written import FOLDER, Pair, Written, read_written

Group = list[Row] | Claim

STATED = {"squad_train_reqa", "squad_train_span", "squad1_dev_part", "squad2_dev_part", "squadshifts_new_wiki"}
"""The sets whose questions become claims: over articles that name what they speak of, in whole sentences."""

FEVER = 4
"""How often a pass for the judge of claims holds each claim of FEVER: people wrote them to be checked."""

VERBATIM = 0.4
"""How often a sentence of the passage is the claim where no question can be: it is soon learnt, as it stands in its evidence word for word."""

PAIRS = 3
"""How often a pass for the judge of claims holds each pair that was written for it."""

WRITTEN = 5
"""How often a pass holds each question that was written over a document, once for each paragraph that answers it."""

HUMAN = 4
"""How often a pass holds each question that people wrote to be unanswerable, and each answerable one beside them: they are few, and the best."""


class Passes:
    """The questions and claims of a folder, the pairs of another, and the groups that a pass makes of them."""

    def __init__(self, data: Path, written: Path = FOLDER) -> None:
        self._questions = read_questions(data)
        self._claims = read_claims(data)
        documents = read_written(written)
        self._pairs = [(document, pair) for document in documents for pair in document.pairs]
        self._written = [*questions_of(documents)]
        self._kinds: dict[int, Kinds] = {}

    def groups(self, seed: int) -> Iterator[list[Row]]:
        """The questions of one pass, each with one passage or more: the same for the same seed."""
        chance = random.Random(seed)  # noqa: S311 (nothing secret)
        human = [asked for asked in self._questions if asked.set == "squad2_dev_part"]
        items = [*sampled(self._questions, chance), *(human * (HUMAN - 1)), *(self._written * WRITTEN)]
        chance.shuffle(items)
        for asked in items:
            yield from self._question_groups(asked, chance)

    def both(self, seed: int) -> Iterator[Group]:
        """Groups and claims in turn, one each, until there are no more of one: a pass for the large network, which reads both."""
        for group, claim in zip(self.groups(seed), self.claims(seed), strict=False):
            yield group
            yield claim

    def claims(self, seed: int) -> Iterator[Claim]:
        """The claims of one pass for the judge, which reads nothing else: the same for the same seed."""
        chance = random.Random(seed)  # noqa: S311 (nothing secret)
        stated = [asked for asked in self._questions if asked.set in STATED and asked.gold]
        beside: defaultdict[int, list[Asked]] = defaultdict(list)
        for asked in stated:
            beside[id(asked.context)].append(asked)
        items: list[Asked | Claim | tuple[Written, Pair]] = [*self._claims, *stated, *(self._pairs * PAIRS)]
        items += [claim for claim in self._claims if claim.set.startswith("fever")] * (FEVER - 1)
        chance.shuffle(items)
        for item in items:
            if isinstance(item, Claim):
                yield from self._claim_groups(item, chance)
            elif isinstance(item, Asked):
                yield from self._claims_of(item, beside[id(item.context)], chance)
            else:
                yield from claims_of(*item, chance)

    def _claims_of(self, asked: Asked, beside: list[Asked], chance: random.Random) -> Iterator[Claim]:
        """Claims made of a question, of two of one paragraph, or of sentences of it; of some questions that cannot be stated, none."""
        row, kinds, which = row_of(asked, chance), self._kinds_of(asked.article), chance.random()
        row = (renamed(row, kinds, chance) or row) if chance.random() < 0.1 else row
        claim = None
        if which < 0.55:
            claim = of_question(row, asked.article.answers, kinds, chance)
            if claim and claim.label == 0 and chance.random() < 0.2 and (other := misleading(asked, chance)):
                claim = Claim(claim.claim, " ".join(other.sentences), 2)
        elif which < 0.75:
            claim = of_two(paragraph_of(asked), paragraph_of(chance.choice(beside)), kinds, chance)
        if claim:
            yield claim
        elif chance.random() < VERBATIM:
            yield from of_sentence(row, kinds, chance)

    def _question_groups(self, asked: Asked, chance: random.Random) -> Iterator[list[Row]]:
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

    def _claim_groups(self, claim: Claim, chance: random.Random) -> Iterator[Claim]:
        which = chance.random()
        yield among(claim, self._claims, chance) if which < 0.2 else joined(claim, chance.choice(self._claims)) if which < 0.3 else claim
        if claim.label == 0 and chance.random() < 0.2 and (twisted := wrong(claim, _NO_KINDS, chance)):
            yield twisted

    def _kinds_of(self, article: Article) -> Kinds:
        if id(article) not in self._kinds:
            self._kinds[id(article)] = Kinds(article)
        return self._kinds[id(article)]


_NO_KINDS = Kinds(Article(""))
