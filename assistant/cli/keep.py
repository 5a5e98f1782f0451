"""`chats`, `export` and `verify`: what was asked in the chat, as a file to give away, and such a file checked again."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.options import as_json, settings_of, with_data, with_index
from assistant.cli.output import BROKEN, FOUND, print_json
from assistant.errors import ExportError
from assistant.people import OWNER
from assistant.plain import one_line

if TYPE_CHECKING:
    from assistant.history import History, Summary

with_user = click.option("--user", "name", default=OWNER.name, help="Whose conversations (with --auth).")


def _history(index_folder: Path | None, data: Path | None, name: str) -> "History":
    from assistant.history import FILE, History
    from assistant.web import CONVERSATIONS

    file = settings_of(index_folder, data=data).data_folder / CONVERSATIONS / name / FILE
    if not file.is_file():
        raise ExportError(f"{name} has no conversations in {file.parent}: open `footnote chat` and ask, or name another folder with --data or --index")
    return History(file)


@click.command()
@click.argument("words", nargs=-1)
@with_user
@with_data
@as_json
@with_index
def chats(words: tuple[str, ...], name: str, data: Path | None, as_json: bool, index_folder: Path | None) -> None:
    """List the conversations that hold all WORDS; all of them without."""
    found = _history(index_folder, data, name).chats(" ".join(words))
    if as_json:
        print_json({"chats": [{"id": chat.id, "title": chat.title, "updated": chat.updated, "turns": chat.turns} for chat in found]})
        return
    for chat in found:
        click.echo(f"{chat.id}  {chat.updated[:16].replace('T', ' ')}  {chat.turns:>3}  {one_line(chat.title)}")


@click.command()
@click.argument("chat")
@click.option("--format", "kind", type=click.Choice(["md", "html", "json"]), default="md", show_default=True, help="Markdown, a web page, or JSON.")
@click.option("--output", "-o", metavar="FILE", type=click.Path(path_type=Path), help="Where to write it (default: standard output).")
@with_user
@with_data
@with_index
def export(chat: str, kind: str, output: Path | None, name: str, data: Path | None, index_folder: Path | None) -> None:
    """Write a conversation with its numbered quotes. CHAT is its id, or words of its title (see `footnote chats`); "last" is the newest."""
    from assistant.export import FORMATS, exchanges
    from assistant.export import export as written

    history = _history(index_folder, data, name)
    found = _meant(history, chat)
    if output is not None and output.suffix[1:] in FORMATS:
        kind = output.suffix[1:]
    text = written(found.title, exchanges(history.turns(found.id)), kind)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise ExportError(f"{output} cannot be written ({error.strerror}): name another file") from error


def _meant(history: "History", chat: str) -> "Summary":
    """The one conversation that is meant by an id, by "last", or by words of a title. Raises ExportError."""
    every = history.chats(most=100_000)
    found = [one for one in every if one.id == chat] or (every[:1] if chat == "last" else [one for one in every if chat.casefold() in one.title.casefold()])
    if len(found) != 1:
        known = "several conversations are called that" if found else "there is no conversation of that id or title"
        raise ExportError(f"{chat!r}: {known}; `footnote chats` lists their ids")
    return found[0]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@as_json
@with_index
def verify(file: Path, as_json: bool, index_folder: Path | None) -> int:
    """Check an exported conversation against today's documents. Exit status 1: a quote no longer stands, or the file was edited."""
    from assistant.export import verify as checked
    from assistant.update import todays

    found = checked(file, todays(settings_of(index_folder)))
    if as_json:
        quotes = [{"turn": one.turn, "label": one.label, "document": one.document, "state": one.state.value, "quote": one.quote} for one in found.checked]
        print_json({"holds": found.holds, "title": found.title, "edited": found.edited, "quotes": quotes})
        return FOUND if found.holds else BROKEN
    if found.edited:
        click.echo("edited: the file is not as it was written")
    for one in found.checked:
        if one.state.value != "unchanged":
            click.echo(f"{one.state.value}: answer {one.turn} [{one.label}] {one_line(one.document)}: “{one_line(one.quote)}”")
    counts = {state: sum(one.state.value == state for one in found.checked) for state in ("unchanged", "moved", "changed", "removed")}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count) or "no quotes"
    click.echo(f"{'Everything holds' if found.holds else 'Not everything holds'}: {told}.")
    return FOUND if found.holds else BROKEN
