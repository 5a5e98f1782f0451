"""`search`, `ask` and `prompt`: what a question finds."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.options import as_json, model_of, settings_of, with_filter, with_index, with_llm
from assistant.cli.output import FOUND, NOT_SAID, print_json, width
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.types import Answer
    from index.filter import Filter


@click.command()
@click.argument("query")
@click.option("--top", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many hits.")
@click.option("--explain", is_flag=True, help="Say why each passage was found.")
@click.option("--neighbours", default=0, metavar="N", type=click.IntRange(0, 10), help="Show each passage with N before and after it.")
@with_filter
@as_json
@with_index
def search(query: str, top: int, explain: bool, neighbours: int, only: "Filter", as_json: bool, index_folder: Path | None) -> None:
    """Find passages by meaning and by words: score, document, page, snippet. What stands in "quotation marks" is wanted word for word."""
    from assistant.answer import require_question
    from assistant.render import hit_json, hits_plain
    from index import Index

    require_question(query)
    settings = settings_of(index_folder)
    index = Index.open(settings.index, settings.cache_folder, settings.model)
    hits = index.search(query, top, only)
    around = [index.neighbours(hit.chunk, neighbours) if neighbours else () for hit in hits]
    if as_json:
        print_json({"query": query, "hits": [hit_json(rank, hit, near) for rank, (hit, near) in enumerate(zip(hits, around, strict=True), 1)]})
    elif hits:
        click.echo(hits_plain(hits, around, width(), sys.stdout.isatty(), explain))
    else:
        click.echo("No document fits the filter." if only else "The index holds no documents.")


@click.command()
@click.argument("question")
@with_llm
@click.option("--markdown", is_flag=True, help="Print Markdown with footnotes.")
@with_filter
@as_json
@with_index
def ask(question: str, llm: str | None, markdown: bool, only: "Filter", as_json: bool, index_folder: Path | None) -> int:
    """Answer a question from the documents, each sentence with its source. Exit status 3: they do not say."""
    settings = settings_of(index_folder, llm=llm)
    answer = _ask(question, settings, only)
    _print_answer(answer, settings, as_json, markdown)
    return FOUND if answer.found else NOT_SAID


def _ask(question: str, settings: Settings, only: "Filter") -> "Answer":
    from assistant.answer import Assistant, require_question
    from assistant.conversation import Conversation

    require_question(question)
    model = model_of(settings)
    if model and not model.local:
        click.echo(f"footnote: the question and the sentences found for it are sent to {model.where}", err=True)
    _, answer = Conversation().ask(Assistant.open(settings.index, settings.cache_folder, settings.model), question, model, only)
    return answer


def _print_answer(answer: "Answer", settings: Settings, as_json: bool, markdown: bool) -> None:
    from assistant.render import answer_json, answer_markdown, answer_plain, shown

    if as_json:
        print_json(answer_json(answer))
    elif markdown:
        click.echo(answer_markdown(answer))
    else:
        click.echo(answer_plain(shown(answer, settings.unsupported), width(), sys.stdout.isatty()))


@click.command()
@click.argument("question")
@with_index
def prompt(question: str, index_folder: Path | None) -> int:
    """Print the question with its numbered evidence, to paste into any language model."""
    from assistant.answer import Assistant, require_question
    from assistant.compose import prompt as filled

    require_question(question)
    settings = settings_of(index_folder)
    grounds = Assistant.open(settings.index, settings.cache_folder, settings.model).ground(question)
    if not grounds.offered:
        click.echo("footnote: the documents do not say, so there is no evidence to give a model", err=True)
        return NOT_SAID
    click.echo(filled(question, grounds.offered))
    return FOUND
