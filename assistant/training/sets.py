"""The training sets as groups of rows: a question with passages that answer it and passages that do not; a claim with evidence."""

import gzip
import json
import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.evidence.encode import Passage
from index.split import sentence_spans
from index.words import content_words, words

Json = dict[str, Any]

HELD_OUT = {"Sky (United Kingdom)", "Prime number", "Harvard University"}
"""Articles with human-written unanswerable questions that are kept for fitting the combination and the calibration."""

MOST_OF = {
    "qamr": 2_000, "policyqa": 1_200, "bioasq_abs": 2_500, "fairytaleqa": 2_500, "squadshifts_reddit": 4_000, "squadshifts_amazon_reviews": 4_000,
}  # fmt: skip
"""How many questions of a set are taken a pass: of some the wordings, of others the sentences are few; and the best shall weigh most."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question before a passage. `gold` are the sentences that answer it; `answer` the words of a short answer, in one of them.

    The span of the answer is (sentence, start, end), offsets into that sentence.
    """

    question: str
    over: str
    sentences: tuple[str, ...]
    gold: frozenset[int] = frozenset()
    answer: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim before its evidence. `label`: 0 supported, 1 contradicted, 2 not said."""

    claim: str
    evidence: str
    label: int
    set: str = ""


@dataclass(slots=True)
class Context:
    """A paragraph cut into sentences, and the words in it."""

    text: str
    spans: tuple[tuple[int, int], ...]
    sentences: tuple[str, ...]
    stems: frozenset[str]


@dataclass(slots=True)
class Article:
    """The paragraphs of one title, in the order of the file, the answers to its questions, and how many paragraphs hold each stem."""

    title: str
    contexts: list[Context] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    frequency: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Asked:
    """A question of a set, the paragraph it was asked of, and what answers it there; `also` are the paragraphs of the article that answer it, too."""

    set: str
    question: str
    article: Article
    place: int
    gold: frozenset[int]
    answer: tuple[int, int, int] | None
    also: frozenset[int] = frozenset()

    @property
    def context(self) -> Context:
        return self.article.contexts[self.place]


def held_out(title: str) -> bool:
    """Whether an article is kept from training, to fit the combination and to calibrate."""
    return title in HELD_OUT or zlib.crc32(title.encode()) % 50 == 0


def read_questions(folder: Path, held: bool = False) -> list[Asked]:
    """Every question of the evidence and selection sets: of the articles to train on, or of those held out."""
    articles: dict[tuple[str, str], Article] = {}
    places: dict[tuple[str, str, str], int] = {}
    asked = []
    for name in ("squad", "squadshifts", "fairytale", "bioasq", "policy", "qamr"):
        for row in _lines(folder / f"evidence_{name}.jsonl.gz"):
            if held_out(row["title"]) == held:
                asked.append(_asked(row, articles, places))
    for row in _lines(folder / "selection_selqa.jsonl.gz"):
        if held_out(row["id"]) == held:
            asked.append(_selected(row))
    return [question for question in asked if question is not None]


def read_claims(folder: Path, held: bool = False) -> list[Claim]:
    """Every claim of the sets whose licence allows a model that ships."""
    labels = {"supported": 0, "refuted": 1, "neutral": 2}
    rows = [row for name in ("fever", "nli") for row in _lines(folder / f"claims_{name}.jsonl.gz")]
    return [
        Claim(row["claim"].strip(), " ".join(row["evidence"]).strip(), labels[row["label"]], row["set"])
        for row in rows
        if held_out(row["evidence"][0]) == held and row["claim"].strip()
    ]


def _lines(file: Path) -> Iterator[Json]:
    for line in gzip.decompress(file.read_bytes()).splitlines():
        yield json.loads(line)


def _asked(row: Json, articles: dict[tuple[str, str], Article], places: dict[tuple[str, str, str], int]) -> Asked | None:
    """A question with the sentences that its marks touch, or None where an answerable one has no mark in any sentence."""
    alone = row["set"] in ("qamr", "bioasq_abs")  # Their titles are numbers.
    named = row["set"].split("_")[0], row["title"]
    article = articles.setdefault(named, Article("" if alone else row["title"].replace("_", " ")))
    if (key := (*named, row["context"])) not in places:
        places[key] = len(article.contexts)
        add(article, row["context"], tuple(sentence_spans(row["context"])))
    place = places[key]
    spans = article.contexts[place].spans
    marks = row["answers"] or row["evidence"]
    gold = frozenset(n for n, (start, end) in enumerate(spans) for a, b in marks if a < end and b > start)
    if bool(gold) != row["answerable"]:
        return None
    answer = _answer(row["answers"], spans)
    if answer:
        article.answers.append(answer_text(answer, article.contexts[place].sentences))
    return Asked(row["set"], row["question"].strip(), article, place, gold, answer)


def _selected(row: Json) -> Asked:
    """A question of a selection set: its sentences are its paragraph."""
    article = Article(row["title"])
    passage = Passage.of(row["title"], row["sentences"])
    add(article, passage.text, passage.sentences)
    return Asked(row["set"], row["question"].strip(), article, 0, frozenset(n for n, label in enumerate(row["labels"]) if label), None)


def add(article: Article, text: str, spans: tuple[tuple[int, int], ...]) -> None:
    """Give an article one more paragraph."""
    stems = frozenset(stemmed for _, stemmed in words(text))
    article.contexts.append(Context(text, spans, tuple(text[start:end] for start, end in spans), stems))
    article.frequency.update(stems)


def _answer(answers: Sequence[Sequence[int]], spans: Sequence[tuple[int, int]]) -> tuple[int, int, int] | None:
    """The shortest marked answer that stands whole in one sentence."""
    whole = [(b - a, n, a - start, b - start) for a, b in answers for n, (start, end) in enumerate(spans) if start <= a and b <= end]
    return min(whole)[1:] if whole else None


# --- Passages ------------------------------------------------------------------------------------------


def row_of(asked: Asked, chance: random.Random) -> Row:
    """The question before its paragraph, as a chunk of an index would hold it: cut to a size, or with a neighbour's sentences."""
    context = asked.context
    first, last = _window(context.sentences, min(asked.gold, default=None), chance)
    sentences = context.sentences[first:last]
    gold = frozenset(n - first for n in asked.gold if first <= n < last)
    answer = (asked.answer[0] - first, *asked.answer[1:]) if asked.answer and first <= asked.answer[0] < last else None
    room = _budget(chance) - sum(map(len, sentences))
    more = _neighbour(asked, room, chance) if chance.random() < 0.5 else ()
    if more and chance.random() < 0.5:
        answer = (answer[0] + len(more), *answer[1:]) if answer else None
        return Row(asked.question, _over(asked.article, chance), more + sentences, frozenset(n + len(more) for n in gold), answer)
    return Row(asked.question, _over(asked.article, chance), sentences + more, gold, answer)


def paragraph_of(asked: Asked) -> Row:
    """The question before its paragraph, whole."""
    return Row(asked.question, asked.article.title, asked.context.sentences, asked.gold, asked.answer)


def without_answer(row: Row) -> Row:
    """The same passage with the sentences that answer taken out."""
    return Row(row.question, row.over, tuple(s for n, s in enumerate(row.sentences) if n not in row.gold))


def misleading(asked: Asked, chance: random.Random) -> Row | None:
    """Another paragraph of the article that shares the question's rarest words and does not hold the answer; None if there is none."""
    answer = answer_text(asked.answer, asked.context.sentences).lower()
    stems = {stemmed for _, stemmed in content_words(asked.question)}
    total = len(asked.article.contexts)

    def overlap(context: Context) -> float:
        return sum(1 / (0.5 + asked.article.frequency[stemmed] / total) for stemmed in stems & context.stems)

    near = range(max(0, asked.place - 60), min(len(asked.article.contexts), asked.place + 60))
    others = [asked.article.contexts[n] for n in near if n not in asked.also | {asked.place}]
    others = [context for context in others if not (answer and answer in context.text.lower())]
    if not others:
        return None
    best = sorted(others, key=overlap, reverse=True)[:3]
    context = chance.choice(best)
    first, last = _window(context.sentences, None, chance)
    return Row(asked.question, _over(asked.article, chance), context.sentences[first:last])


def answer_text(answer: tuple[int, int, int] | None, sentences: Sequence[str]) -> str:
    """The words of a short answer, or nothing."""
    if answer is None:
        return ""
    sentence, start, end = answer
    return sentences[sentence][start:end]


def _budget(chance: random.Random) -> int:
    """Characters of a passage: chunks are of many sizes, most of them near the window's."""
    return chance.choice((350, 600, 600, 800, 800, 1000))


def _window(sentences: Sequence[str], kept: int | None, chance: random.Random) -> tuple[int, int]:
    """A run of sentences within a budget, with one that must be in it."""
    budget = _budget(chance)
    first = kept if kept is not None else chance.randrange(len(sentences)) if sentences else 0
    last, size = first + 1, len(sentences[first]) if sentences else 0
    while True:
        sides = [side for side, there in (("before", first > 0), ("after", last < len(sentences))) if there]
        if not sides or size >= budget:
            return first, last
        if chance.choice(sides) == "before":
            first -= 1
            size += len(sentences[first])
        else:
            size += len(sentences[last])
            last += 1


def _neighbour(asked: Asked, room: int, chance: random.Random) -> tuple[str, ...]:
    """Sentences of the next paragraph, or of the one before, that fit and do not answer."""
    article = asked.article
    there = [n for n in (asked.place - 1, asked.place + 1) if 0 <= n < len(article.contexts) and n not in asked.also]
    if not there:
        return ()
    taken: list[str] = []
    for sentence in article.contexts[chance.choice(there)].sentences:
        room -= len(sentence)
        if room < 0:
            break
        taken.append(sentence)
    return tuple(taken)


def _over(article: Article, chance: random.Random) -> str:
    """The title, mostly: some documents have none."""
    return article.title if chance.random() < 0.7 else ""


def sampled(items: Iterable[Asked], chance: random.Random) -> list[Asked]:
    """The questions of a pass: no more of a set than it may have."""
    by_set: defaultdict[str, list[Asked]] = defaultdict(list)
    for item in items:
        by_set[item.set].append(item)
    return [item for name, all_of in sorted(by_set.items()) for item in chance.sample(all_of, min(len(all_of), MOST_OF.get(name, len(all_of))))]
