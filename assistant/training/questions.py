"""The questions that were written over documents, as those of a set: wide ones, in other words than the document's, and such as it does not answer."""

from collections.abc import Iterator, Sequence

from assistant.evidence.encode import Passage
from assistant.training.sets import Article, Asked, add
from assistant.training.written import Question, Written
from index.words import shared_words

SET = "written"
PARAGRAPH = 600
"""Characters, about, of the paragraphs that a document is cut into."""


def questions_of(documents: Sequence[Written]) -> Iterator[Asked]:
    """Every question, once for each paragraph that holds sentences that answer it; of one that is not answered, the paragraph that is most like it."""
    for document in documents:
        if document.questions:
            cuts = _cuts(document.sentences)
            article = Article(document.title)
            for first, last in cuts:
                passage = Passage.of(document.title, document.sentences[first:last])
                add(article, passage.text, passage.sentences)
            for question in document.questions:
                yield from _asked(question, article, cuts)


def _cuts(sentences: Sequence[str]) -> list[tuple[int, int]]:
    """Where paragraphs begin and end."""
    starts, size = [0], 0
    for place, sentence in enumerate(sentences):
        if size > PARAGRAPH:
            starts, size = [*starts, place], 0
        size += len(sentence)
    return list(zip(starts, [*starts[1:], len(sentences)], strict=True))


def _asked(question: Question, article: Article, cuts: Sequence[tuple[int, int]]) -> Iterator[Asked]:
    golds = [frozenset(n - first for n in question.on if first <= n < last) for first, last in cuts]
    places = [place for place, gold in enumerate(golds) if gold]
    if not places:
        places = [max(range(len(cuts)), key=lambda place: shared_words(question.asked, article.contexts[place].sentences))]
    for place in places:
        yield Asked(SET, question.asked, article, place, golds[place], None, frozenset(places))
